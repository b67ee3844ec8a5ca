//! A body that is read while it comes: one fills it, and whoever asks meanwhile reads along from its beginning.
//!
//! What comes is kept up to a bound, and so far nobody waits for anybody: the origin is read as fast as it gives, and a reader
//! takes a byte a second without harm to the others. A body that turns out to be longer is kept no more. Nobody joins then, and
//! those who read go on with a window of as many bytes: it moves with the quickest of them, and who falls behind it is cut off.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;

use crate::reader::{Broken, Reader};

/// Begins a body of which at most so many bytes are kept. `length` is what its origin says of its length.
pub fn fill(bytes_most: u64, length: Option<u64>) -> Filling {
    let state = State { bytes_most, ..State::default() };
    Filling { shared: Arc::new(Shared { length, state: Mutex::new(state) }) }
}

/// The right to fill a body. Dropping it without an end breaks the body off for all who read it.
#[derive(Debug)]
pub struct Filling {
    shared: Arc<Shared>,
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is kept, as is all before it.
    Kept,
    /// The body is longer than what is kept; those who read it have the piece.
    Passed,
    /// The body is longer than what is kept, and nobody reads it: the rest is of no use.
    Unwanted,
}

/// A body that has come whole, and was kept whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Its content, in the pieces in which it came.
    pub pieces: Vec<Bytes>,
    /// Its trailer fields.
    pub trailers: Option<HeaderMap>,
}

impl Filling {
    /// One who reads the body from its beginning. `None`: its beginning is not there any more.
    pub fn reader(&self) -> Option<Reader> {
        Reader::join(&self.shared)
    }

    /// A way for others to read along while the body comes, and after.
    pub fn joining(&self) -> Joining {
        Joining { shared: self.shared.clone() }
    }

    /// Adds a piece. Waits only where the body is longer than what is kept, until the quickest reader has room for more.
    ///
    /// # Cancellation
    /// The piece is added all the same.
    pub async fn push(&mut self, piece: Bytes) -> Pushed {
        if !piece.is_empty() {
            self.shared.with(|state| state.add(piece));
        }
        poll_fn(|context| self.shared.with(|state| state.poll_room(context.waker()))).await
    }

    /// Ends the body. `None`: it was not kept whole.
    pub fn finish(self, trailers: Option<HeaderMap>) -> Option<Filled> {
        self.shared.with(|state| {
            state.end(End::Whole(trailers.clone()));
            (!state.passes).then(|| Filled { pieces: state.pieces.iter().cloned().collect(), trailers })
        })
    }

    /// Breaks the body off, for the reason that its origin gave.
    pub fn fail(self, reason: Arc<dyn Error + Send + Sync>) {
        self.shared.with(|state| state.end(End::Broken(Broken::Origin(reason))));
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.shared.with(|state| state.end(End::Broken(Broken::Abandoned)));
    }
}

/// A way to read a body along while it comes.
#[derive(Clone, Debug)]
pub struct Joining {
    shared: Arc<Shared>,
}

impl Joining {
    /// As [`Filling::reader`].
    pub fn reader(&self) -> Option<Reader> {
        Reader::join(&self.shared)
    }
}

/// What the one who fills and those who read have in common. The lock is held for moments, and never across an await.
#[derive(Debug)]
pub(crate) struct Shared {
    /// What the origin says.
    pub(crate) length: Option<u64>,
    state: Mutex<State>,
}

impl Shared {
    /// Does something with the state, and then wakes those whom it concerns: whatever waking does, the lock is free again.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut state);
        let woken = std::mem::take(&mut state.woken);
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        result
    }
}

/// How a body ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Whole(Option<HeaderMap>),
    Broken(Broken),
}

#[derive(Debug, Default)]
pub(crate) struct State {
    bytes_most: u64,
    /// Those that are kept, from that with the number `first` on.
    pieces: VecDeque<Bytes>,
    first: u64,
    held_bytes: u64,
    /// Whether the body is longer than what is kept: a window passes along it.
    passes: bool,
    end: Option<End>,
    readers: HashMap<u64, Place>,
    readers_ever: u64,
    /// The one who fills, where he waits for room.
    filler: Option<Waker>,
    /// Those to be woken when the lock is free.
    woken: Vec<Waker>,
}

/// Where a reader is: the number of the piece that is next, and whom to wake when it comes.
#[derive(Debug, Default)]
struct Place {
    next: u64,
    waker: Option<Waker>,
}

/// What a reader gets.
#[derive(Debug)]
pub(crate) enum Next {
    Piece(Bytes),
    End(End),
    /// Nothing yet: the reader is woken.
    Later,
}

impl State {
    pub(crate) fn join(&mut self) -> Option<u64> {
        if self.passes {
            return None;
        }
        self.readers_ever += 1;
        self.readers.insert(self.readers_ever, Place::default());
        Some(self.readers_ever)
    }

    pub(crate) fn leave(&mut self, reader: u64) {
        self.readers.remove(&reader);
        self.moved();
    }

    /// The next piece of a reader.
    pub(crate) fn next(&mut self, reader: u64, waker: &Waker) -> Next {
        let Some(place) = self.readers.get_mut(&reader) else { return Next::End(End::Broken(Broken::FellBehind)) };
        let at = usize::try_from(place.next - self.first).unwrap_or(usize::MAX);
        match (self.pieces.get(at), &self.end) {
            (Some(piece), _) => {
                let piece = piece.clone();
                place.next += 1;
                self.moved();
                Next::Piece(piece)
            }
            (None, Some(end)) => Next::End(end.clone()),
            (None, None) => {
                place.waker = Some(waker.clone());
                Next::Later
            }
        }
    }

    /// Whether a reader would get the end of a whole body, and no trailers, next.
    pub(crate) fn is_at_end(&self, reader: u64) -> bool {
        let last = self.readers.get(&reader).is_some_and(|place| place.next == self.behind_last());
        last && matches!(self.end, Some(End::Whole(None)))
    }

    fn behind_last(&self) -> u64 {
        self.first + self.pieces.len() as u64
    }

    fn add(&mut self, piece: Bytes) {
        self.held_bytes += piece.len() as u64;
        self.pieces.push_back(piece);
        self.passes |= self.held_bytes > self.bytes_most;
        self.wake_readers();
    }

    fn end(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some(end);
            self.wake_readers();
        }
    }

    fn wake_readers(&mut self) {
        self.woken.extend(self.readers.values_mut().filter_map(|place| place.waker.take()));
    }

    /// A reader went on, or left.
    fn moved(&mut self) {
        if self.passes {
            self.woken.extend(self.filler.take());
        }
    }

    /// Ready where one more piece may come.
    fn poll_room(&mut self, filler: &Waker) -> Poll<Pushed> {
        if !self.passes {
            return Poll::Ready(Pushed::Kept);
        }
        let Some(quickest) = self.readers.values().map(|place| place.next).max() else {
            return Poll::Ready(Pushed::Unwanted);
        };
        // What all have read goes first.
        self.drop_before(self.readers.values().map(|place| place.next).min().unwrap_or(quickest));
        if self.held_bytes > self.bytes_most && quickest == self.behind_last() {
            self.cut_off();
        }
        if self.held_bytes <= self.bytes_most {
            return Poll::Ready(Pushed::Passed);
        }
        self.filler = Some(filler.clone());
        Poll::Pending
    }

    /// The quickest has read all: the window moves on, and those who are behind it are cut off.
    fn cut_off(&mut self) {
        let (mut first, mut held_bytes) = (self.first, self.held_bytes);
        for piece in &self.pieces {
            if held_bytes <= self.bytes_most {
                break;
            }
            (first, held_bytes) = (first + 1, held_bytes - piece.len() as u64);
        }
        self.drop_before(first);
        let behind = self.readers.extract_if(|_, place| place.next < first);
        self.woken.extend(behind.filter_map(|(_, place)| place.waker));
    }

    fn drop_before(&mut self, first: u64) {
        while self.first < first
            && let Some(piece) = self.pieces.pop_front()
        {
            self.held_bytes -= piece.len() as u64;
            self.first += 1;
        }
    }
}
