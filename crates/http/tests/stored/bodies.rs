//! Content in parts (RFC 9110, section 15.3.7.3).

use bytes::Bytes;
use freshen_http::{Body, ByteRange, PARTS_MOST, Rule};
use proptest::prelude::*;

use crate::made::ALPHABET;

fn range(start: u64, end: u64) -> ByteRange {
    ByteRange::new(start, end).unwrap()
}

fn part(start: u64, text: &str, length: Option<u64>) -> Body {
    Body::part(start, &[Bytes::copy_from_slice(text.as_bytes())], length).unwrap()
}

fn of(start: usize, end: usize) -> Body {
    part(start as u64, &ALPHABET[start..end], Some(26))
}

fn text(body: &Body, start: u64, end: u64) -> Option<String> {
    body.slice(range(start, end)).map(|pieces| String::from_utf8(pieces.concat()).unwrap())
}

#[test]
fn what_is_whole_is_complete_and_a_part_is_not() {
    let whole = Body::complete(&[Bytes::from_static(b"abc")]);
    assert_eq!((whole.is_complete(), whole.length(), whole.held()), (true, Some(3), 3));
    assert!(Body::complete(&[]).is_complete() && Body::complete(&[Bytes::new()]).is_complete());
    assert!(!of(0, 25).is_complete() && !of(1, 26).is_complete() && of(0, 26).is_complete());
    assert!(!part(0, "abc", None).is_complete());
    assert_eq!(Body::part(0, &[Bytes::new()], Some(3)), None);
    assert_eq!(Body::part(1, &[Bytes::from_static(b"abc")], Some(3)), None);
    assert_eq!(Body::part(u64::MAX, &[Bytes::from_static(b"abc")], None), None);
}

/// RFC 9111, section 3.3: what is served lies wholly within what is there.
#[test]
fn only_what_is_there_is_given_out() {
    let body = of(5, 10).join(&of(12, 15)).unwrap();
    for (start, end, expected) in [
        (5, 10, Some("fghij")),
        (6, 9, Some("ghi")),
        (12, 15, Some("mno")),
        (4, 6, None),
        (9, 11, None),
        (10, 12, None),
        (9, 13, None),
        (14, 16, None),
        (0, 26, None),
        (20, 21, None),
    ] {
        assert_eq!(text(&body, start, end).as_deref(), expected, "{start} {end}");
    }
    let seam = of(0, 5).join(&of(5, 8)).unwrap();
    assert_eq!(text(&seam, 3, 7).as_deref(), Some("defg"), "over a seam");
}

/// RFC 9111, section 3.3: what has to be asked for to make it complete.
#[test]
fn what_is_missing_is_asked_for_in_one_range() {
    let body = of(5, 10).join(&of(12, 15)).unwrap();
    for (start, end, expected) in [
        (5, 10, None),
        (0, 26, Some((0, 26))),
        (6, 15, Some((10, 12))),
        (6, 14, Some((10, 12))),
        (6, 26, Some((10, 26))),
        (0, 10, Some((0, 5))),
        (0, 13, Some((0, 12))),
        (20, 22, Some((20, 22))),
        (10, 11, Some((10, 11))),
        (8, 11, Some((10, 11))),
    ] {
        let expected = expected.map(|(start, end)| range(start, end));
        assert_eq!(body.gap(range(start, end)), expected, "{start} {end}");
    }
}

/// RFC 9110, section 15.3.7.3.
#[test]
fn parts_are_joined_and_the_union_may_be_complete() {
    let middle = of(5, 10);
    assert!(middle.join(&of(0, 5)).unwrap().join(&of(10, 26)).unwrap().is_complete());
    assert!(middle.join(&of(0, 26)).unwrap().is_complete());
    let overlapping = of(3, 12).join(&of(0, 6)).unwrap().join(&of(10, 26)).unwrap();
    assert_eq!(text(&overlapping, 0, 26).as_deref(), Some(ALPHABET));
    assert_eq!(part(0, "abc", None).join(&of(2, 5)).unwrap().length(), Some(26));
    assert_eq!(middle.join(&middle), Ok(middle));
}

#[test]
fn what_contradicts_is_not_joined() {
    let middle = of(5, 10);
    assert_eq!(middle.join(&part(9, "x", Some(26))), Err(Rule::PartsDiffer));
    assert_eq!(middle.join(&part(4, "efxhi", Some(26))), Err(Rule::PartsDiffer));
    assert_eq!(middle.join(&part(0, "abcde", Some(25))), Err(Rule::PartsDiffer));
    assert_eq!(middle.join(&part(26, "x", None)), Err(Rule::PartsDiffer), "beyond the length");
    let two = of(0, 3).join(&of(6, 9)).unwrap();
    assert_eq!(two.join(&part(2, "cdefXh", None)), Err(Rule::PartsDiffer), "with the second of two");
    assert_eq!(two.join(&part(0, "Xbcdefghijk", None)), Err(Rule::PartsDiffer), "with the first of two");
}

/// A copy of all for each piece that comes would take the square of what is there.
#[test]
fn what_is_large_is_not_copied_by_what_is_put_to_it() {
    let large = Bytes::from(vec![7; 1 << 20]);
    let at = |start: u64| Body::part(start, &[Bytes::from_static(b"x")], None).unwrap();
    let held = Body::part(1000, std::slice::from_ref(&large), None).unwrap();
    let joined =
        (0..1000).rev().chain(1000 + (1 << 20)..2000 + (1 << 20)).fold(held, |body, at_| body.join(&at(at_)).unwrap());
    assert!(joined.pieces().any(|(_, bytes)| bytes.as_ptr() == large.as_ptr() && bytes.len() == large.len()));
    assert_eq!(joined.held(), 2000 + (1 << 20));
    assert!(joined.pieces().count() < 40, "{} pieces", joined.pieces().count());
}

#[test]
fn small_pieces_of_a_whole_are_put_together_and_large_ones_stay_where_they_are() {
    let small = vec![Bytes::from_static(b"x"); 100_000];
    let body = Body::complete(&small);
    assert_eq!((body.is_complete(), body.held()), (true, 100_000));
    assert!(body.pieces().count() < 40, "{} pieces", body.pieces().count());
    let large = [(); 3].map(|()| Bytes::from(vec![7; 32 << 10]));
    let body = Body::complete(&large);
    let kept: Vec<*const u8> = body.pieces().map(|(_, bytes)| bytes.as_ptr()).collect();
    assert_eq!(kept, large.each_ref().map(|bytes| bytes.as_ptr()));
}

/// A byte of a large piece would keep all of it in memory.
#[test]
fn of_what_comes_a_small_rest_is_copied() {
    let came = Bytes::from(vec![b'x'; 100_000]);
    let rest = |from: u64| {
        let held = Body::part(0, &[Bytes::from(vec![b'x'; from as usize])], None).unwrap();
        let joined = held.join(&Body::part(0, std::slice::from_ref(&came), None).unwrap()).unwrap();
        let slice = joined.slice(range(99_999, 100_000)).unwrap();
        came.as_ptr_range().contains(&slice[0].as_ptr())
    };
    assert_eq!([10_000, 90_000].map(rest), [true, false]);
}

/// In whatever pieces they came.
#[test]
fn bodies_with_the_same_bytes_are_the_same() {
    let of = |pieces: &[&'static [u8]]| {
        Body::complete(&pieces.iter().map(|piece| Bytes::from_static(piece)).collect::<Vec<_>>())
    };
    let large = &[b'x'; 20_000];
    assert_eq!(of(&[large, b"y"]), of(&[&large[1..], b"xy"]));
    assert_ne!(of(&[large, b"y"]), of(&[large, b"z"]));
    assert_ne!(of(&[b"ab"]), of(&[b"abc"]));
    assert_ne!(part(0, "abc", None), part(1, "abc", None));
    assert_ne!(part(0, "abc", None), part(0, "abc", Some(26)));
}

/// RFC 9111, section 3.3.
#[test]
fn what_lacks_is_counted() {
    let body = of(5, 10).join(&of(12, 15)).unwrap();
    for (start, end, expected) in [(5, 10, 0), (0, 26, 18), (9, 13, 2), (20, 22, 2), (7, 8, 0), (0, 6, 5)] {
        assert_eq!(body.lacking(range(start, end)), expected, "{start} {end}");
    }
}

#[test]
fn many_parts_that_touch_become_one_and_too_many_that_do_not_are_refused() {
    let at = |start: u64| Body::part(start, &[Bytes::from_static(b"x")], None).unwrap();
    let touching = (1..10_000).fold(at(0), |body, start| body.join(&at(start)).unwrap());
    assert_eq!(touching.held(), 10_000);
    assert!(touching.pieces().count() <= PARTS_MOST);
    let apart = (1..PARTS_MOST as u64).fold(at(0), |body, start| body.join(&at(start * 2)).unwrap());
    assert_eq!(apart.join(&at(1_000)), Err(Rule::TooManyParts));
    assert_eq!(apart.join(&at(1)).unwrap().held(), PARTS_MOST as u64 + 1);
}

proptest! {
    /// Against the simplest model: a byte is there or it is not.
    #[test]
    fn a_body_has_what_its_parts_had(parts in prop::collection::vec((0usize..26, 1usize..26), 1..20), start in 0u64..26, len in 1u64..26) {
        let parts: Vec<(usize, usize)> = parts.into_iter().map(|(start, len)| (start, (start + len).min(26))).collect();
        let body = parts[1..].iter().fold(of(parts[0].0, parts[0].1), |body, (start, end)| body.join(&of(*start, *end)).unwrap());
        let there = |at: u64| parts.iter().any(|(start, end)| (*start as u64..*end as u64).contains(&at));
        let wanted = range(start, (start + len).min(26));
        let missing: Vec<u64> = (wanted.start()..wanted.end()).filter(|at| !there(*at)).collect();
        let gap = missing.first().map(|first| range(*first, missing[missing.len() - 1] + 1));
        prop_assert_eq!(body.gap(wanted), gap);
        let expected = missing.is_empty().then(|| ALPHABET[wanted.start() as usize..wanted.end() as usize].to_owned());
        prop_assert_eq!(text(&body, wanted.start(), wanted.end()), expected);
        prop_assert_eq!(body.is_complete(), (0..26).all(there));
    }
}
