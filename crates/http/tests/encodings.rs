//! What lies in shared stores, where other processes and later versions find it: keys and tags. Each changes with its format alone.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use case::{key, keyed, request, response, sent, target};
use freshen_core::Tag;
use freshen_http::{
    CacheKey, Config, Content, ContentHash, ContentHasher, Invalidation, NoVarySearch, Selecting, group_tag,
    surrogate_tag,
};
use http::HeaderMap;

fn config() -> Config {
    Config { no_vary_search: true, ..Config::default() }
}

fn hash(text: &str, content: &[u8]) -> ContentHash {
    let mut hasher = ContentHasher::new(&request(text), &Config::default()).unwrap();
    hasher.update(content).unwrap();
    hasher.finish()
}

/// One with all that a key can have.
fn full() -> CacheKey {
    let text = "QUERY / | x-host: b | forwarded: host=c | x-host: d | content-type: a/b | content-encoding: gzip";
    let content = Content::Hashed(hash(text, b"{}"));
    let key = keyed(&request(text), &target("https://a.example:8443/b?d=1&c"), content, Some("ann"), &config());
    key.unwrap().simplified(&NoVarySearch::read(&response("200 | no-vary-search: key-order").headers, &config()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_bytes_of_a_key_stay_what_they_are() {
    let plain = concat!(
        "0147",
        "0000000000000004",
        "68747470",
        "0000000000000009",
        "612e6578616d706c65",
        "0050",
        "0000000000000002",
        "2f62",
        "01",
        "0000000000000001",
        "63",
        "00",
        "0000000000000000",
    );
    assert_eq!(hex(&key("http://a.example/b?c", &config()).to_bytes()), plain);
    let all = concat!(
        "0171",
        "0000000000000005",
        "6874747073",
        "0000000000000009",
        "612e6578616d706c65",
        "20fb",
        "0000000000000002",
        "2f62",
        "01",
        "0000000000000006",
        "633d26643d31",
        "01",
        "0000000000000003",
        "616e6e",
        "0000000000000003",
        "0000000000000009",
        "666f72776172646564",
        "0000000000000006",
        "686f73743d63",
        "0000000000000006",
        "782d686f7374",
        "0000000000000001",
        "62",
        "0000000000000006",
        "782d686f7374",
        "0000000000000001",
        "64",
        "917a1e2350543f3a12528a784e6f5fa4423cb9716b76f6674e163b65930e55ec",
        "da7c9b9e5037e0e67aad219c822753e7ce0775975af4797caf5cd1c07ba167bb",
    );
    assert_eq!(hex(&full().to_bytes()), all);
}

#[test]
fn the_text_of_a_key_stays_what_it_is() {
    let plain = r#"{"scheme":"http","host":"a.example","port":80,"path":"/b","query":"c","content":null,"audience":null,"steering":[],"simplified":null}"#;
    assert_eq!(serde_json::to_string(&key("http://a.example/b?c", &config())).unwrap(), plain);
    assert_eq!(
        serde_json::to_string(&full()).unwrap(),
        r#"{"scheme":"https","host":"a.example","port":8443,"path":"/b","query":"c=&d=1","content":"917a1e2350543f3a12528a784e6f5fa4423cb9716b76f6674e163b65930e55ec","audience":"ann","steering":[["forwarded","host=c"],["x-host","b"],["x-host","d"]],"simplified":"da7c9b9e5037e0e67aad219c822753e7ce0775975af4797caf5cd1c07ba167bb"}"#
    );
}

#[test]
fn the_hash_of_a_content_and_of_what_its_fields_say_stays_what_it_is() {
    let text = "QUERY / | content-type: a/b | content-encoding: gzip | content-encoding: br | accept: x";
    for (text, content, expected) in [
        ("QUERY /", &b""[..], "71e0a99173564931c0b8acc52d2685a8e39c64dc52e3d02390fdac2a12b155cb"),
        ("QUERY /", b"{}", "6f5469db4375af4a0451d38e7f0fa6302c5247f3d03b07baa01f8e6e8da55acd"),
        (text, b"{}", "e1e06d6be573cfaa85ea1fd957c137f2badd7876469c6207c491ed36cde63a25"),
    ] {
        assert_eq!(hash(text, content).to_string(), expected);
    }
}

#[test]
fn tags_stay_what_they_are() {
    let target = target("http://a.example/b?c");
    let of_target = Invalidation::of_target(&target, &config()).tags;
    let of_origin = Invalidation::of_origin(target.origin(), &config()).tags;
    let others = [group_tag(target.origin(), "g"), surrogate_tag(b"product-1"), surrogate_tag(&[b'x'; 300])];
    let all: Vec<Tag> = of_target.into_iter().chain(of_origin).chain(others).collect();
    let all: Vec<&str> = all.iter().map(Tag::as_str).collect();
    assert_eq!(
        all,
        [
            "u:3021250edd18d1bc238fd45e109b8669",
            "p:6838620f6fca68799300bd7621f21876",
            "o:b7fc607a629f8253350283d038824af1",
            "g:5ab8766aa4016236ad44f57d4be39035",
            "s:product-1",
            "l:296a7bce08325b75b90d23204fd50b75"
        ]
    );
}

#[test]
fn the_key_of_a_variant_stays_what_it_is() {
    let of = |fields: &str, vary: &str| {
        let asked = request(&format!("GET /{fields}")).headers;
        let vary: HeaderMap = response(&format!("200 | vary: {vary}")).headers;
        Selecting::of(&sent(&asked), &vary, &Config::default()).unwrap().key().to_string()
    };
    let fields = " | user-agent: X | accept: a , b | accept-encoding: br, GZIP | accept-language: en;q=0.5, de";
    for (fields, vary, expected) in [
        ("", "", "48fc721fbbc172e0925fa27af1671de225ba927134802998b10a1568a188652b"),
        ("", "x", "50528ce59cdc244927b5858ff9157a7275ab9e51d2ca36cfe730a48c8b1204d2"),
        (" | x: ", "x", "e7777f0f7b90181ac18232d58d33facf5579ea5ea14c13c2c6ee2cf4a5bc283e"),
        (fields, "user-agent", "56df1df560e27e00ad434a8824d7f25cbef258da92cc6a913171ba8a1bd4b7a4"),
        (fields, "accept", "2352114405ea8f642bc15640bf0c8474e25cb5e56df1102dcbb1662812f36c3b"),
        (fields, "accept-encoding", "3791ee93ac420a26fa9f74af90c99e7b3d6eca491f9ecf4b1544ea124298ed18"),
        (fields, "accept-language", "7cf7c202ed79d62335c1c2028d256be88bb825e85d61846b8f6de5b5f165ffd4"),
        (
            fields,
            "user-agent, accept, x, accept-language",
            "06cf61438cdab16417f04e00a3bc7ffc734f3a648fcc501fd0a1141a283dd0da",
        ),
    ] {
        assert_eq!(of(fields, vary), expected, "{vary}");
    }
}
