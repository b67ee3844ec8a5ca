//! Random schedules, done to a store and to the reference alike.

use std::sync::Arc;
use std::time::Duration;

use freshen_core::store::{Asked, Begin, Begun, Committed, Failure, Lease, Role, Scope, Snapshot, Store, Target};
use freshen_core::{Entry, Facts, Generation, Key, Strength, Tag, Tags, Timestamp, Value, Windows};
use freshen_testkit::model::reference::{BeginAnswer, Brought, CommitAnswer, Moment, Reference, Shown, Ticket};
use freshen_testkit::store_suite::StoreFixture;

mod steps;

use steps::{KEYS, NAMESPACE, TAGS};
pub use steps::{Step, steps};

/// A store and the reference, side by side.
pub struct Run {
    fixture: StoreFixture,
    store: Arc<dyn Store>,
    reference: Reference<usize, usize>,
    keys: Vec<Key>,
    /// The last leases granted, with what the reference calls them; also those that are no longer in force.
    leases: Vec<(usize, Lease, Ticket)>,
    /// Generations that a caller may have seen, with their moments.
    seen: Vec<(Generation, Moment)>,
    newest: Option<(Generation, Moment)>,
    values: u64,
}

type Differs = Result<(), String>;

fn same<T: PartialEq + std::fmt::Debug>(what: &str, store: T, reference: T) -> Differs {
    if store == reference {
        Ok(())
    } else {
        Err(format!("{what}: the store says {store:?}, the reference {reference:?}"))
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn strength(hard: bool) -> Strength {
    if hard { Strength::Hard } else { Strength::Soft }
}

fn tag(number: usize) -> Tag {
    Tag::new(format!("tag-{number}")).expect("a short tag")
}

impl Run {
    pub async fn new(fixture: StoreFixture) -> Run {
        let keys: Vec<Key> = (0..KEYS).map(|key| Key::new(NAMESPACE, "job", &key).expect("a small key")).collect();
        let store = fixture.store.clone();
        let now = store.read(&keys[..1]).await.remove(0).expect("the store reads").now;
        let reference = Reference::new(now, fixture.lost);
        Run { fixture, store, reference, keys, leases: Vec::new(), seen: Vec::new(), newest: None, values: 0 }
    }

    /// Does a step to both, and compares the answers and what a reader then sees.
    pub async fn step(&mut self, step: &Step) -> Differs {
        self.act(step).await?;
        let read = self.store.read(&self.keys).await;
        for (key, snapshot) in read.into_iter().enumerate() {
            let snapshot = &snapshot.expect("the store reads");
            same(&format!("read of key {key}"), shown(snapshot), self.reference.read(&key))?;
            same("the time", snapshot.now, self.reference.now)?;
            let Some(mark) = snapshot.newest_mark else { return Err(format!("key {key} has no mark to be above")) };
            let marked = snapshot.entry.as_ref().map(|entry| entry.facts.generation.outdated_by(mark));
            same(&format!("the newest mark of key {key}"), marked, self.reference.is_marked(&key))?;
        }
        Ok(())
    }

    async fn act(&mut self, step: &Step) -> Differs {
        match *step {
            Step::Ask { key, deadline, seen } => self.ask(key, seconds(deadline), seen).await,
            Step::Unask { key } => {
                self.reference.unask(&key);
                self.store.unask(&self.keys[key]).await.map_err(|error| error.to_string())
            }
            Step::Begin { key, role, lease, seen, heeds } => self.begin(key, role, seconds(lease), seen, heeds).await,
            Step::Commit { lease, ttl, stale, tag } => self.commit(lease, seconds(ttl), seconds(stale), tag).await,
            Step::Fail { lease, pause } => self.fail(lease, pause.map(seconds)).await,
            Step::Renew { lease, span } => self.renew(lease, seconds(span)).await,
            Step::InvalidateKey { key, hard } => {
                let moment = self.reference.invalidate_key(&key, strength(hard));
                self.invalidate(Target::Key(self.keys[key].clone()), hard, moment).await
            }
            Step::InvalidateTag { tag: number, hard } => {
                let moment = self.reference.invalidate_scope(number, strength(hard));
                self.invalidate(Target::Tag(tag(number)), hard, moment).await
            }
            Step::InvalidateAll { hard } => {
                let moments = (0..TAGS).map(|tag| self.reference.invalidate_scope(tag, strength(hard)));
                let moment = moments.max().expect("there are tags");
                self.invalidate(Target::Namespace(NAMESPACE.into()), hard, moment).await
            }
            Step::Remove { key } => {
                let moment = self.reference.remove(&key);
                let generation = self.store.remove(&self.keys[key]).await.map_err(|error| error.to_string())?;
                self.note(generation, moment)
            }
            ref other => self.suffer(other).await,
        }
    }

    /// What happens to the store from outside; what a store cannot be made to suffer does not happen.
    async fn suffer(&mut self, step: &Step) -> Differs {
        match *step {
            Step::Evict { key } => self.evict(key).await,
            Step::LoseClock => self.lose_clock().await,
            Step::Advance { by } => {
                self.fixture.wait(by as u32).await;
                self.reference.now = self.reference.now + seconds(by);
            }
            Step::SetBack { by } => self.set_back(by),
            _ => {}
        }
        Ok(())
    }

    async fn evict(&mut self, key: usize) {
        if self.fixture.evict(&self.keys[key]).await {
            self.reference.evict(&key);
        }
    }

    async fn lose_clock(&mut self) {
        if self.fixture.lose_clock().await {
            self.reference.lose_clock();
        }
    }

    /// Sets the clock back, unless something that has ended would come to life: stores may have forgotten it already.
    fn set_back(&mut self, by: u64) {
        let past = Timestamp::from_micros(self.reference.now.as_micros() - by * 1_000_000);
        if self.reference.may_return_to(past) && self.fixture.set_back(by as u32) {
            self.reference.now = past;
        }
    }

    fn at_least(&self, seen: Option<usize>) -> (Option<Generation>, Option<Moment>) {
        let at = seen.and_then(|seen| self.seen.iter().rev().nth(seen));
        (at.map(|at| at.0), at.map(|at| at.1))
    }

    /// A generation was drawn: later than all of its epoch before, and of another epoch exactly when the clock was lost.
    fn note(&mut self, generation: Generation, moment: Moment) -> Differs {
        if let Some((before, earlier)) = self.newest {
            same("a new epoch", generation.epoch != before.epoch, moment.life != earlier.life)?;
            if generation.epoch == before.epoch && generation.number <= before.number {
                return Err(format!("{generation:?} was drawn after {before:?}"));
            }
        }
        self.newest = Some((generation, moment));
        self.seen.push((generation, moment));
        Ok(())
    }

    async fn ask(&mut self, key: usize, deadline: Duration, seen: Option<usize>) -> Differs {
        let (generation, moment) = self.at_least(seen);
        let asked: Asked = self.store.ask(&self.keys[key], deadline, generation).await.expect("the store asks");
        same("ask", asked, self.reference.ask(&key, deadline, moment))
    }

    async fn begin(&mut self, key: usize, role: u8, lease: Duration, seen: Option<usize>, heeds: bool) -> Differs {
        let role = match role {
            0 | 1 => Role::Foreground,
            2 | 3 => Role::Task { deadline: seconds(3) },
            _ => Role::TakeOver,
        };
        let (at_least, moment) = self.at_least(seen);
        let request = Begin { role, lease, at_least, heeds_backoff: heeds };
        let begun = self.store.begin(&self.keys[key], request).await.expect("the store begins");
        let expected = self.reference.begin(&key, role, lease, moment, heeds);
        match (begun, expected) {
            (Begun::Granted(lease), BeginAnswer::Granted(ticket)) => {
                same("begun_at", lease.begun_at, self.reference.now)?;
                self.granted(key, lease, ticket)
            }
            (Begun::Fresh, BeginAnswer::Fresh) => Ok(()),
            (Begun::Busy { until, now }, BeginAnswer::Busy(end)) => {
                same("busy", (until, now), (end, self.reference.now))
            }
            (Begun::Cooling { trouble, now }, BeginAnswer::Cooling(failures, at)) => {
                same("cooling", (trouble.failures, trouble.retry_at, now), (failures, at, self.reference.now))
            }
            (begun, expected) => Err(format!("begin: the store says {begun:?}, the reference {expected:?}")),
        }
    }

    fn granted(&mut self, key: usize, lease: Lease, ticket: Ticket) -> Differs {
        same("the lease", (lease.until, lease.failures), (ticket.until, ticket.failures))?;
        let newer = self
            .leases
            .iter()
            .all(|(_, other, before)| (other.token != lease.token) == (before.granted != ticket.granted));
        same("a token that tells its grant from all others", newer, true)?;
        self.note(lease.generation, ticket.begun)?;
        self.leases.push((key, lease, ticket));
        Ok(())
    }

    fn lease(&self, number: usize) -> Option<(usize, Lease, Ticket)> {
        self.leases.iter().rev().nth(number).cloned()
    }

    async fn commit(&mut self, lease: usize, ttl: Duration, stale: Duration, tag_number: usize) -> Differs {
        let Some((key, lease, ticket)) = self.lease(lease) else { return Ok(()) };
        self.values += 1;
        let brought = Brought { value: self.values, loaded_at: lease.begun_at, ttl, stale, scope: tag_number };
        let committed =
            self.store.commit(&self.keys[key], &lease, entry(&lease, &brought)).await.expect("the store commits");
        match (committed, self.reference.commit(&key, &ticket, brought)) {
            (Committed::Stored, CommitAnswer::Stored) | (Committed::Lost, CommitAnswer::Lost) => Ok(()),
            (Committed::Invalidated(again), CommitAnswer::Invalidated(expected)) => {
                self.read_again(key, &lease, again, expected)
            }
            (committed, expected) => Err(format!("commit: the store says {committed:?}, the reference {expected:?}")),
        }
    }

    /// The same lease under a new generation; or under the one that it has already, if the commit came late.
    fn read_again(&mut self, key: usize, lease: &Lease, again: Lease, expected: Ticket) -> Differs {
        same("the token of a lease that is kept", again.token, lease.token)?;
        match self.leases.iter().find(|(_, _, ticket)| ticket.begun == expected.begun) {
            Some((_, known, _)) => same("the generation in force", again.generation, known.generation),
            None => {
                same("begun_at", again.begun_at, self.reference.now)?;
                self.granted(key, again, expected)
            }
        }
    }

    async fn fail(&mut self, lease: usize, pause: Option<Duration>) -> Differs {
        let Some((key, lease, ticket)) = self.lease(lease) else { return Ok(()) };
        let failure = pause.map_or_else(Failure::abandoned, |pause| Failure::failed(pause, "as scheduled"));
        self.reference.fail(&key, &ticket, pause);
        self.store.fail(&self.keys[key], &lease, failure).await.map_err(|error| error.to_string())
    }

    async fn renew(&mut self, lease: usize, span: Duration) -> Differs {
        let Some((key, lease, ticket)) = self.lease(lease) else { return Ok(()) };
        let renewed = self.store.renew(&self.keys[key], &lease, span).await.expect("the store renews");
        same("renew", renewed, self.reference.renew(&key, &ticket, span))
    }

    async fn invalidate(&mut self, target: Target, hard: bool, moment: Moment) -> Differs {
        let reached = self.store.invalidate(&[target], strength(hard)).await.map_err(|error| error.to_string())?;
        self.note(reached.of(0).expect("the store has one partition"), moment)
    }
}

fn entry(lease: &Lease, brought: &Brought<usize>) -> Entry {
    let windows = Windows { ttl: brought.ttl, stale_while_revalidate: brought.stale, stale_if_error: Duration::ZERO };
    Entry {
        value: Value::Encoded(brought.value.to_be_bytes().to_vec().into()),
        facts: Facts {
            loaded_at: lease.begun_at,
            generation: lease.generation,
            windows,
            load_took: Duration::ZERO,
            absent: false,
            weight: 8,
        },
        tags: Tags::new(vec![tag(brought.scope)]).expect("one tag"),
        validators: None,
    }
}

fn shown(snapshot: &Snapshot) -> Shown {
    let value = snapshot.entry.as_ref().map(|entry| match &entry.value {
        Value::Encoded(bytes) => u64::from_be_bytes(bytes[..].try_into().expect("eight bytes were committed")),
        Value::Shared(_) => u64::MAX,
    });
    assert!(snapshot.marks.iter().all(|(scope, _)| !matches!(scope, Scope::Tag(_)) || value.is_some()));
    Shown {
        value: value.map(|value| (value, snapshot.currency)),
        lease_until: snapshot.lease_until,
        asked_until: snapshot.asked_until,
        trouble: snapshot.trouble.as_ref().map(|trouble| (trouble.failures, trouble.retry_at)),
    }
}
