//! What a walk ends with, and how it becomes an answer.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::answer::Answer;
use crate::engine::cache::{Cache, LoadError, Output};
use crate::engine::fault::Fault;
use crate::engine::slot::{Hand, Slot};
use crate::engine::work::Work;
use crate::error::GetError;
use crate::event::{Event, Rule, Status};
use crate::job::{Job, Lookup};
use crate::time::{Stopwatch, Timestamp};

/// What a walk ends with.
pub(crate) struct Served {
    pub hand: Hand,
    pub status: Status,
    pub rule: Rule,
    pub age_micros: u64,
}

impl Served {
    pub fn new(hand: Hand, status: Status, rule: Rule, now: Timestamp) -> Self {
        let age_micros = now.as_micros().saturating_sub(hand.meta().loaded_at.as_micros());
        Served { hand, status, rule, age_micros }
    }
}

impl Cache {
    /// Turns what was served into an answer, and tells.
    pub(crate) fn conclude<L: Lookup>(
        &self,
        result: Result<Served, (Fault, Option<Arc<dyn Work>>)>,
        watch: Stopwatch,
    ) -> Result<Answer<Output<L>>, GetError<LoadError<L>>> {
        let waited = watch.elapsed();
        let result = result.and_then(|served| {
            let any: Arc<dyn std::any::Any + Send + Sync> = served.hand;
            match any.downcast::<Slot<Output<L>>>() {
                Ok(slot) => Ok(Answer::new(slot, served.status, served.rule, served.age_micros)),
                // Works of a job open slots of its output only.
                Err(_) => Err((Fault::NotRegistered(<L::Job as Job>::NAME), None)),
            }
        });
        match result {
            Ok(answer) => {
                let age = u64::try_from(answer.age().as_micros()).unwrap_or(u64::MAX);
                self.told::<L>(answer.status(), answer.rule(), age, waited);
                Ok(answer)
            }
            Err((fault, work)) => {
                self.engine().emit(&Event::Refused { job: <L::Job as Job>::NAME, waited });
                Err(fault.typed(|| work.map(|work| work.key().clone())))
            }
        }
    }

    /// Tells observers what a caller was answered.
    pub(crate) fn told<L: Lookup>(&self, status: Status, rule: Rule, age_micros: u64, waited: Duration) {
        let age = Duration::from_micros(age_micros);
        self.engine().emit(&Event::Answered { job: <L::Job as Job>::NAME, status, rule, age, waited });
    }
}
