//! The near tier: decoded values in this process, found by the job itself.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache as QuickCache;
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};
use serde::Serialize;

use crate::engine::cells::{Cells, Pinned};
use crate::engine::common::{Common, Commons};
use crate::engine::meta::{MetaRef, Owner, whole_micros};
use crate::engine::pins::{KeyPin, Pins};
use crate::engine::slot::{Hand, Slot};
use crate::entry::{Facts, Strength, Tags};
use crate::job::{Job, Lookup};
use crate::key::{Key, KeyHash};
use crate::store::{Currency, Mark, Scope};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::time::Timestamp;
use crate::wire::weigh;

/// What the map has of an entry besides its job and its slot's address: links, state, and a place in the table of hashes.
const PLACE_BYTES: usize = 24 + 8;

/// The count of raises starts above zero: zero stands for "never judged".
const FIRST_RAISE: u64 = 1;

static NEXT_NEAR: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);

/// What all near maps of one cache share: cells, pins and trust.
#[derive(Debug)]
pub(crate) struct Near {
    id: u64,
    partitions: Box<[Partition]>,
    /// Counts the raises of all partitions. Bumped after the cell was raised or the slot struck and before that returns, so
    /// whoever finds the count unchanged has missed nothing.
    raises: AtomicU64,
    commons: Commons,
    pins: Arc<Pins>,
    bound: Option<Duration>,
}

/// What this process knows of one of the store's partitions. Their clocks have nothing to do with each other, and neither has
/// what is heard of them.
#[derive(Debug)]
struct Partition {
    cells: Cells,
    /// The epoch that this process has last seen its clock in; 0 before the first.
    epoch: AtomicU64,
    /// Odd while the tier is trusted. What was pinned under another value is refused: a clear in O(1).
    trust: AtomicU64,
}

/// Taken before a record is read or a load begins; carries what decides whether the result may be kept.
#[derive(Debug)]
pub(crate) struct Pin {
    key: KeyPin,
    partition: u32,
    trust: u64,
    /// The count of its partition's raises.
    raises: u64,
    began: Timestamp,
}

impl Pin {
    /// What invalidations by key since the pin have done to a value read under it.
    pub fn struck(&self) -> Currency {
        self.key.struck()
    }
}

impl Near {
    /// Of a store with so many partitions. `bound`: how long a slot may answer without a look at the store; `trusted`: whether
    /// it answers before a first resync.
    pub fn new(partitions: u32, bound: Option<Duration>, trusted: bool) -> Self {
        let partition =
            |_| Partition { cells: Cells::new(), epoch: AtomicU64::new(0), trust: AtomicU64::new(u64::from(trusted)) };
        Near {
            // Identity only: it tells one cache's slots from another's and is never compared for order.
            id: NEXT_NEAR.fetch_add(1, Ordering::Relaxed),
            partitions: (0..partitions.max(1)).map(partition).collect(),
            raises: AtomicU64::new(FIRST_RAISE),
            commons: Commons::new(),
            pins: Arc::new(Pins::new()),
            bound,
        }
    }

    /// How many partitions the store has.
    pub fn partitions(&self) -> u32 {
        u32::try_from(self.partitions.len()).unwrap_or(u32::MAX)
    }

    /// The count of raises; read it before anything is judged.
    #[inline]
    pub fn raises(&self) -> u64 {
        self.raises.load(Ordering::Acquire)
    }

    /// How many keys are being read or loaded.
    pub fn pins(&self) -> usize {
        self.pins.len()
    }

    /// How many cells there are places for.
    pub fn cells(&self) -> usize {
        self.partitions.iter().map(|partition| partition.cells.len()).sum()
    }

    /// Judges a slot of this tier; `None`: it may not answer, go to the store.
    pub fn judge(&self, meta: MetaRef<'_>, now: Timestamp) -> Option<Currency> {
        // The count first, before the trust too: a tier that is distrusted in between must not have this slot noted as
        // judged under the count that the distrust left, or a quick look would go on answering with it.
        let raises = self.raises();
        let trust = self.trust_of(meta.common().partition);
        if meta.common().near != self.id
            || meta.common().trust != trust
            || !is_trusted(trust)
            || now >= meta.near_until()
        {
            return None;
        }
        let currency = self.currency(meta);
        if currency == Currency::Current {
            meta.judged_current(raises);
        }
        Some(currency)
    }

    /// Whether a slot that could not be told at a glance is fresh all the same: something else was outdated since it was judged.
    pub fn is_fresh(&self, meta: MetaRef<'_>, now: Timestamp) -> bool {
        now < meta.quick_until() && self.judge(meta, now) == Some(Currency::Current)
    }

    /// Judges a slot by what this process has heard, whether or not the tier may answer with it.
    pub fn currency(&self, meta: MetaRef<'_>) -> Currency {
        let Partition { cells, epoch, .. } = self.partition(meta.common().partition);
        let mut generation = meta.generation();
        if generation.epoch != epoch.load(Ordering::Acquire) {
            // Ticks of two epochs say nothing about the order, so any mark may be the later one.
            generation.number = generation.number.min(1);
        }
        meta.struck().max(cells.judge(&meta.common().cells, generation))
    }

    /// Whether this process would have heard of everything that outdates a slot of this tier. It cannot say so of a slot
    /// whose cells missed too much.
    pub fn vouches_for(&self, meta: MetaRef<'_>) -> bool {
        meta.common().near == self.id
    }

    /// Pins a key, before its record is read.
    pub fn pin(&self, key: &Key, now: Timestamp) -> Pin {
        let partition = key.partition(self.partitions());
        let (trust, raises) = (self.trust_of(partition), self.partition(partition).cells.raises());
        Pin { key: self.pins.pin(key.hash()), partition, trust, raises, began: now }
    }

    /// The owner of a slot that is made under `pin`, with its cells raised to what was read. A slot whose cells missed too
    /// much belongs to nobody and is served once; until then it is judged by what is raised from now on.
    pub fn owner(
        &self,
        pin: &Pin,
        (facts, tags): (&Facts, &Tags),
        scopes: &[Scope],
        marks: &[(Scope, Mark)],
        quick_until: Timestamp,
    ) -> Owner {
        let partition = self.partition(pin.partition);
        let _ = partition.epoch.compare_exchange(0, facts.generation.epoch, Ordering::AcqRel, Ordering::Acquire);
        let Pinned { cells, made, complete } = partition.cells.pin(scopes, pin.raises);
        Cells::raise_pinned(&cells, scopes, marks);
        let windows = facts.windows;
        let common = Common {
            near: if complete { self.id } else { 0 },
            partition: pin.partition,
            trust: pin.trust,
            cells,
            made_cells: u32::try_from(made).unwrap_or(u32::MAX),
            tags: tags.clone(),
            epoch: facts.generation.epoch,
            stale_end_micros: whole_micros(windows.ttl.saturating_add(windows.stale_while_revalidate)),
            error_micros: whole_micros(windows.stale_if_error),
            absent: facts.absent,
        };
        let near_until = self.bound.map_or(Timestamp::NEVER, |bound| pin.began + bound);
        let (common, made_common) = self.commons.share(common);
        Owner { common, made_common, near_until, quick_until: quick_until.min(near_until) }
    }

    /// Whether a slot from a shared store is this tier's own, just as it would be made anew now.
    pub fn owns(&self, meta: MetaRef<'_>) -> bool {
        meta.common().near == self.id
            && meta.common().trust == self.trust_of(meta.common().partition)
            && meta.near_until() == Timestamp::NEVER
            && meta.struck() == Currency::Current
    }

    /// Runs `insert`, if nothing that happened since the pin forbids to keep the slot.
    pub fn fill<T>(&self, pin: &Pin, meta: MetaRef<'_>, insert: impl FnOnce() -> T) -> Option<T> {
        let trust = self.trust_of(pin.partition);
        let owned = meta.common().near == self.id && meta.common().trust == trust && pin.trust == trust;
        if owned && is_trusted(trust) { pin.key.fill(insert) } else { None }
    }

    /// Whether a slot may take the place of the one that is held: it is no older, or what is held cannot answer any more.
    pub fn replaces(&self, meta: MetaRef<'_>, held: MetaRef<'_>) -> bool {
        let (new, old) = (meta.generation(), held.generation());
        new.epoch != old.epoch || new.number >= old.number || meta.common().trust != held.common().trust
    }

    /// Raises what an invalidation by tag or namespace marked in a partition.
    pub fn raise(&self, partition: u32, scope: &Scope, mark: Mark) {
        self.partition(partition).cells.raise(scope, mark);
        self.count();
    }

    /// Takes note of the epoch of a partition's clock, as a step was answered or a message heard in it. Ticks of two epochs are
    /// not compared: in another one, what the partition's slots would be judged by is void, and they answer no more.
    pub fn enter(&self, partition: u32, epoch: u64) {
        let Partition { epoch: entered, cells, .. } = self.partition(partition);
        // Mostly it is the same, and many ask at once: what is not written stays in every processor's reach.
        if entered.load(Ordering::Acquire) == epoch {
            return;
        }
        let before = entered.swap(epoch, Ordering::AcqRel);
        // Before the first there was nothing to be judged.
        if before != 0 && before != epoch {
            cells.begin_anew();
            self.clear(partition);
        }
    }

    /// Raises all marks of a partition.
    pub fn raise_floor(&self, partition: u32, mark: Mark) {
        self.partition(partition).cells.raise_floor(mark);
        self.count();
    }

    /// Outdates a key; `take` removes its slot from the near map and gives it.
    pub fn strike(&self, hash: KeyHash, strength: Strength, take: impl FnOnce() -> Option<Hand>) {
        let taken = self.pins.strike(hash, strength, || {
            let taken = take();
            if let Some(slot) = &taken {
                slot.meta().strike(strength);
            }
            taken
        });
        self.partition(hash.partition(self.partitions())).cells.bump();
        self.count();
        drop(taken);
    }

    /// Whether it answers for the keys of every partition.
    pub fn is_trusted(&self) -> bool {
        self.partitions.iter().all(|partition| is_trusted(partition.trust.load(Ordering::Acquire)))
    }

    /// Stops answering for the keys of a partition: messages were lost. `false`: it did not answer anyway.
    pub fn distrust(&self, partition: u32) -> bool {
        self.change_trust(partition, |trust| is_trusted(trust).then(|| trust + 1))
    }

    /// Answers for the keys of a partition again, with nothing of what it held: call it when all that will be published of it
    /// is heard.
    pub fn trust(&self, partition: u32) {
        let trusted = |trust| Some(if is_trusted(trust) { trust + 2 } else { trust + 1 });
        self.change_trust(partition, trusted);
    }

    /// Forgets what is held for the keys of a partition, and answers for them or not as before.
    fn clear(&self, partition: u32) {
        self.change_trust(partition, |trust| Some(trust + 2));
    }

    /// `false`: the change does not apply.
    fn change_trust(&self, partition: u32, change: impl FnMut(u64) -> Option<u64>) -> bool {
        let Partition { trust, cells, .. } = self.partition(partition);
        let before = trust.fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
        cells.bump();
        self.count();
        before.is_ok()
    }

    fn trust_of(&self, partition: u32) -> u64 {
        self.partition(partition).trust.load(Ordering::Acquire)
    }

    /// A number that no partition has is a faulty store's; it must not panic, and outdating too much harms nobody.
    fn partition(&self, number: u32) -> &Partition {
        &self.partitions[number as usize % self.partitions.len()]
    }

    fn count(&self) {
        self.raises.fetch_add(1, Ordering::AcqRel);
    }
}

fn is_trusted(trust: u64) -> bool {
    trust % 2 == 1
}

/// The near map of one job: bounded in bytes, looked up by the job or a borrowed form of it.
pub(crate) struct NearMap<J: Job>(QuickCache<J, Arc<Slot<J::Output>>, BySlot, DefaultHashBuilder, HandOver>);

/// Hands over what makes room, so that whoever inserts drops it where no lock is held.
#[derive(Clone)]
pub(crate) struct HandOver;

impl<K, S> Lifecycle<K, S> for HandOver {
    type RequestState = Vec<S>;

    fn on_evict(&self, gone: &mut Vec<S>, _key: K, slot: S) {
        gone.push(slot);
    }
}

#[derive(Clone)]
pub(crate) struct BySlot;

impl<J: Serialize, V> Weighter<J, Arc<Slot<V>>> for BySlot {
    fn weight(&self, job: &J, slot: &Arc<Slot<V>>) -> u64 {
        let place = PLACE_BYTES + size_of::<(J, Arc<Slot<V>>)>();
        // What the map holds doubles when it grows, and so stands a third empty on average.
        let place = place + place / 2;
        let arguments = weigh(job).saturating_sub(size_of::<J>());
        slot.bytes() + (place + arguments) as u64
    }
}

impl<J: Job> NearMap<J> {
    pub fn new(capacity: u64) -> Self {
        // The estimate sizes the map's first allocation only.
        let estimate = usize::try_from(capacity / 1024).unwrap_or(usize::MAX).clamp(16, 4096);
        NearMap(QuickCache::with(estimate, capacity, BySlot, DefaultHashBuilder::default(), HandOver))
    }

    #[inline]
    pub fn get<L: Lookup<Job = J>>(&self, job: &L) -> Option<Arc<Slot<J::Output>>> {
        self.0.get(job)
    }

    /// Keeps a slot, and gives what had to go for it.
    pub fn insert(&self, job: J, slot: Arc<Slot<J::Output>>) -> Vec<Arc<Slot<J::Output>>> {
        let mut gone = Vec::new();
        self.0.insert_with_lifecycle(job, slot, &mut gone);
        gone
    }

    pub fn take(&self, job: &J) -> Option<Arc<Slot<J::Output>>> {
        self.0.remove(job).map(|(_, slot)| slot)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn weight(&self) -> u64 {
        self.0.weight()
    }
}

/// The scopes of an entry: its tags and its namespace.
pub(crate) fn scopes(namespace: &str, tags: &[crate::entry::Tag]) -> Vec<Scope> {
    let tags = tags.iter().cloned().map(Scope::Tag);
    std::iter::once(Scope::Namespace(namespace.into())).chain(tags).collect()
}

/// What [`Near::owner`] needs to know of an entry.
pub(crate) struct Frame<'a> {
    pub near: &'a Near,
    pub pin: &'a Pin,
    pub marks: &'a [(Scope, Mark)],
}

impl Frame<'_> {
    pub fn owner(&self, key: &Key, facts: &Facts, tags: &Tags, policy: &crate::policy::Policy) -> Owner {
        let quick_until = crate::engine::plan::quick_until(facts, policy);
        let scopes = scopes(key.namespace(), tags.as_slice());
        self.near.owner(self.pin, (facts, tags), &scopes, self.marks, quick_until)
    }
}

#[cfg(all(test, loom))]
mod schedules;
