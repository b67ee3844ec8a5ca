//! Requests and responses made by chance: valid, odd and hostile.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::time::Duration;

use freshen_core::Timestamp;
use freshen_http::{Asked, Config, Cookies, Exchange, Grace, Mode, Personal, Sent, Storing, Terms};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, request, response};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::case::{NOON, asked_for};

/// Names of directives, of requests and responses alike.
const DIRECTIVES: [&str; 22] = [
    "max-age",
    "s-maxage",
    "stale-while-revalidate",
    "stale-if-error",
    "no-store",
    "no-cache",
    "private",
    "public",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "immutable",
    "max-stale",
    "min-fresh",
    "only-if-cached",
    "no-transform",
    "Max-Age",
    "NO-STORE",
    "x",
    "",
    "=",
    "\"",
];

const ARGUMENTS: [&str; 16] = [
    "",
    "=0",
    "=1",
    "=60",
    "=2147483648",
    "=99999999999999999999",
    "=-1",
    "=1.5",
    "=x",
    "=\"60\"",
    "=\"set-cookie, x\"",
    "=\"",
    "=\\",
    "=?0",
    "=(1 2)",
    ";y=1",
];

const OTHERS: [(&str, &str); 27] = [
    ("cookie", "sid=ann"),
    ("cache-control", "max-age=60, immutable"),
    ("cache-control", "max-age=0"),
    ("age", "0"),
    ("age", "30"),
    ("age", "9223372036854775808"),
    ("age", "-1, 5"),
    ("date", "Sat, 21 Nov 2026 11:59:30 GMT"),
    ("date", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ("date", "Sat, 01 Jan 0000 00:00:00 GMT"),
    ("date", "x"),
    ("expires", "Sat, 21 Nov 2026 12:01:00 GMT"),
    ("expires", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ("expires", "0"),
    ("last-modified", "Sat, 01 Jan 0000 00:00:00 GMT"),
    ("last-modified", "Sat, 21 Nov 2026 05:00:00 GMT"),
    ("etag", "\"a\""),
    ("etag", "W/\"a\""),
    ("vary", "accept"),
    ("vary", "x, *"),
    ("set-cookie", "a=b"),
    ("content-range", "bytes 0-1/2"),
    ("pragma", "no-cache"),
    ("authorization", "x"),
    ("range", "bytes=0-1"),
    ("content-location", "/"),
    ("connection", "age"),
];

const FIELDS: [&str; 12] = [
    "cache-control",
    "cdn-cache-control",
    "freshen-cache-control",
    "age",
    "date",
    "expires",
    "last-modified",
    "etag",
    "vary",
    "pragma",
    "content-range",
    "set-cookie",
];

fn directives() -> impl Strategy<Value = String> {
    let directive =
        (select(&DIRECTIVES[..]), select(&ARGUMENTS[..])).prop_map(|(name, argument)| format!("{name}{argument}"));
    vec(directive, 0..6).prop_map(|directives| directives.join(", "))
}

fn field() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let bytes = vec(any::<u8>().prop_filter("such a byte never gets here", |byte| *byte >= 32 && *byte != 127), 0..40);
    prop_oneof![
        4 => (select(&FIELDS[..3]), directives()).prop_map(|(name, line)| (name, line.into_bytes())),
        4 => select(&OTHERS[..]).prop_map(|(name, line)| (name, line.as_bytes().to_vec())),
        1 => (select(&FIELDS[..]), bytes),
    ]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    vec(field(), 0..8).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, line) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(&line).unwrap());
        }
        headers
    })
}

fn request() -> impl Strategy<Value = request::Parts> {
    let method = select(&["GET", "GET", "GET", "HEAD", "POST", "QUERY", "PUT", "X"][..]);
    (method, headers()).prop_map(|(method, headers)| {
        let mut request = Request::builder().method(method).uri("/").body(()).unwrap();
        *request.headers_mut() = headers;
        request.into_parts().0
    })
}

fn response() -> impl Strategy<Value = response::Parts> {
    (prop_oneof![4 => Just(200_u16), 1 => select(vec![206, 299, 304, 503]), 2 => 100..1000_u16], headers()).prop_map(
        |(status, headers)| {
            let mut response = Response::builder().status(status).body(()).unwrap();
            *response.headers_mut() = headers;
            response.into_parts().0
        },
    )
}

fn config() -> impl Strategy<Value = Config> {
    let span = || select(vec![Duration::ZERO, Duration::from_secs(60), Duration::MAX]);
    let mode = select(vec![Mode::Shared, Mode::Private]);
    let cookies = select(vec![Cookies::Careful, Cookies::Dropped, Cookies::Stored]);
    let personal = select(vec![Personal::Pass, Personal::Careful, Personal::Shared]);
    (mode, cookies, personal, any::<[bool; 3]>(), span(), span(), span()).prop_map(
        |(mode, cookies, personal, flags, revalidate, error, failure)| {
            let [obeys_reloads, stores_query, stores_post] = flags;
            let grace = Grace { stale_while_revalidate: revalidate, stale_if_error: error };
            let failure_lifetime = failure;
            Config {
                mode,
                cookies,
                personal,
                obeys_reloads,
                stores_query,
                stores_post,
                grace,
                failure_lifetime,
                ..Config::default()
            }
        },
    )
}

/// Mostly near noon, where responses come; sometimes anywhere.
fn time() -> impl Strategy<Value = Timestamp> {
    let near = (0..200_u64).prop_map(|seconds| NOON + Duration::from_secs(seconds));
    prop_oneof![4 => near, 1 => any::<u64>().prop_map(Timestamp::from_micros)]
}

prop_compose! {
    pub fn story()(
        request in request(),
        response in response(),
        config in config(),
        asked_at in time(),
        answered_at in time(),
        later in request(),
        now in time(),
    ) -> Story {
        let exchange = Exchange { asked_at, answered_at };
        let wishes = Asked::of(&later, &config);
        Story { request, response, exchange, config, wishes, now }
    }
}

/// A response is stored, or not, and a later request comes.
#[derive(Clone, Debug)]
pub struct Story {
    pub request: request::Parts,
    pub response: response::Parts,
    pub exchange: Exchange,
    pub config: Config,
    pub wishes: Asked,
    pub now: Timestamp,
}

impl Story {
    pub fn storing(&self) -> Storing {
        let target = asked_for(&self.request);
        Storing::of(&Sent::of(&self.request, &target, &self.config), &self.response, &self.exchange, &self.config)
    }

    pub fn stored(&self) -> Option<Terms> {
        match self.storing() {
            Storing::Store(terms, _) => Some(terms),
            Storing::Pass(_) => None,
        }
    }

    /// The same with one line more. Targeted fields are left out: Cache-Control would not count beside them.
    pub fn saying(mut self, directive: &'static str) -> Story {
        self.config.targets.clear();
        self.response.headers.append(http::header::CACHE_CONTROL, HeaderValue::from_static(directive));
        self
    }
}
