//! The first step of a walk: what the near tier answers, at a glance or by the whole plan.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::answer::Answer;
use crate::engine::cache::{Cache, Output};
use crate::engine::plan::{Found, Plan, Wish, plan};
use crate::engine::refresh::Seen;
use crate::engine::served::Served;
use crate::engine::slot::{Hand, Slot};
use crate::engine::work::Work;
use crate::event::{Rule, Status};
use crate::job::Lookup;
use crate::time::Timestamp;

impl Cache {
    /// A hit as an answer. Called, not inlined: it comes back in two registers, and what calls it stays small.
    #[inline(never)]
    pub(crate) fn glance<L: Lookup>(&self, job: &L) -> Option<Answer<Output<L>>> {
        let (slot, age) = self.hit(job)?;
        Some(Answer::new(slot, Status::Hit, Rule::Fresh, age))
    }

    /// A fresh value from the near tier and its age in microseconds, or nothing. No allocation, no lock of a store.
    #[inline(always)]
    pub(crate) fn hit<L: Lookup>(&self, job: &L) -> Option<(Arc<Slot<Output<L>>>, u64)> {
        let engine = self.engine();
        let slot = engine.registry().of::<L::Job>()?.near.get(job)?;
        let now = engine.now();
        if !slot.meta().quick(engine.near().raises(), now) && !engine.near().is_fresh(slot.meta(), now) {
            return None;
        }
        let age = now.as_micros().saturating_sub(slot.meta().loaded_at.as_micros());
        if engine.is_observed() {
            self.told::<L>(Status::Hit, Rule::Fresh, age, Duration::ZERO);
        }
        Some((slot, age))
    }

    /// What the near tier answers by the plan, stale values included.
    pub(crate) fn near_answer(&self, work: &Arc<dyn Work>, wish: &Wish) -> Option<Served> {
        let engine = self.engine();
        let hand = work.near_get()?;
        let now = engine.now();
        let currency = engine.near().judge(hand.meta(), now)?;
        let found = Found { facts: hand.meta().facts(), currency };
        match plan(Some(&found), work.policy(), wish, now, engine.chance()) {
            Plan::Serve(rule) => Some(Served::new(hand, Status::Hit, rule, now)),
            Plan::ServeAndRefresh(rule) => Some(self.serve_and_refresh(work, hand, rule, Seen::default(), now)),
            Plan::EmptyAndRefresh(_) | Plan::Load { .. } => None,
        }
    }

    /// Serves what is in hand, and has it refreshed behind the request.
    pub(crate) fn serve_and_refresh(
        &self,
        work: &Arc<dyn Work>,
        hand: Hand,
        rule: Rule,
        seen: Seen,
        now: Timestamp,
    ) -> Served {
        self.refresh_behind(work, &hand, rule, seen);
        let status = if rule == Rule::EarlyRefresh { Status::Hit } else { Status::Stale };
        Served::new(hand, status, rule, now)
    }
}
