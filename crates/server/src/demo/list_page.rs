//! The list as a page of its own: its handler goes to the source for each request that gets to it, and the HTTP layer stands
//! before it.

use std::fmt::{self, Display, Formatter};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use freshen::pages::{CacheSettings, PageCache, PageTags, Pages, Settings};
use freshen::{BuildError, Cache, CacheError, Strength, Windows};
use serde::Serialize;
use tokio::time::Instant;
use tower::ServiceExt;

use crate::demo::gate::Gate;
use crate::demo::job::LOAD_TIMEOUT;
use crate::demo::listing::Listing;
use crate::demo::page::Escaped;
use crate::demo::stats::millis;

/// Where it is.
pub const PATH: &str = "/list.html";
/// What it is made of, as those who outdate it call it.
const LIST: &str = "list";
const CAPACITY_BYTES: u64 = 16 << 20;

/// The page, behind the layer.
#[derive(Debug)]
pub struct ListPage {
    pages: PageCache,
    site: Router,
    last: Mutex<Option<LastAnswer>>,
}

/// How it was answered last. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LastAnswer {
    pub status: u16,
    /// What the layer says of it (RFC 9211).
    pub cache_status: String,
    /// In seconds, as its Age says.
    pub age_secs: Option<u64>,
    /// How long whoever asked waited for its head.
    pub waited_ms: f64,
}

impl ListPage {
    /// Of the list behind this gate, kept for these windows.
    pub async fn new(source: String, gate: Gate, windows: Windows) -> Result<ListPage, BuildError> {
        let builder = Cache::builder().capacity(CAPACITY_BYTES).near_capacity(CAPACITY_BYTES);
        let pages = PageCache::over(builder, CacheSettings::default()).await?;
        let layer = pages.with(Settings { head_timeout: LOAD_TIMEOUT, ..Settings::default() });
        let site = Router::new().route(PATH, get(make)).layer(layer).with_state(Maker { source, gate, windows });
        Ok(ListPage { pages, site, last: Mutex::default() })
    }

    /// Answers a request for it.
    ///
    /// # Cancellation
    /// A visitor who leaves ends no load that others wait for.
    pub async fn answer(&self, request: Request) -> Response {
        self.told(request).await.0
    }

    /// Asks for it once, as a visitor would.
    pub async fn ask(&self) -> LastAnswer {
        self.told(Request::new(Body::empty())).await.1
    }

    async fn told(&self, mut request: Request) -> (Response, LastAnswer) {
        // It is one page, by whatever name its visitors call this machine, and whatever they ask of it.
        *request.uri_mut() = Uri::from_static(PATH);
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        let began = Instant::now();
        let response = match self.site.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let answer = LastAnswer::of(&response, began.elapsed());
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.clone());
        (response, answer)
    }

    /// How it was answered last, to whomever.
    pub fn last(&self) -> Option<LastAnswer> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The list has changed.
    pub async fn outdate(&self, strength: Strength) -> Result<(), CacheError> {
        match strength {
            Strength::Soft => self.pages.wrote(&[LIST]).await,
            Strength::Hard => self.pages.invalidate(Pages::At(PATH), Strength::Hard).await,
        }
    }
}

impl LastAnswer {
    fn of(response: &Response, waited: Duration) -> LastAnswer {
        let headers = response.headers();
        LastAnswer {
            status: response.status().as_u16(),
            cache_status: text(headers, "cache-status").unwrap_or_default().to_owned(),
            age_secs: text(headers, "age").and_then(|age| age.parse().ok()),
            waited_ms: millis(waited),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What the handler needs.
#[derive(Clone)]
struct Maker {
    source: String,
    gate: Gate,
    windows: Windows,
}

async fn make(State(Maker { source, gate, windows }): State<Maker>) -> Response {
    match gate.fetch().await {
        Ok(list) => {
            let made_of = Extension(PageTags::new().table(LIST));
            let kept = [(header::CACHE_CONTROL, Kept(windows).to_string())];
            (made_of, kept, Html(Page { source: &source, list: &list }.to_string())).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, format!("there is no list: {error}\n")).into_response(),
    }
}

/// The windows as Cache-Control says them: in whole seconds, both from the end of the lifetime on (RFC 5861, sections 3 and 4).
struct Kept(Windows);

impl Display for Kept {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Windows { ttl, stale_while_revalidate: stale, stale_if_error } = self.0;
        let stood_in = stale.saturating_add(stale_if_error);
        let [ttl, stale, stood_in] = [ttl, stale, stood_in].map(|window| window.as_secs());
        write!(f, "max-age={ttl}, stale-while-revalidate={stale}, stale-if-error={stood_in}")
    }
}

struct Page<'a> {
    source: &'a str,
    list: &'a Listing,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")?;
        f.write_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")?;
        f.write_str("<title>The list</title>\n<link rel=\"icon\" href=\"data:,\">\n")?;
        f.write_str("<link rel=\"stylesheet\" href=\"/page.css\">\n</head>\n<body>\n<main>\n<section>\n")?;
        writeln!(f, "<h1>The list of <code>{}</code></h1>", Escaped(self.source))?;
        f.write_str("<p>Cache-Status, among the fields of this response, tells where it comes from.\n")?;
        f.write_str("<a href=\"/\">Back to the demo</a> tells it too.</p>\n<ol id=\"lines\" class=\"lines\">\n")?;
        self.list.lines.iter().try_for_each(|line| writeln!(f, "<li dir=\"auto\">{}</li>", Escaped(line)))?;
        f.write_str("</ol>\n")?;
        if self.list.more > 0 {
            writeln!(f, "<p>… and {} more</p>", self.list.more)?;
        }
        f.write_str("</section>\n</main>\n</body>\n</html>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_windows_follow_its_lifetime_as_the_demos_do() {
        let [ttl, stale_while_revalidate, stale_if_error] = [5, 600, 3600].map(Duration::from_secs);
        let kept = Kept(Windows { ttl, stale_while_revalidate, stale_if_error }).to_string();
        assert_eq!(kept, "max-age=5, stale-while-revalidate=600, stale-if-error=4200");
    }

    #[test]
    fn what_a_source_says_is_no_markup_in_it() {
        let list = Listing { lines: vec!["<b>&".to_owned()], more: 2 };
        let page = Page { source: "http://a.example/?…", list: &list }.to_string();
        assert!(page.contains("<li dir=\"auto\">&lt;b&gt;&amp;</li>") && page.contains("… and 2 more"), "{page}");
    }
}
