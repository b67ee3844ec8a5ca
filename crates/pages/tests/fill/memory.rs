//! The memory that bodies really hold: each piece here tells when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use bytes::Bytes;
use freshen_pages::{Budget, Filled, Filling, Pushed, Reader, fill};
use http_body_util::BodyExt;
use proptest::prelude::*;

use super::{SEWN_BYTES, bounds, filling, join, next, now};

/// How many bytes are held.
#[derive(Clone, Default)]
struct Held(Arc<AtomicU64>);

struct Owner {
    content: Vec<u8>,
    held: Held,
}

impl Held {
    fn piece(&self, bytes: usize) -> Bytes {
        self.0.fetch_add(bytes as u64, Ordering::SeqCst);
        Bytes::from_owner(Owner { content: vec![0; bytes], held: self.clone() })
    }

    fn bytes(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.content
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.held.0.fetch_sub(self.content.len() as u64, Ordering::SeqCst);
    }
}

#[test]
fn what_nobody_fills_keeps_or_reads_is_freed_whoever_could_have_joined() {
    let held = Held::default();
    let (mut filling, reader) = filling(1 << 20, 0, None);
    let joining = filling.joining().unwrap();
    drop(filling.push(held.piece(5_000)));
    drop(reader);
    assert_eq!(held.bytes(), 5_000);
    drop(filling);
    assert_eq!(held.bytes(), 0);
    assert!(joining.reader().is_none());
}

#[test]
fn others_join_until_what_was_filled_is_let_go_of() {
    let held = Held::default();
    let (mut filling, reader) = filling(1 << 20, 0, None);
    let joining = filling.joining().unwrap();
    drop(filling.push(held.piece(5_000)));
    drop(reader);
    let filled = filling.finish(None).unwrap();
    let mut late = joining.reader().unwrap();
    drop(filled);
    assert!(joining.reader().is_none(), "though one reads it still");
    assert_eq!(next(&mut late), 5_000);
    drop(late);
    assert_eq!(held.bytes(), 0);
}

#[test]
fn when_it_is_stored_elsewhere_a_body_holds_nothing_of_its_own() {
    let held = Held::default();
    let (mut filling, mut reader) = filling(1 << 20, 0, None);
    let joining = filling.joining().unwrap();
    drop(filling.push(held.piece(5_000)));
    filling.finish(None).unwrap().stored_as(vec![Bytes::from(vec![0; 5_000])]);
    assert_eq!(held.bytes(), 0);
    assert!(joining.reader().is_none());
    assert_eq!(next(&mut reader), 5_000);
}

#[test]
fn what_passes_to_its_only_reader_is_freed_as_he_reads() {
    let held = Held::default();
    let (mut filling, mut reader) = filling(0, 1 << 20, None);
    for _ in 0..3 {
        drop(filling.push(held.piece(5_000)));
    }
    for left in [10_000, 5_000, 0] {
        next(&mut reader);
        assert_eq!(held.bytes(), left);
    }
}

#[test]
fn small_pieces_are_copied_together_and_freed() {
    let held = Held::default();
    let (mut filling, _reader) = filling(1 << 20, 0, None);
    for _ in 0..SEWN_BYTES {
        drop(filling.push(held.piece(1)));
    }
    assert_eq!(held.bytes(), 0);
    assert_eq!(filling.finish(None).unwrap().pieces.len(), 1);
}

/// A body, and all that may hold it.
#[derive(Default)]
struct Body {
    filling: Option<Filling>,
    has_room: bool,
    filled: Option<Filled>,
    readers: Vec<Reader>,
}

impl Body {
    fn begin(&mut self, budget: &Budget) {
        if self.filling.is_none() && self.filled.is_none() && self.readers.is_empty() {
            let (filling, reader) = fill(bounds(64 << 10, 16 << 10), budget, None);
            *self = Body { filling: Some(filling), has_room: true, filled: None, readers: vec![reader] };
        }
    }

    fn push(&mut self, piece: impl FnOnce() -> Bytes) {
        let Some(filling) = &mut self.filling else { return };
        let piece = if self.has_room { piece() } else { Bytes::new() };
        match now(filling.push(piece)) {
            Poll::Ready(Pushed::Unwanted) => self.filling = None,
            pushed => self.has_room = pushed.is_ready(),
        }
    }

    fn join(&mut self) {
        if self.filling.as_ref().is_some_and(|filling| filling.joining().is_some()) {
            self.readers.extend(self.filling.as_ref().map(join));
        }
    }

    fn read(&mut self, reader: usize) {
        if let Some(reader) = self.readers.get_mut(reader) {
            drop(now(reader.frame()));
        }
    }

    fn leave(&mut self, reader: usize) {
        if reader < self.readers.len() {
            self.readers.remove(reader);
        }
    }

    fn end(&mut self, whole: bool) {
        self.filled = None;
        if let Some(filling) = self.filling.take()
            && whole
        {
            self.filled = filling.finish(None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// Whatever happens to them, while whoever fills waits for room.
    #[test]
    fn all_bodies_together_hold_no_more_than_the_budget_and_two_pieces_each(
        acts in proptest::collection::vec((0_u8..24, 0_usize..6, 0_usize..3), 0..600),
    ) {
        const ALL: u64 = 40 << 10;
        const PIECE: usize = SEWN_BYTES + 1;
        let (budget, held) = (Budget::new(ALL), Held::default());
        let mut bodies: [Body; 6] = std::array::from_fn(|_| Body::default());
        for (act, body, reader) in acts {
            let body = &mut bodies[body];
            match act {
                0..=3 => body.begin(&budget),
                4..=12 => body.push(|| held.piece(PIECE)),
                13..=14 => body.join(),
                15..=20 => body.read(reader),
                21..=22 => body.leave(reader),
                _ => body.end(reader > 0),
            }
            prop_assert!(held.bytes() <= ALL + 6 * 2 * PIECE as u64, "{} bytes are held", held.bytes());
        }
        drop(bodies);
        prop_assert_eq!((held.bytes(), budget.free_bytes()), (0, ALL));
    }
}
