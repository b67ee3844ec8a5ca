//! What an answer points to: a value together with all that judges it, in one allocation.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::engine::cells::Cell;
use crate::entry::{Facts, Generation, Strength, Tags};
use crate::policy::Windows;
use crate::store::Currency;
use crate::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use crate::time::Timestamp;

/// A value in this process, shared by the near tier, a store that keeps values as they are, and every answer.
///
/// What a hit looks at stands first and side by side, the value right behind it: a hit on a cold slot is one cache miss, and
/// a second one only for a value that is large. `repr(C)` keeps the order.
#[repr(C)]
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
    fn set_meta(&mut self, meta: Meta);
}

impl<V: Send + Sync + 'static> AnySlot for Slot<V> {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn set_meta(&mut self, meta: Meta) {
        self.meta = meta;
    }
}

/// A value in hand, erased.
pub(crate) type Hand = Arc<dyn AnySlot>;

impl Owner {
    /// No near tier: what it owns is served once and not kept near.
    pub fn nobody() -> Self {
        Owner { near: 0, trust: 0, near_until: Timestamp::ZERO, quick_until: Timestamp::ZERO, cells: Arc::new([]) }
    }
}

/// All that judges a slot.
///
/// Only the near tier that made it may judge by it: the cells and the trust are that tier's own.
#[repr(C)]
pub(crate) struct Meta {
    /// The near tier's count of raises when its cells last found this slot current: while the count stands, it still is.
    judged: AtomicU64,
    /// Up to when a look at the clock and the raises is enough to serve it as fresh.
    quick_until: Timestamp,
    /// When the load of the value began.
    pub loaded_at: Timestamp,
    cold: Box<Cold>,
}

/// What a hit at a glance does not look at.
struct Cold {
    facts: Compact,
    tags: Tags,
    validators: Option<Box<Bytes>>,
    owner: Owner,
    /// What an invalidation by key did to this slot.
    struck: AtomicU8,
    /// Stale reads so far: how hot it is.
    stale_reads: AtomicU32,
    /// Until when this process has asked for a refresh, so that a thousand stale reads ask once.
    asked_until: AtomicU64,
}

/// Facts in fewer bytes, because every slot pays for them. Spans are cut to whole microseconds.
struct Compact {
    loaded_at: Timestamp,
    generation: Generation,
    ttl_micros: u64,
    stale_micros: u64,
    error_micros: u64,
    /// At most 71 minutes are told apart.
    load_took_micros: u32,
    weight: u32,
    absent: bool,
}

impl Compact {
    fn new(facts: &Facts) -> Self {
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Compact {
            loaded_at: facts.loaded_at,
            generation: facts.generation,
            ttl_micros: micros(facts.windows.ttl),
            stale_micros: micros(facts.windows.stale_while_revalidate),
            error_micros: micros(facts.windows.stale_if_error),
            load_took_micros: u32::try_from(facts.load_took.as_micros()).unwrap_or(u32::MAX),
            weight: facts.weight,
            absent: facts.absent,
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            loaded_at: self.loaded_at,
            generation: self.generation,
            windows: Windows {
                ttl: Duration::from_micros(self.ttl_micros),
                stale_while_revalidate: Duration::from_micros(self.stale_micros),
                stale_if_error: Duration::from_micros(self.error_micros),
            },
            load_took: Duration::from_micros(self.load_took_micros.into()),
            absent: self.absent,
            weight: self.weight,
        }
    }
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
    pub cells: Arc<[Arc<Cell>]>,
}

impl Meta {
    pub fn new(facts: &Facts, tags: Tags, validators: Option<Bytes>, owner: Owner) -> Self {
        Meta {
            judged: AtomicU64::new(0),
            quick_until: owner.quick_until,
            loaded_at: facts.loaded_at,
            cold: Box::new(Cold {
                facts: Compact::new(facts),
                tags,
                validators: validators.map(Box::new),
                owner,
                struck: AtomicU8::new(0),
                stale_reads: AtomicU32::new(0),
                asked_until: AtomicU64::new(0),
            }),
        }
    }

    /// The meta of a value that has just been loaded: it judges nothing, and nobody but its maker sees it.
    pub fn unsealed() -> Self {
        let zero =
            Windows { ttl: Duration::ZERO, stale_while_revalidate: Duration::ZERO, stale_if_error: Duration::ZERO };
        let facts = Facts {
            loaded_at: Timestamp::ZERO,
            generation: Generation { epoch: 0, number: 0 },
            windows: zero,
            load_took: Duration::ZERO,
            absent: false,
            weight: 0,
        };
        Meta::new(&facts, Tags::NONE, None, Owner::nobody())
    }

    pub fn facts(&self) -> Facts {
        self.cold.facts.facts()
    }

    pub fn generation(&self) -> Generation {
        self.cold.facts.generation
    }

    pub fn weight(&self) -> u32 {
        self.cold.facts.weight
    }

    pub fn is_absent(&self) -> bool {
        self.cold.facts.absent
    }

    pub fn tags(&self) -> &Tags {
        &self.cold.tags
    }

    pub fn validators(&self) -> Option<&Bytes> {
        self.cold.validators.as_deref()
    }

    pub fn owner(&self) -> &Owner {
        &self.cold.owner
    }

    /// Whether it was judged current when the raises stood at `raises`, and its quick window is not over.
    #[inline]
    pub fn quick(&self, raises: u64, now: Timestamp) -> bool {
        self.judged.load(Ordering::Relaxed) == raises && now < self.quick_until
    }

    /// Notes that the cells found it current; `raises` was read before them.
    pub fn judged_current(&self, raises: u64) {
        self.judged.store(raises, Ordering::Relaxed);
    }

    /// What an invalidation by key did to it.
    pub fn struck(&self) -> Currency {
        match self.cold.struck.load(Ordering::Acquire) {
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
        self.cold.struck.fetch_max(level, Ordering::AcqRel);
    }

    /// Counts a stale read; `true` for the one reader who is to ask for a refresh now.
    pub fn asks(&self, now: Timestamp, pause: Duration) -> bool {
        self.cold.stale_reads.fetch_add(1, Ordering::Relaxed);
        let asked = self.cold.asked_until.load(Ordering::Relaxed);
        let next = (now + pause).as_micros();
        now.as_micros() >= asked
            && self.cold.asked_until.compare_exchange(asked, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Stale reads so far.
    pub fn heat(&self) -> u32 {
        self.cold.stale_reads.load(Ordering::Relaxed)
    }
}
