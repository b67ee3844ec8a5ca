//! A cache of pages, as its users hold it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use freshen_core::{BuildError, Cache, CacheBuilder, CacheError, Strength};
use freshen_http::{CacheStatus, Invalidation, Outdating};
use http::Response;
use tokio::sync::Semaphore;
use tower_layer::Layer;

use crate::body::PageBody;
use crate::budget::Budget;
use crate::fetch::Fetch;
use crate::flight::{Flights, Seat};
use crate::page::PageAt;
use crate::places::Places;
use crate::reply;
use crate::service::PageService;
use crate::settings::{CacheSettings, Settings};
use crate::tags::{Pages, written};

/// So many variants that nobody asks for are deleted at a time.
const REMOVALS_MOST: usize = 16;

/// A cache of pages: a layer for services that answer HTTP requests.
///
/// It serves the page it has, now, and has it made again behind the request. Clones share what is stored; layers with other
/// [`Settings`] do too.
///
/// A page is known by its host and its path as the layer sees them. It has to stand around what takes parts of a path away, as
/// axum's `nest` does, or be told the [whole URI](Settings::whole_uri): else two pages with the same rest are taken for one.
///
/// Of two layers of one cache that a request goes through, the outer one keeps its page, and by the inner one it passes where their
/// settings make it the same page.
#[derive(Clone)]
pub struct PageCache {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
}

struct Shared {
    cache: Cache,
    flights: Flights,
    refreshes: Arc<Semaphore>,
    removals: Arc<Semaphore>,
    settings: CacheSettings,
}

impl PageCache {
    /// A cache in memory, with nothing else.
    ///
    /// # Errors
    /// [`BuildError::NoRuntime`].
    pub async fn embedded() -> Result<PageCache, BuildError> {
        PageCache::over(Cache::builder(), CacheSettings::default()).await
    }

    /// A cache of pages over whatever the builder has: a store that others share, jobs of the application's own.
    ///
    /// # Errors
    /// [`BuildError`] names what is wrong or missing.
    pub async fn over(builder: CacheBuilder, settings: CacheSettings) -> Result<PageCache, BuildError> {
        let flights = Flights::default();
        let places = Places::new(settings.asking_most, settings.asking_timeout);
        let budget = Budget::new(settings.coming_bytes_most);
        let cache = builder.job::<PageAt>().state(flights.clone()).state(budget).state(places).build().await?;
        let refreshes = Arc::new(Semaphore::new(settings.refreshes_most.clamp(1, Semaphore::MAX_PERMITS)));
        let removals = Arc::new(Semaphore::new(REMOVALS_MOST));
        let shared = Arc::new(Shared { cache, flights, refreshes, removals, settings });
        Ok(PageCache { shared, settings: Arc::default() })
    }

    /// The same cache as a layer with these settings, in the place of all that this one has. What this one stands before already
    /// keeps those.
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

    /// Tells that rows of these tables were written: call it after the commit. Pages that were made of them, and those that do not
    /// say what they were made of, are served while they are made again, as far as their windows allow; at a cost that does not
    /// depend on how many there are.
    ///
    /// # Errors
    /// [`CacheError`] when the store failed: then nothing is promised. Telling it again is safe.
    ///
    /// # Cancellation
    /// Dropping the future leaves open whether it is done. A handler whose client may leave tells it in a task of its own.
    pub async fn wrote(&self, tables: &[&str]) -> Result<(), CacheError> {
        let excluded = &self.shared.settings.excluded_tables;
        let tables = tables.iter().copied().filter(|table| !excluded.contains(*table));
        match &written(tables)[..] {
            [] => Ok(()),
            tags => self.cache().invalidate_tags(tags, Strength::Soft).await.map(drop),
        }
    }

    /// Outdates pages, at a cost that does not depend on how many there are: softly, so that they are served while they are made
    /// again, as far as their windows allow; or hard, so that they are served no more.
    ///
    /// # Errors
    /// As [`PageCache::wrote`], also for cancellation.
    pub async fn invalidate(&self, pages: Pages<'_>, strength: Strength) -> Result<(), CacheError> {
        self.cache().invalidate_tags(&[pages.tag()], strength).await.map(drop)
    }

    /// What a write to a resource outdates. It is outdated by a task of its own, since the write is done, whether its client waits
    /// or leaves.
    pub(crate) async fn outdate(&self, invalidation: Invalidation) {
        let pages = self.clone();
        if let Err(error) = tokio::spawn(async move { pages.outdate_all(&invalidation).await }).await {
            not_outdated(&error);
        }
    }

    /// One that cannot be outdated is told to the log.
    async fn outdate_all(&self, invalidation: &Invalidation) {
        let named = match self.settings.rules.outdates_named {
            Outdating::Soft => Strength::Soft,
            Outdating::Hard => Strength::Hard,
        };
        for (tags, strength) in [(&invalidation.tags, Strength::Hard), (&invalidation.named, named)] {
            if tags.is_empty() {
                continue;
            }
            if let Err(error) = self.cache().invalidate_tags(tags, strength).await {
                not_outdated(&error);
            }
        }
    }

    /// Whether as many pages are being loaded as may be.
    pub(crate) fn is_full(&self) -> bool {
        self.shared.flights.len() >= self.shared.settings.loads_most.max(1)
    }

    /// After how long somebody whom there was no room for may come again.
    pub(crate) fn retry_after(&self) -> Duration {
        self.shared.settings.asking_timeout
    }

    /// A seat in the load of a page.
    pub(crate) fn board(&self, at: &PageAt, fetch: &(dyn Fn() -> Fetch + Send + Sync)) -> Seat {
        self.shared.flights.board(at, fetch)
    }

    /// The first seat in the load of a page. `None`: it is under way.
    pub(crate) fn begin(&self, at: &PageAt, fetch: &(dyn Fn() -> Fetch + Send + Sync)) -> Option<Seat> {
        self.shared.flights.begin(at, true, fetch)
    }

    /// A seat in the load of a page, if it is under way.
    pub(crate) fn seat(&self, at: &PageAt) -> Option<Seat> {
        self.shared.flights.seat(at)
    }

    /// Lets nobody have a seat in that load any more.
    pub(crate) fn close(&self, seat: &Seat) {
        self.shared.flights.close(seat);
    }

    /// Deletes a record, behind the request. Where there is no room, or the store fails, it stays until its windows are over or the
    /// store has no room for it.
    pub(crate) fn forget(&self, at: PageAt) {
        let Ok(permit) = self.shared.removals.clone().try_acquire_owned() else { return };
        let cache = self.cache().clone();
        tokio::spawn(async move {
            if let Err(error) = cache.remove(&at).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a variant above the bound is not deleted");
            }
            drop(permit);
        });
    }

    /// Has a page made again behind the request, unless it is under way.
    pub(crate) fn refresh(&self, at: &PageAt, fetch: &(dyn Fn() -> Fetch + Send + Sync)) {
        let Ok(permit) = self.shared.refreshes.clone().try_acquire_owned() else { return };
        let Some(seat) = self.shared.flights.begin(at, false, fetch) else { return };
        let (cache, at) = (self.cache().clone(), at.detached());
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

fn not_outdated(error: &(dyn std::error::Error + 'static)) {
    tracing::error!(error, "what a request has changed is not outdated");
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
