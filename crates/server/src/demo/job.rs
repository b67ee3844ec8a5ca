//! The cached job: the latest list of a source.

use std::time::Duration;

use freshen::{Job, Load, Loaded, Policy, PolicyBuilder};
use serde::{Deserialize, Serialize};

use crate::demo::fetch::{FetchError, Fetcher};
use crate::demo::listing::Listing;
use crate::demo::source::Source;

/// The latest list of a source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Latest {
    /// As the source shows itself: a key is told in logs, so it holds no secret. The state has the whole URL.
    source: String,
}

impl Latest {
    /// Of this source.
    pub fn of(source: &Source) -> Latest {
        Latest { source: source.to_string() }
    }
}

impl Job for Latest {
    type Output = Listing;
    type Error = FetchError;
    type State = (Fetcher,);
    const NAME: &'static str = "latest";

    /// Short times, so that one can watch them pass.
    fn policy() -> PolicyBuilder {
        Policy::builder()
            .ttl(Duration::from_secs(5))
            .stale_while_revalidate(Duration::from_secs(10 * 60))
            .stale_if_error(Duration::from_secs(60 * 60))
            .soft_timeout(Duration::from_millis(500))
            .load_timeout(Duration::from_secs(10))
            .lease(Duration::from_secs(15))
            .backoff(Duration::from_secs(1), Duration::from_secs(15))
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<Listing>, FetchError> {
        let (fetcher,) = load.state();
        Ok(fetcher.fetch().await?.into())
    }
}
