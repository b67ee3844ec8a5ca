//! What is put before both judges: a response comes, a second request, and the origin's answer to the question whether what is
//! stored is current.

use std::fmt;

use http::{Request, Response, request, response};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::date::{Reads, reads};
use crate::message::{Directive, Message};
use crate::words::{ANSWERED, ANSWERED_FIELDS, ASKED, ASKED_FIELDS, Choice, ELAPSED_SECONDS, UPDATED_FIELDS};

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
    (prop_oneof![6 => Just(304_u16), 1 => Just(200), 3 => Just(503)], message(&ANSWERED, &UPDATED_FIELDS, 4))
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
        ("etag", "\"a\"", status == 206 || !response.has("last-modified")),
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

/// An answer that says of the modification what the first response said.
fn repeating(response: &Message, mut update: Message) -> Message {
    if let Some(line) = response.line("last-modified").filter(|line| matches!(reads(line), Reads::Date(_))) {
        update.set("last-modified", line);
    }
    update
}

/// Where what is done with a response changes: its lifetime, and each of its windows after that.
const EDGES: [&str; 3] = ["max-age", "stale-while-revalidate", "stale-if-error"];

/// A second before an edge, at it, or a second after it.
fn at_edge(response: &Message, shared: bool, (edge, offset): (&str, u64)) -> Option<u64> {
    let lifetime = response.seconds("s-maxage").filter(|_| shared).or_else(|| response.seconds("max-age"))?;
    let window = if edge == "max-age" { 0 } else { response.seconds(edge)? };
    let at = (lifetime + window + offset).saturating_sub(1);
    (at < 1_000_000).then_some(at)
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
        repeats in prop::bool::weighted(0.3),
        edge in option::weighted(0.4, (select(&EDGES[..]), 0..3_u64)),
    ) -> Trial {
        let response = fitted(method, status, response, fitting);
        let update = if repeats { repeating(&response, update) } else { update };
        let elapsed_seconds = edge.and_then(|edge| at_edge(&response, shared, edge)).unwrap_or(elapsed_seconds);
        Trial {
            shared, delay_seconds, method, request, status, response, elapsed_seconds, later_method, later, update_status, update,
        }
    }
}
