//! What happens in a process of the demo, as the one that serves the page is told of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use freshen::{Answer, Event, LoadEnd, Observer, Rule, Status};
use serde::{Deserialize, Serialize};

use crate::demo::job::Kept;
use crate::demo::names;
use crate::demo::place::Place;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Happened {
    /// A caller was answered.
    Answered {
        #[serde(with = "names::status")]
        status: Status,
        #[serde(with = "names::rule")]
        rule: Rule,
        age: Duration,
        /// As the caller saw it: the cache itself tells time in steps of some milliseconds.
        waited: Duration,
        /// Where the value was loaded.
        loaded_by: Place,
    },
    /// A caller got an error.
    Refused {
        waited: Duration,
    },
    LoadBegan,
    LoadEnded {
        #[serde(with = "names::load_end")]
        end: LoadEnd,
        took: Duration,
        reason: Option<String>,
    },
}

impl Happened {
    /// A caller had this answer, or an error, and waited so long for it.
    pub fn of<E>(got: &Result<Answer<Kept>, E>, waited: Duration) -> Happened {
        match got {
            Ok(answer) => Happened::Answered {
                status: answer.status(),
                rule: answer.rule(),
                age: answer.age(),
                waited,
                loaded_by: answer.by,
            },
            Err(_) => Happened::Refused { waited },
        }
    }
}

/// Hears of a cache's loads and passes it on, at once and without waiting.
#[derive(Clone)]
pub struct Teller(Arc<dyn Fn(Happened) + Send + Sync>);

impl Teller {
    /// To whoever is called.
    pub fn new(listener: impl Fn(Happened) + Send + Sync + 'static) -> Teller {
        Teller(Arc::new(listener))
    }

    /// Passes one on.
    pub fn tell(&self, happened: Happened) {
        (self.0)(happened);
    }
}

impl Observer for Teller {
    fn observe(&self, event: &Event<'_>) {
        let happened = match *event {
            Event::LoadBegan { .. } => Happened::LoadBegan,
            Event::LoadEnded { end, took, reason, .. } => {
                Happened::LoadEnded { end, took, reason: reason.map(str::to_owned) }
            }
            _ => return,
        };
        self.tell(happened);
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teller").finish_non_exhaustive()
    }
}
