//! What the page's buttons do.

use std::sync::Arc;

use axum::http::StatusCode;
use freshen::{CacheError, Strength};
use serde::Serialize;

use crate::demo::burst::{Burst, CALLERS};
use crate::demo::list_page::LastAnswer;
use crate::demo::not_up::NotUp;
use crate::demo::page::Span;
use crate::demo::place::Place;
use crate::demo::shown::Shown;
use crate::demo::stats::millis;
use crate::demo::switches::SLOWED_BY;

/// One button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Burst,
    Get,
    Page,
    InvalidateSoftly,
    InvalidateHard,
    Slow,
    Break,
    BringBack,
    Freeze,
    Unfreeze,
    Kill(Place),
    Revive(Place),
}

/// What an action did. The names are those of the answer of `POST /actions/…`.
#[derive(Debug, Serialize)]
pub struct Done {
    /// In words.
    pub said: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
}

/// Why an action was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// There is no such action.
    #[error("there is no action {name:?}; there are {}", names().join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// One burst at a time.
    #[error("{CALLERS} requests are under way already; wait until they are answered")]
    Busy,
    /// No process has answered.
    #[error("{reason}")]
    Nobody {
        /// Why.
        reason: String,
    },
    /// No process could do it.
    #[error(transparent)]
    NotUp(#[from] NotUp),
    /// The list's page is served on as it was.
    #[error("the list's page is not outdated: {0}")]
    NotOutdated(#[from] CacheError),
}

fn names() -> Vec<&'static str> {
    Action::ALL.map(|(name, _)| name).into()
}

impl NotDone {
    /// As HTTP has it.
    pub fn status(&self) -> StatusCode {
        match self {
            NotDone::Unknown { .. } => StatusCode::NOT_FOUND,
            NotDone::Busy => StatusCode::CONFLICT,
            NotDone::Nobody { .. } | NotDone::NotUp(NotUp::NoWeb | NotUp::Silent { .. } | NotUp::TooMany) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            NotDone::NotUp(NotUp::Alone | NotUp::Already { .. }) => StatusCode::CONFLICT,
            NotDone::NotOutdated(_)
            | NotDone::NotUp(NotUp::Refused(_) | NotUp::NotStarted { .. } | NotUp::NotGone { .. }) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

impl Action {
    /// All of them, by their names in `/actions/…`.
    pub const ALL: [(&str, Action); 18] = [
        ("burst", Action::Burst),
        ("get", Action::Get),
        ("page", Action::Page),
        ("invalidate-softly", Action::InvalidateSoftly),
        ("invalidate-hard", Action::InvalidateHard),
        ("slow", Action::Slow),
        ("break", Action::Break),
        ("bring-back", Action::BringBack),
        ("freeze", Action::Freeze),
        ("unfreeze", Action::Unfreeze),
        ("kill-web-1", Action::Kill(Place::Web1)),
        ("kill-web-2", Action::Kill(Place::Web2)),
        ("kill-worker-1", Action::Kill(Place::Worker1)),
        ("kill-worker-2", Action::Kill(Place::Worker2)),
        ("revive-web-1", Action::Revive(Place::Web1)),
        ("revive-web-2", Action::Revive(Place::Web2)),
        ("revive-worker-1", Action::Revive(Place::Worker1)),
        ("revive-worker-2", Action::Revive(Place::Worker2)),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Result<Action, NotDone> {
        let found = Action::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, action)| *action).ok_or_else(|| NotDone::Unknown { name: name.to_owned() })
    }

    /// Does it.
    ///
    /// # Cancellation
    /// A visitor who leaves ends a burst's callers and no load. A process is revived to the end. All else is done at once.
    pub async fn carry_out(self, shown: &Arc<Shown>) -> Result<Done, NotDone> {
        let said = match self {
            Action::Burst => return burst(shown).await,
            Action::Get => get(shown).await?,
            Action::Page => page(shown).await,
            Action::InvalidateSoftly => invalidate(shown, Strength::Soft).await?,
            Action::InvalidateHard => invalidate(shown, Strength::Hard).await?,
            Action::Slow | Action::Break | Action::BringBack => self.switch(shown),
            Action::Freeze | Action::Unfreeze => self.set_workers(shown).await,
            Action::Kill(place) => {
                let pid = shown.fleet.kill(place).await?;
                format!("{} is killed: process {pid} is gone, as by a crash.", place.name())
            }
            Action::Revive(place) => {
                let pid = revive(shown.clone(), place).await?;
                format!("{} is alive again, as process {pid}.", place.name())
            }
        };
        Ok(Done { said, burst: None })
    }

    fn switch(self, shown: &Shown) -> String {
        match self {
            Action::Slow => {
                shown.switches.slow_down();
                format!("From now on the source takes {} longer.", Span(millis(SLOWED_BY)))
            }
            Action::Break => {
                shown.switches.break_off();
                "From now on the source fails.".into()
            }
            _ => {
                shown.switches.bring_back();
                "From now on the source is as it was.".into()
            }
        }
    }

    async fn set_workers(self, shown: &Shown) -> String {
        shown.fleet.freeze(self == Action::Freeze).await;
        if self == Action::Freeze {
            "From now on the workers take no task: stale lists are served, and nothing refreshes them.".into()
        } else {
            "From now on the workers take tasks again.".into()
        }
    }
}

/// In a task of its own: whoever presses the button may leave before the process has begun, or is killed for not beginning.
/// Each place has one at most, which the fleet bounds in time.
async fn revive(shown: Arc<Shown>, place: Place) -> Result<u32, NotUp> {
    let reviving = tokio::spawn(async move { shown.fleet.revive(place).await });
    reviving.await.unwrap_or_else(|error| Err(NotUp::Refused(error.to_string())))
}

async fn burst(shown: &Shown) -> Result<Done, NotDone> {
    let burst = shown.bursts.run(shown).await.ok_or(NotDone::Busy)??;
    Ok(Done { said: burst.told(), burst: Some(burst) })
}

async fn get(shown: &Shown) -> Result<String, NotDone> {
    let look = shown.look().await;
    if let Some(reason) = look.outcome.of_nobody() {
        return Err(NotDone::Nobody { reason: reason.to_owned() });
    }
    Ok(format!("One request: {}. It waited {}.", look.outcome.status(), Span(millis(look.waited))))
}

async fn page(shown: &Shown) -> String {
    let LastAnswer { status, cache_status, waited_ms, .. } = shown.list_page.ask().await;
    format!("The list's page: {status}, Cache-Status: {cache_status}. The request waited {}.", Span(waited_ms))
}

async fn invalidate(shown: &Shown, strength: Strength) -> Result<String, NotDone> {
    shown.fleet.invalidate(strength).await?;
    shown.list_page.outdate(strength).await?;
    Ok(match strength {
        Strength::Soft => {
            "The list is invalidated softly: it is served as stale until it has been loaded again.".into()
        }
        Strength::Hard => "The list is invalidated hard: it is never served again, so the next request waits.".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_found_by_its_name_alone() {
        for (name, action) in Action::ALL {
            assert_eq!(Action::named(name).unwrap(), action);
        }
        let error = Action::named("Burst").unwrap_err();
        assert_eq!(error.status(), StatusCode::NOT_FOUND);
        assert!(error.to_string().starts_with("there is no action \"Burst\"; there are burst, get, "), "{error}");
    }
}
