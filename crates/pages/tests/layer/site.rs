//! An origin behind the layer, as visitors see it.

use std::time::Duration;

use bytes::Bytes;
use freshen_core::{Cache, CacheBuilder, Clock};
use freshen_pages::{CacheSettings, PageBody, PageCache, PageService, Settings};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower_layer::Layer;
use tower_service::Service;

use crate::origin::Origin;

pub struct Site {
    pub origin: Origin,
    pub pages: PageCache,
    service: PageService<Origin>,
}

/// A site with these settings.
pub async fn site_with(settings: Settings) -> Site {
    site_over(Cache::builder().clock(Clock::runtime()), settings).await
}

/// A site over whatever the builder has.
pub async fn site_over(cache: CacheBuilder, settings: Settings) -> Site {
    let excluded_tables = ["sessions".to_owned()].into();
    site_of(cache, CacheSettings { excluded_tables, ..CacheSettings::default() }, settings).await
}

/// A site whose layers have this in common.
pub async fn site_of(cache: CacheBuilder, whole: CacheSettings, settings: Settings) -> Site {
    let origin = Origin::default();
    let pages = PageCache::over(cache, whole).await.unwrap().with(settings);
    let service = pages.layer(origin.clone());
    Site { origin, pages, service }
}

/// A site that goes by the standards alone.
pub async fn site() -> Site {
    let mut settings = Settings::default();
    settings.rules.grace = freshen_http::Grace::default();
    site_with(settings).await
}

/// What a visitor got.
#[derive(Debug)]
pub struct Got {
    pub response: Response<()>,
    pub text: String,
    pub trailers: Option<http::HeaderMap>,
    pub broken: bool,
}

impl Got {
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub fn field(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What the cache says that it did.
    pub fn told(&self) -> &str {
        self.field("cache-status").trim_start_matches("freshen; ").trim_start_matches("freshen;")
    }

    pub fn is_hit(&self) -> bool {
        self.told().starts_with("hit")
    }
}

impl Site {
    /// Another route of the same cache, with an origin of its own.
    pub fn beside(&self, settings: Settings) -> Site {
        let (origin, pages) = (Origin::default(), self.pages.with(settings));
        Site { service: pages.layer(origin.clone()), origin, pages }
    }

    /// Sends a request as a line: `QUERY /a | accept: text/html | its content`.
    pub fn send(&self, line: &str) -> impl Future<Output = Response<PageBody>> + Send + use<> {
        self.send_as(request(line))
    }

    /// Sends a request as it is.
    pub fn send_as(&self, request: Request<Full<Bytes>>) -> impl Future<Output = Response<PageBody>> + Send + use<> {
        let mut service = self.service.clone();
        async move { service.call(request).await.expect("the origin is behind the layer") }
    }

    pub async fn get(&self, line: &str) -> Got {
        read(self.send(line).await).await
    }

    /// The same beside the test.
    pub fn getting(&self, line: &str) -> tokio::task::JoinHandle<Got> {
        let sent = self.send(line);
        tokio::spawn(async { read(sent.await).await })
    }
}

pub fn request(line: &str) -> Request<Full<Bytes>> {
    let mut parts = line.split(" | ");
    let (method, uri) = parts.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri);
    let (fields, content): (Vec<_>, Vec<_>) = parts.partition(|field| field.contains(": "));
    let fields: Vec<_> = fields.into_iter().filter_map(|field| field.split_once(": ")).collect();
    if !fields.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "a.example");
    }
    for (name, value) in fields {
        request = request.header(name, value);
    }
    request.body(Full::new(Bytes::from(content.concat()))).unwrap()
}

/// Reads a response to its end.
pub async fn read<B: Body<Data = Bytes> + Unpin>(response: Response<B>) -> Got {
    let (head, mut body) = response.into_parts();
    let (mut text, mut trailers, mut broken) = (Vec::new(), None, false);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => match frame.into_data() {
                Ok(piece) => text.extend_from_slice(&piece),
                Err(frame) => trailers = frame.into_trailers().ok(),
            },
            Err(_) => broken = true,
        }
    }
    Got { response: Response::from_parts(head, ()), text: String::from_utf8(text).unwrap(), trailers, broken }
}

/// Lets time pass, with all that is due in it.
pub async fn pass(span: Duration) {
    tokio::time::sleep(span).await;
}

/// Lets all run that can.
pub async fn settle() {
    pass(Duration::from_millis(1)).await;
}
