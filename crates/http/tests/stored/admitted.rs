//! What the head of a response tells, before its content has come (RFC 9111, sections 3 and 3.3).

use bytes::Bytes;
use freshen_core::TAGS_MAX;
use freshen_http::{Admitted, Asked, Config, End, FIELDS_MOST, Following, Portion, Rule};

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
