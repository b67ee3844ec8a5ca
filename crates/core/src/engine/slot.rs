//! What an answer points to: a value together with all that judges it, in one allocation.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::engine::cells::Cell;
use crate::entry::{Facts, Strength, Tags};
use crate::store::Currency;
use crate::time::Timestamp;

/// A value in this process, shared by the near tier, a store that keeps values as they are, and every answer.
pub(crate) struct Slot<V> {
    pub meta: Meta,
    content: Held<V>,
}

/// The value itself, or the slot that has it: an unchanged value, or one that another cache of this process loaded, is
/// judged anew without being copied.
pub(crate) enum Held<V> {
    Own(V),
    In(Arc<Slot<V>>),
}

impl<V> Slot<V> {
    pub fn new(meta: Meta, content: Held<V>) -> Self {
        // A chain of slots would keep every predecessor alive: point at the last one.
        let content = match content {
            Held::In(slot) => match &slot.content {
                Held::In(inner) => Held::In(inner.clone()),
                Held::Own(_) => Held::In(slot),
            },
            own => own,
        };
        Slot { meta, content }
    }
}

impl<V> Deref for Slot<V> {
    type Target = V;

    #[inline]
    fn deref(&self) -> &V {
        match &self.content {
            Held::Own(value) => value,
            Held::In(slot) => slot.deref(),
        }
    }
}

/// A slot whose value's type is not known here.
pub(crate) trait AnySlot: Any + Send + Sync {
    fn meta(&self) -> &Meta;
}

impl<V: Send + Sync + 'static> AnySlot for Slot<V> {
    fn meta(&self) -> &Meta {
        &self.meta
    }
}

/// A value in hand, erased.
pub(crate) type Hand = Arc<dyn AnySlot>;

/// All that judges a slot.
///
/// Only the near tier that made it may judge by it: the cells and the trust are that tier's own.
pub(crate) struct Meta {
    pub facts: Facts,
    pub tags: Tags,
    pub validators: Option<Bytes>,
    pub owner: Owner,
    /// The near tier's count of raises when its cells last found this slot current: while the count stands, it still is.
    judged: AtomicU64,
    /// What an invalidation by key did to this slot.
    struck: AtomicU8,
    /// Until when this process has asked for a refresh, so that a thousand stale reads ask once.
    asked_until: AtomicU64,
    /// Stale reads since then: how hot it is.
    stale_reads: AtomicU32,
}

/// What ties a slot to the near tier of one cache.
pub(crate) struct Owner {
    /// Which near tier.
    pub near: u64,
    /// The trust epoch of the pin under which it was read.
    pub trust: u64,
    /// The end of the near bound, counted from the start of the store read.
    pub near_until: Timestamp,
    /// Up to when a look at the clock and the raises is enough to serve it as fresh.
    pub quick_until: Timestamp,
    /// The cells of its tags and its namespace.
    pub cells: Box<[Arc<Cell>]>,
}

impl Meta {
    pub fn new(facts: Facts, tags: Tags, validators: Option<Bytes>, owner: Owner) -> Self {
        Meta {
            facts,
            tags,
            validators,
            owner,
            judged: AtomicU64::new(0),
            struck: AtomicU8::new(0),
            asked_until: AtomicU64::new(0),
            stale_reads: AtomicU32::new(0),
        }
    }

    /// Whether it was judged current when the raises stood at `raises`, and its quick window is not over.
    #[inline]
    pub fn quick(&self, raises: u64, now: Timestamp) -> bool {
        self.judged.load(Ordering::Relaxed) == raises && now < self.owner.quick_until
    }

    /// Notes that the cells found it current; `raises` was read before them.
    pub fn judged_current(&self, raises: u64) {
        self.judged.store(raises, Ordering::Relaxed);
    }

    /// What an invalidation by key did to it.
    pub fn struck(&self) -> Currency {
        match self.struck.load(Ordering::Acquire) {
            0 => Currency::Current,
            1 => Currency::OutdatedSoft,
            _ => Currency::OutdatedHard,
        }
    }

    /// Outdates it by key; a soft strike never hides a hard one. Bump the count of raises afterwards.
    pub fn strike(&self, strength: Strength) {
        let level = match strength {
            Strength::Soft => 1,
            Strength::Hard => 2,
        };
        self.struck.fetch_max(level, Ordering::AcqRel);
    }

    /// Counts a stale read; `true` for the one reader who is to ask for a refresh now.
    pub fn asks(&self, now: Timestamp, pause: Duration) -> bool {
        self.stale_reads.fetch_add(1, Ordering::Relaxed);
        let asked = self.asked_until.load(Ordering::Relaxed);
        let next = (now + pause).as_micros();
        now.as_micros() >= asked
            && self.asked_until.compare_exchange(asked, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Stale reads so far.
    pub fn heat(&self) -> u32 {
        self.stale_reads.load(Ordering::Relaxed)
    }
}
