//! The length that an origin says beforehand.

use std::task::Poll;

use freshen_pages::{Broken, Pushed, Reader};
use http_body::Body;

use super::{can_join, filling, join, next, now, piece, rest};

#[test]
fn what_is_left_of_a_length_that_was_said_is_told() {
    let (mut filling, mut reader) = filling(100, 100, Some(30));
    assert_eq!(reader.size_hint().exact(), Some(30));
    drop(filling.push(piece(b'a', 10)));
    next(&mut reader);
    assert_eq!(reader.size_hint().exact(), Some(20));
}

#[test]
fn a_length_that_was_not_said_is_told_when_the_body_has_come() {
    let (mut filling, mut reader) = filling(100, 100, None);
    drop(filling.push(piece(b'a', 10)));
    assert_eq!((reader.size_hint().lower(), reader.size_hint().exact()), (0, None));
    next(&mut reader);
    drop(filling.push(piece(b'a', 5)));
    filling.finish(None);
    assert_eq!(reader.size_hint().exact(), Some(5));
}

/// HTTP/1.1 has room for trailers only where no length is told.
#[test]
fn the_length_of_what_has_come_with_trailers_is_not_told() {
    let (mut filling, mut reader) = filling(100, 100, None);
    drop(filling.push(piece(b'a', 10)));
    filling.finish(Some([(http::header::ETAG, http::HeaderValue::from_static("1"))].into_iter().collect()));
    assert_eq!((reader.size_hint().lower(), reader.size_hint().exact()), (0, None));
    assert!(matches!(rest(&mut reader), (10, Some(Ok(Some(_))))));
}

#[test]
fn a_length_over_the_bound_takes_no_followers_from_the_beginning() {
    assert!(filling(100, 100, Some(100)).0.joining().is_some());
    let (mut filling, mut reader) = filling(100, 200, Some(101));
    assert!(filling.joining().is_none());
    assert_eq!(now(filling.push(piece(b'a', 101))), Poll::Ready(Pushed::Passed));
    assert!(filling.finish(None).is_none());
    assert!(matches!(rest(&mut reader), (101, Some(Ok(None)))));
}

fn breaks_off(reader: &mut Reader) -> usize {
    let (bytes, end) = rest(reader);
    assert!(matches!(end, Some(Err(Broken::Length))), "{end:?}");
    bytes
}

#[test]
fn a_body_that_is_too_short_is_broken_off_and_not_kept() {
    for bytes_most in [0, 100] {
        let (mut filling, mut reader) = filling(bytes_most, 100, Some(30));
        drop(filling.push(piece(b'a', 29)));
        assert!(filling.finish(None).is_none());
        assert!(!reader.is_end_stream());
        assert_eq!(breaks_off(&mut reader), 29);
    }
}

#[test]
fn a_body_that_is_too_long_is_broken_off_and_not_kept() {
    for bytes_most in [0, 100] {
        let (mut filling, mut reader) = filling(bytes_most, 100, Some(30));
        drop(filling.push(piece(b'a', 30)));
        assert_eq!(now(filling.push(piece(b'a', 1))), Poll::Ready(Pushed::Unwanted));
        assert!(now(filling.unwanted()).is_ready());
        assert_eq!(breaks_off(&mut reader), 30);
        assert!(filling.finish(None).is_none());
    }
}

#[test]
fn nobody_joins_a_body_that_has_not_the_length_that_was_said() {
    let (mut filling, mut first) = filling(100, 100, Some(30));
    let (mut other, joining) = (join(&filling), filling.joining().unwrap());
    drop(filling.push(piece(b'a', 31)));
    assert!(filling.joining().is_none() && !can_join(&joining));
    assert_eq!((breaks_off(&mut first), breaks_off(&mut other)), (0, 0));
}
