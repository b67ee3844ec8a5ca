//! A second store, written from the contract alone: one lock, two maps and a counter. It shows that the suite asks for what
//! the contract says, and not for how one store happens to do it.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use freshen_core::bus::{MemoryBus, Notice};
use freshen_core::store::{
    Asked, Begin, Begun, Committed, Currency, Failure, Generations, Lease, Mark, Marked, Marks, Role, Scope, Snapshot,
    Store, StoreTraits, Target, Token, Trouble,
};
use freshen_core::{BoxFuture, Clock, Entry, Generation, Key, PortError, Strength, Tags, Timestamp};
use freshen_testkit::bus_suite::BusFixture;
use freshen_testkit::store_suite::{Bounds, StoreFixture, TestTime};

mod store {
    freshen_testkit::store_suite!(super::store_fixture());
}

mod bus {
    freshen_testkit::bus_suite!(super::bus_fixture());
}

const CAPACITY: usize = 64 << 10;
const VALUE: usize = 8 << 10;
const MARKS: usize = 8;
const LOST: Strength = Strength::Hard;
/// What a record weighs besides its key and its value, roughly.
const RECORD: usize = 256;
/// How many messages a listener may lag behind.
const BUFFER: usize = 16;

fn store_fixture() -> StoreFixture {
    let (store, bus, clock) = toy();
    let (losing, evicting) = (store.clone(), store.clone());
    StoreFixture::new(Arc::new(store), Arc::new(bus), TestTime::Manual(clock))
        .bounded(Bounds { capacity: Some(CAPACITY as u64), value: Some(VALUE), marks: Some(MARKS) })
        .when_lost(LOST)
        .losing_clock(move || {
            losing.state().order = Order::default();
            Box::pin(std::future::ready(()))
        })
        .evicting(move |key| {
            evicting.state().records.remove(&key);
            Box::pin(std::future::ready(()))
        })
}

fn bus_fixture() -> BusFixture {
    let (store, bus, _) = toy();
    let (losing, closing) = (bus.clone(), bus.clone());
    BusFixture::new(Arc::new(bus), Arc::new(store))
        .buffering(BUFFER)
        .losing(move || {
            losing.lose_next();
            Box::pin(std::future::ready(()))
        })
        .closing(move || {
            closing.close();
            Box::pin(std::future::ready(()))
        })
}

fn toy() -> (ToyStore, MemoryBus, Clock) {
    let (clock, bus) = (Clock::manual(Timestamp::from_micros(1_700_000_000_000_000)), MemoryBus::with_buffer(BUFFER));
    (ToyStore::new(clock.clone(), bus.clone(), 7), bus, clock)
}

/// A store for one process. A clone is the same store. Every step is whole under its one lock, which no await interrupts.
#[derive(Clone)]
struct ToyStore {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

impl ToyStore {
    fn new(clock: Clock, bus: MemoryBus, seed: u64) -> ToyStore {
        let mut chance = Chance { seed, drawn: 0 };
        // A store that is new has lost nothing: its first order has no floor.
        let order = Order { epoch: chance.draw(), ..Order::default() };
        let state = State { chance, used: 0, order, records: HashMap::new(), bus };
        ToyStore { clock, state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one road to the state: the order is there when the step begins, and room is made when it has ended.
    fn step<'a, T: Send + 'a>(&'a self, step: impl FnOnce(&mut State, Timestamp) -> T + Send + 'a) -> BoxFuture<'a, T> {
        Box::pin(async move {
            let mut state = self.state();
            let now = self.clock.now();
            state.find_order(now);
            let answer = step(&mut state, now);
            state.make_room(now);
            answer
        })
    }
}

impl Store for ToyStore {
    fn traits(&self) -> StoreTraits {
        StoreTraits { durable: false, marks: true, shares_values: true, partitions: 1 }
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>> {
        self.step(|state, now| keys.iter().map(|key| Ok(state.read(key, now))).collect())
    }

    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>> {
        self.step(|state, now| {
            let Order { epoch, tick, floor, ref marks } = state.order;
            let marks = scopes.iter().map(|scope| marks.get(scope).copied().unwrap_or_default()).collect();
            Ok(vec![Marked { now, last: Generation { epoch, number: tick }, floor, marks }])
        })
    }

    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>> {
        self.step(move |state, now| Ok(state.ask(key, now + deadline, at_least, now)))
    }

    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>> {
        self.step(|state, _| {
            if let Some(record) = state.records.get_mut(key) {
                record.asked_until = None;
            }
            Ok(())
        })
    }

    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>> {
        self.step(move |state, now| Ok(state.begin(key, request, now)))
    }

    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>> {
        self.step(|state, now| state.commit(key, lease, entry, now))
    }

    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>> {
        self.step(|state, now| {
            if let Some(record) = state.held_under(key, lease) {
                record.fail(failure, now);
            }
            Ok(())
        })
    }

    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>> {
        self.step(move |state, now| {
            let held = state.held_under(key, lease).and_then(|record| record.held.as_mut());
            Ok(held.map(|held| held.lease.until = now + span).is_some())
        })
    }

    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>> {
        self.step(move |state, now| {
            let reached = targets.iter().map(|target| {
                let generation = state.order.next(now);
                state.outdate(target, strength, generation.number);
                (0, generation)
            });
            Ok(reached.collect())
        })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>> {
        self.step(|state, now| {
            state.records.remove(key);
            state.publish(Notice::Removed { key: key.clone() });
            Ok(state.order.next(now))
        })
    }
}

/// What the lock guards.
struct State {
    chance: Chance,
    /// Counts the uses of records, to tell which was used last.
    used: u64,
    order: Order,
    records: HashMap<Key, Record>,
    bus: MemoryBus,
}

impl State {
    fn read(&mut self, key: &Key, now: Timestamp) -> Snapshot {
        self.touch(key);
        let absent = Record::default();
        let record = self.records.get(key).unwrap_or(&absent);
        let kept = record.kept.as_ref().filter(|kept| now < kept.entry.facts.ends_at());
        let scopes = scopes(key, kept.map_or(&Tags::NONE, |kept| &kept.entry.tags));
        let newest = self.order.joined(&scopes).newest();
        Snapshot {
            now,
            entry: kept.map(|kept| kept.entry.clone()),
            currency: kept.map(|kept| kept.currency(key, &self.order)).unwrap_or_default(),
            newest_mark: (newest > 0).then_some(Generation { epoch: self.order.epoch, number: newest }),
            lease_until: record.lease_until(now),
            lease_holder: None,
            asked_until: record.asked_until(now),
            trouble: record.trouble.clone(),
            marks: scopes.into_iter().map(|scope| (scope.clone(), self.order.joined(&[scope]))).collect(),
        }
    }

    fn ask(&mut self, key: &Key, until: Timestamp, at_least: Option<Generation>, now: Timestamp) -> Asked {
        let record = self.records.entry(key.clone()).or_default();
        let answer = if record.is_fresh(key, &self.order, at_least, now) {
            Asked::Fresh
        } else if record.asked_until(now).is_some() || record.lease_until(now).is_some() {
            Asked::Busy
        } else {
            record.asked_until = Some(until);
            Asked::Asked
        };
        self.touch(key);
        answer
    }

    fn begin(&mut self, key: &Key, request: Begin, now: Timestamp) -> Begun {
        let record = self.records.entry(key.clone()).or_default();
        let begun = record.refusal(key, &self.order, request, now).unwrap_or_else(|| {
            let lease = Lease {
                token: self.chance.token(),
                generation: self.order.next(now),
                begun_at: now,
                until: now + request.lease,
                failures: record.trouble.as_ref().map_or(0, |trouble| trouble.failures),
            };
            let by_task = matches!(request.role, Role::Task { .. });
            record.held = Some(Held { lease: lease.clone(), by_task, overtaken: Currency::Current });
            Begun::Granted(lease)
        });
        if let Role::Task { deadline } = request.role {
            record.asked_until = (begun != Begun::Fresh).then(|| now + deadline);
        }
        self.touch(key);
        begun
    }

    fn commit(&mut self, key: &Key, lease: &Lease, mut entry: Entry, now: Timestamp) -> Result<Committed, PortError> {
        self.touch(key);
        let record = self.records.get_mut(key).filter(|record| record.is_held_under(lease));
        let Some((record, mut held)) = record.and_then(|record| record.held.clone().map(|held| (record, held))) else {
            return Ok(Committed::Lost);
        };
        if entry.facts.weight as usize > VALUE {
            return Err(PortError::lasting("toy store", "commit", format!("the value of {key} is over the bound")));
        }
        if held.lease.generation != lease.generation {
            return Ok(Committed::Invalidated(held.lease));
        }
        entry.facts.generation = lease.generation;
        let flag = take(&mut held.overtaken);
        match flag.max(self.order.judge(lease.generation, &scopes(key, &entry.tags))) {
            Currency::Current => {
                record.store(entry, held.by_task, now);
                self.publish(Notice::Stored { key: key.clone() });
                return Ok(Committed::Stored);
            }
            Currency::OutdatedSoft => record.kept = Some(Kept { entry, flag }),
            Currency::OutdatedHard => {}
        }
        held.lease.generation = self.order.next(now);
        held.lease.begun_at = now;
        record.held = Some(held.clone());
        Ok(Committed::Invalidated(held.lease))
    }

    /// The record of the key, if this lease is the one in force.
    fn held_under(&mut self, key: &Key, lease: &Lease) -> Option<&mut Record> {
        self.records.get_mut(key).filter(|record| record.is_held_under(lease))
    }

    fn outdate(&mut self, target: &Target, strength: Strength, tick: u64) {
        match target {
            Target::Key(key) => {
                if let Some(record) = self.records.get_mut(key) {
                    record.outdate(strength);
                }
                self.publish(Notice::KeyInvalidated { key: key.clone(), strength });
            }
            Target::Tag(tag) => self.mark(Scope::Tag(tag.clone()), strength, tick),
            Target::Namespace(name) => self.mark(Scope::Namespace(name.clone()), strength, tick),
        }
    }

    fn mark(&mut self, scope: Scope, strength: Strength, tick: u64) {
        self.order.marks.entry(scope.clone()).or_default().raise(strength, tick);
        self.publish(Notice::Marked { scope, strength, tick });
        if self.order.marks.len() > MARKS {
            let dropped = self.order.drop_oldest_mark();
            for (strength, tick) in [(Strength::Soft, dropped.soft), (Strength::Hard, dropped.hard)] {
                if tick > 0 {
                    self.publish(Notice::FloorRaised { strength, tick });
                }
            }
        }
    }

    /// Makes the order anew if it was lost. What the lost one had marked is unknown, so the floor is above all of it.
    fn find_order(&mut self, now: Timestamp) {
        if self.order.epoch == 0 {
            self.order.epoch = self.chance.draw();
            let tick = self.order.next(now).number;
            self.order.floor.raise(LOST, tick);
            self.publish(Notice::FloorRaised { strength: LOST, tick });
        }
    }

    fn publish(&self, notice: Notice) {
        self.bus.publish((0, self.order.epoch), notice);
    }

    fn touch(&mut self, key: &Key) {
        if let Some(record) = self.records.get_mut(key) {
            self.used += 1;
            record.used = self.used;
        }
    }

    /// Drops what was used longest ago, and what is being loaded only when there is nothing else.
    fn make_room(&mut self, now: Timestamp) {
        while self.records.iter().map(|(key, record)| record.weight(key)).sum::<usize>() > CAPACITY {
            let order = |record: &Record| (record.lease_until(now).is_some(), record.used);
            let first = self.records.iter().min_by_key(|(_, record)| order(record)).map(|(key, _)| key.clone());
            self.records.remove(&first.expect("what weighs something is not empty"));
        }
    }
}

#[derive(Default)]
struct Record {
    kept: Option<Kept>,
    held: Option<Held>,
    asked_until: Option<Timestamp>,
    trouble: Option<Trouble>,
    used: u64,
}

/// An entry, and what invalidations by its key made of it.
struct Kept {
    entry: Entry,
    flag: Currency,
}

/// The lease in force, and what invalidations by its key made of the load under it.
#[derive(Clone)]
struct Held {
    lease: Lease,
    by_task: bool,
    overtaken: Currency,
}

impl Record {
    /// Why the load may not begin.
    fn refusal(&self, key: &Key, order: &Order, request: Begin, now: Timestamp) -> Option<Begun> {
        if request.role == Role::TakeOver {
            return None;
        }
        if self.is_fresh(key, order, request.at_least, now) {
            return Some(Begun::Fresh);
        }
        if let Some(until) = self.lease_until(now) {
            return Some(Begun::Busy { until, now });
        }
        let trouble = self.trouble.clone().filter(|trouble| request.heeds_backoff && now < trouble.retry_at);
        trouble.map(|trouble| Begun::Cooling { trouble, now })
    }

    fn store(&mut self, entry: Entry, by_task: bool, now: Timestamp) {
        if by_task && now < entry.facts.fresh_until() {
            self.asked_until = None;
        }
        self.kept = Some(Kept { entry, flag: Currency::Current });
        (self.held, self.trouble) = (None, None);
    }

    fn fail(&mut self, failure: Failure, now: Timestamp) {
        self.held = None;
        if let Some(reason) = failure.reason {
            let failures = self.trouble.as_ref().map_or(0, |trouble| trouble.failures).saturating_add(1);
            // The constructor is what cuts a reason to its bound.
            let reason = Failure::failed(failure.retry_after, &reason).reason.unwrap_or_default();
            self.trouble = Some(Trouble { failures, retry_at: now + failure.retry_after, reason });
        }
    }

    fn outdate(&mut self, strength: Strength) {
        if let Some(kept) = &mut self.kept {
            kept.flag = kept.flag.max(strength.into());
        }
        if let Some(held) = &mut self.held {
            held.overtaken = held.overtaken.max(strength.into());
        }
    }

    fn is_held_under(&self, lease: &Lease) -> bool {
        self.held.as_ref().is_some_and(|held| held.lease.token == lease.token)
    }

    fn is_fresh(&self, key: &Key, order: &Order, at_least: Option<Generation>, now: Timestamp) -> bool {
        self.kept.as_ref().is_some_and(|kept| {
            let facts = &kept.entry.facts;
            now < facts.fresh_until()
                && kept.currency(key, order) == Currency::Current
                && at_least.is_none_or(|mark| !facts.generation.outdated_by(mark))
        })
    }

    fn lease_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.held.as_ref().map(|held| held.lease.until).filter(|until| now < *until)
    }

    fn asked_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.asked_until.filter(|until| now < *until)
    }

    fn weight(&self, key: &Key) -> usize {
        let value = self.kept.as_ref().map_or(0, |Kept { entry, .. }| {
            let tags: usize = entry.tags.as_slice().iter().map(|tag| tag.as_str().len()).sum();
            entry.facts.weight as usize + tags + entry.validators.as_ref().map_or(0, |validators| validators.len())
        });
        RECORD + key.as_bytes().len() + value + self.trouble.as_ref().map_or(0, |trouble| trouble.reason.len())
    }
}

impl Kept {
    fn currency(&self, key: &Key, order: &Order) -> Currency {
        self.flag.max(order.judge(self.entry.facts.generation, &scopes(key, &self.entry.tags)))
    }
}

/// The order of begins and invalidations, and the marks made in it: what can be lost at once. Epoch 0 is that of no order.
#[derive(Default)]
struct Order {
    epoch: u64,
    tick: u64,
    /// Joined into every scope's mark: what the dropped ones were.
    floor: Mark,
    marks: BTreeMap<Scope, Mark>,
}

impl Order {
    /// Later than all before it, and not behind the time.
    fn next(&mut self, now: Timestamp) -> Generation {
        self.tick = now.as_micros().max(self.tick + 1);
        Generation { epoch: self.epoch, number: self.tick }
    }

    fn joined(&self, scopes: &[Scope]) -> Mark {
        scopes.iter().filter_map(|scope| self.marks.get(scope)).fold(self.floor, |joined, mark| joined.join(*mark))
    }

    fn judge(&self, generation: Generation, scopes: &[Scope]) -> Currency {
        Marks { epoch: self.epoch, mark: self.joined(scopes), lost: LOST }.judge(generation)
    }

    fn drop_oldest_mark(&mut self) -> Mark {
        let oldest = self.marks.iter().min_by_key(|(_, mark)| mark.newest()).map(|(scope, _)| scope.clone());
        let dropped = oldest.and_then(|scope| self.marks.remove(&scope)).unwrap_or_default();
        self.floor = self.floor.join(dropped);
        dropped
    }
}

/// What carries the marks of an entry.
fn scopes(key: &Key, tags: &Tags) -> Vec<Scope> {
    let tags = tags.as_slice().iter().cloned().map(Scope::Tag);
    tags.chain([Scope::Namespace(key.namespace().into())]).collect()
}

/// Numbers as if by chance, from a seed.
struct Chance {
    seed: u64,
    drawn: u64,
}

impl Chance {
    /// Never zero.
    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        BuildHasherDefault::<DefaultHasher>::default().hash_one((self.seed, self.drawn)).max(1)
    }

    fn token(&mut self) -> Token {
        Token(u128::from(self.draw()) << 64 | u128::from(self.draw()))
    }
}
