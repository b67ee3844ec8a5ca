//! What users of django-cacheback rely on or miss, a test each. The guide's page for them names these tests:
//! `docs/guide/coming-from-django-cacheback.md`.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[path = "../common/mod.rs"]
mod common;

mod reading;
mod verbs;

use std::sync::Arc;
use std::time::Duration;

use common::{Down, Source, Stage, Truth, stage_with};
use freshen_core::{Job, Jobs, Load, Loaded, OnMiss, Policy, PolicyBuilder};
use serde::{Deserialize, Serialize};

/// Reads the truth, of which zero is none. Its policy is the default, but for a few names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Named {
    name: String,
}

fn named(name: &str) -> Named {
    Named { name: name.into() }
}

/// A stage that knows [`Named`] too, and whose tasks wait: nobody works.
async fn idle_stage() -> Stage {
    stage_with(|builder| builder.jobs(jobs()).workers(0)).await
}

fn jobs() -> Jobs {
    Jobs::new().add::<Truth>().add::<Named>()
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

impl Job for Named {
    type Output = Option<u64>;
    type Error = Down;
    type State = (Source,);
    const NAME: &'static str = "named";
    const NAMESPACE: &'static str = "tests";

    fn policy() -> PolicyBuilder {
        Policy::builder().jitter(0.0)
    }

    fn policy_for(&self, usual: &Arc<Policy>) -> Arc<Policy> {
        let policy = match self.name.as_str() {
            "guest" => Named::policy().on_miss(OnMiss::Empty),
            "brief" => Named::policy().stale_while_revalidate(5 * MINUTE),
            "quick" => Named::policy().ttl(SECOND / 2),
            "slow" => Named::policy().lease(5 * SECOND).renewing_lease().load_timeout(MINUTE),
            name if name.starts_with('a') => Named::policy().ttl(20 * MINUTE),
            _ => return usual.clone(),
        };
        Arc::new(policy.build().unwrap())
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<Option<u64>>, Down> {
        let truth = load.state().0.load().await?;
        Ok((truth != 0).then_some(truth).into())
    }

    fn empty(&self) -> Option<Option<u64>> {
        Some(None)
    }
}
