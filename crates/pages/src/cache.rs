//! A cache of pages, as its users hold it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use freshen_core::{BuildError, Cache, CacheBuilder, CacheError, Strength, Tag};
use freshen_http::{CacheStatus, Invalidation};
use http::Response;
use tokio::sync::Semaphore;
use tower_layer::Layer;

use crate::body::PageBody;
use crate::budget::Budget;
use crate::fetch::Fetch;
use crate::flight::{Flights, Seat};
use crate::page::PageAt;
use crate::reply;
use crate::service::PageService;
use crate::settings::Settings;

/// A cache of pages: a layer for services that answer HTTP requests.
///
/// It serves the page it has, now, and has it made again behind the request. Clones share what is stored; layers with other
/// [`Settings`] do too.
#[derive(Clone)]
pub struct PageCache {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
}

struct Shared {
    cache: Cache,
    flights: Flights,
    refreshes: Arc<Semaphore>,
    bounds: Bounds,
}

/// What all layers of a cache may take together.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// So many pages are refreshed behind requests at a time. By default 16; where there is no room, the next request asks again.
    pub refreshes_most: usize,
    /// So many pages are loaded at a time. By default 10,000; what comes above it is sent on by itself.
    pub loads_most: usize,
    /// So many bytes of bodies are held while they come. By default 256 MiB; a body that finds nothing left is not kept.
    pub coming_bytes_most: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { refreshes_most: 16, loads_most: 10_000, coming_bytes_most: 256 << 20 }
    }
}

impl PageCache {
    /// A cache in memory, with nothing else.
    ///
    /// # Errors
    /// [`BuildError::NoRuntime`].
    pub async fn embedded() -> Result<PageCache, BuildError> {
        PageCache::over(Cache::builder(), Bounds::default()).await
    }

    /// A cache of pages over whatever the builder has: a store that others share, jobs of the application's own.
    ///
    /// # Errors
    /// [`BuildError`] names what is wrong or missing.
    pub async fn over(builder: CacheBuilder, bounds: Bounds) -> Result<PageCache, BuildError> {
        let flights = Flights::default();
        let builder = builder.job::<PageAt>().state(flights.clone()).state(Budget::new(bounds.coming_bytes_most));
        let cache = builder.build().await?;
        let refreshes = Arc::new(Semaphore::new(bounds.refreshes_most));
        let shared = Arc::new(Shared { cache, flights, refreshes, bounds });
        Ok(PageCache { shared, settings: Arc::default() })
    }

    /// The same cache as a layer with these settings.
    #[must_use]
    pub fn with(&self, settings: Settings) -> PageCache {
        PageCache { shared: self.shared.clone(), settings: Arc::new(settings) }
    }

    /// The settings of this layer.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The cache behind it.
    pub fn cache(&self) -> &Cache {
        &self.shared.cache
    }

    /// Outdates all pages that carry one of these tags, at a cost that does not depend on how many there are.
    ///
    /// # Errors
    /// [`CacheError`] when the store failed: then nothing is promised.
    pub async fn invalidate(&self, tags: &[Tag], strength: Strength) -> Result<(), CacheError> {
        self.cache().invalidate_tags(tags, strength).await.map(drop)
    }

    /// What a write to a resource outdates. One that cannot be outdated is told to the log: the write is done.
    pub(crate) async fn outdate(&self, invalidation: &Invalidation) {
        if let Err(error) = self.invalidate(&invalidation.tags, Strength::Hard).await {
            tracing::error!(error = &error as &dyn std::error::Error, "what a request has changed is not outdated");
        }
    }

    /// A seat in the load of a page. `None`: there are as many as there may be.
    pub(crate) fn board(&self, at: &PageAt, fetch: &(dyn Fn() -> Fetch + Send + Sync)) -> Option<Seat> {
        let Shared { flights, bounds, .. } = &*self.shared;
        (flights.len() < bounds.loads_most).then(|| flights.board(at, fetch))
    }

    /// Has a page made again behind the request, unless it is under way.
    pub(crate) fn refresh(&self, at: &PageAt, fetch: &(dyn Fn() -> Fetch + Send + Sync)) {
        let Ok(permit) = self.shared.refreshes.clone().try_acquire_owned() else { return };
        let Some(seat) = self.shared.flights.begin(at, fetch) else { return };
        let (cache, at) = (self.cache().clone(), at.clone());
        tokio::spawn(async move {
            // How it ended, the engine tells; the page that is there stays, or goes.
            _ = cache.request(&at).max_stale(Duration::ZERO).get().await;
            drop((seat, permit));
        });
    }

    pub(crate) fn told(&self, response: Response<PageBody>, status: Option<&CacheStatus<'_>>) -> Response<PageBody> {
        reply::told(response, status.filter(|_| self.settings.tells), &self.settings.rules)
    }

    pub(crate) fn shared_settings(&self) -> &Arc<Settings> {
        &self.settings
    }
}

impl<S> Layer<S> for PageCache {
    type Service = PageService<S>;

    fn layer(&self, inner: S) -> PageService<S> {
        PageService::new(self.clone(), inner)
    }
}

impl fmt::Debug for PageCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCache").field("cache", self.cache()).field("settings", &self.settings).finish()
    }
}
