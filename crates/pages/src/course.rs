//! How far a body has come, who reads it where, and who has to wait: all that is decided about it.

use std::collections::BTreeMap;
use std::task::{Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;

use crate::budget::Grant;
use crate::fill::{Bounds, Pushed};
use crate::pieces::{Pieces, cost_at_most};
use crate::reader::Broken;
use crate::shared::Aftermath;

/// The number of the reader for whom the body was asked.
pub(crate) const FIRST_READER: u64 = 0;

#[derive(Debug)]
pub(crate) struct Course {
    bounds: Bounds,
    /// What the origin said.
    length: Option<u64>,
    pieces: Pieces,
    grant: Grant,
    /// Whether all is held that has come, and what comes will be. If not, it only passes, and nobody joins.
    keeps: bool,
    /// Whether nobody is left for whom it is kept: then it comes for those alone who read it.
    forsaken: bool,
    end: Option<End>,
    /// By their numbers, so that the first of them leads.
    readers: BTreeMap<u64, Place>,
    readers_ever: u64,
    /// The one who fills, where he waits.
    filler: Option<Waker>,
    aftermath: Aftermath,
}

/// How a body ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Whole(Option<HeaderMap>),
    Broken(Broken),
}

/// What a reader gets.
#[derive(Debug)]
pub(crate) enum Next {
    Piece(Bytes),
    End(End),
    /// Nothing yet: the reader is woken.
    Later,
}

/// Where a reader is: how many bytes he has, and whom to wake when there are more.
#[derive(Debug, Default)]
struct Place {
    at: u64,
    /// Where he was when it was looked last.
    seen_at: u64,
    waker: Option<Waker>,
}

/// What the one who fills does.
impl Course {
    /// A body of which nothing has come, with its first reader.
    pub(crate) fn new(bounds: Bounds, mut grant: Grant, length: Option<u64>) -> Course {
        // What is known to fit is paid for beforehand, so that it is never given up half way. Else those who join need the
        // window even where the body turns out too long.
        let keeps = length.is_none_or(|length| length <= bounds.bytes_most)
            && grant.cover(cost_at_most(length.unwrap_or(bounds.window_bytes)));
        Course {
            bounds,
            length,
            pieces: Pieces::default(),
            grant,
            keeps,
            forsaken: false,
            end: None,
            readers: BTreeMap::from([(FIRST_READER, Place::default())]),
            readers_ever: 1,
            filler: None,
            aftermath: Aftermath::default(),
        }
    }

    pub(crate) fn keeps(&self) -> bool {
        self.keeps
    }

    pub(crate) fn add(&mut self, piece: Bytes) {
        if self.end.is_some() || piece.is_empty() {
            self.aftermath.freed.push(piece);
            return;
        }
        let end = self.pieces.end() + piece.len() as u64;
        if self.length.is_some_and(|length| end > length) {
            self.aftermath.freed.push(piece);
            return self.end(End::Broken(Broken::Length));
        }
        self.pieces.push(piece);
        self.keeps = self.keeps && end <= self.bounds.bytes_most && self.grant.cover(self.pieces.cost_bytes());
        self.wake_readers();
        self.look();
        self.trim();
    }

    /// Ends the body, if it has not ended. What is held stays for those who read it.
    pub(crate) fn end(&mut self, end: End) {
        if self.end.is_none() {
            self.keeps &= matches!(end, End::Whole(_));
            self.end = Some(end);
            self.grant.shrink_to(self.pieces.cost_bytes());
            self.wake_readers();
            self.aftermath.idle.extend(self.filler.take());
        }
    }

    /// Ends a body that has come to its end, and says what is kept.
    pub(crate) fn finish(&mut self, trailers: Option<HeaderMap>) -> Option<Vec<Bytes>> {
        let whole = self.length.is_none_or(|length| length == self.pieces.end());
        self.end(if whole { End::Whole(trailers) } else { End::Broken(Broken::Length) });
        self.keeps.then(|| self.pieces.to_vec())
    }

    /// Has it come for those alone who read it: when they leave, it is of no use.
    pub(crate) fn forsake(&mut self) {
        self.forsaken = true;
    }

    pub(crate) fn broke_off(&self) -> bool {
        matches!(self.end, Some(End::Broken(_)))
    }

    /// The same content is stored in those pieces: it is theirs what readers hold.
    pub(crate) fn stored_as(&mut self, pieces: Vec<Bytes>) {
        if self.pieces.replace(pieces) {
            self.grant.shrink_to(0);
        }
    }

    /// Lets nobody join any more.
    pub(crate) fn close(&mut self) {
        self.keeps = false;
    }

    /// Ready where one more piece may come.
    pub(crate) fn poll_room(&mut self, filler: &Waker) -> Poll<Pushed> {
        if self.is_unwanted() {
            Poll::Ready(Pushed::Unwanted)
        } else if self.keeps {
            Poll::Ready(Pushed::Kept)
        } else if self.has_room() {
            Poll::Ready(Pushed::Passed)
        } else {
            self.wait(filler);
            Poll::Pending
        }
    }

    /// Ready where no more need come.
    pub(crate) fn poll_unwanted(&mut self, filler: &Waker) -> Poll<()> {
        if self.is_unwanted() {
            return Poll::Ready(());
        }
        self.wait(filler);
        Poll::Pending
    }

    /// While it passes and somebody waits for more: cuts off who has some to read and stands where he was when it was looked last.
    pub(crate) fn cut_off_stalled(&mut self) {
        let end = self.pieces.end();
        let waited_for = self.readers.values().any(|place| place.waker.is_some());
        if !self.keeps && self.end.is_none() && waited_for {
            self.cut_off(|place| place.at < end && place.at == place.seen_at);
        }
        self.look();
        self.trim();
    }

    fn look(&mut self) {
        self.readers.values_mut().for_each(|place| place.seen_at = place.at);
    }

    fn wait(&mut self, filler: &Waker) {
        self.aftermath.idle.extend(replace(&mut self.filler, filler));
    }

    pub(crate) fn take_aftermath(&mut self) -> Aftermath {
        let mut aftermath = std::mem::take(&mut self.aftermath);
        aftermath.freed.extend(self.pieces.take_freed());
        aftermath
    }
}

/// What readers do.
impl Course {
    /// The number of one more reader.
    pub(crate) fn join(&mut self) -> Option<u64> {
        if !self.keeps || self.readers.len() >= self.bounds.readers_most {
            return None;
        }
        let reader = self.readers_ever;
        self.readers_ever += 1;
        self.readers.insert(reader, Place::default());
        Some(reader)
    }

    pub(crate) fn leave(&mut self, reader: u64) {
        let place = self.readers.remove(&reader);
        self.aftermath.idle.extend(place.and_then(|place| place.waker));
        self.trim();
        if self.is_unwanted() {
            self.aftermath.woken.extend(self.filler.take());
        }
    }

    /// The next piece of a reader.
    pub(crate) fn next(&mut self, reader: u64, waker: &Waker) -> Next {
        let leads = self.readers.first_key_value().is_some_and(|(first, _)| *first == reader);
        let Some(place) = self.readers.get_mut(&reader) else { return Next::End(End::Broken(Broken::FellBehind)) };
        if let Some(piece) = self.pieces.at(place.at) {
            place.at += piece.len() as u64;
            if leads {
                self.trim();
            }
            return Next::Piece(piece);
        }
        if let Some(end) = &self.end {
            return Next::End(end.clone());
        }
        self.aftermath.idle.extend(replace(&mut place.waker, waker));
        Next::Later
    }

    /// How long the whole body is, where that is known. HTTP/1.1 has room for trailers only where it is not told.
    pub(crate) fn length(&self) -> Option<u64> {
        let whole = matches!(self.end, Some(End::Whole(None)));
        self.length.or(whole.then(|| self.pieces.end()))
    }

    /// Whether nothing comes behind that place, not even trailers.
    pub(crate) fn ends_at(&self, place: u64) -> bool {
        matches!(self.end, Some(End::Whole(None))) && place == self.pieces.end()
    }

    fn wake_readers(&mut self) {
        self.aftermath.woken.extend(self.readers.values_mut().filter_map(|place| place.waker.take()));
    }
}

/// What follows for a body that only passes.
impl Course {
    fn is_unwanted(&self) -> bool {
        let needed = self.keeps && !self.forsaken;
        !needed && (self.end.is_some() || self.readers.is_empty())
    }

    /// Where the leading reader is.
    fn lead(&self) -> u64 {
        self.readers.first_key_value().map_or(self.pieces.end(), |(_, place)| place.at)
    }

    /// Whether what is ahead of the leading reader leaves room for more. Where he has all, it does, whatever the budget says.
    fn has_room(&mut self) -> bool {
        let ahead_bytes = self.pieces.end() - self.lead();
        ahead_bytes == 0 || ahead_bytes <= self.bounds.window_bytes && self.grant.cover(self.pieces.cost_bytes())
    }

    /// While it passes: lets go of what all have read, and of pieces that end more than a window behind the leading reader, so
    /// never of the newest. Who has not read that is cut off.
    fn trim(&mut self) {
        if self.keeps || self.end.is_some() {
            return;
        }
        let (lead, window_bytes) = (self.lead(), self.bounds.window_bytes);
        let slowest = self.readers.values().map(|place| place.at).min().unwrap_or(lead);
        self.pieces.free_while(|end| end <= slowest || end.saturating_add(window_bytes) < lead);
        let start = self.pieces.start();
        self.cut_off(|place| place.at < start);
        let reserve_bytes = if self.readers.len() > 1 { cost_at_most(window_bytes) } else { 0 };
        self.grant.shrink_to(self.pieces.cost_bytes().max(reserve_bytes));
        if self.readers.is_empty() || self.has_room() {
            self.aftermath.woken.extend(self.filler.take());
        }
    }

    fn cut_off(&mut self, falls_behind: impl Fn(&Place) -> bool) {
        let behind = self.readers.extract_if(.., |_, place| falls_behind(place));
        self.aftermath.woken.extend(behind.filter_map(|(_, place)| place.waker));
    }
}

/// Puts that waker into its place, and answers another that was there.
fn replace(place: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    if place.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
        return None;
    }
    place.replace(waker.clone())
}
