//! A body that is not kept: the first reader leads, and others follow within a window.

use std::task::Poll;

use bytes::Bytes;
use freshen_pages::{Broken, Filling, Pushed, Reader};

use super::{SEWN_BYTES, can_join, done, filling, join, next, now, piece, rest};

/// No two of them are sewn together.
const PIECE: usize = SEWN_BYTES;

fn push(filling: &mut Filling, bytes: usize) -> Poll<Pushed> {
    now(filling.push(piece(b'a', bytes)))
}

fn room(filling: &mut Filling) -> Poll<Pushed> {
    now(filling.push(Bytes::new()))
}

fn waits(reader: &mut Reader) -> bool {
    matches!(rest(reader), (0, None))
}

fn fell_behind(reader: &mut Reader) -> bool {
    matches!(rest(reader), (0, Some(Err(Broken::FellBehind))))
}

#[test]
fn a_body_over_its_bound_is_kept_no_more_and_nobody_joins_it() {
    let (mut filling, mut reader) = filling(2 * PIECE, 4 * PIECE, None);
    let joining = filling.joining().unwrap();
    for _ in 0..2 {
        assert_eq!(push(&mut filling, PIECE), Poll::Ready(Pushed::Kept));
    }
    assert!(can_join(&joining));
    assert_eq!(push(&mut filling, 1), Poll::Ready(Pushed::Passed));
    assert!(filling.joining().is_none() && !can_join(&joining));
    assert!(filling.finish(None).is_none());
    assert!(matches!(rest(&mut reader), (8193, Some(Ok(None)))));
}

#[test]
fn the_origin_is_read_a_window_ahead_of_the_first_reader_and_no_further() {
    let (mut filling, mut reader) = filling(0, 2 * PIECE, None);
    for _ in 0..2 {
        assert_eq!(push(&mut filling, PIECE), Poll::Ready(Pushed::Passed));
    }
    assert!(push(&mut filling, PIECE).is_pending());
    next(&mut reader);
    assert_eq!(room(&mut filling), Poll::Ready(Pushed::Passed), "what he has read makes room");
}

#[test]
fn a_body_that_turns_out_too_long_waits_until_its_first_reader_is_within_the_window() {
    let (mut filling, mut reader) = filling(8 * PIECE, PIECE, None);
    for _ in 0..8 {
        assert_eq!(push(&mut filling, PIECE), Poll::Ready(Pushed::Kept));
    }
    assert!(push(&mut filling, PIECE).is_pending());
    for _ in 0..7 {
        next(&mut reader);
        assert!(room(&mut filling).is_pending());
    }
    next(&mut reader);
    assert_eq!(room(&mut filling), Poll::Ready(Pushed::Passed));
}

#[test]
fn a_first_reader_who_goes_on_is_not_cut_off_however_quick_the_others_are() {
    let (mut filling, mut first) = filling(PIECE, PIECE, None);
    let mut quick = join(&filling);
    for _ in 0..3 {
        let _ = push(&mut filling, PIECE);
        assert_eq!(next(&mut quick), PIECE);
    }
    assert!(room(&mut filling).is_pending(), "the quick one waits with the first");
    assert!(waits(&mut quick));
    for _ in 0..2 {
        assert_eq!(next(&mut first), PIECE);
        filling.cut_off_stalled();
    }
    assert!(matches!(rest(&mut first), (PIECE, None)));
    assert_eq!(room(&mut filling), Poll::Ready(Pushed::Passed));
}

/// Once a client that read nothing kept all who followed him from the rest of the body, for as long as he stayed.
#[test]
fn who_reads_nothing_while_another_waits_is_cut_off_with_all_who_do_as_he_does() {
    let (mut filling, mut idle) = filling(PIECE, PIECE, None);
    let (mut idle_too, mut second, mut quick) = (join(&filling), join(&filling), join(&filling));
    let _ = push(&mut filling, PIECE);
    assert_eq!((next(&mut idle), next(&mut quick)), (PIECE, PIECE), "before the last piece came");
    for _ in 0..2 {
        let _ = push(&mut filling, PIECE);
        assert_eq!(next(&mut quick), PIECE);
    }
    assert!(waits(&mut quick));
    assert_eq!(next(&mut second), PIECE);
    assert!(room(&mut filling).is_pending());
    filling.cut_off_stalled();
    assert!(room(&mut filling).is_pending(), "the second leads, who has gone on");
    assert!(fell_behind(&mut idle) && fell_behind(&mut idle_too));
    filling.cut_off_stalled();
    assert_eq!(room(&mut filling), Poll::Ready(Pushed::Passed), "and then no more");
    assert!(fell_behind(&mut second));
    assert_eq!(push(&mut filling, PIECE), Poll::Ready(Pushed::Passed));
    assert!(matches!(rest(&mut quick), (PIECE, None)));
}

#[test]
fn who_reads_nothing_is_not_cut_off_where_nobody_waits() {
    for kept_pieces in [0, 4] {
        let (mut filling, mut idle) = filling(kept_pieces * PIECE, PIECE, None);
        let mut idle_too = join(&filling);
        for _ in 0..2 {
            let _ = push(&mut filling, PIECE);
            assert_eq!(next(&mut idle_too), PIECE, "and waits for no more");
        }
        let mut waiting = (kept_pieces > 0).then(|| join(&filling));
        let kept = waiting.as_mut().is_some_and(|waiting| rest(waiting).1.is_none());
        assert_eq!(kept, kept_pieces > 0, "what is kept makes nobody wait");
        for _ in 0..3 {
            filling.cut_off_stalled();
        }
        assert!(matches!(rest(&mut idle), (8192, None)));
    }
}

#[test]
fn who_is_within_a_window_of_the_first_is_not_cut_off_and_who_is_further_behind_is() {
    let (mut filling, mut first) = filling(0, 2 * PIECE, None);
    let mut slow = join(&filling);
    for _ in 0..3 {
        let _ = push(&mut filling, PIECE);
        next(&mut first);
    }
    assert_eq!(next(&mut slow), PIECE, "what the first has read since is a window");
    for _ in 0..2 {
        let _ = push(&mut filling, PIECE);
        next(&mut first);
    }
    assert!(fell_behind(&mut slow));
    assert!(now(filling.unwanted()).is_pending(), "the first is still there");
}

#[test]
fn a_piece_that_is_larger_than_bound_and_window_cuts_nobody_off() {
    for bytes_most in [0, 100] {
        let (mut filling, mut first) = filling(bytes_most, 100, None);
        let mut others = [join(&filling), join(&filling)];
        assert!(push(&mut filling, 1 << 20).is_pending());
        assert_eq!(next(&mut first), 1 << 20);
        assert_eq!(room(&mut filling), Poll::Ready(Pushed::Passed));
        for other in &mut others {
            assert_eq!(next(other), 1 << 20);
        }
    }
}

#[test]
fn when_the_first_leaves_the_next_leads() {
    let (mut filling, mut first) = filling(0, PIECE, None);
    let (mut second, mut third) = (join(&filling), join(&filling));
    let _ = push(&mut filling, PIECE);
    assert_eq!((next(&mut first), next(&mut third)), (PIECE, PIECE));
    let _ = push(&mut filling, PIECE);
    assert_eq!(room(&mut filling), Poll::Ready(Pushed::Passed));
    drop(first);
    assert!(room(&mut filling).is_pending(), "now the second leads, and has read nothing");
    assert_eq!(next(&mut second), PIECE);
    assert_eq!(room(&mut filling), Poll::Ready(Pushed::Passed));
    assert!(matches!(rest(&mut third), (PIECE, None)));
}

#[test]
fn without_readers_the_rest_is_unwanted() {
    let (mut filling, reader) = filling(100, 100, None);
    drop(reader);
    assert_eq!(push(&mut filling, 90), Poll::Ready(Pushed::Kept), "within the bound it comes for the store");
    assert_eq!(push(&mut filling, 90), Poll::Ready(Pushed::Unwanted));
    assert!(now(filling.unwanted()).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_filler_who_waits_for_room_is_woken_by_the_first_reader_and_by_no_other() {
    let (mut filling, mut first) = filling(0, PIECE, None);
    let mut other = join(&filling);
    drop(filling.push(piece(b'a', PIECE)));
    let waiting = tokio::spawn(async move { filling.push(piece(b'a', PIECE)).await });
    tokio::task::yield_now().await;
    next(&mut other);
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    next(&mut first);
    assert_eq!(done(waiting).await, Pushed::Passed);
}

#[tokio::test(start_paused = true)]
async fn a_filler_who_waits_for_room_or_for_its_origin_is_woken_when_the_last_reader_leaves() {
    for waits_for_room in [true, false] {
        let (mut filling, reader) = filling(0, 10, None);
        drop(filling.push(piece(b'a', 20)));
        let waiting = tokio::spawn(async move {
            match waits_for_room {
                true => assert_eq!(filling.push(Bytes::new()).await, Pushed::Unwanted),
                false => filling.unwanted().await,
            }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(reader);
        done(waiting).await;
    }
}

#[test]
fn after_its_end_nobody_is_cut_off() {
    let (mut filling, mut first) = filling(4 * PIECE, PIECE, None);
    let mut slow = join(&filling);
    for _ in 0..5 {
        let _ = push(&mut filling, PIECE);
    }
    assert!(filling.finish(None).is_none());
    assert!(matches!(rest(&mut first), (20_480, Some(Ok(None)))));
    drop(first);
    assert!(matches!(rest(&mut slow), (20_480, Some(Ok(None)))));
}
