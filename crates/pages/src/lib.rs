//! Pages of a site from a cache: a tower layer that serves the page it has, now, and has it made again behind the request.
//!
//! [`PageCache`] is a layer for axum, hyper and any tower service. What is stored, for whom and for how long, the rules of
//! [`freshen_http`] say; one load for all who ask, stale pages while it runs, fencing and far stores are [`freshen_core`]'s.
//!
//! ```
//! use axum::Router;
//! use axum::response::{Html, IntoResponse};
//! use axum::routing::get;
//! use freshen_pages::{PageCache, PageTags};
//!
//! async fn posts() -> impl IntoResponse {
//!     let tags = axum::Extension(PageTags::new().table("posts"));
//!     ([("cache-control", "public, max-age=600")], tags, Html("the last posts"))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pages = PageCache::embedded().await?;
//! let site: Router = Router::new().route("/posts", get(posts)).layer(pages.clone());
//!
//! // After each commit that wrote rows of the table: the page is served while it is made again.
//! pages.wrote(&["posts"]).await?;
//! # use tower_service::Service;
//! # let request = || http::Request::get("/posts").header("host", "a.example").body(axum::body::Body::empty());
//! # let mut site = site;
//! # let first = site.call(request()?).await?;
//! # assert_eq!(first.headers()["cache-status"], "freshen;fwd=uri-miss;stored;detail=max-age");
//! # assert_eq!(http_body_util::BodyExt::collect(first.into_body()).await?.to_bytes(), "the last posts");
//! # let hit = site.call(request()?).await?;
//! # assert!(hit.headers()["cache-status"].to_str()?.starts_with("freshen;hit;ttl="));
//! # assert_eq!(http_body_util::BodyExt::collect(hit.into_body()).await?.to_bytes(), "the last posts");
//! # Ok(())
//! # }
//! ```
//!
//! Whom a page may be shown to is safe by default. What is `private`, sets a cookie or answers to `Authorization` is not shared
//! unless it says so; what came to a request with cookies gets no lifetime that it does not say; and an application that tells its
//! users apart says so by [`Audience`]: no user is shown another's page.

// What its users hold.
mod cache;
mod settings;
mod tags;
mod audience;
mod whole_uri;
mod service;

// How a request is answered.
mod query;
mod walk;
mod boarding;
mod standing_in;
mod record;
mod explain;
mod reply;
mod body;
mod following;

// How a page is made, once for all who ask.
mod page;
mod siblings;
mod load;
mod own;
mod flight;
mod places;
mod fetch;
mod outage;
mod error;

// A body that is read while it comes.
mod pump;
mod fill;
mod reader;
mod shared;
mod course;
mod pieces;
mod budget;

pub use audience::{Audience, Whom};
pub use body::PageBody;
pub use cache::PageCache;
pub use explain::{ExplainedRecord, PageExplanation, Says};
pub use fill::Bounds;
pub use reader::Broken;
pub use service::PageService;
pub use settings::{CacheSettings, Settings};
pub use tags::{PageTags, Pages};
pub use whole_uri::WholeUri;

// The tests of a body that comes fill and read one by hand, and no user does.
#[doc(hidden)]
pub use budget::Budget;
#[doc(hidden)]
pub use fill::{Filled, Filling, Joining, Pushed, fill};
#[doc(hidden)]
pub use reader::Reader;

// The job that makes a page is the engine's: a user neither makes one nor is given what comes of it.
#[doc(hidden)]
pub use error::PageError;
#[doc(hidden)]
pub use page::{Page, PageAt};
