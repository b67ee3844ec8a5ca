//! One partition: its clock, floor, marks and message numbers, all under one lock, as one slot of a shared store holds them.

use std::time::Duration;

use crate::bus::{MemoryBus, Notice};
use crate::entry::{Generation, Strength, Tag};
use crate::store::memory::fault::{Fault, Faults};
use crate::store::memory::scopes::ScopeMarks;
use crate::store::{Currency, Mark, Marked, Marks, Scope, Token};
use crate::time::Timestamp;

/// From which lag on a faulty clock takes the time for set back.
const SET_BACK: Duration = Duration::from_secs(1);

/// What orders the steps of a partition's keys. Its lock is taken after a shard's and before the bus's, never the other way round.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Which of the store's partitions.
    number: u32,
    /// `None` when it was lost: whoever comes next, a reader included, makes it anew.
    partition: Option<Partition>,
    chance: fastrand::Rng,
    lost: Strength,
    marks_most: usize,
    bus: MemoryBus,
    faults: Faults,
}

#[derive(Debug)]
struct Partition {
    epoch: u64,
    last: u64,
    floor: Mark,
    scopes: ScopeMarks,
}

impl Ledger {
    pub(super) fn new(
        (number, seed): (u32, u64),
        lost: Strength,
        marks_most: usize,
        bus: MemoryBus,
        faults: Faults,
    ) -> Ledger {
        let chance = fastrand::Rng::with_seed(seed);
        Ledger { number, partition: None, chance, lost, marks_most, bus, faults }
    }

    /// A new generation: later than every one of its epoch before, and not behind the time if it can be helped.
    pub(super) fn tick(&mut self, now: Timestamp) -> Generation {
        let faults = self.faults;
        self.partition(now).tick(now, faults)
    }

    /// The last generation that was drawn.
    pub(super) fn last(&mut self, now: Timestamp) -> Generation {
        let partition = self.partition(now);
        Generation { epoch: partition.epoch, number: partition.last }
    }

    /// A token that no grant had before.
    pub(super) fn token(&mut self) -> Token {
        Token(self.chance.u128(..))
    }

    /// How an entry of `generation` stands under its marks.
    pub(super) fn judge(&mut self, now: Timestamp, generation: Generation, namespace: &str, tags: &[Tag]) -> Currency {
        if self.stays_lost() {
            return self.lost.into();
        }
        let faults = self.faults;
        let marks = self.marks(now, namespace, tags);
        let foreign = marks.epoch != generation.epoch;
        if foreign && faults.has(Fault::MissingShardReadsFresh) {
            return Currency::Current;
        }
        if foreign && faults.has(Fault::LostReadsSoft) {
            return Currency::OutdatedSoft;
        }
        if marks.mark.newest() == generation.number && faults.has(Fault::EqualTickIsCurrent) {
            return Currency::Current;
        }
        marks.judge(generation)
    }

    /// The floor and the marks of a namespace and of tags, joined.
    pub(super) fn marks(&mut self, now: Timestamp, namespace: &str, tags: &[Tag]) -> Marks {
        let (lost, faults) = (self.lost, self.faults);
        let partition = self.partition(now);
        let mut mark = partition.floor;
        if !faults.has(Fault::NamespaceIgnored) {
            mark = mark.join(partition.scopes.of_namespace(namespace));
        }
        let mark = tags.iter().fold(mark, |mark, tag| mark.join(partition.scopes.of_tag(tag)));
        Marks { epoch: partition.epoch, mark, lost }
    }

    /// The marks of a namespace and of tags one by one, each joined with the floor.
    pub(super) fn marks_by_scope(&mut self, now: Timestamp, namespace: &str, tags: &[Tag]) -> Vec<(Scope, Mark)> {
        if self.stays_lost() {
            return Vec::new();
        }
        let without = self.faults.has(Fault::MarksWithoutFloor);
        let partition = self.partition(now);
        let floor = if without { Mark::default() } else { partition.floor };
        let scopes = &partition.scopes;
        let namespace = (Scope::Namespace(namespace.into()), floor.join(scopes.of_namespace(namespace)));
        let tags = tags.iter().map(|tag| (Scope::Tag(tag.clone()), floor.join(scopes.of_tag(tag))));
        std::iter::once(namespace).chain(tags).collect()
    }

    /// Each scope's own mark, beside the floor.
    pub(super) fn marked(&mut self, now: Timestamp, scopes: &[Scope]) -> Marked {
        let last = self.last(now);
        let Partition { floor, scopes: kept, .. } = self.partition(now);
        let own = |scope: &Scope| match scope {
            Scope::Tag(tag) => kept.of_tag(tag),
            Scope::Namespace(name) => kept.of_namespace(name),
        };
        Marked { now, last, floor: *floor, marks: scopes.iter().map(own).collect() }
    }

    /// The newest tick that outdates what has this namespace and these tags; `None` while the partition is lost and unmade.
    pub(super) fn newest_mark(&mut self, now: Timestamp, namespace: &str, tags: &[Tag]) -> Option<Generation> {
        if self.stays_lost() {
            return None;
        }
        let marks = self.marks(now, namespace, tags);
        Some(Generation { epoch: marks.epoch, number: marks.mark.newest() })
    }

    /// Raises a scope's mark to a new tick and publishes it. A mark that has to make room raises the floor.
    pub(super) fn mark(&mut self, now: Timestamp, scope: &Scope, strength: Strength) -> Generation {
        let (faults, marks_most) = (self.faults, self.marks_most);
        let generation = if faults.has(Fault::EqualTickIsCurrent) { self.last(now) } else { self.tick(now) };
        let tick = generation.number;
        let partition = self.partition(now);
        partition.scopes.raise(scope, strength, tick, faults.has(Fault::MarkOverwritten));
        let dropped = if partition.scopes.len() > marks_most { partition.scopes.drop_oldest() } else { None };
        self.publish(now, Notice::Marked { scope: scope.clone(), strength, tick });
        if let Some(mark) = dropped {
            self.raise_floor(now, mark);
        }
        generation
    }

    /// Publishes a notice, unless a test wants silence.
    pub(super) fn publish(&mut self, now: Timestamp, notice: Notice) {
        let silent = match notice {
            Notice::Stored { .. } => self.faults.has(Fault::SilentCommit),
            _ => self.faults.has(Fault::SilentInvalidation),
        };
        let epoch = self.partition(now).epoch;
        if !silent {
            let number = if self.faults.has(Fault::PositionsMixed) { 0 } else { self.number };
            self.bus.publish((number, epoch), notice);
        }
    }

    /// Loses the partition, as a shared store may lose the slot that holds it.
    pub(super) fn lose(&mut self) {
        let kept = self.partition.take();
        if self.faults.has(Fault::ClockRestarts) {
            self.partition = kept.map(|kept| Partition {
                last: 0,
                floor: Mark::default(),
                scopes: ScopeMarks::default(),
                epoch: kept.epoch,
            });
        }
    }

    /// How many marks are kept.
    pub(super) fn marks_len(&self) -> usize {
        self.partition.as_ref().map_or(0, |partition| partition.scopes.len())
    }

    fn stays_lost(&self) -> bool {
        self.partition.is_none() && self.faults.has(Fault::ReaderMakesNoShard)
    }

    fn raise_floor(&mut self, now: Timestamp, mark: Mark) {
        if self.faults.has(Fault::FloorKept) {
            return;
        }
        let hard = if self.faults.has(Fault::FloorOnlySoft) { 0 } else { mark.hard };
        let soft = if hard == mark.hard { mark.soft } else { mark.newest() };
        for (strength, tick) in [(Strength::Soft, soft), (Strength::Hard, hard)] {
            if tick > 0 {
                self.partition(now).floor.raise(strength, tick);
                self.publish(now, Notice::FloorRaised { strength, tick });
            }
        }
    }

    /// The partition, made anew if it is missing: in an epoch of its own, with a floor that outdates all there was.
    fn partition(&mut self, now: Timestamp) -> &mut Partition {
        if self.partition.is_none() {
            let made = self.make(now);
            let (epoch, tick) = (made.epoch, made.last);
            self.bus.publish((self.number, epoch), Notice::FloorRaised { strength: self.lost, tick });
            self.partition = Some(made);
        }
        self.partition.as_mut().expect("it was made above if it was missing")
    }

    fn make(&mut self, now: Timestamp) -> Partition {
        let epoch = if self.faults.has(Fault::CounterForClock) { 1 } else { self.chance.u64(..) };
        let mut made = Partition { epoch, last: 0, floor: Mark::default(), scopes: ScopeMarks::default() };
        let floor = made.tick(now, self.faults);
        made.floor.raise(self.lost, floor.number);
        made
    }
}

impl Partition {
    fn tick(&mut self, now: Timestamp, faults: Faults) -> Generation {
        let next = self.last + 1;
        self.last = if faults.has(Fault::CounterForClock) {
            next
        } else if faults.has(Fault::ClockFallsBack) && now + SET_BACK < Timestamp::from_micros(next) {
            now.as_micros()
        } else {
            next.max(now.as_micros())
        };
        Generation { epoch: self.epoch, number: self.last }
    }
}
