//! Parts that are put together (RFC 9111, section 3.4; RFC 9110, section 15.3.7.3).

use std::time::Duration;

use freshen_core::Timestamp;
use freshen_http::{
    Answer, ByteRange, Config, Cookies, Exchange, Joined, Missing, PARTS_MOST, Rule, SELECTING_MOST, Stored,
};

use crate::made::{ALPHABET, Came, Line, NOON, TAGGED, answer, key, letters, part, request, sent};

const LATER: Timestamp = Timestamp::from_micros(NOON.as_micros() + 30_000_000);
const EXCHANGE: Exchange = Exchange { asked_at: LATER, answered_at: LATER };

fn joined(stored: &Stored, came: &Came) -> Joined {
    came.put_to(stored, &EXCHANGE, &Config::default())
}

/// What is kept of both.
fn with(stored: &Stored, came: &Came) -> Stored {
    match joined(stored, came) {
        Joined::Kept { variant, .. } => variant.stored,
        other => panic!("{other:?}"),
    }
}

fn text(stored: &Stored, start: u64, end: u64) -> Option<String> {
    let pieces = stored.body.slice(ByteRange::new(start, end).unwrap())?;
    Some(String::from_utf8(pieces.concat()).unwrap())
}

fn part_with(range: &str, text: &str, lines: &[Line<'_>]) -> Came {
    Came::new(206, &[&[("Content-Range", range)], lines].concat(), text)
}

/// RFC 9110, section 15.3.7.3: the whole is a 200 with its length.
#[test]
fn parts_that_make_a_whole_are_served_as_a_whole() {
    let stored = with(&letters(0, 10), &part("bytes 10-25/26", &ALPHABET[10..], &[]));
    let Answer::Serve(served, _) = answer(&stored, &request("GET", &[]), LATER) else { panic!("it is whole") };
    assert_eq!((served.status.as_u16(), &served.headers["content-length"]), (200, &"26".parse().unwrap()));
    assert!(!served.headers.contains_key("content-range"));
    assert_eq!(served.content.concat(), ALPHABET.as_bytes());
}

/// RFC 9111, section 3.4: what is not all of it stays recorded as such.
#[test]
fn parts_that_make_no_whole_stay_parts() {
    let stored = with(&letters(0, 10), &part("bytes 20-25/26", "uvwxyz", &[]));
    assert!(!stored.body.is_complete());
    assert_eq!(text(&stored, 0, 10).as_deref(), Some("abcdefghij"));
    assert_eq!(text(&stored, 20, 26).as_deref(), Some("uvwxyz"));
    assert_eq!(text(&stored, 9, 11), None);
    let broken = part("bytes 10-25/26", "klm", &[("Content-Length", "16")]).broken();
    let stored = with(&letters(0, 10), &broken);
    assert_eq!((stored.body.held(), stored.body.is_complete()), (13, false));
}

/// RFC 9111, section 3.4: an incomplete 200 and a part of it.
#[test]
fn an_incomplete_response_is_completed_by_a_part() {
    let lines = [&TAGGED[..], &[("Content-Length", "26")]].concat();
    let incomplete = Came::new(200, &lines, "abcde").broken().stored().unwrap();
    assert!(with(&incomplete, &part("bytes 5-25/26", &ALPHABET[5..], &[])).body.is_complete());
    let unknown = Came::new(200, &TAGGED, "abcde").broken().stored().unwrap();
    assert!(with(&unknown, &part("bytes 5-25/26", &ALPHABET[5..], &[])).body.is_complete());
}

/// RFC 9111, section 3.4: all share the same strong validator.
#[test]
fn parts_without_the_same_strong_tag_are_not_put_together() {
    let (control, differs) = (("Cache-Control", "max-age=60"), Joined::Differs(Rule::PartsDiffer));
    for tag in [
        &[][..],
        &[("ETag", "\"2\"")],
        &[("ETag", "W/\"1\"")],
        &[("ETag", "1")],
        &[("ETag", "\"1\""), ("ETag", "\"2\"")],
    ] {
        let came = part_with("bytes 10-25/26", &ALPHABET[10..], &[&[control], tag].concat());
        assert_eq!(joined(&letters(0, 10), &came), differs, "{tag:?}");
    }
    let modified = ("Last-Modified", "Sat, 21 Nov 2026 10:00:00 GMT");
    let dated = part_with("bytes 10-25/26", &ALPHABET[10..], &[control, modified]);
    assert_eq!(joined(&letters(0, 10), &dated), differs, "a date is not enough");
    let other = part_with("bytes 10-25/26", &ALPHABET[10..], &[control, ("ETag", "\"2\"")]);
    assert_eq!(joined(&letters(0, 10), &other), differs);
    assert_eq!(joined(&letters(0, 10), &other.broken()), differs, "its head says enough");
}

/// RFC 9110, section 14.4: what is invalid is not recombined.
#[test]
fn parts_that_contradict_are_not_put_together() {
    let of = |came: &Came| joined(&letters(0, 10), came);
    let differs = Joined::Differs(Rule::PartsDiffer);
    assert_eq!(of(&part("bytes 10-24/25", &ALPHABET[10..25], &[])), differs, "another length");
    assert_eq!(of(&part("bytes 9-11/26", "xkl", &[])), differs, "another byte in one place");
    for (came, rule) in [
        (part("bytes 12-10/26", "x", &[]), Rule::PartNotUnderstood),
        (part("letters 10-25/26", &ALPHABET[10..], &[]), Rule::PartNotUnderstood),
        (part("bytes 10-25/26", "klm", &[]), Rule::LengthContradicts),
    ] {
        assert_eq!(of(&came), Joined::Stays(rule), "it says nothing of what is stored");
    }
}

/// RFC 9111, sections 3.2 and 3.4.
#[test]
fn the_fields_that_came_take_the_place_of_those_that_are_stored() {
    let first =
        [("X-A", "1"), ("X-A", "2"), ("X-Stays", "1"), ("Content-Encoding", "br"), ("Content-Type", "text/css")];
    let stored = part("bytes 0-9/26", &ALPHABET[..10], &first).stored().unwrap();
    let newer = [
        ("X-A", "3"),
        ("X-New", "4"),
        ("Content-Encoding", "gzip"),
        ("Content-Length", "5"),
        ("Connection", "X-Hop"),
        ("X-Hop", "1"),
        ("Cache-Control", "max-age=90"),
        ("ETag", "\"1\""),
    ];
    let stored = with(&stored, &part_with("bytes 10-14/26", "klmno", &newer));
    let value =
        |name: &str| stored.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(value("x-a"), ["3"]);
    assert_eq!(value("x-stays"), ["1"]);
    assert_eq!(value("x-new"), ["4"]);
    assert_eq!(value("content-encoding"), ["br"], "it describes the bytes that are stored");
    assert_eq!(value("content-type"), ["text/css"], "it need not be sent again");
    for gone in ["content-length", "content-range", "connection", "x-hop"] {
        assert_eq!(value(gone), [""; 0], "{gone}");
    }
    assert_eq!(value("cache-control"), ["max-age=90"]);
    assert_eq!(value("date"), ["Sat, 21 Nov 2026 12:00:30 GMT"], "it came without one");
}

/// RFC 9110, section 15.3.7.3.
#[test]
fn the_fields_of_an_incomplete_200_replace_all() {
    let stored = part("bytes 10-25/26", &ALPHABET[10..], &[("X-Gone", "1")]).stored().unwrap();
    let lines = [&TAGGED[..], &[("Content-Length", "26")]].concat();
    let stored = with(&stored, &Came::new(200, &lines, &ALPHABET[..12]).broken());
    assert!(stored.body.is_complete() && !stored.headers.contains_key("x-gone"));
}

/// RFC 9111, sections 3.4 and 4.2.3: the result is as old as what came.
#[test]
fn the_terms_are_those_of_the_result() {
    let newer =
        [("ETag", "\"1\""), ("Cache-Control", "max-age=90"), ("Age", "20"), ("Date", "Sat, 21 Nov 2026 12:00:30 GMT")];
    let stored = with(&letters(0, 10), &part_with("bytes 10-14/26", "klmno", &newer));
    assert_eq!(stored.terms.lifetime.span, Duration::from_secs(90));
    assert_eq!(stored.terms.age(LATER), Duration::from_secs(20));
    assert!(!stored.headers.contains_key("age"));
    let silent = with(&letters(0, 10), &part_with("bytes 10-14/26", "klmno", &[("ETag", "\"1\"")]));
    assert_eq!(silent.terms.lifetime.span, Duration::from_secs(60), "what came says nothing else");
    assert_eq!(silent.terms.age(LATER), Duration::ZERO);
}

/// RFC 9111, section 3: what may not be stored is not, though a part of it was.
#[test]
fn a_part_that_forbids_to_store_takes_back_what_is_stored() {
    let of = |asked: &[Line<'_>], control| {
        let came = part_with("bytes 10-14/26", "klmno", &[("ETag", "\"1\""), ("Cache-Control", control)]);
        joined(&letters(0, 10), &came.asked("GET", asked))
    };
    for asked in [&[][..], &[("Cache-Control", "no-store")], &[("Authorization", "x")]] {
        assert_eq!(of(asked, "no-store"), Joined::Differs(Rule::NoStore), "{asked:?}");
        assert_eq!(of(asked, "private"), Joined::Differs(Rule::Private), "{asked:?}");
    }
    let stored = part("bytes 0-9/26", &ALPHABET[..10], &[("X-A", "1")]).stored().unwrap();
    let newer = [("ETag", "\"1\""), ("Cache-Control", "max-age=60, no-cache=x-a")];
    let stored = with(&stored, &part_with("bytes 10-14/26", "klmno", &newer));
    assert!(!stored.headers.contains_key("x-a"), "it is named now");
}

/// RFC 9111, sections 3.5 and 5.2.1.5.
#[test]
fn a_part_for_one_client_alone_is_not_put_together_with_what_others_get() {
    let of = |asked: &[Line<'_>], more: &[Line<'_>]| {
        joined(&letters(0, 10), &part("bytes 10-25/26", &ALPHABET[10..], more).asked("GET", asked))
    };
    let (authorized, long) = ([("Authorization", "Basic eDp5")], "x".repeat(100_000));
    for (asked, more, rule) in [
        (&[("Accept", &*long)][..], &[("Vary", "Accept")][..], Rule::SelectingTooLong),
        (&authorized, &[], Rule::Authorization),
        (&[("Cache-Control", "no-store")], &[], Rule::RequestNoStore),
        (&[], &[("Set-Cookie", "a=b")], Rule::SetCookie),
    ] {
        let Joined::Once(served, by) = of(asked, more) else { panic!("{rule:?}") };
        assert_eq!((by, text(&served, 0, 26).as_deref()), (rule, Some(ALPHABET)), "this client gets all of it");
        assert_eq!(served.headers.contains_key("set-cookie"), rule == Rule::SetCookie);
        assert_eq!(served.terms.age(LATER), Duration::from_secs(30), "by its date");
    }
    assert!(matches!(of(&authorized, &[("Cache-Control", "public")]), Joined::Kept { .. }));
}

/// As many lines as blanks make of one do not have a part thrown away that others fetched.
#[test]
fn a_part_is_put_to_what_the_request_selects_by_its_normal_form() {
    let vary = [("Vary", "Accept-Encoding")];
    let first = part("bytes 0-9/26", &ALPHABET[..10], &vary).asked("GET", &[("Accept-Encoding", "br, gzip")]);
    let stored = first.variant_by(&Config::default()).unwrap();
    let blank = [("Accept-Encoding", ""); SELECTING_MOST];
    let asked = |said: &'static str| {
        let lines = [&[("Accept-Encoding", said)], &blank[..]].concat();
        let came = part("bytes 10-25/26", &ALPHABET[10..], &vary).asked("GET", &lines);
        sent(&came.request, |sent| stored.with(&came.received(), sent, &key(), &EXCHANGE, &Config::default()))
    };
    let Joined::Kept { variant, .. } = asked("gzip,BR") else { panic!("it says the same") };
    assert_eq!((&variant.selecting, text(&variant.stored, 0, 26).as_deref()), (&stored.selecting, Some(ALPHABET)));
    assert!(matches!(asked("zstd"), Joined::Once(_, Rule::SelectingTooLong)));
}

/// RFC 9111, section 3.4: other statuses say nothing of the parts of this version; some say that it is no more.
#[test]
fn what_is_no_part_and_no_whole_is_put_to_nothing() {
    for (status, rule) in [(500, Rule::OriginFailed), (503, Rule::OriginFailed), (599, Rule::OriginFailed)] {
        let came = Came::new(status, &TAGGED, "sorry");
        assert_eq!(joined(&letters(0, 10), &came), Joined::Stays(rule), "{status}");
    }
    for status in [304, 400, 401, 403, 412, 429] {
        let came = Came::new(status, &TAGGED, "");
        assert_eq!(joined(&letters(0, 10), &came), Joined::Stays(Rule::OriginAnswered), "{status}");
    }
    for status in [204, 301, 302, 404, 410, 416] {
        let came = Came::new(status, &TAGGED, "gone");
        assert_eq!(joined(&letters(0, 10), &came), Joined::Differs(Rule::FullResponse), "{status}");
    }
}

/// The stored part is as good as before.
#[test]
fn a_completion_that_brings_nothing_leaves_what_is_stored() {
    let length = [("Content-Length", "16")];
    let empty = part("bytes 10-25/26", "", &length).broken();
    assert_eq!(joined(&letters(0, 10), &empty), Joined::Stays(Rule::Incomplete));
    let head = part("bytes 10-25/26", &ALPHABET[10..], &[]).asked("HEAD", &[]);
    assert_eq!(joined(&letters(0, 10), &head), Joined::Stays(Rule::MethodNotStored));
    let text = "x".repeat(100);
    let apart = (1..PARTS_MOST as u64)
        .map(|at| at * 2)
        .chain([1_000])
        .map(|at| part(&format!("bytes {at}-{at}/*"), &text[..1], &[]));
    let mut stored = part("bytes 0-0/*", "x", &[]).stored().unwrap();
    for came in apart {
        match joined(&stored, &came) {
            Joined::Kept { variant, .. } => stored = variant.stored,
            last => {
                return assert_eq!((last, stored.body.held()), (Joined::Stays(Rule::TooManyParts), PARTS_MOST as u64));
            }
        }
    }
    panic!("there are too many");
}

/// RFC 9111, section 3.3: what is missing is asked for by If-Range; what comes may then lack fields, which are stored.
#[test]
fn what_was_missing_is_put_to_what_is_stored() {
    let stored = part("bytes 0-9/26", &ALPHABET[..10], &[("Content-Type", "text/plain")]).stored().unwrap();
    let Answer::Fetch(Missing::Part { range, if_range }, _) = answer(&stored, &request("GET", &[]), LATER) else {
        panic!("it is not all there")
    };
    let asked = [("Range", range.to_str().unwrap()), ("If-Range", if_range.to_str().unwrap())];
    let stored = with(&stored, &part("bytes 10-25/26", &ALPHABET[10..], &[]).asked("GET", &asked));
    assert!(stored.body.is_complete());
    assert_eq!(stored.headers["content-type"], "text/plain");
}

/// RFC 9111, section 4.2.3.
#[test]
fn the_result_is_as_old_as_what_came_was_under_way() {
    let exchange = Exchange { asked_at: NOON, answered_at: LATER };
    let date = [("ETag", "\"1\""), ("Date", "Sat, 21 Nov 2026 12:00:30 GMT")];
    let came = part_with("bytes 10-14/26", "klmno", &date);
    let Joined::Kept { variant, .. } = came.put_to(&letters(0, 10), &exchange, &Config::default()) else { panic!() };
    assert_eq!(variant.stored.terms.age(LATER), Duration::from_secs(30));
}

/// What others get has no cookie, and whoever is given one gets it.
#[test]
fn whoever_asked_gets_the_fields_that_are_not_kept() {
    let dropped = Config { cookies: Cookies::Dropped, ..Config::default() };
    let came = part("bytes 10-14/26", "klmno", &[("Set-Cookie", "a=b")]);
    let Joined::Kept { variant, served, rule } = came.put_to(&letters(0, 10), &EXCHANGE, &dropped) else { panic!() };
    assert_eq!((served.headers["set-cookie"].as_bytes(), rule), (&b"a=b"[..], Rule::MaxAge));
    assert!(!variant.stored.headers.contains_key("set-cookie"));
    assert_eq!((served.body, served.terms), (variant.stored.body, variant.stored.terms));
}

/// RFC 9111, sections 3.4 and 4.1.
#[test]
fn by_what_the_result_is_selected_is_told_by_its_fields() {
    let came = part("bytes 10-14/26", "klmno", &[("Vary", "accept")]).asked("GET", &[("Accept", "text/css")]);
    let Joined::Kept { variant, .. } = joined(&letters(0, 10), &came) else { panic!() };
    assert_eq!(variant.selecting.headers()["accept"], "text/css");
}

/// A part of what has gone is not to be served as if it were there.
#[test]
fn nothing_is_put_to_what_has_another_status_than_200() {
    let gone = Came::new(404, &TAGGED, "gone").stored().unwrap();
    assert_eq!(joined(&gone, &part("bytes 0-0/4", "g", &[])), Joined::Differs(Rule::PartsDiffer));
}

#[test]
fn many_fields_of_many_parts_stay_within_the_bound() {
    let names: Vec<String> = (0..900).map(|number| format!("x-{number}")).collect();
    let more: Vec<Line<'_>> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let stored = part("bytes 0-9/26", &ALPHABET[..10], &more[..500]).stored().unwrap();
    assert_eq!(with(&stored, &part("bytes 10-14/26", "klmno", &more[400..])).headers.len(), 903);
    let others: Vec<String> = (0..900).map(|number| format!("y-{number}")).collect();
    let others: Vec<Line<'_>> = others.iter().map(|name| (name.as_str(), "1")).collect();
    let too_many = joined(&stored, &part("bytes 10-14/26", "klmno", &others));
    assert_eq!(too_many, Joined::Stays(Rule::TooManyFields));
}
