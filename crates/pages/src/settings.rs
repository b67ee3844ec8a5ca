//! What the user of a layer decides.

use std::collections::BTreeSet;
use std::time::Duration;

use freshen_http::{Config, Grace, Scheme, Target, TargetError};
use http::{Request, request};

use crate::audience::Audience;
use crate::fill::Bounds;
use crate::whole_uri::WholeUri;

/// What the user of a layer decides. Layers of one [`PageCache`](crate::PageCache) may differ in all of it: one for each route.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What HTTP leaves to be chosen. By default a shared cache that is careful, and serves what says nothing of it for a minute
    /// after its lifetime while it is made again, and for an hour where that fails. [`Config::default`] has no such grace: whoever
    /// changes some of the rules and wants to keep it begins with those of [`Settings::default`].
    pub rules: Config,
    /// Over which scheme requests come. By default `http`; behind a gateway that ends TLS, and where the server ends it itself, it is
    /// `https`. A request that says another, as each of HTTP/2 says one, is refused with 421.
    pub scheme: Scheme,
    /// How much of a body is kept, and how many read it along. By default 8 MiB, and 1024.
    pub bounds: Bounds,
    /// How long the head of a response may take that may be kept. By default 30 s; then the service behind counts as hung. For what
    /// passes, tower's `Timeout` behind the layer is the bound.
    pub head_timeout: Duration,
    /// How long the content of a response may take to be kept. By default 60 s, and an hour at most; a slower one goes on to those who read it.
    pub content_timeout: Duration,
    /// For how long it is remembered that a response is not to be stored: nobody waits for another's in that time. By default 10 s.
    pub passing_ttl: Duration,
    /// For how long a response is kept beyond its windows, so that its origin can call it current. By default an hour.
    pub kept_for_validation: Duration,
    /// Whether answers tell in Cache-Status what was done. By default they do. Whoever knows whether a page was there can tell who
    /// else has asked for it (RFC 9211, section 6).
    pub tells: bool,
    /// The URI that a request came with, where layers before ours have changed it, as axum's `nest` does.
    pub whole_uri: WholeUri,
    /// For whom a page is. By default for everybody.
    pub audience: Audience,
}

impl Settings {
    /// What a request is about.
    pub(crate) fn target(&self, request: &request::Parts) -> Result<Target, TargetError> {
        let Some(uri) = self.whole_uri.of(request) else { return Target::of(request, self.scheme, &self.rules) };
        let (mut whole, ()) = Request::new(()).into_parts();
        (whole.uri, whole.version, whole.headers) = (uri, request.version, request.headers.clone());
        whole.method = request.method.clone();
        Target::of(&whole, self.scheme, &self.rules)
    }
}

/// For the pages of an application, whose owner would rather have them served than waited for.
const GRACE: Grace =
    Grace { stale_while_revalidate: Duration::from_secs(60), stale_if_error: Duration::from_secs(3600) };

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            rules: Config { grace: GRACE, ..Config::default() },
            scheme: Scheme::Http,
            bounds: Bounds::default(),
            head_timeout: Duration::from_secs(30),
            content_timeout: Duration::from_secs(60),
            passing_ttl: Duration::from_secs(10),
            kept_for_validation: Duration::from_secs(3600),
            tells: true,
            whole_uri: WholeUri::default(),
            audience: Audience::default(),
        }
    }
}

/// What the user of a cache decides for all its layers together. Of each number of pages and loads, 0 counts as 1.
#[derive(Clone, Debug)]
pub struct CacheSettings {
    /// So many pages are refreshed behind requests at a time. By default 16; where there is no room, the next request asks again.
    pub refreshes_most: usize,
    /// So many loads ask the services behind at a time, over all pages: of what may be kept, no origin has more requests to answer
    /// at once. By default 1,000. What passes is not counted, as it asks no cache: tower's `ConcurrencyLimit` behind the layer
    /// bounds both. A service that asks the cache itself while it answers takes one more.
    pub asking_most: usize,
    /// How long a load waits until it may ask. By default 5 s; then what is in hand stands in, as for an origin that fails, or its
    /// visitors get 503 with Retry-After.
    pub asking_timeout: Duration,
    /// So many pages are being loaded at a time, those that wait until they may ask included. By default 10,000; who comes above it
    /// fares as if he had waited.
    pub loads_most: usize,
    /// So many bytes of bodies are held while they come, and of those that are not kept while they are read. By default 256 MiB; a
    /// body that finds nothing left is not kept. What has come is its page's: clients who still read a page that left the cache
    /// hold it beyond this, however they came by it, so that only the server's bound on connections limits that.
    pub coming_bytes_most: u64,
    /// Tables whose writes outdate no page, such as that of the sessions. By default none.
    pub excluded_tables: BTreeSet<String>,
}

impl Default for CacheSettings {
    fn default() -> CacheSettings {
        CacheSettings {
            refreshes_most: 16,
            asking_most: 1_000,
            asking_timeout: Duration::from_secs(5),
            loads_most: 10_000,
            coming_bytes_most: 256 << 20,
            excluded_tables: BTreeSet::new(),
        }
    }
}
