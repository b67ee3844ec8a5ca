//! The walk of a `get` past the near tier: store, plan, refresh or flight. No step returns to an earlier one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::engine::answer::Answer;
use crate::engine::batch::Batch;
use crate::engine::cache::{Cache, LoadError, Output};
use crate::engine::core::Reading;
use crate::engine::fault::Fault;
use crate::engine::flight::{Done, Seat};
use crate::engine::near::{Frame, Pin};
use crate::engine::passage::{Demand, fly, newer};
use crate::engine::plan::{Found, Plan, Wish, plan};
use crate::engine::scope::Scope;
use crate::engine::slot::Hand;
use crate::engine::work::Work;
use crate::entry::{Facts, Generation};
use crate::error::GetError;
use crate::event::{Rule, Status};
use crate::job::{Job, Lookup};
use crate::policy::Windows;
use crate::store::{Currency, Role};
use crate::time::{Stopwatch, Timestamp};

/// Flights that one caller follows at most before it is told that every load was outdated.
const FLIGHTS_MAX: u32 = 4;

/// What a walk ends with.
pub(crate) struct Served {
    pub hand: Hand,
    pub status: Status,
    pub rule: Rule,
    pub age_micros: u64,
}

impl Served {
    fn new(hand: Hand, status: Status, rule: Rule, now: Timestamp) -> Self {
        let age_micros = now.as_micros().saturating_sub(hand.meta().loaded_at.as_micros());
        Served { hand, status, rule, age_micros }
    }
}

/// What is in hand while a load is waited for.
struct Fallback {
    hand: Hand,
    /// The invalidations by key that happened since it was read.
    pin: Pin,
}

/// What a plan leaves to be done for one key.
enum Step {
    Done(Result<Served, Fault>),
    /// `above`: what this caller wants to see or saw outdated, so that only a value above it answers.
    Fly {
        rule: Rule,
        fallback: Option<Fallback>,
        demand: Demand,
        above: Option<Generation>,
    },
}

impl Cache {
    /// A `get` that the near tier could not answer at a glance.
    pub(crate) async fn walk<L: Lookup>(
        &self,
        job: &L,
        wish: Wish,
    ) -> Result<Answer<Output<L>>, GetError<LoadError<L>>> {
        let watch = Stopwatch::start();
        let wish = here(wish);
        let result = match self.work_of(job) {
            Ok(work) => self.obtain(&work, &wish).await.map_err(|fault| (fault, Some(work))),
            Err(fault) => Err((fault, None)),
        };
        self.conclude::<L>(result, watch)
    }

    pub(crate) async fn walk_many<J: Job>(&self, jobs: &[J]) -> Vec<Result<Answer<J::Output>, GetError<J::Error>>> {
        let watch = Stopwatch::start();
        let wish = here(Wish::default());
        let works: Vec<_> = jobs.iter().map(|job| self.work_of(job)).collect();
        let good: Vec<_> = works.iter().filter_map(|work| work.as_ref().ok().cloned()).collect();
        let mut obtained = self.obtain_many(&good, &wish).await.into_iter();
        let results = works.into_iter().map(|work| match work {
            Ok(work) => obtained.next().unwrap_or(Err(Fault::Closed)).map_err(|fault| (fault, Some(work))),
            Err(fault) => Err((fault, None)),
        });
        results.map(|result| self.conclude::<J>(result, watch)).collect()
    }

    /// [`Cache::get_ready`], where the near tier could not answer at a glance.
    pub(crate) fn ready<L: Lookup>(&self, job: &L) -> Option<Answer<Output<L>>> {
        let (watch, wish) = (Stopwatch::start(), here(Wish::default()));
        let work = self.work_of(job).ok()?;
        if let Some(served) = self.near_answer(&work, &wish) {
            return self.conclude::<L>(Ok(served), watch).ok();
        }
        // A store in this process answers at the first poll. Reading has no effect, so the future of another may be dropped.
        let reading = self.engine().read(std::slice::from_ref(&work)).now_or_never().and_then(|mut read| read.pop());
        let Some(reading) = reading else {
            self.fill_behind(&work, None);
            return None;
        };
        match self.decide(&work, reading, &wish, None) {
            Step::Done(result) => self.conclude::<L>(result.map_err(|fault| (fault, Some(work))), watch).ok(),
            Step::Fly { demand, .. } => {
                self.fill_behind(&work, demand.at_least);
                None
            }
        }
    }

    async fn obtain(&self, work: &Arc<dyn Work>, wish: &Wish) -> Result<Served, Fault> {
        self.obtain_many(std::slice::from_ref(work), wish).await.pop().unwrap_or(Err(Fault::Closed))
    }

    async fn obtain_many(&self, works: &[Arc<dyn Work>], wish: &Wish) -> Vec<Result<Served, Fault>> {
        let mut results: Vec<Option<Result<Served, Fault>>> =
            works.iter().map(|work| self.near_answer(work, wish).map(Ok)).collect();
        let missing: Vec<usize> = (0..works.len()).filter(|at| results[*at].is_none()).collect();
        let missed: Vec<_> = missing.iter().map(|at| works[*at].clone()).collect();
        if !missed.is_empty() {
            let readings = self.engine().read(&missed).await;
            let obtained = self.land_all(&missed, readings, wish).await;
            for (at, result) in missing.into_iter().zip(obtained) {
                results[at] = Some(result);
            }
        }
        results.into_iter().map(|result| result.unwrap_or(Err(Fault::Closed))).collect()
    }

    /// What the near tier answers by the plan, stale values included.
    fn near_answer(&self, work: &Arc<dyn Work>, wish: &Wish) -> Option<Served> {
        let engine = self.engine();
        let hand = work.near_get()?;
        let now = engine.now();
        let currency = engine.near().judge(hand.meta(), now)?;
        let found = Found { facts: hand.meta().facts(), currency };
        match plan(Some(&found), work.policy(), wish, now, engine.chance()) {
            Plan::Serve(rule) => Some(Served::new(hand, Status::Hit, rule, now)),
            Plan::ServeAndRefresh(rule) => Some(self.serve_and_refresh(work, hand, rule, None, now)),
            Plan::EmptyAndRefresh(_) | Plan::Load { .. } => None,
        }
    }

    fn serve_and_refresh(
        &self,
        work: &Arc<dyn Work>,
        hand: Hand,
        rule: Rule,
        at_least: Option<Generation>,
        now: Timestamp,
    ) -> Served {
        self.refresh_behind(work, &hand, rule, at_least);
        let status = if rule == Rule::EarlyRefresh { Status::Hit } else { Status::Stale };
        Served::new(hand, status, rule, now)
    }

    /// Decides what to do about one key, and does all of it that needs no waiting.
    fn decide(&self, work: &Arc<dyn Work>, reading: Reading, wish: &Wish, batch: Option<&Arc<Batch>>) -> Step {
        let engine = self.engine();
        let found = reading.hand.as_ref().map(|(hand, currency)| Found {
            facts: hand.meta().facts(),
            // What this process has heard since the read counts too.
            currency: (*currency).max(engine.near().currency(hand.meta())).max(reading.pin.struck()),
        });
        let planned = plan(found.as_ref(), work.policy(), wish, reading.now, engine.chance());
        let outdated = found.filter(|found| found.currency != Currency::Current).map(|found| found.facts.generation);
        let hand = reading.hand.map(|(hand, _)| hand);
        match (planned, hand) {
            (Plan::Serve(rule), Some(hand)) => Step::Done(Ok(Served::new(hand, Status::Hit, rule, reading.now))),
            (Plan::ServeAndRefresh(rule), Some(hand)) => {
                Step::Done(Ok(self.serve_and_refresh(work, hand, rule, reading.newest, reading.now)))
            }
            (Plan::EmptyAndRefresh(rule), _) => {
                self.fill_behind(work, reading.newest);
                Step::Done(self.empty(work, rule, &reading.pin, reading.now))
            }
            (Plan::Load { rule, fallback }, hand) => {
                let rule = if reading.undecodable { Rule::Undecodable } else { rule };
                let rule = if reading.snapshot.is_none() { Rule::StoreDown } else { rule };
                let at_least = newer(reading.newest, wish.after);
                // An invalidation by key leaves no mark: what it outdated is known by its own generation.
                let above = newer(outdated, at_least);
                let demand = Demand {
                    role: Role::Foreground,
                    at_least,
                    previous: hand.clone().filter(|_| rule != Rule::InvalidatedHard),
                    heeds_backoff: true,
                    near_only: reading.undecodable,
                    batch: batch.filter(|_| work.batch() > 1).map(Batch::seat),
                };
                let fallback = hand.filter(|_| fallback).map(|hand| Fallback { hand, pin: reading.pin });
                Step::Fly { rule, fallback, demand, above }
            }
            // A plan serves only what it was shown.
            (Plan::Serve(_) | Plan::ServeAndRefresh(_), None) => Step::Done(Err(Fault::Outdated)),
        }
    }

    fn empty(&self, work: &Arc<dyn Work>, rule: Rule, pin: &Pin, now: Timestamp) -> Result<Served, Fault> {
        let never =
            Windows { ttl: Duration::ZERO, stale_while_revalidate: Duration::ZERO, stale_if_error: Duration::ZERO };
        let facts = Facts {
            loaded_at: now,
            generation: Generation { epoch: 0, number: 0 },
            windows: never,
            load_took: Duration::ZERO,
            absent: true,
            weight: 0,
        };
        let frame = Frame { near: self.engine().near(), pin, marks: &[] };
        let hand = work.empty(facts, &frame).ok_or(Fault::Empty)?;
        Ok(Served::new(hand, Status::Empty, rule, now))
    }

    /// Carries out the plans of several keys: all flights take off before the first is waited for.
    async fn land_all(
        &self,
        works: &[Arc<dyn Work>],
        readings: Vec<Reading>,
        wish: &Wish,
    ) -> Vec<Result<Served, Fault>> {
        let batch = (works.len() > 1).then(|| Batch::new(self.for_task()));
        // Held until all have taken off, so that the batch does not fire with the first.
        let gate = batch.as_ref().map(Batch::seat);
        let steps = works.iter().zip(readings);
        let steps: Vec<Step> = steps.map(|(work, reading)| self.decide(work, reading, wish, batch.as_ref())).collect();
        let waits = works.iter().zip(steps).map(|(work, step)| match step {
            Step::Done(result) => futures_util::future::Either::Left(std::future::ready(result)),
            Step::Fly { rule, fallback, demand, above } => {
                let at_least = demand.at_least;
                let previous = demand.previous.clone();
                let seat = self.take_off(work, demand);
                let again = move || Demand { at_least, previous: previous.clone(), ..Demand::foreground() };
                futures_util::future::Either::Right(self.await_flight(work, above, rule, fallback, seat, again))
            }
        });
        let waits: Vec<_> = waits.collect();
        drop(gate);
        join_all(waits).await
    }

    /// Takes a seat in the flight of a key, and starts it if nobody has.
    pub(crate) fn take_off(&self, work: &Arc<dyn Work>, demand: Demand) -> Seat {
        let (seat, lead) = self.engine().flights().join(work.key());
        if let Some(lead) = lead {
            self.engine().spawn(fly(self.for_task(), work.clone(), lead, demand));
        }
        seat
    }

    /// Waits for a flight, and for further ones while the last was outdated before this caller could use it.
    async fn await_flight(
        &self,
        work: &Arc<dyn Work>,
        above: Option<Generation>,
        rule: Rule,
        mut fallback: Option<Fallback>,
        mut seat: Seat,
        again: impl Fn() -> Demand,
    ) -> Result<Served, Fault> {
        for _ in 0..FLIGHTS_MAX {
            let Some(done) = self.landed(work, &mut seat, fallback.is_some()).await? else {
                match self.fall_back(fallback.take(), Rule::SoftTimeout) {
                    Some(served) => return Ok(served),
                    // It was invalidated hard meanwhile: with nothing in hand the same flight is waited for.
                    None => continue,
                }
            };
            match &done.result {
                Ok(hand) if seat.answered_by(&done, self.engine().near()) && shows(hand, above, &seat, &done) => {
                    return Ok(Served::new(hand.clone(), Status::Loaded, rule, self.engine().now()));
                }
                // Outdated for this caller, or given up by a worker because another process holds the key.
                Ok(_) | Err(Fault::Busy { .. }) => seat = self.take_off(work, again()).of_one_who_came_before(),
                Err(fault) => return self.fall_back(fallback, Rule::LoadFailed).ok_or_else(|| fault.clone()),
            }
        }
        Err(Fault::Outdated)
    }

    /// Waits for one flight; `None`: the soft timeout came first.
    async fn landed(
        &self,
        work: &Arc<dyn Work>,
        seat: &mut Seat,
        has_fallback: bool,
    ) -> Result<Option<Arc<Done>>, Fault> {
        let _waits = match Scope::current() {
            Some(waiting) => Some(self.engine().flights().wait_for(&waiting, seat)?),
            None => None,
        };
        match work.policy().soft_timeout() {
            Some(soft) if has_fallback => Ok(self.engine().within(soft, seat.landed()).await),
            _ => Ok(Some(seat.landed().await)),
        }
    }

    /// The fallback, judged again at the moment it is served.
    fn fall_back(&self, fallback: Option<Fallback>, rule: Rule) -> Option<Served> {
        let Fallback { hand, pin } = fallback?;
        let (now, near) = (self.engine().now(), self.engine().near());
        let currency = near.currency(hand.meta()).max(pin.struck());
        let servable =
            near.vouches_for(hand.meta()) && currency != Currency::OutdatedHard && now < hand.meta().facts().ends_at();
        servable.then(|| Served::new(hand, Status::Fallback, rule, now))
    }

    /// Loads whatever is in hand, by a load that begins after this call.
    pub(crate) async fn demand(&self, work: &Arc<dyn Work>) -> Result<Served, Fault> {
        let reading = self.engine().read(std::slice::from_ref(work)).await.pop();
        let newest = reading.as_ref().and_then(|reading| reading.newest);
        let previous = reading.and_then(|reading| reading.hand).map(|(hand, _)| hand);
        let mut at_least = newer(newest, previous.as_ref().map(|hand| hand.meta().generation()));
        let flying =
            |at_least| Demand { at_least, previous: previous.clone(), heeds_backoff: false, ..Demand::foreground() };
        let mut seat = self.take_off(work, flying(at_least));
        if let Some(done) = self.landed(work, &mut seat, false).await?
            && let (false, Ok(hand)) = (seat.began_before(&done), &done.result)
        {
            // It was under way already, here or in another process. Whatever is loaded above it begins after it ended.
            at_least = newer(at_least, Some(hand.meta().generation()));
            seat = self.take_off(work, flying(at_least)).of_one_who_came_before();
        }
        self.await_flight(work, at_least, Rule::Demanded, None, seat, || flying(at_least)).await
    }
}

/// A wish as it counts where the caller is: inside a load only what is fresh does.
fn here(wish: Wish) -> Wish {
    Wish { strict: wish.strict || Scope::current().is_some(), ..wish }
}

/// Whether what landed shows what the caller has to see: a load that began after the caller came always does.
fn shows(hand: &Hand, above: Option<Generation>, seat: &Seat, done: &Done) -> bool {
    seat.began_before(done) || above.is_none_or(|write| !hand.meta().generation().outdated_by(write))
}
