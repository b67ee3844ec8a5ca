//! What the head of a response tells, before its content has come (RFC 9111, sections 3 and 3.3).

use std::time::Duration;

use bytes::Bytes;
use freshen_core::TAGS_MAX;
use freshen_http::{Admitted, Asked, Config, End, FIELDS_MOST, Following, Outgoing, Portion, Rule};
use http::HeaderMap;

use crate::made::{ALPHABET, Came, EXCHANGE, Line, NOON, TAGGED, fields, key, lines, part, request, sent};

fn admitted(came: &Came) -> Result<Admitted, Rule> {
    sent(&came.request, |sent| Admitted::of(sent, &came.response, &key(), &EXCHANGE, &Config::default()))
}

/// So that whoever waits for its content need not wait in vain.
#[test]
fn what_its_head_forbids_is_refused_before_the_content_has_come() {
    let many = vec![("X-A", "1"); FIELDS_MOST];
    let groups: Vec<String> = (0..=TAGS_MAX).map(|at| format!("\"{at}\"")).collect();
    let of = |more: &[Line<'_>]| Came::new(200, &[&TAGGED[..], more].concat(), "");
    let asked = [("Range", "bytes=5-9"), ("If-Range", "\"1\"")];
    for (came, rule) in [
        (of(&[("Cache-Control", "no-store")]), Rule::NoStore),
        (of(&[("Vary", "*")]), Rule::VaryAny),
        (of(&[("Content-Length", "5, 6")]), Rule::LengthContradicts),
        (of(&[("Content-Length", "5"), ("Transfer-Encoding", "chunked")]), Rule::LengthContradicts),
        (of(&many), Rule::TooManyFields),
        (of(&[("Cache-Groups", &groups.join(","))]), Rule::TooManyTags),
        (of(&[]).asked("HEAD", &[]), Rule::MethodNotStored),
        (part("bytes */26", "", &[]), Rule::PartNotUnderstood),
        (part("bytes 5-9/26", "", &[("Content-Length", "4")]), Rule::LengthContradicts),
        (part("bytes 5-9/26", "", &[]).asked("GET", &asked), Rule::FieldsLeftOut),
        (part("bytes 5-9/26", "", &[]).asked("QUERY", &[]), Rule::Incomplete),
    ] {
        assert_eq!(admitted(&came).err(), Some(rule));
    }
}

#[test]
fn by_what_it_is_stored_is_known_before_the_content_has_come() {
    let more = [("Vary", "accept"), ("Surrogate-Key", "a"), ("Age", "7")];
    let came = Came::new(200, &[&TAGGED[..], &more].concat(), ALPHABET).asked("GET", &[("Accept", "text/css")]);
    let admitted = admitted(&came).unwrap();
    let stored = came.variant_by(&Config::default()).unwrap();
    assert_eq!((admitted.rule(), admitted.terms()), (Rule::MaxAge, &stored.stored.terms));
    assert_eq!((admitted.selecting(), admitted.tags()), (&stored.selecting, &stored.tags));
    assert_eq!(admitted.terms().age(NOON).as_secs(), 7);
    assert!(stored.tags.as_slice().iter().any(|tag| tag.as_str() == "s:a"));
    assert_eq!(admitted.keep(&came.content, None, End::Clean), Ok(stored));
}

/// RFC 9110, section 8.6: nobody has to wait for the end to know.
#[test]
fn too_much_content_is_known_when_it_comes() {
    let too_much = Err(Rule::LengthContradicts);
    let of = |came: &Came, bytes: u64| admitted(came).unwrap().admits(bytes);
    let whole = Came::new(200, &[&TAGGED[..], &[("Content-Length", "26")]].concat(), "");
    assert_eq!([of(&whole, 0), of(&whole, 26), of(&whole, 27)], [Ok(()), Ok(()), too_much]);
    let chunked = Came::new(200, &TAGGED, "");
    assert_eq!(of(&chunked, 1 << 40), Ok(()));
    let part = part("bytes 5-9/26", "", &[]);
    assert_eq!([of(&part, 5), of(&part, 6)], [Ok(()), too_much]);
}

/// Its pieces are kept as they came.
#[test]
fn content_comes_in_any_pieces() {
    let lines = [&TAGGED[..], &[("Content-Length", "26")]].concat();
    let came = Came::new(200, &lines, ALPHABET);
    for size in [1, 3, 26] {
        let pieces: Vec<Bytes> = ALPHABET.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
        let kept = admitted(&came).unwrap().keep(&pieces, None, End::Clean).unwrap();
        assert_eq!(kept, came.variant_by(&Config::default()).unwrap(), "{size}");
    }
    let short = admitted(&came).unwrap().keep(&["abc".into(), "de".into()], None, End::Broken).unwrap();
    assert_eq!((short.stored.body.held(), short.stored.body.is_complete()), (5, false));
    let trailers = fields(&vec![("X-A", "1"); FIELDS_MOST + 1]);
    let many = admitted(&came).unwrap().keep(&came.content, Some(&trailers), End::Clean);
    assert_eq!(many, Err(Rule::TooManyFields));
}

/// RFC 9111, section 4.3.3: all of it was asked for, though its client has it already.
#[test]
fn a_client_that_has_what_has_just_come_gets_a_304() {
    let config = Config::default();
    let answer = |came: &Came, asked: &[Line<'_>]| {
        let request = request("GET", asked);
        admitted(came).unwrap().answer(&request.headers, &Asked::of(&request, &config), NOON, &config)
    };
    let came = Came::new(200, &[&TAGGED[..], &[("Content-Type", "text/css")]].concat(), "");
    let (Following { status, headers, content }, rule) = answer(&came, &[("If-None-Match", "\"1\"")]).unwrap();
    assert_eq!((status.as_u16(), content, rule), (304, Portion::Nothing, Rule::IfNoneMatch));
    let expected = ["cache-control: max-age=60", "etag: \"1\"", "date: Sat, 21 Nov 2026 12:00:00 GMT", "age: 0"];
    assert_eq!(lines(&headers), expected);
    for (asked, expected) in [(&[("If-None-Match", "\"2\"")][..], Rule::ConditionsMet), (&[], Rule::Unconditional)] {
        let (following, rule) = answer(&came, asked).unwrap();
        assert_eq!((following.status.as_u16(), following.content, rule), (200, Portion::All, expected));
    }
    let part = part("bytes 5-9/26", "", &[]);
    assert_eq!(answer(&part, &[("If-None-Match", "\"1\"")]), Err(Rule::Incomplete), "it is not all of it");
}

/// What came with content for its own client, and with fields that are for him alone.
fn his() -> Came {
    let control = "max-age=60, no-cache=\"set-cookie, last-modified\", private=\"x-his\"";
    let more = [
        ("Cache-Control", control),
        ("Set-Cookie", "a=1"),
        ("X-His", "2"),
        ("Set-Cookie", "b=3"),
        ("X-All", "4"),
        ("Content-Length", "26"),
        ("Content-Type", "text/plain"),
        ("Last-Modified", "Sat, 21 Nov 2026 11:00:00 GMT"),
        ("Connection", "x-hop"),
        ("X-Hop", "5"),
        ("Surrogate-Key", "a"),
    ];
    Came::new(200, &[&TAGGED[1..], &more].concat(), ALPHABET)
}

fn own(came: &Came, method: &str, asked: &[Line<'_>]) -> Result<(Following, Rule), Rule> {
    let (config, request) = (Config::default(), request(method, asked));
    let asked = Asked::of(&request, &config);
    let later = NOON + Duration::from_secs(5);
    admitted(came)?.own(&came.response, &request.headers, &asked, later, &config)
}

fn sorted(headers: &HeaderMap) -> Vec<String> {
    let mut lines = lines(headers);
    lines.sort();
    lines
}

/// RFC 9111, sections 4.3.3, 5.1, 5.2.2.4 and 5.2.2.7: his conditions and his Range did not go with the request that was sent for him.
#[test]
fn whose_request_was_sent_gets_what_came_for_him_alone_whatever_is_made_of_it() {
    let came = his();
    let answers = |asked: &[Line<'_>]| own(&came, "GET", asked).unwrap();
    let alone = ["set-cookie: a=1", "set-cookie: b=3", "x-his: 2"];
    let whole = sorted(&Outgoing::of(&came.response, &Config::default()).headers(&came.response.headers));

    let (following, rule) = answers(&[]);
    assert_eq!((following.status.as_u16(), following.content, rule), (200, Portion::All, Rule::Unconditional));
    assert_eq!(sorted(&following.headers), whole, "as it came, without an Age");

    let (following, rule) = answers(&[("If-None-Match", "\"1\"")]);
    assert_eq!((following.status.as_u16(), following.content, rule), (304, Portion::Nothing, Rule::IfNoneMatch));
    let control = whole.iter().find(|line| line.starts_with("cache-control")).unwrap().as_str();
    let expected = [&[control, "date: Sat, 21 Nov 2026 12:00:00 GMT", "etag: \"1\""][..], &alone].concat();
    assert_eq!(sorted(&following.headers), expected);

    let (following, rule) = answers(&[("Range", "bytes=1-3")]);
    assert_eq!((following.status.as_u16(), rule), (206, Rule::Range));
    let there =
        |name: &str| following.headers.get_all(name).iter().map(|line| line.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!((there("content-length"), there("content-range")), (vec!["3"], vec!["bytes 1-3/26"]));
    assert_eq!((there("content-type"), there("set-cookie")), (vec!["text/plain"], vec!["a=1", "b=3"]));
    let (following, _) = answers(&[("Range", "bytes=1-3"), ("If-Range", "\"1\"")]);
    assert!(!["content-type", "last-modified"].iter().any(|name| following.headers.contains_key(*name)), "he has it");

    let (following, rule) = answers(&[("Range", "bytes=99-")]);
    assert_eq!((following.status.as_u16(), rule), (416, Rule::RangeNotSatisfiable));
    let expected = ["content-length: 0", "content-range: bytes */26", "date: Sat, 21 Nov 2026 12:00:05 GMT"];
    assert_eq!(sorted(&following.headers), [&expected[..], &alone].concat());
}

/// RFC 9111, section 5.1: an Age says that it was not made for this request.
#[test]
fn whose_request_was_sent_gets_the_age_as_it_came() {
    for asked in [&[][..], &[("If-None-Match", "\"1\"")], &[("Range", "bytes=1-3")]] {
        for ages in [&[][..], &[("Age", "7")]] {
            let more = [ages, &[("Content-Length", "26")]].concat();
            let came = Came::new(200, &[&TAGGED[..], &more].concat(), ALPHABET);
            let (following, _) = own(&came, "GET", asked).unwrap();
            assert_eq!(following.headers.get_all("age").iter().count(), ages.len(), "{asked:?}");
            assert!(following.headers.get("age").is_none_or(|age| age == "7"), "{asked:?}");
        }
    }
}

/// RFC 9111, section 3.3.
#[test]
fn nothing_is_made_of_a_part_nor_for_a_request_that_passes() {
    assert_eq!(own(&part("bytes 5-9/26", "", &[]), "GET", &[]), Err(Rule::Incomplete));
    assert_eq!(own(&his(), "POST", &[]), Err(Rule::MethodUnsafe));
}
