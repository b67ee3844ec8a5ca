//! What judges a slot.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::engine::common::Common;
use crate::entry::{Facts, Generation, Strength, Tags, validators_bytes};
use crate::policy::Windows;
use crate::store::Currency;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::time::Timestamp;

/// All that judges a slot, on its way into it.
pub(crate) struct Meta {
    pub glance: Glance,
    pub rest: Rest,
}

/// All that judges a slot, where it is.
#[derive(Clone, Copy)]
pub(crate) struct MetaRef<'a> {
    /// When the load of the value began.
    pub loaded_at: Timestamp,
    glance: &'a Glance,
    rest: &'a Rest,
}

/// What a hit looks at.
pub(crate) struct Glance {
    /// The near tier's count of raises when its cells last found this slot current: while the count stands, it still is.
    judged: AtomicU64,
    /// Up to when a look at the clock and the raises is enough to serve it as fresh.
    quick_until: Timestamp,
    loaded_at: Timestamp,
}

/// What a hit at a glance does not look at, in few bytes, because every slot pays for them. Spans are cut to whole
/// microseconds.
pub(crate) struct Rest {
    common: Arc<Common>,
    /// The end of the near bound, counted from the start of the store read.
    near_until: Timestamp,
    /// The number of its generation; the epoch is in what is common.
    number: u64,
    ttl_micros: u64,
    validators: Option<Box<Bytes>>,
    /// At most 71 minutes are told apart.
    load_took_micros: u32,
    weight: u32,
    /// What an invalidation by key did to this slot, and whether nothing is in common yet, in the lowest bits; above them
    /// its stale reads so far.
    wear: AtomicU32,
    /// Until when this process has asked for a refresh, so that a thousand stale reads ask once: in ticks since the load.
    asked_until: AtomicU32,
}

/// What ties a slot to the near tier of one cache.
pub(crate) struct Owner {
    pub common: Arc<Common>,
    /// Whether what is in common was made for this slot, which then accounts for it.
    pub made_common: bool,
    /// The end of the near bound, counted from the start of the store read.
    pub near_until: Timestamp,
    /// Up to when a look at the clock and the raises is enough to serve it as fresh.
    pub quick_until: Timestamp,
}

const STRUCK_SOFT: u32 = 1;
const STRUCK_HARD: u32 = 2;
const MADE_COMMON: u32 = 4;
/// One stale read, above the other bits. The sum wraps after five hundred million.
const STALE_READ: u32 = 8;
/// A tick is 2^16 microseconds: nine years of them are told apart.
const TICK_BITS: u32 = 16;

impl Owner {
    /// No near tier: what it owns is served once and not kept near.
    pub fn nobody() -> Self {
        let (near_until, quick_until) = (Timestamp::ZERO, Timestamp::ZERO);
        Owner { common: Common::nobody(), made_common: false, near_until, quick_until }
    }
}

impl Meta {
    /// Of a slot with these facts, apart from what [`Owner`] has of them in common.
    pub fn new(facts: &Facts, validators: Option<Bytes>, owner: Owner) -> Self {
        Meta {
            glance: Glance { judged: AtomicU64::new(0), quick_until: owner.quick_until, loaded_at: facts.loaded_at },
            rest: Rest {
                common: owner.common,
                near_until: owner.near_until,
                number: facts.generation.number,
                ttl_micros: whole_micros(facts.windows.ttl),
                validators: validators.map(Box::new),
                load_took_micros: u32::try_from(facts.load_took.as_micros()).unwrap_or(u32::MAX),
                weight: facts.weight,
                wear: AtomicU32::new(if owner.made_common { MADE_COMMON } else { 0 }),
                asked_until: AtomicU32::new(0),
            },
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
        Meta::new(&facts, None, Owner::nobody())
    }
}

impl<'a> MetaRef<'a> {
    #[inline]
    pub fn new(glance: &'a Glance, rest: &'a Rest) -> Self {
        MetaRef { loaded_at: glance.loaded_at, glance, rest }
    }

    pub fn facts(self) -> Facts {
        let (rest, common) = (self.rest, self.common());
        Facts {
            loaded_at: self.loaded_at,
            generation: self.generation(),
            windows: Windows {
                ttl: Duration::from_micros(rest.ttl_micros),
                stale_while_revalidate: Duration::from_micros(common.stale_end_micros.saturating_sub(rest.ttl_micros)),
                stale_if_error: Duration::from_micros(common.error_micros),
            },
            load_took: Duration::from_micros(rest.load_took_micros.into()),
            absent: common.absent,
            weight: rest.weight,
        }
    }

    pub fn generation(self) -> Generation {
        Generation { epoch: self.common().epoch, number: self.rest.number }
    }

    pub fn weight(self) -> u32 {
        self.rest.weight
    }

    /// What it takes in memory beside the slot: validators, and what slots have in common, for the one that it was made for.
    pub fn bytes_beside(self) -> usize {
        let made_common = self.rest.wear.load(Ordering::Relaxed) & MADE_COMMON != 0;
        let common = if made_common { self.common().bytes() } else { 0 };
        common + self.validators().map_or(0, validators_bytes)
    }

    pub fn is_absent(self) -> bool {
        self.common().absent
    }

    pub fn tags(self) -> &'a Tags {
        &self.common().tags
    }

    pub fn validators(self) -> Option<&'a Bytes> {
        self.rest.validators.as_deref()
    }

    pub fn common(self) -> &'a Common {
        &self.rest.common
    }

    pub fn near_until(self) -> Timestamp {
        self.rest.near_until
    }

    pub fn quick_until(self) -> Timestamp {
        self.glance.quick_until
    }

    /// Whether it was judged current when the raises stood at `raises`, and its quick window is not over.
    #[inline]
    pub fn quick(self, raises: u64, now: Timestamp) -> bool {
        self.glance.judged.load(Ordering::Relaxed) == raises && now < self.glance.quick_until
    }

    /// Notes that the cells found it current; `raises` was read before them.
    pub fn judged_current(self, raises: u64) {
        self.glance.judged.store(raises, Ordering::Relaxed);
    }

    /// What an invalidation by key did to it.
    pub fn struck(self) -> Currency {
        let wear = self.rest.wear.load(Ordering::Acquire);
        if wear & STRUCK_HARD != 0 {
            Currency::OutdatedHard
        } else if wear & STRUCK_SOFT != 0 {
            Currency::OutdatedSoft
        } else {
            Currency::Current
        }
    }

    /// Outdates it by key; a soft strike never hides a hard one. Bump the count of raises afterwards.
    pub fn strike(self, strength: Strength) {
        let struck = match strength {
            Strength::Soft => STRUCK_SOFT,
            Strength::Hard => STRUCK_HARD,
        };
        self.rest.wear.fetch_or(struck, Ordering::AcqRel);
    }

    /// Counts a stale read; `true` for the one reader who is to ask for a refresh now. The pause may be a tick shorter.
    pub fn asks(self, now: Timestamp, pause: Duration) -> bool {
        self.rest.wear.fetch_add(STALE_READ, Ordering::Relaxed);
        let (reached, next) = (self.ticks(now), self.ticks(now + pause));
        let asked = &self.rest.asked_until;
        let until = asked.load(Ordering::Relaxed);
        reached >= until && asked.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Stale reads so far.
    pub fn heat(self) -> u32 {
        self.rest.wear.load(Ordering::Relaxed) / STALE_READ
    }

    fn ticks(self, at: Timestamp) -> u32 {
        let micros = at.as_micros().saturating_sub(self.loaded_at.as_micros());
        u32::try_from(micros >> TICK_BITS).unwrap_or(u32::MAX)
    }
}

/// A span in whole microseconds, cut off, so that nothing lives longer than it was told.
pub(crate) fn whole_micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::slot::{Held, Slot};
    use crate::entry::Described;

    const SECOND: Duration = Duration::from_secs(1);
    const LOADED_AT: Timestamp = Timestamp::from_micros(7_000_000);

    fn facts() -> Facts {
        Facts {
            loaded_at: LOADED_AT,
            generation: Generation { epoch: 0, number: 3 },
            windows: Windows { ttl: SECOND, stale_while_revalidate: Duration::ZERO, stale_if_error: Duration::ZERO },
            load_took: SECOND / 8,
            absent: false,
            weight: 9,
        }
    }

    fn slot() -> Slot<u8> {
        let owner = Owner { quick_until: LOADED_AT, ..Owner::nobody() };
        Slot::new(Meta::new(&facts(), Some(Bytes::from_static(b"v1")), owner), Held::Own(1))
    }

    #[test]
    fn a_slot_costs_little_beside_its_value() {
        assert_eq!(size_of::<Slot<[u64; 128]>>() - 1024, 88);
    }

    #[test]
    fn a_slot_tells_by_what_it_is_judged() {
        let slot = slot();
        let description = slot.describe().unwrap();
        assert_eq!(description.facts, facts());
        assert_eq!((description.tags, description.validators), (&Tags::NONE, Some(&Bytes::from_static(b"v1"))));
    }

    #[test]
    fn stale_reads_and_strikes_do_not_mix() {
        let slot = slot();
        let meta = slot.meta();
        for _ in 0..5 {
            meta.asks(LOADED_AT, SECOND);
        }
        assert_eq!((meta.heat(), meta.struck()), (5, Currency::Current));
        meta.strike(Strength::Soft);
        assert_eq!((meta.heat(), meta.struck()), (5, Currency::OutdatedSoft));
        meta.strike(Strength::Hard);
        meta.strike(Strength::Soft);
        meta.asks(LOADED_AT, SECOND);
        assert_eq!((meta.heat(), meta.struck()), (6, Currency::OutdatedHard));
    }

    #[test]
    fn of_many_stale_reads_one_asks_in_each_pause() {
        let slot = slot();
        let at = |millis: u64| LOADED_AT + Duration::from_millis(millis);
        let asks = |millis: u64| slot.meta().asks(at(millis), SECOND);
        assert!(asks(5_000));
        assert!(!asks(5_000) && !asks(5_900));
        assert!(asks(6_000));
        assert!(!asks(6_001));
        let years = Duration::from_secs(8 * 365 * 24 * 3600);
        assert!(slot.meta().asks(LOADED_AT + years, SECOND));
        assert!(!slot.meta().asks(LOADED_AT + years, SECOND));
    }
}
