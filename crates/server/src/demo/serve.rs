//! The demo's own HTTP server: the page, the same as data and as events, its buttons, metrics for Prometheus, and a sign of
//! life.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use freshen::metrics::METRICS_CONTENT_TYPE;
use futures_util::StreamExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::demo::action::{Action, NotDone};
use crate::demo::list_page;
use crate::demo::live::VIEWERS_MAX;
use crate::demo::page::Page;
use crate::demo::place::Place;
use crate::demo::sampler;
use crate::demo::shown::Shown;
use crate::demo::view::Outcome;
use crate::demo::visitor::{Stranger, may_act, may_look};

/// Ends when its sender is dropped, and with it what is being served.
pub type Stop = watch::Receiver<()>;

/// What the routes share.
#[derive(Clone)]
struct Site {
    shown: Arc<Shown>,
    stop: Stop,
}

/// Serves until `stop` ends, and then what is under way.
pub async fn serve(listener: TcpListener, shown: Arc<Shown>, stop: Stop) {
    let on_loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    // Dropping it stops them.
    let mut sampling = JoinSet::new();
    sampling.spawn(sampler::look_on(shown.clone()));
    sampling.spawn(sampler::show_on(shown.clone()));
    let app = router(Site { shown, stop: stop.clone() }, on_loopback);
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stopped(stop)).await {
        tracing::warn!(%error, "the page is not served any more");
    }
}

fn router(site: Site, on_loopback: bool) -> Router {
    Router::new()
        .route("/", get(page))
        .route(list_page::PATH, get(list_page_itself))
        .route("/page.css", get(|| asset("text/css; charset=utf-8", include_str!("page.css"))))
        .route("/page.js", get(|| asset("text/javascript; charset=utf-8", include_str!("page.js"))))
        .route("/state.json", get(state))
        .route("/events", get(events))
        .route("/metrics", get(metrics))
        .route("/metrics/{slug}", get(metrics_of))
        .route("/actions/{name}", post(act))
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(from_fn(move |request, next| guard(on_loopback, request, next)))
        .with_state(site)
}

async fn stopped(mut stop: Stop) {
    while stop.changed().await.is_ok() {}
}

/// Lets nobody in whom DNS rebinding sent here.
async fn guard(on_loopback: bool, request: Request, next: Next) -> Response {
    match may_look(request.headers(), on_loopback) {
        Ok(()) => next.run(request).await,
        Err(stranger) => stranger.into_response(),
    }
}

const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
const NO_SNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
/// A page may load nothing but its own style, script and events. Its icon is empty, and written in it.
const ONLY_ITS_OWN: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const PAGE_HEADERS: [(HeaderName, &str); 3] = [NO_STORE, NO_SNIFF, (header::CONTENT_SECURITY_POLICY, ONLY_ITS_OWN)];

async fn page(State(Site { shown, .. }): State<Site>) -> Response {
    let look = shown.look().await;
    let view = shown.view(look).await;
    let page = (PAGE_HEADERS, Html(Page(&view).to_string()));
    match &view.outcome {
        Outcome::Served(_) => page.into_response(),
        Outcome::Refused(refused) => {
            let retry_after = [(header::RETRY_AFTER, refused.retry_after_secs().to_string())];
            (StatusCode::SERVICE_UNAVAILABLE, retry_after, page).into_response()
        }
    }
}

/// Its Cache-Control is the handler's own, so that whatever stands between may keep it too.
async fn list_page_itself(State(Site { shown, .. }): State<Site>, request: Request) -> Response {
    let headers = [NO_SNIFF, (header::CONTENT_SECURITY_POLICY, ONLY_ITS_OWN)];
    (headers, shown.list_page.answer(request).await).into_response()
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    ([NO_STORE, NO_SNIFF, (header::CONTENT_TYPE, kind)], text).into_response()
}

async fn state(State(Site { shown, .. }): State<Site>) -> Response {
    let look = shown.look().await;
    ([NO_STORE, NO_SNIFF], Json(shown.view(look).await)).into_response()
}

async fn metrics(state: State<Site>) -> Response {
    metrics_of(state, Path(Place::Alone.slug().into())).await
}

/// Each process of a fleet counts for itself.
async fn metrics_of(State(Site { shown, .. }): State<Site>, Path(slug): Path<String>) -> Response {
    match shown.fleet.metrics(&slug).await {
        Some(Ok(page)) => ([NO_STORE, NO_SNIFF, (header::CONTENT_TYPE, METRICS_CONTENT_TYPE)], page).into_response(),
        Some(Err(error)) => refusal(StatusCode::SERVICE_UNAVAILABLE, &error),
        None => {
            let slugs: Vec<_> = shown.fleet.posts().iter().map(|post| post.place().slug()).collect();
            let sentence = format!("each process has its own: /metrics/{}\n", slugs.join(", /metrics/"));
            (StatusCode::NOT_FOUND, [NO_STORE], sentence).into_response()
        }
    }
}

/// Server-sent events until the viewer leaves or the demo ends.
async fn events(State(Site { shown, stop }): State<Site>) -> Response {
    let Some(viewer) = shown.live.enter() else {
        let sentence =
            format!("{VIEWERS_MAX} pages are open, which is as many as the demo shows itself to; close one\n");
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], sentence).into_response();
    };
    let headers = [NO_STORE, NO_SNIFF, (header::CONTENT_TYPE, "text/event-stream")];
    (headers, Body::from_stream(viewer.events().take_until(stopped(stop)))).into_response()
}

async fn act(State(Site { shown, .. }): State<Site>, headers: HeaderMap, Path(name): Path<String>) -> Response {
    if let Err(stranger) = may_act(&headers) {
        return stranger.into_response();
    }
    let done = match Action::named(&name) {
        Ok(action) => action.carry_out(&shown).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => ([NO_STORE], Json(done)).into_response(),
        Err(error) => error.into_response(),
    }
}

impl IntoResponse for Stranger {
    fn into_response(self) -> Response {
        refusal(StatusCode::FORBIDDEN, &self)
    }
}

impl IntoResponse for NotDone {
    fn into_response(self) -> Response {
        refusal(self.status(), &self)
    }
}

fn refusal(status: StatusCode, error: &dyn std::error::Error) -> Response {
    (status, [NO_STORE], Json(serde_json::json!({ "error": error.to_string() }))).into_response()
}
