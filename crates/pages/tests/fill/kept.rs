//! A body that is kept: nobody waits for anybody.

use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use freshen_pages::{Bounds, Broken, Budget, Pushed, fill};
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use http_body_util::BodyExt;

use super::{SEWN_BYTES, can_join, done, filling, join, next, now, piece, rest};

const KIB: usize = 1 << 10;

#[test]
fn who_asks_while_a_body_comes_reads_along_from_its_beginning() {
    let (mut filling, mut first) = filling(64 * KIB, KIB, None);
    assert!(now(first.frame()).is_pending(), "nothing has come");
    assert_eq!(now(filling.push(piece(b'a', SEWN_BYTES))), Poll::Ready(Pushed::Kept));
    assert_eq!(next(&mut first), SEWN_BYTES);
    assert_eq!(now(filling.push(piece(b'b', 10))), Poll::Ready(Pushed::Kept));
    let mut late = join(&filling);
    assert_eq!((next(&mut late), next(&mut late)), (SEWN_BYTES, 10));
    assert!(now(late.frame()).is_pending());
    let joining = filling.joining().unwrap();
    let filled = filling.finish(None).unwrap();
    assert_eq!(
        (filled.pieces.clone(), filled.trailers.clone()),
        (vec![piece(b'a', SEWN_BYTES), piece(b'b', 10)], None)
    );
    assert!(late.is_end_stream() && !first.is_end_stream());
    assert!(matches!(rest(&mut first), (10, Some(Ok(None)))));
    assert!(matches!(rest(&mut late), (0, Some(Ok(None)))));
    assert!(matches!(rest(&mut joining.reader().unwrap()), (4106, Some(Ok(None)))), "after its end too");
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_waits_is_woken_by_what_comes() {
    let (mut filling, mut reader) = filling(KIB, KIB, None);
    let waiting = tokio::spawn(async move {
        let mut bytes = Vec::new();
        while let Some(frame) = reader.frame().await {
            bytes.push(frame.unwrap().into_data().unwrap().len());
        }
        bytes
    });
    tokio::task::yield_now().await;
    filling.push(piece(b'a', 7)).await;
    tokio::task::yield_now().await;
    filling.push(piece(b'a', 3)).await;
    tokio::task::yield_now().await;
    filling.finish(None);
    assert_eq!(done(waiting).await, [7, 3]);
}

#[test]
fn nobody_waits_for_a_slow_reader_of_what_is_kept() {
    let (mut filling, _slow) = filling(64 * KIB, 0, None);
    let mut quick = join(&filling);
    for _ in 0..16 {
        assert_eq!(now(filling.push(piece(b'a', SEWN_BYTES))), Poll::Ready(Pushed::Kept));
    }
    assert!(filling.finish(None).is_some());
    assert!(matches!(rest(&mut quick), (65_536, Some(Ok(None)))));
}

#[test]
fn what_may_still_be_kept_comes_on_when_all_readers_leave() {
    let (mut filling, reader) = filling(100, 100, None);
    drop(reader);
    assert_eq!(now(filling.push(piece(b'a', 100))), Poll::Ready(Pushed::Kept));
    assert!(now(filling.unwanted()).is_pending());
    assert!(can_join(&filling.joining().unwrap()));
    assert!(filling.finish(None).is_some());
}

#[test]
fn trailers_come_last_to_everybody() {
    let trailers = HeaderMap::from_iter([("digest".parse().unwrap(), HeaderValue::from_static("x"))]);
    let (mut filling, first) = filling(KIB, KIB, None);
    let mut readers = [first, join(&filling)];
    drop(filling.push(piece(b'a', 1)));
    assert_eq!(filling.finish(Some(trailers.clone())).unwrap().trailers, Some(trailers.clone()));
    for reader in &mut readers {
        assert_eq!(next(reader), 1);
        assert!(!reader.is_end_stream());
        let (bytes, end) = rest(reader);
        assert_eq!((bytes, end.unwrap().unwrap()), (0, Some(trailers.clone())));
        assert!(matches!(now(reader.frame()), Poll::Ready(None)) && reader.is_end_stream());
    }
}

#[test]
fn what_breaks_off_breaks_off_for_everybody_and_never_looks_whole() {
    let (mut filling, first) = filling(KIB, KIB, None);
    let mut readers = [first, join(&filling)];
    drop(filling.push(piece(b'a', 3)));
    filling.fail(Arc::new(std::io::Error::other("reset")));
    for reader in &mut readers {
        let (bytes, end) = rest(reader);
        assert_eq!(bytes, 3);
        assert_eq!(end.unwrap().unwrap_err().to_string(), "the origin broke the body off: reset");
    }
}

#[test]
fn who_drops_the_filling_breaks_it_off_and_so_does_a_panic() {
    let (dropped, mut reader) = filling(KIB, KIB, None);
    drop(dropped);
    assert!(!reader.is_end_stream());
    assert!(matches!(rest(&mut reader), (0, Some(Err(Broken::Abandoned)))));
    let (filling, mut reader) = filling(KIB, KIB, None);
    let panicked = std::thread::spawn(move || {
        let _filling = filling;
        panic!("as the test wants");
    });
    assert!(panicked.join().is_err());
    assert!(matches!(rest(&mut reader), (0, Some(Err(Broken::Abandoned)))));
}

#[test]
fn nobody_joins_a_body_that_was_broken_off() {
    let (filling, _reader) = filling(KIB, KIB, None);
    let joining = filling.joining().unwrap();
    assert!(can_join(&joining));
    drop(filling);
    assert!(!can_join(&joining));
}

#[test]
fn a_piece_is_added_before_anybody_waits_for_room() {
    let (mut filling, mut reader) = filling(100, 0, None);
    for _ in 0..2 {
        drop(filling.push(piece(b'a', 100)));
        assert_eq!(next(&mut reader), 100);
    }
}

#[test]
fn empty_pieces_are_none() {
    let (mut filling, mut reader) = filling(0, 0, None);
    assert_eq!(now(filling.push(Bytes::new())), Poll::Ready(Pushed::Kept));
    assert!(now(reader.frame()).is_pending());
    assert!(filling.finish(None).unwrap().pieces.is_empty());
}

#[test]
fn no_more_than_the_most_readers_join_until_one_leaves() {
    let bounds = Bounds { readers_most: 3, ..Bounds::default() };
    let (filling, first) = fill(bounds, &Budget::new(1 << 20), None);
    let joining = filling.joining().unwrap();
    let _others = [joining.reader().unwrap(), joining.reader().unwrap()];
    assert!(!can_join(&joining));
    drop(first);
    assert!(can_join(&joining));
}
