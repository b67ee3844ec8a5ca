//! What a request gets of what is stored (RFC 9110, sections 14, 15.3.7 and 15.5.17; RFC 9111, section 3.3).

use freshen_http::{Answer, RANGES_MOST, Rule, Served, Stored};

use crate::made::{ALPHABET, Came, Line, NOON, TAGGED, alphabet, letters, request};

pub fn answer(stored: &Stored, lines: &[Line<'_>]) -> Answer {
    stored.answer(&request("GET", lines), NOON, 0xabc)
}

fn served(stored: &Stored, lines: &[Line<'_>]) -> (Served, Option<Rule>) {
    match answer(stored, lines) {
        Answer::Serve(served, rule) => (served, rule),
        other => panic!("{other:?}"),
    }
}

/// The status, the content, Content-Range, and the rule.
pub fn told(stored: &Stored, lines: &[Line<'_>]) -> (u16, String, String, Option<Rule>) {
    let (served, rule) = served(stored, lines);
    let range = served.headers.get("content-range").map_or("", |range| range.to_str().unwrap()).to_owned();
    (served.status.as_u16(), String::from_utf8(served.content.concat()).unwrap(), range, rule)
}

fn whole(stored: &Stored, lines: &[Line<'_>]) -> Option<Rule> {
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
        let expected = (206, content.to_owned(), said.to_owned(), Some(Rule::Range));
        assert_eq!(told(&alphabet(&[]), &range(asked)), expected, "{asked}");
        let (served, _) = served(&alphabet(&[]), &range(asked));
        assert_eq!(served.headers["content-length"], content.len().to_string().as_str(), "{asked}");
    }
}

/// RFC 9110, section 15.5.17.
#[test]
fn what_lies_behind_the_end_is_a_416_that_says_the_length() {
    for asked in ["bytes=26-", "bytes=26-30", "bytes=-0", "bytes=30-, 40-"] {
        let expected = (416, String::new(), "bytes */26".to_owned(), Some(Rule::RangeNotSatisfiable));
        assert_eq!(told(&alphabet(&[]), &range(asked)), expected, "{asked}");
        assert_eq!(told(&letters(3, 9), &range(asked)), expected, "{asked}");
    }
    let (served, _) = served(&alphabet(&[("X-A", "1")]), &range("bytes=26-"));
    assert!(!served.headers.contains_key("etag") && !served.headers.contains_key("x-a"));
    assert_eq!(served.headers["content-length"], "0");
}

/// RFC 9110, sections 14.1.1 and 14.2.
#[test]
fn what_is_not_understood_gets_the_whole() {
    for asked in ["bytes=", "bytes=x", "bytes=5-4", "pages=0-1", "bytes=0-1, x"] {
        assert_eq!(whole(&alphabet(&[]), &range(asked)), Some(Rule::RangeIgnored), "{asked}");
    }
    assert_eq!(whole(&alphabet(&[]), &[("Range", "bytes=0-1"), ("Range", "bytes=3-4")]), Some(Rule::RangeIgnored));
    assert_eq!(whole(&alphabet(&[]), &[]), None);
    assert_eq!(whole(&alphabet(&[]), &[("If-Range", "\"2\"")]), None, "there is no Range that it could be about");
}

/// RFC 9110, section 14.2: GET alone knows ranges, and QUERY as GET; and only of what would be a 200.
#[test]
fn other_methods_and_statuses_know_no_parts() {
    let ask = |stored: &Stored, method| {
        let Answer::Serve(served, rule) = stored.answer(&request(method, &range("bytes=0-4")), NOON, 0) else {
            panic!("it is whole")
        };
        (served.status.as_u16(), served.content.concat().len(), rule)
    };
    assert_eq!(ask(&alphabet(&[]), "HEAD"), (200, 0, Some(Rule::RangeIgnored)));
    assert_eq!(ask(&alphabet(&[]), "QUERY"), (206, 5, Some(Rule::Range)));
    for status in [203, 204, 301, 404] {
        let stored = Came::new(status, &TAGGED, ALPHABET).stored().unwrap();
        assert_eq!(ask(&stored, "GET"), (status, 26, Some(Rule::RangeIgnored)));
    }
    let empty = Came::new(200, &TAGGED, "").stored().unwrap();
    assert_eq!(ask(&empty, "GET"), (200, 0, Some(Rule::RangeIgnored)));
    assert_eq!(told(&empty, &range("bytes=-5")), (200, String::new(), String::new(), Some(Rule::RangeIgnored)));
}

/// RFC 9110, section 9.3.2: the fields that GET gets, and nothing behind them.
#[test]
fn head_gets_the_fields_of_the_whole_and_no_content() {
    let lines = [&TAGGED[..], &[("Content-Length", "26"), ("X-A", "1")]].concat();
    let stored = Came::new(200, &lines, ALPHABET).trailed(&[("Digest", "x")]).stored().unwrap();
    let Answer::Serve(head, None) = stored.answer(&request("HEAD", &[]), NOON, 0) else { panic!("it is whole") };
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
        assert_eq!(whole(&stored, &of(version)), Some(Rule::IfRange), "{version}");
    }
    let weak = Came::new(200, &[("Cache-Control", "max-age=60"), ("ETag", "W/\"1\"")], ALPHABET).stored().unwrap();
    assert_eq!(whole(&weak, &of("W/\"1\"")), Some(Rule::IfRange));
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
}

fn long() -> Stored {
    let lines = [&TAGGED[..], &[("Content-Type", "text/plain")]].concat();
    Came::new(200, &lines, &ALPHABET.repeat(100)).stored().unwrap()
}

/// RFC 9110, sections 14.6 and 15.3.7.2.
#[test]
fn several_parts_are_one_message_in_the_order_of_the_request() {
    let (status, content, said, rule) = told(&long(), &range("bytes=26-28, 0-1, -1, 9999-"));
    assert_eq!((status, said.as_str(), rule), (206, "", Some(Rule::Range)));
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
    assert_eq!((of(&more).0, of(&more).3), (200, Some(Rule::RangeExcessive)));
    let large = "bytes=0-1200, 1300-2599";
    assert_eq!((of(large).0, of(large).3), (200, Some(Rule::RangeExcessive)), "with what stands around the parts");
    let repeated = format!("bytes={}", vec!["0-"; RANGES_MOST].join(","));
    assert_eq!((of(&repeated).0, of(&repeated).1.len()), (206, 2600), "what overlaps is sent once");
    assert_eq!(whole(&alphabet(&[]), &range("bytes=0-0, -1")), Some(Rule::RangeExcessive), "it is short");
}

#[test]
fn several_parts_of_coded_content_are_not_put_into_an_envelope() {
    let lines = [&TAGGED[..], &[("Content-Encoding", "gzip")]].concat();
    let stored = Came::new(200, &lines, &ALPHABET.repeat(100)).stored().unwrap();
    assert_eq!(told(&stored, &range("bytes=0-0, 50-50")).3, Some(Rule::RangeIgnored));
    assert_eq!(told(&stored, &range("bytes=0-0")).0, 206);
}

/// RFC 9110, section 6.5: trailers are about the whole.
#[test]
fn trailers_go_with_the_whole_alone() {
    let stored = Came::new(200, &TAGGED, ALPHABET).trailed(&[("Digest", "x")]).stored().unwrap();
    assert_eq!(served(&stored, &[]).0.trailers.len(), 1);
    assert_eq!(served(&stored, &range("bytes=0-4")).0.trailers.len(), 0);
}
