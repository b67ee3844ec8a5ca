//! The demo's own HTTP server: the page, the same as data, metrics for Prometheus, and a sign of life.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use freshen::metrics::{METRICS_CONTENT_TYPE, Metrics};
use freshen::{Cache, Clock};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::demo::job::Latest;
use crate::demo::page::Page;
use crate::demo::source::Source;
use crate::demo::stats::Stats;
use crate::demo::view::{Outcome, Times, View};

/// What is shown.
#[derive(Debug)]
pub struct Shown {
    /// The cache it is served from.
    pub cache: Cache,
    /// What is got from it.
    pub job: Latest,
    /// Where it comes from.
    pub source: Source,
    /// What happened so far.
    pub stats: Arc<Stats>,
    /// The same, for Prometheus.
    pub metrics: Metrics,
    /// What waits are measured with.
    pub clock: Clock,
    /// The policy's times.
    pub times: Times,
}

/// Serves until `stop` ends or is dropped, and then what is under way.
pub async fn serve(listener: TcpListener, shown: Shown, stop: oneshot::Receiver<()>) {
    let app = Router::new()
        .route("/", get(page))
        .route("/state.json", get(state))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(Arc::new(shown));
    let stopped = async {
        // Sent or dropped: both mean the end.
        let _ = stop.await;
    };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stopped).await {
        tracing::warn!(%error, "the page is not served any more");
    }
}

/// Nothing of a page may be kept, and a page may load nothing.
const PAGE_HEADERS: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

async fn page(State(shown): State<Arc<Shown>>) -> Response {
    let view = shown.look().await;
    let page = (PAGE_HEADERS, Html(Page(&view).to_string()));
    match &view.outcome {
        Outcome::Served(_) => page.into_response(),
        Outcome::Refused(refused) => {
            let retry_after = [(header::RETRY_AFTER, refused.retry_after_secs().to_string())];
            (StatusCode::SERVICE_UNAVAILABLE, retry_after, page).into_response()
        }
    }
}

async fn state(State(shown): State<Arc<Shown>>) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(shown.look().await)).into_response()
}

async fn metrics(State(shown): State<Arc<Shown>>) -> Response {
    ([(header::CONTENT_TYPE, METRICS_CONTENT_TYPE)], shown.metrics.render(&shown.cache).await).into_response()
}

impl Shown {
    /// One `get`, and all that is to be told of it. A visitor who leaves meanwhile cancels no load.
    async fn look(&self) -> View {
        let began = self.clock.now();
        let got = self.cache.get(&self.job).await;
        let waited = self.clock.now().since(began);
        self.stats.waited(waited);
        View {
            source: self.source.to_string(),
            source_is_own: self.source.is_own(),
            policy: self.times,
            outcome: Outcome::of(got),
            waited_ms: crate::demo::stats::millis(waited),
            loads_under_way: self.cache.loads_under_way(),
            numbers: self.stats.numbers(),
        }
    }
}
