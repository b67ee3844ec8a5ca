//! What holds for every response, however it is made.

use std::time::Duration;

use bytes::Bytes;
use freshen_http::{Admitted, Answer, Asked, Config, Cookies, Joined, Mode, Stored};
use http::HeaderMap;
use proptest::prelude::*;

use crate::made::{ALPHABET, Came, EXCHANGE, NOON, TAGGED, answer, key, letters, lines, part, request, sent};

/// Fields that matter here, with values that are right, odd and hostile.
fn line() -> impl Strategy<Value = (&'static str, String)> {
    let name = prop::sample::select(vec![
        "Connection",
        "Content-Length",
        "Content-Range",
        "Transfer-Encoding",
        "ETag",
        "Date",
        "Age",
        "Set-Cookie",
        "Cache-Control",
        "Trailer",
        "Keep-Alive",
        "X-A",
        "X-B",
        "Vary",
        "Content-Type",
        "Last-Modified",
        "Expires",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "5",
            "26",
            "26, 26",
            "bytes 0-4/26",
            "bytes 5-9/*",
            "bytes */26",
            "\"1\"",
            "W/\"1\"",
            "x-a",
            "x-a, cache-control",
            "chunked",
            "max-age=60",
            "no-store",
            "private=\"x-a\"",
            "no-cache=\"set-cookie, etag\"",
            "9223372036854775808",
            "Sat, 21 Nov 2026 11:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "Sat, 01 Jan 0000 00:00:00 GMT",
        ])
        .prop_map(str::to_owned),
        "[ -~\u{80}-\u{ff}\t]{0,40}",
    ];
    (name, value)
}

fn config() -> impl Strategy<Value = Config> {
    let mode = prop::sample::select(vec![Mode::Shared, Mode::Private]);
    let cookies = prop::sample::select(vec![Cookies::Careful, Cookies::Dropped, Cookies::Stored]);
    (mode, cookies).prop_map(|(mode, cookies)| Config { mode, cookies, ..Config::default() })
}

fn asked() -> impl Strategy<Value = String> {
    prop_oneof![
        "bytes=([0-9]{0,3}-[0-9]{0,3}, ?){0,4}[0-9]{0,3}-[0-9]{0,3}",
        "[ -~]{0,30}",
        Just("bytes=0-99999999999999999999999999".to_owned()),
    ]
}

const GONE: [&str; 11] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "age",
];

fn came(status: u16, more: &[(&'static str, String)], content: &str) -> Came {
    let more: Vec<(&str, &str)> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Came::new(status, &[&TAGGED[..], &more].concat(), content)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// RFC 9111, sections 3.1, 3.3, 5.2.2.4 and 5.2.2.7, and the same answer to the same inputs.
    #[test]
    fn what_is_kept_has_nothing_that_must_not_be(
        status in prop::sample::select(vec![200u16, 206, 404]),
        more in prop::collection::vec(line(), 0..6),
        trailers in prop::collection::vec(line(), 0..3),
        content in 0..=26usize,
        broken in any::<bool>(),
        config in config(),
    ) {
        let mut came = came(status, &more, &ALPHABET[..content]);
        let trailers: Vec<(&str, &str)> = trailers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        came = came.trailed(&trailers);
        if broken {
            came = came.broken();
        }
        prop_assert_eq!(came.stored_by(&config), came.stored_by(&config));
        let Ok(stored) = came.stored_by(&config) else { return Ok(()) };
        for fields in [&stored.headers, &stored.trailers] {
            prop_assert!(GONE.iter().all(|name| !fields.contains_key(*name)), "{:?}", fields);
        }
        prop_assert!(stored.headers.contains_key("date") && stored.status.as_u16() != 206);
        prop_assert!(!stored.trailers.contains_key("cache-control") && !stored.trailers.contains_key("set-cookie"));
        if broken && !came.response.headers.contains_key("content-length") && status != 206 {
            prop_assert!(!stored.body.is_complete());
        }
        let named = |directive: &str| lines(&came.response.headers).iter().any(|line| line.contains(directive));
        if named("cache-control: private=\"x-a\"") && config.mode == Mode::Shared {
            prop_assert!(!stored.headers.contains_key("x-a"));
        }
        if named("cache-control: no-cache=\"set-cookie, etag\"") {
            prop_assert!(!stored.headers.contains_key("set-cookie") && !stored.headers.contains_key("etag"));
        }
    }

    /// RFC 9111, section 3.3: a part is marked as such, and is what was asked for; RFC 9110, section 17.15.
    #[test]
    fn an_answer_is_of_what_is_there_and_never_longer_than_the_whole(
        parts in prop::collection::vec((0usize..26, 1usize..26), 1..4),
        asked in asked(),
        method in prop::sample::select(vec!["GET", "HEAD", "QUERY"]),
        seconds in 0u64..100,
    ) {
        let stored = joined(&parts);
        let at = NOON + Duration::from_secs(seconds);
        let request = request(method, &[("Range", &asked)]);
        let given = answer(&stored, &request, at);
        prop_assert_eq!(&given, &answer(&stored, &request, at));
        let Answer::Serve(served, _) = given else {
            prop_assert!(!stored.body.is_complete());
            return Ok(());
        };
        let content = served.content.concat();
        match served.status.as_u16() {
            200 => prop_assert!(stored.body.is_complete() && (method == "HEAD" || content == ALPHABET.as_bytes())),
            206 if served.headers.contains_key("content-range") => {
                let said = freshen_http::ContentRange::read(&served.headers).unwrap();
                prop_assert_eq!(&content[..], &ALPHABET.as_bytes()[said.range.start() as usize..said.range.end() as usize]);
            }
            206 => prop_assert!(!stored.body.is_complete(), "the alphabet is shorter than two heads"),
            status => prop_assert_eq!(status, 416),
        }
        let age = served.headers.get("age").map(|age| age.to_str().unwrap().parse::<u64>().unwrap());
        prop_assert_eq!(age, (served.status.as_u16() != 416).then_some(seconds));
    }

    /// RFC 9111, section 4: as if the content had come already, but that the whole may go out for a part.
    #[test]
    fn who_follows_gets_the_same_as_a_hit_or_the_whole(
        status in prop::sample::select(vec![200u16, 404]),
        more in prop::collection::vec(line(), 0..6),
        ranged in prop::option::of(asked()),
        method in prop::sample::select(vec!["GET", "HEAD", "QUERY"]),
        config in config(),
    ) {
        let came = came(status, &more, ALPHABET);
        let Ok(stored) = came.stored_by(&config) else { return Ok(()) };
        let admitted = sent(&came.request, |sent| Admitted::of(sent, &came.response, &key(), &EXCHANGE, &config)).unwrap();
        let of = |range: Option<&str>| {
            let request = request(method, &range.map(|range| ("Range", range)).into_iter().collect::<Vec<_>>());
            let asked = Asked::of(&request, &config);
            let (mut following, _) = admitted.answer(&request.headers, &asked, NOON, &config).unwrap();
            // A hit tells of those that came.
            following.headers.remove("trailer");
            let Answer::Serve(served, _) = stored.answer(&request.headers, &asked, NOON, 7, &config) else { panic!() };
            ((following.status, following.headers), (served.status, served.headers))
        };
        let (following, hit) = of(ranged.as_deref());
        prop_assert!(following == hit || following == of(None).1, "{:?} {:?}", following, hit);
    }

    #[test]
    fn ranges_of_any_bytes_never_panic(value in prop::collection::vec(any::<u8>(), 0..60), length in any::<u64>()) {
        let Ok(value) = http::HeaderValue::from_bytes(&value) else { return Ok(()) };
        let headers = HeaderMap::from_iter([(http::header::RANGE, value.clone()), (http::header::CONTENT_RANGE, value)]);
        freshen_http::ContentRange::read(&headers);
        if let Ok(ranges) = freshen_http::Ranges::read(&headers) {
            prop_assert!(ranges.of_length(length).iter().all(|range| range.start() < range.end() && range.end() <= length));
        }
    }
}

/// What is stored after these parts of the alphabet came.
fn joined(parts: &[(usize, usize)]) -> Stored {
    let end = |start: usize, len: usize| (start + len).min(26);
    let (start, len) = parts[0];
    parts[1..].iter().fold(letters(start, end(start, len)), |stored, (start, len)| {
        let end = end(*start, *len);
        let came = part(&format!("bytes {start}-{}/26", end - 1), &ALPHABET[*start..end], &[]);
        match came.put_to(&stored, &EXCHANGE, &Config::default()) {
            Joined::Kept { variant, .. } => variant.stored,
            other => panic!("{other:?}"),
        }
    })
}

/// RFC 9110, section 8.6, in bounded time and memory.
#[test]
fn megabytes_of_headers_are_refused_or_kept_in_a_moment() {
    let long = "x-a,".repeat(1 << 18);
    for name in ["Connection", "Content-Length", "Content-Range", "ETag", "Cache-Control", "Date", "Age", "Vary"] {
        let mut came = came(200, &[], ALPHABET);
        came.response.headers.append(name, long.parse().unwrap());
        // Most of these are refused; what matters is that each is answered.
        let _ = came.stored();
    }
    let content = vec![Bytes::from(ALPHABET.repeat(1 << 15))];
    let stored = Came { content, ..came(200, &[], "") }.stored().unwrap();
    let many = format!("bytes={}", "0-0,".repeat(1 << 18));
    assert!(
        matches!(answer(&stored, &request("GET", &[("Range", &many)]), NOON), Answer::Serve(served, _) if served.status == 200)
    );
}
