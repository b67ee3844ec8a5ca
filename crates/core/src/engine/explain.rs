//! A look at all that decides about one job, without any effect.

use std::sync::Arc;

use crate::engine::cache::Cache;
use crate::engine::explanation::{Action, Explanation, Held, Holder, Stored};
use crate::engine::meta::MetaRef;
use crate::engine::near::{Frame, Pin};
use crate::engine::plan::{Found, Plan, Wish, plan};
use crate::engine::slot::Hand;
use crate::engine::work::Work;
use crate::error::PortError;
use crate::event::Rule;
use crate::store::{Currency, Snapshot};

/// What one look found.
struct Look<'a> {
    cache: &'a Cache,
    work: &'a Arc<dyn Work>,
    pin: Pin,
    read: Result<Option<Snapshot>, PortError>,
}

impl Cache {
    pub(crate) async fn look(&self, work: &Arc<dyn Work>) -> Explanation {
        let engine = self.engine();
        let pin = engine.near().pin(work.key(), engine.now());
        let read = engine.record(work.key()).await;
        Look { cache: self, work, pin, read }.explain()
    }
}

impl Look<'_> {
    fn explain(&self) -> Explanation {
        let engine = self.cache.engine();
        let snapshot = self.read.as_ref().ok().and_then(Option::as_ref);
        let now = snapshot.map_or_else(|| engine.now(), |snapshot| snapshot.now);
        let near = self.near();
        let (stored, found) = self.stored();
        let held = engine.flights().has(self.work.key());
        let lease = snapshot.and_then(|snapshot| {
            let until = snapshot.lease_until?;
            let holder = if held { Holder::ThisProcess } else { Holder::AnotherProcess(snapshot.lease_holder.clone()) };
            Some((now.until(until), holder))
        });
        let trouble = snapshot.and_then(|snapshot| snapshot.trouble.clone());
        let cooling = trouble.as_ref().is_some_and(|trouble| trouble.retry_at > now);
        let (planned, rule) = self.planned(near.as_ref(), &stored, found);
        let action = match planned {
            Plan::Serve(_) => Action::Serve,
            Plan::ServeAndRefresh(_) => Action::ServeAndRefresh,
            Plan::EmptyAndRefresh(_) => Action::AnswerEmpty,
            Plan::Load { .. } if held || lease.is_some() => Action::Follow,
            Plan::Load { .. } if cooling => Action::CoolDown,
            Plan::Load { .. } => Action::Load,
        };
        Explanation {
            key: self.work.key().clone(),
            now,
            near,
            stored,
            marks: snapshot.map(|snapshot| snapshot.marks.clone()).unwrap_or_default(),
            lease,
            queue: self.work.queue().name.to_string(),
            asked_for: snapshot.and_then(|snapshot| snapshot.asked_until).map(|until| now.until(until)),
            trouble,
            action,
            rule,
        }
    }

    fn near(&self) -> Option<Held> {
        let engine = self.cache.engine();
        let hand = self.work.near_get()?;
        Some(held(hand.meta(), engine.near().judge(hand.meta(), engine.now())))
    }

    /// What the store has, and what of it a plan would be made with.
    fn stored(&self) -> (Stored, Option<Found>) {
        let snapshot = match &self.read {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return (Stored::Nothing, None),
            Err(error) => return (Stored::Unreachable(error.to_string()), None),
        };
        let Some(entry) = &snapshot.entry else { return (Stored::Nothing, None) };
        let frame = Frame { near: self.cache.engine().near(), pin: &self.pin, marks: &snapshot.marks };
        match self.work.open(entry, &frame) {
            Ok(hand) => {
                let currency = self.heard(&hand).max(snapshot.currency);
                let found = Found { facts: hand.meta().facts(), currency };
                (Stored::Value(held(hand.meta(), Some(currency))), Some(found))
            }
            Err(error) => (Stored::Undecodable(entry.facts.generation, error.to_string()), None),
        }
    }

    /// What this process has heard since the read.
    fn heard(&self, hand: &Hand) -> Currency {
        self.cache.engine().near().currency(hand.meta()).max(self.pin.struck())
    }

    /// As a walk plans: by the near tier if that suffices, else by the record.
    fn planned(&self, near: Option<&Held>, stored: &Stored, found: Option<Found>) -> (Plan, Rule) {
        let (engine, policy, wish) = (self.cache.engine(), self.work.policy(), Wish::default());
        if let Some(Held { facts, currency: Some(currency), .. }) = near {
            let found = Found { facts: *facts, currency: *currency };
            match plan(Some(&found), policy, &wish, engine.now(), 1.0) {
                planned @ (Plan::Serve(rule) | Plan::ServeAndRefresh(rule)) => return (planned, rule),
                Plan::EmptyAndRefresh(_) | Plan::Load { .. } => {}
            }
        }
        let now = self.read.as_ref().ok().and_then(Option::as_ref).map_or_else(|| engine.now(), |read| read.now);
        let planned = plan(found.as_ref(), policy, &wish, now, 1.0);
        let rule = match (planned, stored) {
            (Plan::Load { .. }, Stored::Unreachable(_)) => Rule::StoreDown,
            (Plan::Load { .. }, Stored::Undecodable(..)) => Rule::Undecodable,
            (Plan::Serve(rule) | Plan::ServeAndRefresh(rule) | Plan::EmptyAndRefresh(rule), _) => rule,
            (Plan::Load { rule, .. }, _) => rule,
        };
        (planned, rule)
    }
}

fn held(meta: MetaRef<'_>, currency: Option<Currency>) -> Held {
    Held { facts: meta.facts(), currency, tags: meta.tags().as_slice().to_vec() }
}
