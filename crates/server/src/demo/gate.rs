//! The one way to the source, with the switches before it: all processes of the demo go through it.

use std::sync::Arc;
use std::time::Duration;

use crate::demo::fetch::{FetchError, Fetcher};
use crate::demo::job::LOAD_TIMEOUT;
use crate::demo::listing::Listing;
use crate::demo::stage::Stage;
use crate::demo::switches::Switches;

/// Where a job gets its list. Cloning gives a handle to the same one.
#[derive(Clone, Debug)]
pub enum Gate {
    /// In the process that serves the page.
    Here(Fetcher, Switches),
    /// Asked of that process.
    Stage(Arc<Stage>),
}

impl Gate {
    /// Fetches the list, once the switches let it pass. The cached job bounds it in time.
    pub async fn fetch(&self) -> Result<Listing, FetchError> {
        match self {
            Gate::Here(fetcher, switches) => {
                switches.pass().await?;
                fetcher.fetch().await
            }
            Gate::Stage(stage) => stage.fetch().await.map_err(FetchError::Told),
        }
    }

    /// The same for another process, whose job has given up when its time is over.
    pub async fn fetch_for_another(&self) -> Result<Listing, String> {
        let fetched = tokio::time::timeout(LOAD_TIMEOUT + Duration::from_secs(1), self.fetch()).await;
        match fetched {
            Ok(fetched) => fetched.map_err(|error| error.to_string()),
            Err(_) => Err("the source took too long".into()),
        }
    }
}
