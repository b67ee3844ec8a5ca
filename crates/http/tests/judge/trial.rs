//! What is put before both judges: a response comes, a second request, and the origin's answer to the question whether what is
//! stored is current.

use std::fmt;

use http::{Request, Response, request, response};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::message::{Directive, Message};

#[derive(Clone, PartialEq)]
pub struct Trial {
    pub shared: bool,
    /// Between the first request and its response.
    pub delay_seconds: u64,
    pub method: &'static str,
    pub request: Message,
    pub status: u16,
    pub response: Message,
    /// Between the response and the later request.
    pub elapsed_seconds: u64,
    pub later_method: &'static str,
    pub later: Message,
    /// What the origin says when it is asked then.
    pub update_status: u16,
    pub update: Message,
}

impl Trial {
    pub fn first(&self) -> request::Parts {
        request(self.method, &self.request)
    }

    pub fn second(&self) -> request::Parts {
        request(self.later_method, &self.later)
    }

    pub fn answer(&self) -> response::Parts {
        response(self.status, &self.response)
    }

    pub fn answer_to_validation(&self) -> response::Parts {
        response(self.update_status, &self.update)
    }

    pub fn messages(&mut self) -> [&mut Message; 4] {
        [&mut self.request, &mut self.response, &mut self.later, &mut self.update]
    }

    pub fn answers(&mut self) -> [&mut Message; 2] {
        [&mut self.response, &mut self.update]
    }
}

fn request(method: &str, message: &Message) -> request::Parts {
    let (mut parts, ()) = Request::builder().method(method).uri("http://a.example/").body(()).unwrap().into_parts();
    parts.headers = message.headers();
    parts
}

fn response(status: u16, message: &Message) -> response::Parts {
    let (mut parts, ()) = Response::builder().status(status).body(()).unwrap().into_parts();
    parts.headers = message.headers();
    parts
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "in a {} cache", if self.shared { "shared" } else { "private" })?;
        writeln!(f, "{}\n{:?}", self.method, self.request)?;
        writeln!(f, "{}, {} s after it\n{:?}", self.status, self.delay_seconds, self.response)?;
        writeln!(f, "{}, {} s later\n{:?}", self.later_method, self.elapsed_seconds, self.later)?;
        writeln!(f, "{}\n{:?}", self.update_status, self.update)
    }
}

type Choice = (&'static str, &'static str);

/// What stands more than once comes more often.
const ANSWERED: [Choice; 50] = [
    ("max-age", "=60"),
    ("max-age", "=60"),
    ("max-age", "=60"),
    ("max-age", "=60"),
    ("max-age", "=30"),
    ("max-age", "=0"),
    ("max-age", "=\"60\""),
    ("max-age", "=x"),
    ("max-age", "=-1"),
    ("max-age", "=+60"),
    ("max-age", "= 60"),
    ("max-age", " =60"),
    ("max-age", ""),
    ("max-age", "=2147483648"),
    ("max-age", "=4294967296"),
    ("max-age", "=99999999999999999999"),
    ("Max-Age", "=30"),
    ("s-maxage", "=30"),
    ("s-maxage", "=30"),
    ("s-maxage", ""),
    ("S-MaxAge", "=x"),
    ("stale-while-revalidate", "=10"),
    ("stale-while-revalidate", "=60"),
    ("stale-if-error", "=60"),
    ("no-store", ""),
    ("NO-STORE", ""),
    ("no-store", ";y=1"),
    ("no-cache", ""),
    ("No-Cache", ""),
    ("no-cache", " x"),
    ("no-cache", "=\"x-a, link\""),
    ("no-cache", "=\"set-cookie\""),
    ("private", ""),
    ("private", ""),
    ("private", "=\"set-cookie\""),
    ("private", "=x-b"),
    ("public", ""),
    ("public", ""),
    ("public", ""),
    ("public", ""),
    ("public", "=1"),
    ("must-revalidate", ""),
    ("must-revalidate", ""),
    ("proxy-revalidate", ""),
    ("must-understand", ""),
    ("immutable", ""),
    ("no-transform", ""),
    ("x", "=\"no-store, max-age=0\""),
    ("x", "=\"\u{e9}\""),
    ("x", "=1"),
];

const ASKED: [Choice; 22] = [
    ("max-age", "=0"),
    ("max-age", "=30"),
    ("max-age", "=600"),
    ("max-age", "=x"),
    ("Max-Age", "=5"),
    ("min-fresh", "=20"),
    ("min-fresh", "=x"),
    ("max-stale", ""),
    ("max-stale", ""),
    ("max-stale", "=10"),
    ("max-stale", "=30"),
    ("max-stale", "=40"),
    ("max-stale", "=x"),
    ("max-stale", "=99999999999999999999"),
    ("no-cache", ""),
    ("No-Cache", ""),
    ("no-store", ""),
    ("only-if-cached", ""),
    ("x", "=\"no-cache, max-age=0\""),
    ("x", "=\"\u{e9}\""),
    ("no-transform", ""),
    ("x", ""),
];

const ANSWERED_FIELDS: [Choice; 65] = [
    ("age", "0"),
    ("age", "20"),
    ("age", "20"),
    ("age", "60"),
    ("age", "+7"),
    ("age", "-1"),
    ("age", "7, 60"),
    ("age", "4294967296"),
    ("age", "18446744073709551615"),
    ("age", "99999999999999999999"),
    ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("date", "Sat, 21 Nov 2026 11:59:30 GMT"),
    ("date", "Saturday, 21-Nov-26 11:59:30 GMT"),
    ("date", "Sat, 21 Nov 2026 12:01:00 EST"),
    ("date", "Sat, 21 Nov 2026 13:00:00 GMT"),
    ("date", "x"),
    ("expires", "Sat, 21 Nov 2026 12:01:00 GMT"),
    ("expires", "Sat, 21 Nov 2026 12:01:00 GMT"),
    ("expires", "Sat, 21 Nov 2026 13:00:00 GMT"),
    ("expires", "sat, 21 nov 2026 12:01:00 GMT"),
    ("expires", "Sat Nov 21 12:01:00 2026"),
    ("expires", "Sat, 21 Nov 2026 12:01:00 EST"),
    ("expires", "Sat, 21 Nov 2026 12:01:00 +0000"),
    ("expires", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ("expires", "0"),
    ("expires", ""),
    ("last-modified", "Sat, 21 Nov 2026 05:00:00 GMT"),
    ("last-modified", "Sat, 21 Nov 2026 05:00:00 GMT"),
    ("last-modified", "Sat, 21 Nov 2026 05:00:00 GMT"),
    ("last-modified", "Saturday, 21-Nov-26 05:00:00 GMT"),
    ("last-modified", "Sat, 21 Nov 2026 11:59:30 GMT"),
    ("last-modified", "Sat, 21 Nov 2026 13:00:00 GMT"),
    ("last-modified", "Thu, 13 Aug 2026 12:00:00 GMT"),
    ("last-modified", "x"),
    ("etag", "\"a\""),
    ("etag", "\"a\""),
    ("etag", "\"a\""),
    ("etag", "W/\"a\""),
    ("etag", "W/\"a\""),
    ("etag", "a"),
    ("etag", "\"b\""),
    ("vary", "accept"),
    ("vary", "accept"),
    ("vary", "Accept"),
    ("vary", "accept, x-a"),
    ("vary", "*"),
    ("vary", "accept, *"),
    ("vary", "a b"),
    ("set-cookie", "a=b"),
    ("set-cookie", "c=d"),
    ("pragma", "no-cache"),
    ("content-range", "bytes 0-4/10"),
    ("content-length", "5"),
    ("content-location", "http://a.example/"),
    ("content-location", "http://a.example/"),
    ("content-location", "http://a.example/"),
    ("content-location", "/other"),
    ("link", "</a>"),
    ("link", "</b>"),
    ("x-a", "1"),
    ("connection", "x-a, vary"),
    ("proxy-connection", "close"),
    ("content-type", "text/plain"),
];

const ASKED_FIELDS: [Choice; 23] = [
    ("accept", "text/html"),
    ("accept", "text/html"),
    ("accept", "text/html"),
    ("accept", "text/html"),
    ("accept", "text/html, x/y"),
    ("accept", "text/html, x/y"),
    ("accept", "x/y"),
    ("accept", "x/y"),
    ("x-a", "1"),
    ("x-a", "2"),
    ("authorization", "x"),
    ("pragma", "no-cache"),
    ("pragma", "no-cachex"),
    ("if-none-match", "\"a\""),
    ("if-none-match", "\"x, y\", W/\"z\""),
    ("if-modified-since", "Sat, 21 Nov 2026 05:00:00 GMT"),
    ("if-modified-since", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("if-range", "\"a\""),
    ("if-match", "\"a\""),
    ("if-unmodified-since", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("range", "bytes=0-1"),
    ("cookie", "a=b"),
    ("accept-ranges", "bytes"),
];

/// What the origin says later. Its dates are in one form: when both were modified, one judge tells by the text.
const UPDATED_FIELDS: [Choice; 26] = [
    ("age", "0"),
    ("age", "20"),
    ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("date", "Sat, 21 Nov 2026 12:01:00 GMT"),
    ("expires", "Sat, 21 Nov 2026 13:00:00 GMT"),
    ("expires", "0"),
    ("last-modified", "Sat, 21 Nov 2026 05:00:00 GMT"),
    ("last-modified", "Sat, 21 Nov 2026 05:00:00 GMT"),
    ("last-modified", "Thu, 13 Aug 2026 12:00:00 GMT"),
    ("etag", "\"a\""),
    ("etag", "\"a\""),
    ("etag", "\"a\""),
    ("etag", "W/\"a\""),
    ("etag", "W/\"a\""),
    ("etag", "\"b\""),
    ("vary", "accept"),
    ("link", "</c>"),
    ("link", "</d>"),
    ("x-a", "3"),
    ("x-c", "3"),
    ("content-length", "7"),
    ("content-encoding", "gzip"),
    ("content-type", "text/html"),
    ("connection", "x-c"),
    ("proxy-authentication-info", "x"),
    ("set-cookie", "e=f"),
];

const ELAPSED_SECONDS: [u64; 12] = [0, 1, 10, 29, 30, 31, 59, 60, 61, 90, 100, 200_000];

fn directives(choices: &'static [Choice]) -> impl Strategy<Value = Vec<Vec<Directive>>> {
    let directive = select(choices).prop_map(|(name, rest)| Directive::new(name, rest));
    let line = prop_oneof![3 => vec(directive.clone(), 1..3), 1 => vec(directive, 3..5)];
    prop_oneof![2 => Just(Vec::new()), 4 => vec(line.clone(), 1..2), 1 => vec(line, 2..3)]
}

fn message(said: &'static [Choice], fields: &'static [Choice], most: usize) -> impl Strategy<Value = Message> {
    let fields = vec(select(fields).prop_map(|(name, line)| (name, line.to_owned())), 0..=most);
    (directives(said), fields).prop_map(|(directives, fields)| Message { directives, fields: sole(fields) })
}

/// A Date is there once, and so are validators: else one judge takes the first, and the other none.
fn sole(fields: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let first = |at: usize, name: &str| {
        !["date", "etag", "last-modified"].contains(&name) || fields[..at].iter().all(|(of, _)| *of != name)
    };
    let kept = fields.iter().enumerate().filter(|(at, (name, _))| first(*at, name));
    kept.map(|(_, field)| field.clone()).collect()
}

/// Half of the requests say nothing, so that what responses say is seen.
fn asked() -> impl Strategy<Value = Message> {
    option::of(message(&ASKED, &ASKED_FIELDS, 4)).prop_map(Option::unwrap_or_default)
}

fn methods() -> impl Strategy<Value = (&'static str, &'static str)> {
    let any = || select(&["GET", "GET", "HEAD", "POST", "PUT"][..]);
    prop_oneof![12 => Just(("GET", "GET")), 2 => (Just("POST"), any()), 2 => (any(), any())]
}

fn status() -> impl Strategy<Value = u16> {
    let others = select(
        &[203_u16, 204, 206, 301, 302, 302, 302, 404, 501, 201, 299, 304, 412, 416, 429, 500, 503, 599, 600][..],
    );
    prop_oneof![5 => Just(200), 2 => others]
}

/// The origin's answer is mostly about what it was asked about.
fn update() -> impl Strategy<Value = (u16, Message)> {
    (prop_oneof![8 => Just(304_u16), 1 => Just(200), 1 => Just(503)], message(&ANSWERED, &UPDATED_FIELDS, 4))
}

/// How much a response has of what it needs to be stored, so that later questions arise.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fitting {
    Not,
    Validated,
    Lasting,
}

fn fitted(method: &str, status: u16, mut response: Message, fitting: Fitting) -> Message {
    if fitting == Fitting::Lasting && !response.says("max-age") {
        response.say("max-age", "=60");
    }
    let needed = [
        ("etag", "\"a\"", true),
        ("content-location", "http://a.example/", method == "POST"),
        ("content-range", "bytes 0-4/10", status == 206),
    ];
    for (name, line, is_needed) in needed {
        if fitting != Fitting::Not && is_needed && !response.has(name) {
            response.set(name, line);
        }
    }
    response
}

prop_compose! {
    pub fn trial()(
        (shared, delay_seconds, elapsed_seconds) in
            (prop::bool::weighted(0.7), prop_oneof![4 => Just(0_u64), 1 => Just(3)], select(&ELAPSED_SECONDS[..])),
        (method, later_method) in methods(),
        (request, later) in prop_oneof![1 => asked().prop_map(|asked| (Message::default(), asked)), 2 => (asked(), asked())],
        (status, response) in (status(), message(&ANSWERED, &ANSWERED_FIELDS, 6)),
        (update_status, update) in update(),
        fitting in select(&[Fitting::Not, Fitting::Not, Fitting::Validated, Fitting::Lasting, Fitting::Lasting][..]),
    ) -> Trial {
        let response = fitted(method, status, response, fitting);
        Trial {
            shared, delay_seconds, method, request, status, response, elapsed_seconds, later_method, later, update_status, update,
        }
    }
}
