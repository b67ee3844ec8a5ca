//! What is in hand, without any effect: nothing is refreshed, and nothing loaded.

use crate::engine::answer::Answer;
use crate::engine::cache::{Cache, LoadError, Output};
use crate::engine::demand::by_the_clock_of;
use crate::engine::plan::{Found, Plan, Wish, plan};
use crate::engine::served::Served;
use crate::engine::slot::Hand;
use crate::error::GetError;
use crate::event::Status;
use crate::job::Lookup;
use crate::policy::Policy;
use crate::store::Currency;
use crate::time::{Stopwatch, Timestamp};

impl Cache {
    /// What the near tier has, or else the store, if a `get` could serve it: at once, or where its load failed.
    pub(crate) async fn find<L: Lookup>(
        &self,
        job: &L,
        wish: Wish,
    ) -> Result<Option<Answer<Output<L>>>, GetError<LoadError<L>>> {
        let watch = Stopwatch::start();
        let work = match self.work_of(job) {
            Ok(work) => work,
            Err(fault) => return self.conclude::<L>(Err((fault, None)), watch).map(Some),
        };
        let engine = self.engine();
        let near = work.near_get().and_then(|hand| {
            let now = engine.now();
            let currency = engine.near().judge(hand.meta(), now)?;
            fit(work.policy(), hand, currency, &wish, now)
        });
        let found = match near {
            Some(served) => Some(served),
            None => {
                let reading = engine.read_one(&work).await;
                let wish = Wish { after: by_the_clock_of(reading.newest, wish.after), ..wish };
                reading.hand.and_then(|(hand, currency)| {
                    let currency = currency.max(engine.near().currency(hand.meta())).max(reading.pin.struck());
                    fit(work.policy(), hand, currency, &wish, reading.now)
                })
            }
        };
        found.map(|served| self.conclude::<L>(Ok(served), watch)).transpose()
    }
}

/// What of it is served, if a `get` could serve it.
fn fit(policy: &Policy, hand: Hand, currency: Currency, wish: &Wish, now: Timestamp) -> Option<Served> {
    let found = Found { facts: hand.meta().facts(), currency };
    // Without chance: an early refresh is for those who refresh.
    match plan(Some(&found), policy, wish, now, 1.0) {
        Plan::Serve(rule) => Some(Served::new(hand, Status::Hit, rule, now)),
        Plan::ServeAndRefresh(rule) | Plan::Load { rule, fallback: true } => {
            Some(Served::new(hand, Status::Stale, rule, now))
        }
        Plan::EmptyAndRefresh(_) | Plan::Load { fallback: false, .. } => None,
    }
}
