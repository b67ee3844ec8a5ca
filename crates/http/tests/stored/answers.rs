//! What a request gets of what is stored (RFC 9110, sections 14, 15.3.7 and 15.5.17; RFC 9111, section 3.3).

use freshen_http::{Answer, Asked, Config, RANGES_MOST, Rule, Served, Stored};

use crate::made::{self, ALPHABET, Came, Line, NOON, TAGGED, alphabet, letters, part, request};

pub fn answer(stored: &Stored, lines: &[Line<'_>]) -> Answer {
    made::answer(stored, &request("GET", lines), NOON)
}

fn served(stored: &Stored, lines: &[Line<'_>]) -> (Served, Rule) {
    match answer(stored, lines) {
        Answer::Serve(served, rule) => (served, rule),
        other => panic!("{other:?}"),
    }
}

/// The status, the content, Content-Range, and the rule.
pub fn told(stored: &Stored, lines: &[Line<'_>]) -> (u16, String, String, Rule) {
    let (served, rule) = served(stored, lines);
    let range = served.headers.get("content-range").map_or("", |range| range.to_str().unwrap()).to_owned();
    (served.status.as_u16(), String::from_utf8(served.content.concat()).unwrap(), range, rule)
}

fn whole(stored: &Stored, lines: &[Line<'_>]) -> Rule {
    let (status, content, range, rule) = told(stored, lines);
    assert_eq!((status, content.as_str(), range.as_str()), (200, ALPHABET, ""), "{lines:?}");
    rule
}

pub fn range(value: &str) -> [Line<'_>; 1] {
    [("Range", value)]
}

/// RFC 9110, sections 14.2 and 15.3.7.1.
#[test]
fn one_part_of_a_whole_is_a_206_that_says_which() {
    for (asked, content, said) in [
        ("bytes=0-4", "abcde", "bytes 0-4/26"),
        ("bytes=25-", "z", "bytes 25-25/26"),
        ("bytes=20-99", "uvwxyz", "bytes 20-25/26"),
        ("bytes=-3", "xyz", "bytes 23-25/26"),
        ("bytes=-99", ALPHABET, "bytes 0-25/26"),
        ("bytes=0-", ALPHABET, "bytes 0-25/26"),
        ("bytes=0-1, 30-40", "ab", "bytes 0-1/26"),
        ("bytes=0-4, 3-6", "abcdefg", "bytes 0-6/26"),
    ] {
        let expected = (206, content.to_owned(), said.to_owned(), Rule::Range);
        assert_eq!(told(&alphabet(&[]), &range(asked)), expected, "{asked}");
        let (served, _) = served(&alphabet(&[]), &range(asked));
        assert_eq!(served.headers["content-length"], content.len().to_string().as_str(), "{asked}");
    }
}

/// RFC 9110, section 15.5.17.
#[test]
fn what_lies_behind_the_end_is_a_416_that_says_the_length() {
    for asked in ["bytes=26-", "bytes=26-30", "bytes=-0", "bytes=30-, 40-"] {
        let expected = (416, String::new(), "bytes */26".to_owned(), Rule::RangeNotSatisfiable);
        assert_eq!(told(&alphabet(&[]), &range(asked)), expected, "{asked}");
        assert_eq!(told(&letters(3, 9), &range(asked)), expected, "{asked}");
    }
    let (served, _) = served(&alphabet(&[("X-A", "1")]), &range("bytes=26-"));
    assert!(!served.headers.contains_key("etag") && !served.headers.contains_key("x-a"));
    assert_eq!(served.headers["content-length"], "0");
    assert_eq!(served.headers["date"], "Sat, 21 Nov 2026 12:00:00 GMT");
}

/// RFC 9110, sections 14.1.1 and 14.2.
#[test]
fn what_is_not_understood_gets_the_whole() {
    for asked in ["bytes=", "bytes=x", "bytes=5-4", "pages=0-1", "bytes=0-1, x"] {
        assert_eq!(whole(&alphabet(&[]), &range(asked)), Rule::RangeIgnored, "{asked}");
    }
    assert_eq!(whole(&alphabet(&[]), &[("Range", "bytes=0-1"), ("Range", "bytes=3-4")]), Rule::RangeIgnored);
    assert_eq!(whole(&alphabet(&[]), &[]), Rule::Unconditional);
    assert_eq!(
        whole(&alphabet(&[]), &[("If-Range", "\"2\"")]),
        Rule::Unconditional,
        "there is no Range that it could be about"
    );
}

/// RFC 9110, section 14.2: GET alone knows ranges, and QUERY as GET; and only of what would be a 200.
#[test]
fn other_methods_and_statuses_know_no_parts() {
    let ask = |stored: &Stored, method| {
        let asked = request(method, &range("bytes=0-4"));
        let Answer::Serve(served, rule) = made::answer(stored, &asked, NOON) else { panic!("it is whole") };
        (served.status.as_u16(), served.content.concat().len(), rule)
    };
    assert_eq!(ask(&alphabet(&[]), "HEAD"), (200, 0, Rule::RangeIgnored));
    assert_eq!(ask(&alphabet(&[]), "QUERY"), (206, 5, Rule::Range));
    for status in [203, 204, 301, 404] {
        let stored = Came::new(status, &TAGGED, ALPHABET).stored().unwrap();
        assert_eq!(ask(&stored, "GET"), (status, 26, Rule::RangeIgnored));
    }
    let empty = Came::new(200, &TAGGED, "").stored().unwrap();
    assert_eq!(ask(&empty, "GET"), (200, 0, Rule::RangeIgnored));
    assert_eq!(told(&empty, &range("bytes=-5")), (200, String::new(), String::new(), Rule::RangeIgnored));
}

/// RFC 9110, section 9.3.2: the fields that GET gets, and nothing behind them.
#[test]
fn head_gets_the_fields_of_the_whole_and_no_content() {
    let lines = [&TAGGED[..], &[("Content-Length", "26"), ("X-A", "1")]].concat();
    let stored = Came::new(200, &lines, ALPHABET).trailed(&[("Digest", "x")]).stored().unwrap();
    let Answer::Serve(head, _) = made::answer(&stored, &request("HEAD", &[]), NOON) else { panic!("it is whole") };
    let (get, _) = served(&stored, &[]);
    assert_eq!((head.status, head.headers), (get.status, get.headers));
    assert!(head.content.is_empty() && head.trailers.is_empty() && get.trailers.len() == 1);
}

/// RFC 9110, section 13.1.5.
#[test]
fn a_part_of_another_version_gets_the_whole() {
    let stored = alphabet(&[("Last-Modified", "Sat, 21 Nov 2026 11:00:00 GMT")]);
    let of = |version| [("Range", "bytes=0-4"), ("If-Range", version)];
    for version in ["\"1\"", "Sat, 21 Nov 2026 11:00:00 GMT"] {
        assert_eq!(told(&stored, &of(version)).0, 206, "{version}");
    }
    for version in ["\"2\"", "W/\"1\"", "1", "Sat, 21 Nov 2026 11:00:01 GMT", "Sat, 21 Nov 2026 10:59:59 GMT", "x"] {
        assert_eq!(whole(&stored, &of(version)), Rule::IfRange, "{version}");
    }
    let weak = Came::new(200, &[("Cache-Control", "max-age=60"), ("ETag", "W/\"1\"")], ALPHABET).stored().unwrap();
    assert_eq!(whole(&weak, &of("W/\"1\"")), Rule::IfRange);
}

/// RFC 9110, section 15.3.7: all that a 200 would have; or what is required, where the client has the rest.
#[test]
fn a_part_has_the_fields_of_the_whole_unless_its_client_has_them() {
    let more = [
        ("Content-Type", "text/plain"),
        ("Content-Language", "en"),
        ("Last-Modified", "Sat, 21 Nov 2026 11:00:00 GMT"),
        ("Expires", "Sat, 21 Nov 2026 13:00:00 GMT"),
        ("Content-Location", "/a"),
        ("Vary", "Accept"),
        ("X-Other", "1"),
    ];
    let stored = alphabet(&more);
    let names = |lines: &[Line<'_>]| {
        let (served, _) = served(&stored, lines);
        let mut names: Vec<String> = served.headers.keys().map(|name| name.to_string()).collect();
        names.sort();
        names
    };
    let required = [
        "age",
        "cache-control",
        "content-length",
        "content-location",
        "content-range",
        "date",
        "etag",
        "expires",
        "vary",
        "x-other",
    ];
    let mut all = [&required[..], &["content-language", "content-type", "last-modified"]].concat();
    all.sort_unstable();
    assert_eq!(names(&range("bytes=0-4")), all);
    assert_eq!(names(&[("Range", "bytes=0-4"), ("If-Range", "\"1\"")]), required);
    let long = Came::new(200, &[&TAGGED[..], &more].concat(), &ALPHABET.repeat(100)).stored().unwrap();
    let of = |lines: &[Line<'_>]| served(&long, &[&range("bytes=0-0, 50-50")[..], lines].concat()).0.headers;
    assert!(of(&[]).contains_key("content-language") && of(&[]).contains_key("last-modified"));
    let has_them = of(&[("If-Range", "\"1\"")]);
    assert!(!has_them.contains_key("content-language") && !has_them.contains_key("last-modified"));
    assert!(has_them["content-type"].as_bytes().starts_with(b"multipart/byteranges"), "this is of the message");
}

/// RFC 9530, sections 2 and 3: a part is other content than the whole, of the same representation.
#[test]
fn a_digest_of_the_whole_content_goes_with_no_part() {
    let digests = [("Content-Digest", "x"), ("Content-MD5", "x"), ("Repr-Digest", "x")];
    let names = |stored: &Stored, asked: &[Line<'_>]| {
        let (served, _) = served(stored, asked);
        digests.map(|(name, _)| served.headers.contains_key(name))
    };
    let whole = Came::new(200, &[&TAGGED[..], &digests].concat(), &ALPHABET.repeat(100)).stored().unwrap();
    assert_eq!(names(&whole, &[]), [true, true, true]);
    for asked in ["bytes=0-4", "bytes=0-0, 50-50"] {
        assert_eq!(names(&whole, &range(asked)), [false, false, true], "{asked}");
    }
    let part = part("bytes 0-25/26", ALPHABET, &digests).stored().unwrap();
    assert_eq!(names(&part, &[]), [false, false, true], "it was that of a message with a part");
}

fn long() -> Stored {
    let lines = [&TAGGED[..], &[("Content-Type", "text/plain")]].concat();
    Came::new(200, &lines, &ALPHABET.repeat(100)).stored().unwrap()
}

/// RFC 9110, sections 14.6 and 15.3.7.2.
#[test]
fn several_parts_are_one_message_in_the_order_of_the_request() {
    let (status, content, said, rule) = told(&long(), &range("bytes=26-28, 0-1, -1, 9999-"));
    assert_eq!((status, said.as_str(), rule), (206, "", Rule::Range));
    let expected = [
        "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 26-28/2600\r\n\r\nabc",
        "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/2600\r\n\r\nab",
        "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 2599-2599/2600\r\n\r\nz",
        "\r\n--B--\r\n",
    ];
    let boundary = "freshen-00000000000000000000000000000abc";
    assert_eq!(content, expected.concat().replace("--B", &format!("--{boundary}")));
    let (served, _) = served(&long(), &range("bytes=26-28, 0-1, -1, 9999-"));
    assert_eq!(served.headers["content-type"], format!("multipart/byteranges; boundary={boundary}").as_str());
    assert_eq!(served.headers["content-length"], content.len().to_string().as_str());
}

/// RFC 9110, section 17.15: nobody gets more by asking for parts than by asking for the whole.
#[test]
fn parts_never_make_an_answer_longer_than_the_whole() {
    let stored = long();
    let of = |asked: &str| told(&stored, &range(asked));
    let many = (0..RANGES_MOST).map(|at| format!("{}-{}", at * 3, at * 3)).collect::<Vec<_>>().join(",");
    assert!(of(&format!("bytes={many}")).1.len() <= 2600);
    let more = format!("bytes={many},2000-2000");
    assert_eq!((of(&more).0, of(&more).3), (200, Rule::RangeExcessive));
    let large = "bytes=0-1200, 1300-2599";
    assert_eq!((of(large).0, of(large).3), (200, Rule::RangeExcessive), "with what stands around the parts");
    let repeated = format!("bytes={}", vec!["0-"; RANGES_MOST].join(","));
    assert_eq!((of(&repeated).0, of(&repeated).1.len()), (206, 2600), "what overlaps is sent once");
    assert_eq!(whole(&alphabet(&[]), &range("bytes=0-0, -1")), Rule::RangeExcessive, "it is short");
}

/// RFC 9110, section 17.15: where the whole is not there, it cannot be served in their place.
#[test]
fn parts_of_what_is_not_whole_are_served_though_they_are_short() {
    let (status, content, _, rule) = told(&letters(0, 20), &range("bytes=0-0, 9-9"));
    assert_eq!((status, rule), (206, Rule::Range));
    assert!(content.contains("bytes 0-0/26\r\n\r\na") && content.contains("bytes 9-9/26\r\n\r\nj"), "{content}");
}

#[test]
fn several_parts_of_coded_content_are_not_put_into_an_envelope() {
    let lines = [&TAGGED[..], &[("Content-Encoding", "gzip")]].concat();
    let stored = Came::new(200, &lines, &ALPHABET.repeat(100)).stored().unwrap();
    assert_eq!(told(&stored, &range("bytes=0-0, 50-50")).3, Rule::RangeIgnored);
    assert_eq!(told(&stored, &range("bytes=0-0")).0, 206);
}

/// RFC 9110, section 6.5: trailers are about the whole.
#[test]
fn trailers_go_with_the_whole_alone() {
    let stored = Came::new(200, &TAGGED, ALPHABET).trailed(&[("Digest", "x")]).stored().unwrap();
    assert_eq!(served(&stored, &[]).0.trailers.len(), 1);
    assert_eq!(served(&stored, &range("bytes=0-4")).0.trailers.len(), 0);
    let Answer::Serve(head, _) = made::answer(&stored, &request("HEAD", &[]), NOON) else { panic!("it is whole") };
    assert_eq!((head.trailers.len(), head.content.len()), (0, 0));
    assert_eq!(head.headers, served(&stored, &[]).0.headers);
}

#[test]
fn surrogate_keys_are_sent_on_only_where_its_user_wants_that() {
    let keys = [("Surrogate-Key", "a b"), ("Cache-Tag", "c"), ("xkey", "d")];
    let stored = Came::new(200, &[&TAGGED[..], &keys].concat(), &ALPHABET.repeat(100)).stored().unwrap();
    for shows_surrogate_keys in [false, true] {
        let config = Config { shows_surrogate_keys, ..Config::default() };
        for asked in ["bytes=x", "bytes=0-4", "bytes=0-0, 50-50"] {
            let request = request("GET", &range(asked));
            let answer = stored.answer(&request.headers, &Asked::of(&request, &config), NOON, 7, &config);
            let Answer::Serve(served, _) = answer else { panic!("it is whole") };
            let shown = keys.map(|(name, _)| served.headers.contains_key(name));
            assert_eq!(shown, [shows_surrogate_keys; 3], "{asked}");
        }
    }
}

/// RFC 9111, section 4: such a request is for the origin.
#[test]
fn what_passes_is_not_answered() {
    for (method, rule) in
        [("POST", Rule::MethodUnsafe), ("PURGE", Rule::MethodUnsafe), ("OPTIONS", Rule::MethodNotUnderstood)]
    {
        assert_eq!(made::answer(&alphabet(&[]), &request(method, &[]), NOON), Answer::Pass(rule), "{method}");
    }
}
