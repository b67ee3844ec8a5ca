//! The one road into the cache: begin, load, commit. A foreground miss, a task, a batch and a demanded load all take it.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::cache::Cache;
use crate::engine::core::Engine;
use crate::engine::demand::{Demand, newer};
use crate::engine::fault::Fault;
use crate::engine::flight::{Done, Lead, Unkept};
use crate::engine::load::Run;
use crate::engine::near::{Frame, Pin};
use crate::engine::plan::{Found, Plan, Wish, plan};
use crate::engine::slot::Hand;
use crate::engine::waiting::Waiting;
use crate::engine::work::{Product, Work};
use crate::entry::{Entry, Facts, Generation, Value};
use crate::error::PortError;
use crate::event::{Event, LoadEnd};
use crate::store::{Begin, Begun, Committed, Currency, Failure, Lease, Role};
use crate::time::Stopwatch;

/// Loads of one flight at most: what was outdated while it was loaded is loaded once more.
const ROUNDS_MAX: u32 = 2;
/// How long a task goes back for while the store cannot be reached.
const STORE_DOWN_PAUSE: Duration = Duration::from_secs(1);
/// How often a record that is said to be fresh, but cannot be had, is begun again.
const BEGINS_MAX: u32 = 4;

/// Takes a flight down the road and lands it.
pub(crate) async fn fly(cache: Cache, work: Arc<dyn Work>, lead: Lead, demand: Demand) {
    let done = Passage { engine: cache.engine(), cache: &cache, work: &work, lead: &lead, demand }.travel().await;
    lead.land(done);
}

struct Passage<'a> {
    engine: &'a Engine,
    cache: &'a Cache,
    work: &'a Arc<dyn Work>,
    lead: &'a Lead,
    demand: Demand,
}

/// How the begin of a passage ended.
enum Start {
    Granted(Lease, Pin),
    /// No lease is to be had: load for those who wait, and keep nothing.
    Unkept,
    Ended(Done),
}

impl Passage<'_> {
    async fn travel(mut self) -> Done {
        match self.start().await {
            Start::Granted(lease, pin) => self.rounds(lease, pin).await,
            Start::Unkept => self.unkept().await,
            Start::Ended(done) => done,
        }
    }

    /// Begins, and waits where another process holds the key.
    async fn start(&mut self) -> Start {
        let mut waiting = Waiting::new(self.work.policy().load_timeout());
        for _ in 0..BEGINS_MAX {
            let begun = loop {
                let notice = waiting.began().then(|| self.engine.notices().of(self.work.key()));
                let pin = self.engine.near().pin(self.work.key(), self.engine.now());
                match self.begin().await {
                    Err(error) => {
                        self.engine.emit(&Event::PortFailed { error: &error });
                        return self.without_store();
                    }
                    Ok(Begun::Granted(lease)) => return Start::Granted(lease, pin),
                    Ok(Begun::Busy { until, now }) => {
                        // Those who are loaded with this key must not wait for another process.
                        self.demand.batch = None;
                        if let Role::Task { .. } = self.demand.role {
                            return Start::Ended(self.ended(Err(Fault::Busy { retry_after: now.until(until) })));
                        }
                        if !waiting.pause(notice).await {
                            return Start::Unkept;
                        }
                    }
                    Ok(begun) => break begun,
                }
            };
            match begun {
                Begun::Cooling { trouble, now } => {
                    let retry_after = now.until(trouble.retry_at);
                    let fault = Fault::Cooling { retry_after, reason: trouble.reason.into() };
                    return Start::Ended(self.ended(Err(fault)));
                }
                // Somebody else's load has made it fresh.
                _ => {
                    if let Some(done) = self.find_fresh().await {
                        return Start::Ended(done);
                    }
                }
            }
        }
        self.without_store()
    }

    /// What is loaded without the store answers those who wait. Nobody waits for a task: it goes back until the store is there.
    fn without_store(&self) -> Start {
        match self.demand.role {
            Role::Task { .. } => Start::Ended(self.ended(Err(Fault::Busy { retry_after: STORE_DOWN_PAUSE }))),
            Role::Foreground | Role::TakeOver => Start::Unkept,
        }
    }

    async fn begin(&self) -> Result<Begun, PortError> {
        let request = Begin {
            role: self.demand.role,
            lease: self.work.policy().lease(),
            at_least: self.demand.at_least,
            heeds_backoff: self.demand.heeds_backoff,
        };
        self.engine.store().begin(self.work.key(), request).await
    }

    /// Reads what the store called fresh a moment ago.
    async fn find_fresh(&mut self) -> Option<Done> {
        let found = self.engine.read(std::slice::from_ref(self.work)).await.pop()?;
        if found.foreign.is_some() {
            // It is fresh for a version whose values we cannot read: load our own beside it.
            self.demand.near_only = found.bytes_stay();
            self.demand.at_least = found.newest;
            return None;
        }
        let Some((hand, currency)) = found.hand else {
            // It was removed since; or this process cannot have it, damaged or too large as it is: only what is above it answers.
            self.demand.at_least = newer(self.demand.at_least, found.newest);
            return None;
        };
        let facts = hand.meta().facts();
        let judged = Found { facts, currency };
        let wish = Wish { strict: true, ..Wish::default() };
        match plan(Some(&judged), self.work.policy(), &wish, found.now, 1.0) {
            Plan::Serve(_) | Plan::ServeAndRefresh(_) => Some(Done { clean: Some(found.pin), ..self.ended(Ok(hand)) }),
            Plan::EmptyAndRefresh(_) | Plan::Load { .. } => {
                // The store may go on calling it fresh, as where its clock is behind: only what is above it answers from now on.
                let refused = newer(Some(facts.generation), found.newest);
                self.demand.at_least = newer(self.demand.at_least, refused);
                None
            }
        }
    }

    /// Loads under the lease, and once more if the value was outdated meanwhile.
    async fn rounds(&mut self, mut lease: Lease, mut pin: Pin) -> Done {
        loop {
            let round = self.lead.next_round();
            let watch = Stopwatch::start();
            let product = match self.load(Some(&lease)).await {
                Ok(product) => product,
                Err(fault) => {
                    self.give_up(&lease, &fault, watch.elapsed()).await;
                    return self.ended(Err(fault));
                }
            };
            let took = watch.elapsed();
            let hand = self.seal(product, &lease, took, &pin);
            match self.commit(&lease, &hand).await {
                Ok(Committed::Stored) => {
                    self.loaded(LoadEnd::Stored, took, None);
                    self.work.near_fill(self.engine.near(), &pin, &hand);
                    return Done { clean: Some(pin), ..self.ended(Ok(hand)) };
                }
                Ok(Committed::Invalidated(next)) => {
                    self.loaded(LoadEnd::Outdated, took, None);
                    // Overtaken softly it was installed as outdated, and is newer than what this process serves as stale.
                    self.engine.drop_stale(&**self.work);
                    if round >= ROUNDS_MAX {
                        self.abandon(&next).await;
                        return self.ended(Ok(hand));
                    }
                    // Whether it was outdated hard is not known, so the second load is told of no previous value.
                    self.demand.previous = None;
                    lease = next;
                    pin = self.engine.near().pin(self.work.key(), self.engine.now());
                }
                Ok(Committed::Lost) => {
                    self.loaded(LoadEnd::Lost, took, None);
                    let done = self.find_fresh().await.unwrap_or_else(|| self.ended(Ok(hand)));
                    return Done { unkept: Some(Unkept::Lost), ..done };
                }
                Err(error) => return self.not_kept(&lease, pin, hand, took, error).await,
            }
        }
    }

    async fn commit(&self, lease: &Lease, hand: &Hand) -> Result<Committed, Option<PortError>> {
        if self.demand.near_only {
            return Err(None);
        }
        let meta = hand.meta();
        let value = if self.engine.shares_values() {
            Value::Shared(hand.clone())
        } else {
            let bytes = self.work.encode(hand);
            Value::Encoded(bytes.map_err(|error| Some(PortError::lasting("store", "commit", error)))?)
        };
        let (facts, tags, validators) = (meta.facts(), meta.tags().clone(), meta.validators().cloned());
        let entry = Entry { value, facts, tags, validators };
        self.engine.store().commit(self.work.key(), lease, entry).await.map_err(Some)
    }

    /// Whether nothing outdated the key since the lease was granted: the other version's entry, which was fresh then, still is
    /// current, and no mark is as new as the lease.
    async fn is_current(&self, lease: &Lease) -> bool {
        let snapshot = self.engine.record(self.work.key()).await.unwrap_or_else(|error| {
            self.engine.emit(&Event::PortFailed { error: &error });
            None
        });
        snapshot.is_some_and(|snapshot| {
            let marked = snapshot.newest_mark.is_some_and(|mark| lease.generation.outdated_by(mark));
            snapshot.entry.is_some() && snapshot.currency == Currency::Current && !marked
        })
    }

    /// Serves what could not be installed, and keeps it in this process at most.
    async fn not_kept(&self, lease: &Lease, pin: Pin, hand: Hand, took: Duration, error: Option<PortError>) -> Done {
        self.loaded(LoadEnd::NotKept, took, None);
        let unkept = error.as_ref().map(Unkept::of);
        let clean = match error {
            // Another version's bytes stay in the store, so no commit tells whether this load was overtaken.
            None => {
                let current = self.is_current(lease).await;
                if current {
                    self.work.near_fill(self.engine.near(), &pin, &hand);
                }
                if let Role::Task { .. } = self.demand.role {
                    // No commit clears the marker of this task.
                    self.cache.unask(self.work.key()).await;
                }
                current.then_some(pin)
            }
            Some(error) => {
                self.engine.emit(&Event::PortFailed { error: &error });
                None
            }
        };
        self.abandon(lease).await;
        Done { clean, unkept, ..self.ended(Ok(hand)) }
    }

    /// Loads without a lease: the store is down, or another process has held the key for too long.
    async fn unkept(&mut self) -> Done {
        self.lead.next_round();
        let (began, watch) = (self.engine.now(), Stopwatch::start());
        let result = self.load(None).await;
        let took = watch.elapsed();
        match result {
            Ok(product) => {
                self.loaded(LoadEnd::NotKept, took, None);
                let pin = self.engine.near().pin(self.work.key(), began);
                let nowhere = Lease {
                    token: crate::store::Token(0),
                    generation: Generation { epoch: 0, number: 0 },
                    begun_at: began,
                    until: began,
                    failures: 0,
                };
                let hand = self.seal(product, &nowhere, took, &pin);
                self.ended(Ok(hand))
            }
            Err(fault) => {
                self.loaded(fault.end(), took, Some(&fault.reason()));
                self.ended(Err(fault))
            }
        }
    }

    async fn load(&mut self, lease: Option<&Lease>) -> Result<Product, Fault> {
        let batch = self.demand.batch.take();
        let (previous, id) = (self.demand.previous.as_ref(), self.lead.id());
        Run { engine: self.engine, cache: self.cache, work: self.work, previous, lease, id }.carry_out(batch).await
    }

    fn seal(&self, product: Product, lease: &Lease, took: Duration, pin: &Pin) -> Hand {
        let windows = self.work.policy().jittered(product.windows, self.engine.chance());
        let facts = Facts {
            loaded_at: lease.begun_at,
            generation: lease.generation,
            windows,
            load_took: took,
            absent: product.absent,
            weight: product.weight,
        };
        self.work.seal(product, facts, &Frame { near: self.engine.near(), pin, marks: &[] })
    }

    /// Ends the lease of a load that failed. What is not the source's trouble, such as a cycle, which is the caller's mistake, sets no
    /// back-off.
    async fn give_up(&self, lease: &Lease, fault: &Fault, took: Duration) {
        let reason = fault.reason();
        self.loaded(fault.end(), took, Some(&reason));
        let failure = match fault {
            Fault::Cycle(_) | Fault::Closed | Fault::Failed { cools: false, .. } => Failure::abandoned(),
            _ => {
                let pause = self.work.policy().backoff().pause(lease.failures.saturating_add(1));
                // Up to a tenth off, so that what failed together is not tried together.
                Failure::failed(pause.mul_f64(1.0 - self.engine.chance() / 10.0), &reason)
            }
        };
        self.end_lease(lease, failure).await;
    }

    async fn abandon(&self, lease: &Lease) {
        self.end_lease(lease, Failure::abandoned()).await;
    }

    async fn end_lease(&self, lease: &Lease, failure: Failure) {
        if let Err(error) = self.engine.store().fail(self.work.key(), lease, failure).await {
            self.engine.emit(&Event::PortFailed { error: &error });
        }
    }

    fn loaded(&self, end: LoadEnd, took: Duration, reason: Option<&str>) {
        self.engine.emit(&Event::LoadEnded { key: self.work.key(), end, took, reason });
    }

    fn ended(&self, result: Result<Hand, Fault>) -> Done {
        Done { result, clean: None, round: self.lead.round(), unkept: None }
    }
}
