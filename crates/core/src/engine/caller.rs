//! A caller who has to wait: it takes a seat in a flight, follows it, and falls back where that fails.

use std::sync::Arc;

use crate::engine::cache::Cache;
use crate::engine::demand::{Demand, newer};
use crate::engine::fault::Fault;
use crate::engine::flight::{Done, Seat};
use crate::engine::near::Pin;
use crate::engine::passage::fly;
use crate::engine::reading::Reading;
use crate::engine::scope::Scope;
use crate::engine::served::Served;
use crate::engine::slot::Hand;
use crate::engine::work::Work;
use crate::entry::Generation;
use crate::event::{Rule, Status};
use crate::store::Currency;

/// Flights that one caller follows at most before it is told that every load was outdated.
const FLIGHTS_MAX: u32 = 4;

/// What is in hand while a load is waited for.
pub(crate) struct Fallback {
    pub hand: Hand,
    /// The invalidations by key that happened since it was read.
    pub pin: Pin,
}

impl Cache {
    /// Takes a seat in the flight of a key, and starts it if nobody has.
    pub(crate) fn take_off(&self, work: &Arc<dyn Work>, demand: Demand) -> Seat {
        let (seat, lead) = self.engine().flights().join(work.key());
        if let Some(lead) = lead {
            self.engine().spawn(fly(self.for_task(), work.clone(), lead, demand));
        }
        seat
    }

    /// Waits for a flight, and for further ones while the last was outdated before this caller could use it.
    pub(crate) async fn await_flight(
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
        let near_only = reading.as_ref().is_some_and(Reading::bytes_stay);
        let newest = reading.as_ref().and_then(|reading| reading.newest);
        let previous = reading.and_then(|reading| reading.hand).map(|(hand, _)| hand);
        let mut at_least = newer(newest, previous.as_ref().map(|hand| hand.meta().generation()));
        let flying = |at_least| Demand {
            at_least,
            near_only,
            previous: previous.clone(),
            heeds_backoff: false,
            ..Demand::foreground()
        };
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

/// Whether what landed shows what the caller has to see: a load that began after the caller came always does.
fn shows(hand: &Hand, above: Option<Generation>, seat: &Seat, done: &Done) -> bool {
    seat.began_before(done) || above.is_none_or(|write| !hand.meta().generation().outdated_by(write))
}
