//! The walk of a `get` past the near tier: store, plan, refresh or flight. No step returns to an earlier one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, join_all, ready};

use crate::engine::answer::Answer;
use crate::engine::batch::Batch;
use crate::engine::cache::{Cache, LoadError, Output};
use crate::engine::caller::Fallback;
use crate::engine::demand::{Demand, by_the_clock_of, newer};
use crate::engine::fault::Fault;
use crate::engine::near::{Frame, Pin};
use crate::engine::plan::{Found, Plan, Wish, plan};
use crate::engine::reading::{Foreign, Reading};
use crate::engine::scope::Scope;
use crate::engine::served::Served;
use crate::engine::work::Work;
use crate::entry::{Facts, Generation};
use crate::error::GetError;
use crate::event::{Rule, Status};
use crate::job::Lookup;
use crate::policy::Windows;
use crate::store::{Currency, Role};
use crate::time::{Stopwatch, Timestamp};

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

    pub(crate) async fn walk_many<L: Lookup>(
        &self,
        jobs: &[L],
    ) -> Vec<Result<Answer<Output<L>>, GetError<LoadError<L>>>> {
        let watch = Stopwatch::start();
        let wish = here(Wish::default());
        let works: Vec<_> = jobs.iter().map(|job| self.work_of(job)).collect();
        let good: Vec<_> = works.iter().filter_map(|work| work.as_ref().ok().cloned()).collect();
        let mut obtained = self.obtain_many(&good, &wish).await.into_iter();
        let results = works.into_iter().map(|work| match work {
            Ok(work) => obtained.next().unwrap_or(Err(Fault::Closed)).map_err(|fault| (fault, Some(work))),
            Err(fault) => Err((fault, None)),
        });
        results.map(|result| self.conclude::<L>(result, watch)).collect()
    }

    /// [`Cache::get_ready`], where the near tier could not answer at a glance.
    pub(crate) fn ready<L: Lookup>(&self, job: &L) -> Option<Answer<Output<L>>> {
        let (watch, wish) = (Stopwatch::start(), here(Wish::default()));
        let work = self.work_of(job).ok()?;
        if let Some(served) = self.near_answer(&work, &wish) {
            return self.conclude::<L>(Ok(served), watch).ok();
        }
        // A store in this process answers at the first poll. Reading has no effect, so the future of another may be dropped.
        let Some(reading) = self.engine().read_one(&work).now_or_never() else {
            self.fill_behind(&work, None, false);
            return None;
        };
        match self.decide(&work, reading, &wish, None) {
            Step::Done(result) => self.conclude::<L>(result.map_err(|fault| (fault, Some(work))), watch).ok(),
            Step::Fly { demand, .. } => {
                self.fill_behind(&work, demand.at_least, demand.near_only);
                None
            }
        }
    }

    async fn obtain(&self, work: &Arc<dyn Work>, wish: &Wish) -> Result<Served, Fault> {
        if let Some(served) = self.near_answer(work, wish) {
            return Ok(served);
        }
        let reading = self.engine().read_one(work).await;
        match self.decide(work, reading, wish, None) {
            Step::Done(result) => result,
            // Boxed, so that the future of a read that finds its value stays small.
            fly => Box::pin(self.land(work, fly)).await,
        }
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

    /// Decides what to do about one key, and does all of it that needs no waiting.
    fn decide(&self, work: &Arc<dyn Work>, reading: Reading, wish: &Wish, batch: Option<&Arc<Batch>>) -> Step {
        let engine = self.engine();
        let wish = &Wish { after: by_the_clock_of(reading.newest, wish.after), ..*wish };
        let found = reading.hand.as_ref().map(|(hand, currency)| Found {
            facts: hand.meta().facts(),
            // What this process has heard since the read counts too.
            currency: (*currency).max(engine.near().currency(hand.meta())).max(reading.pin.struck()),
        });
        let planned = plan(found.as_ref(), work.policy(), wish, reading.now, engine.chance());
        let outdated = found.filter(|found| found.currency != Currency::Current).map(|found| found.facts.generation);
        let seen = reading.seen();
        let hand = reading.hand.map(|(hand, _)| hand);
        match (planned, hand) {
            (Plan::Serve(rule), Some(hand)) => Step::Done(Ok(Served::new(hand, Status::Hit, rule, reading.now))),
            (Plan::ServeAndRefresh(rule), Some(hand)) => {
                Step::Done(Ok(self.serve_and_refresh(work, hand, rule, seen, reading.now)))
            }
            (Plan::EmptyAndRefresh(rule), _) => {
                self.fill_behind(work, reading.newest, reading.foreign == Some(Foreign::Fresh));
                Step::Done(self.empty(work, rule, &reading.pin, reading.now))
            }
            (Plan::Load { rule, fallback }, hand) => {
                let rule = if reading.foreign.is_some() { Rule::Undecodable } else { rule };
                let rule = if reading.snapshot.is_none() { Rule::StoreDown } else { rule };
                let at_least = newer(reading.newest, wish.after);
                // An invalidation by key leaves no mark: what it outdated is known by its own generation.
                let above = newer(outdated, at_least);
                let demand = Demand {
                    role: Role::Foreground,
                    at_least,
                    previous: hand.clone().filter(|_| rule != Rule::InvalidatedHard),
                    heeds_backoff: true,
                    near_only: reading.foreign == Some(Foreign::Fresh),
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
        let waits: Vec<_> = works.iter().zip(steps).map(|(work, step)| self.land(work, step)).collect();
        drop(gate);
        join_all(waits).await
    }

    /// Takes off where a load is needed, before it returns, and gives what is left to wait for.
    fn land<'a>(
        &'a self,
        work: &'a Arc<dyn Work>,
        step: Step,
    ) -> impl Future<Output = Result<Served, Fault>> + use<'a> {
        match step {
            Step::Done(result) => Either::Left(ready(result)),
            Step::Fly { rule, fallback, demand, above } => {
                let (at_least, near_only) = (demand.at_least, demand.near_only);
                let previous = demand.previous.clone();
                let seat = self.take_off(work, demand);
                let again = move || Demand { at_least, near_only, previous: previous.clone(), ..Demand::foreground() };
                Either::Right(self.await_flight(work, above, rule, fallback, seat, again))
            }
        }
    }
}

/// A wish as it counts where the caller is: inside a load only what is fresh does.
fn here(wish: Wish) -> Wish {
    Wish { strict: wish.strict || Scope::current().is_some(), ..wish }
}
