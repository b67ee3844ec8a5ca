//! A body that is read while it comes: one fills it, and whoever asks meanwhile reads along from its beginning.
//!
//! **While it is kept**, nobody waits for anybody: the origin is read as fast as it gives, and a reader takes a byte a second
//! without harm to the others. When all readers leave, it comes all the same.
//!
//! **A body that is not to be kept passes**: because it is longer than the bound, or because the [budget](Budget) has nothing
//! for it. Nobody joins it any more. Of those who read it, the one who came first leads: the origin is read at his pace, and a
//! window ahead of him. The others may be as far behind him; who falls further back gets
//! [`Broken::FellBehind`](crate::Broken::FellBehind). Whoever is quicker waits with the one who leads, but not for one who reads
//! nothing: [after a while](Bounds::stall_timeout) he is cut off too, and so are all who did as he. Where nobody waits, none is.
//! When one leaves who leads, the next does. When all leave, it is of no use.

use std::error::Error;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use crate::budget::Budget;
use crate::course::{Course, End, FIRST_READER};
use crate::reader::{Broken, Reader};
use crate::shared::Shared;

/// Begins a body, for the one who reads it first. `length` is what its origin says of its length: over the bound, the body passes
/// from its beginning.
pub fn fill(bounds: Bounds, budget: &Budget, length: Option<u64>) -> (Filling, Reader) {
    let shared = Arc::new(Shared::new(Course::new(bounds, budget.grant(), length)));
    (Filling { shared: shared.clone() }, Reader::new(shared, FIRST_READER))
}

/// How much a body may hold, and how many may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A body that has more content is not kept. By default 8 MiB.
    pub bytes_most: u64,
    /// How far a body that passes is read ahead of its leading reader, and how far others may be behind him. By default 256 KiB.
    pub window_bytes: u64,
    /// So many may read a body at a time. By default 1024.
    pub readers_most: usize,
    /// Who reads nothing for so long of a body that passes, while another waits for more of it, is cut off. By default 5 s.
    pub stall_timeout: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            bytes_most: 8 << 20,
            window_bytes: 256 << 10,
            readers_most: 1024,
            stall_timeout: Duration::from_secs(5),
        }
    }
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
    /// The body is not kept; those who read it have the piece.
    Passed,
    /// The rest of the body is of no use: it is not kept and nobody reads it, or it is longer than its origin had said.
    Unwanted,
}

impl Filling {
    /// A way for others to read along. `None`: the body is not to be kept, and whoever else asks has to load for himself.
    pub fn joining(&self) -> Option<Joining> {
        self.keeps().then(|| Joining { shared: Arc::downgrade(&self.shared) })
    }

    /// Adds a piece, at once; the future waits until the next may come, which while the body is kept is now.
    ///
    /// # Cancellation
    /// Dropping the future, polled or not, takes nothing back. Who adds more without waiting holds more than the bounds allow.
    pub fn push(&mut self, piece: Bytes) -> impl Future<Output = Pushed> + Send {
        self.shared.with(|course| course.add(piece));
        poll_fn(|context| self.shared.with(|course| course.poll_room(context.waker())))
    }

    /// Cuts off who has read nothing since the last piece came, or since this was called before, if another waits for more: for
    /// whoever waited a while for room.
    pub fn cut_off_stalled(&mut self) {
        self.shared.with(Course::cut_off_stalled);
    }

    /// Waits until the rest of the body is of no use, as [`Pushed::Unwanted`] says: for whoever waits for an origin meanwhile.
    pub async fn unwanted(&mut self) {
        poll_fn(|context| self.shared.with(|course| course.poll_unwanted(context.waker()))).await;
    }

    pub(crate) fn keeps(&self) -> bool {
        self.shared.with(|course| course.keeps())
    }

    /// Has the body come for those alone who read it: nobody is left who wants it kept.
    pub(crate) fn forsake(&mut self) {
        self.shared.with(Course::forsake);
    }

    /// Whether it has broken off, by more than its origin had said.
    pub(crate) fn broke_off(&self) -> bool {
        self.shared.with(|course| course.broke_off())
    }

    /// Ends the body. `None`: it was not kept whole, or is shorter than its origin had said, which breaks it off for all who read
    /// it.
    pub fn finish(self, trailers: Option<HeaderMap>) -> Option<Filled> {
        let pieces = self.shared.with(|course| course.finish(trailers.clone()))?;
        Some(Filled { pieces, trailers, open: Open(self.shared.clone()) })
    }

    /// Breaks the body off, for the reason that its origin gave.
    pub fn fail(self, reason: Arc<dyn Error + Send + Sync>) {
        self.shared.with(|course| course.end(End::Broken(Broken::Origin(reason))));
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.shared.with(|course| course.end(End::Broken(Broken::Abandoned)));
    }
}

/// A body that has come whole, and was kept whole.
///
/// Others still join until this is dropped, so that nobody finds neither the body that comes nor the one that is stored.
#[derive(Debug)]
pub struct Filled {
    /// Its content. Small pieces that came one after the other are one piece here.
    pub pieces: Vec<Bytes>,
    /// Its trailer fields.
    pub trailers: Option<HeaderMap>,
    open: Open,
}

impl Filled {
    /// Its content is stored in these pieces: who still reads it reads those, which the budget does not count. Where they are not as
    /// long as the body, he keeps what he has.
    pub fn stored_as(self, pieces: Vec<Bytes>) {
        self.open.0.with(|course| course.stored_as(pieces));
    }
}

/// While it is there, others join a body that has ended.
#[derive(Debug)]
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.with(Course::close);
    }
}

/// A way to read a body along while it comes. It keeps nothing of the body.
#[derive(Clone, Debug)]
pub struct Joining {
    shared: Weak<Shared>,
}

impl Joining {
    /// One who reads the body from its beginning. `None`: whoever asks has to load for himself. The body is not kept, was broken
    /// off, has all the readers that it may have, or its [`Filled`] was dropped.
    pub fn reader(&self) -> Option<Reader> {
        let shared = self.shared.upgrade()?;
        let reader = shared.with(Course::join)?;
        Some(Reader::new(shared, reader))
    }
}
