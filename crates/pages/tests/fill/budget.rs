//! What all bodies of a layer hold together.

use std::task::Poll;

use bytes::Bytes;
use freshen_pages::{Budget, Filling, Pushed, Reader, fill};
use http_body_util::BodyExt;

use super::{SEWN_BYTES, bounds, join, next, now, piece, rest};

const PIECE: usize = SEWN_BYTES;
/// What a piece costs beside its content.
const OVER: u64 = 128;
const ALL: u64 = 1 << 20;

/// What a body of that length takes when it begins: its content and as many pieces as there can be.
fn reserved(length: u64) -> u64 {
    length + (length / PIECE as u64 * 2 + 1) * OVER
}

fn begun(bytes_most: usize, window_bytes: usize, budget: &Budget) -> (Filling, Reader) {
    fill(bounds(bytes_most, window_bytes), budget, None)
}

#[test]
fn a_body_of_known_length_is_paid_for_beforehand_and_never_given_up() {
    let budget = Budget::new(reserved(9_000));
    let (mut filling, _reader) = fill(bounds(10_000, 10_000), &budget, Some(9_000));
    assert_eq!(budget.free_bytes(), 0);
    for _ in 0..9_000 {
        assert_eq!(now(filling.push(piece(b'a', 1))), Poll::Ready(Pushed::Kept));
    }
    assert!(filling.finish(None).is_some());
}

#[test]
fn where_the_budget_is_used_up_a_new_body_takes_no_followers_and_passes_piece_by_piece() {
    let budget = Budget::new(reserved(9_000));
    let (_filling, _reader) = fill(bounds(10_000, 10_000), &budget, Some(9_000));
    for length in [None, Some(200)] {
        let (mut filling, mut reader) = fill(bounds(10_000, 10_000), &budget, length);
        assert!(filling.joining().is_none());
        for _ in 0..2 {
            assert!(now(filling.push(piece(b'a', 100))).is_pending());
            assert_eq!(next(&mut reader), 100);
            assert_eq!(now(filling.push(Bytes::new())), Poll::Ready(Pushed::Passed));
        }
        assert!(filling.finish(None).is_none());
        assert!(matches!(rest(&mut reader), (0, Some(Ok(None)))));
    }
    assert_eq!(budget.free_bytes(), 0);
}

#[test]
fn where_the_budget_is_used_up_half_way_the_body_passes_and_its_followers_keep_their_window() {
    let budget = Budget::new(reserved(2 * PIECE as u64));
    let (mut filling, mut first) = begun(1 << 20, 2 * PIECE, &budget);
    let mut slow = join(&filling);
    for _ in 0..2 {
        assert_eq!(now(filling.push(piece(b'a', PIECE))), Poll::Ready(Pushed::Kept));
    }
    assert!(now(filling.push(piece(b'a', PIECE))).is_pending(), "it is not paid for");
    assert!(filling.joining().is_none());
    next(&mut first);
    next(&mut first);
    assert!(matches!(rest(&mut slow), (12_288, None)));
    next(&mut first);
    assert_eq!(now(filling.push(Bytes::new())), Poll::Ready(Pushed::Passed));
}

#[test]
fn who_leads_gets_on_though_what_is_behind_him_is_not_paid_for() {
    let budget = Budget::new(reserved(PIECE as u64));
    let (mut filling, mut first) = begun(1 << 20, PIECE, &budget);
    let mut slow = join(&filling);
    assert!(now(filling.push(piece(b'a', 3 * PIECE))).is_pending());
    next(&mut first);
    assert_eq!(now(filling.push(Bytes::new())), Poll::Ready(Pushed::Passed));
    assert_eq!(next(&mut slow), 3 * PIECE);
}

#[test]
fn a_body_that_passes_gives_back_what_it_holds_no_more() {
    let budget = Budget::new(ALL);
    let (mut filling, mut first) = begun(8 * PIECE, PIECE, &budget);
    let mut other = join(&filling);
    for _ in 0..9 {
        let _ = now(filling.push(piece(b'a', PIECE)));
    }
    for _ in 0..8 {
        next(&mut other);
    }
    assert!(budget.free_bytes() < ALL - 8 * PIECE as u64);
    assert!(matches!(rest(&mut first), (36_864, None)));
    assert_eq!(budget.free_bytes(), ALL - reserved(PIECE as u64), "others may be a window behind");
    drop(other);
    assert_eq!(budget.free_bytes(), ALL);
}

#[test]
fn what_an_ended_body_did_not_need_is_given_back_and_the_rest_when_it_is_held_no_more() {
    let budget = Budget::new(ALL);
    let (mut filling, reader) = begun(1 << 20, 2 * PIECE, &budget);
    drop(filling.push(piece(b'a', 10)));
    assert_eq!(budget.free_bytes(), ALL - reserved(2 * PIECE as u64));
    let filled = filling.finish(None);
    let needed = 10 + OVER;
    assert_eq!(budget.free_bytes(), ALL - needed);
    drop(filled);
    assert_eq!(budget.free_bytes(), ALL - needed, "one reads it still");
    drop(reader);
    assert_eq!(budget.free_bytes(), ALL);
}

/// Once a client that did not read held the budget of a page that was long stored, and 32 of them all of it.
#[test]
fn a_body_that_is_stored_gives_everything_back_though_one_reads_it_still() {
    let budget = Budget::new(ALL);
    let (mut filling, mut reader) = begun(1 << 20, 2 * PIECE, &budget);
    drop(filling.push(piece(b'a', PIECE)));
    drop(filling.push(piece(b'b', PIECE)));
    assert_eq!(next(&mut reader), PIECE);
    let filled = filling.finish(None).unwrap();
    let content = Bytes::from(filled.pieces.concat());
    filled.stored_as(vec![content.slice(..10), content.slice(10..)]);
    assert_eq!(budget.free_bytes(), ALL);
    let read = now(reader.collect()).map(|read| read.unwrap().to_bytes());
    let Poll::Ready(read) = read else { panic!("it is there") };
    assert_eq!(read, piece(b'b', PIECE));
    assert_eq!(read.as_ptr(), content[PIECE..].as_ptr(), "it is what is stored");
}

#[test]
fn what_is_stored_of_another_length_is_not_the_body() {
    let budget = Budget::new(ALL);
    let (mut filling, mut reader) = begun(1 << 20, PIECE, &budget);
    drop(filling.push(piece(b'a', 10)));
    filling.finish(None).unwrap().stored_as(vec![piece(b'b', 9)]);
    assert_eq!(budget.free_bytes(), ALL - 10 - OVER);
    assert!(matches!(rest(&mut reader), (10, Some(Ok(None)))));
}

#[test]
fn a_body_that_is_broken_off_gives_everything_back() {
    let budget = Budget::new(ALL);
    let (mut filling, reader) = begun(1 << 20, PIECE, &budget);
    let joining = filling.joining();
    drop(filling.push(piece(b'a', 10_000)));
    drop(filling);
    drop(reader);
    assert_eq!(budget.free_bytes(), ALL, "whoever could have joined holds nothing");
    drop(joining);
}

#[test]
fn a_body_of_single_bytes_costs_little_more_than_its_bytes() {
    let budget = Budget::new(ALL);
    let (mut filling, _reader) = begun(1 << 20, PIECE, &budget);
    for _ in 0..100_000 {
        assert_eq!(now(filling.push(piece(b'a', 1))), Poll::Ready(Pushed::Kept));
    }
    let filled = filling.finish(None).unwrap();
    assert_eq!(filled.pieces.len(), 100_000_usize.div_ceil(SEWN_BYTES));
    assert_eq!(ALL - budget.free_bytes(), 100_000 + 25 * OVER);
}
