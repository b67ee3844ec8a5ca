//! The cached job: the latest list of a source.

use std::sync::Arc;
use std::time::Duration;

use freshen::{Job, Load, Loaded, Policy, PolicyBuilder, Windows};
use serde::{Deserialize, Serialize};

use crate::demo::fetch::FetchError;
use crate::demo::gate::Gate;
use crate::demo::listing::Listing;
use crate::demo::place::Place;

/// Short times, so that one can watch them pass.
pub const WINDOWS: Windows = Windows {
    ttl: Duration::from_secs(5),
    stale_while_revalidate: Duration::from_secs(10 * 60),
    stale_if_error: Duration::from_secs(60 * 60),
};

/// What is kept: the list, and where it was loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub list: Listing,
    pub by: Place,
}

/// How long a load may take.
pub const LOAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long whoever loads may hold the key. When that is over, another one may.
pub const LEASE: Duration = Duration::from_secs(15);

/// The latest list of a source. Its windows are arguments: a list that is to be kept otherwise is another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Latest {
    /// As the source shows itself: a key is told in logs, so it holds no secret. The state has the whole URL.
    source: String,
    ttl: Duration,
    stale_while_revalidate: Duration,
    stale_if_error: Duration,
}

impl Latest {
    /// Of the source that shows itself so, kept for these windows.
    pub fn of(source: String, windows: Windows) -> Latest {
        let Windows { ttl, stale_while_revalidate, stale_if_error } = windows;
        Latest { source, ttl, stale_while_revalidate, stale_if_error }
    }

    fn kept_for(&self) -> Windows {
        Windows {
            ttl: self.ttl,
            stale_while_revalidate: self.stale_while_revalidate,
            stale_if_error: self.stale_if_error,
        }
    }
}

/// The policy with these windows.
pub fn policy(windows: Windows) -> PolicyBuilder {
    Policy::builder()
        .ttl(windows.ttl)
        .stale_while_revalidate(windows.stale_while_revalidate)
        .stale_if_error(windows.stale_if_error)
        .soft_timeout(Duration::from_millis(500))
        .load_timeout(LOAD_TIMEOUT)
        .lease(LEASE)
        .backoff(Duration::from_secs(1), Duration::from_secs(15))
}

impl Job for Latest {
    type Output = Kept;
    type Error = FetchError;
    type State = (Gate, Place);
    const NAME: &'static str = "latest";

    fn policy() -> PolicyBuilder {
        policy(WINDOWS)
    }

    fn policy_for(&self, usual: &Arc<Policy>) -> Arc<Policy> {
        // They were checked before the job was made.
        policy(self.kept_for()).build().map_or_else(|_| usual.clone(), Arc::new)
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<Kept>, FetchError> {
        let (gate, by) = load.state();
        Ok(Kept { list: gate.fetch().await?, by: *by }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_kept_for_its_own_windows() {
        let usual = Arc::new(Latest::policy().build().unwrap());
        for ttl in [WINDOWS.ttl, Duration::from_secs(60)] {
            let windows = Windows { ttl, ..WINDOWS };
            assert_eq!(Latest::of("http://127.0.0.1/".into(), windows).policy_for(&usual).windows(), windows);
        }
    }
}
