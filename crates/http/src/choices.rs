//! What an application knows of its own targets, and the standards do not: which of them are one resource.

use std::borrow::Cow;

use http::uri::PathAndQuery;

use crate::hosts::Hosts;
use crate::origin::{Origin, TargetError};
use crate::parameters::Parameters;
use crate::percent::normalised;
use crate::target::Target;

/// Which targets an application holds for one, beyond those that are the same. The default: none.
///
/// What two targets have in common is their [keyed](Choices::keyed) form: it alone makes the key. By default the origin is
/// asked for that form too, so that it cannot answer by something that the key leaves out. Who lets it see the request's own
/// target must be sure that origin and cache read targets alike; a parameter is then still left out only where every known
/// server would see it as we do, see [`Parameters`].
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Which parameters of a query count, and whether their order does.
    pub parameters: Parameters,
    /// Whether percent-encoding is normalised: hex digits in upper case, and what needs no encoding without it
    /// (RFC 3986, section 6.2.2). An encoded dot stays one: decoded, it could be half of a `..`.
    pub decoded: bool,
    /// Hosts that stand for others.
    pub hosts: Hosts,
    /// What the origin is asked for.
    pub origin_sees: OriginSees,
}

/// What an origin is asked for where the keyed form of a target is another than the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OriginSees {
    /// The keyed form: the origin knows what the cache knows.
    #[default]
    Keyed,
    /// The target as it was asked for. What the key leaves out may then still decide the answer, for everybody.
    Asked,
}

impl Choices {
    /// The form of a target that makes its key. It is its own keyed form.
    pub fn keyed(&self, target: &Target) -> Target {
        self.changed(target).unwrap_or_else(|| target.clone())
    }

    /// The origin whose targets those of this one are keyed as.
    pub(crate) fn keyed_origin<'a>(&self, origin: &'a Origin) -> Cow<'a, Origin> {
        match self.hosts.stood_for(origin.host()) {
            Some(host) => Cow::Owned(origin.with_host(host)),
            None => Cow::Borrowed(origin),
        }
    }

    /// What the origin is asked for.
    pub fn sent<'a>(&self, target: &'a Target) -> Cow<'a, Target> {
        let changed = match self.origin_sees {
            OriginSees::Keyed => self.changed(target),
            OriginSees::Asked => None,
        };
        changed.map_or(Cow::Borrowed(target), Cow::Owned)
    }

    /// Whether the keyed form tells what the origin is asked for: where it sees each client's own target, it does so only if no
    /// two are held for one. A redirect to the keyed form would else be stored as the answer to it, and send everybody in a circle.
    pub(crate) fn tell_what_is_sent(&self) -> bool {
        self.origin_sees == OriginSees::Keyed || self.hold_none_for_another()
    }

    fn hold_none_for_another(&self) -> bool {
        !self.decoded && self.parameters.keep_all() && self.hosts.is_empty()
    }

    /// The keyed form, where it may be another than the target.
    fn changed(&self, target: &Target) -> Option<Target> {
        let (origin, resource) = match (self.keyed_origin(target.origin()), self.resource(target)) {
            (Cow::Borrowed(_), None) => return None,
            (origin, None) => (origin, Ok(target.resource().clone())),
            (origin, Some(resource)) => {
                (origin, PathAndQuery::try_from(resource).map_err(|_| TargetError::MalformedPath))
            }
        };
        let keyed = resource.and_then(|resource| Target::new(origin.into_owned(), resource));
        Some(keyed.expect("a target of which parts are left out, moved or decoded is a target"))
    }

    /// Path and query, where they are chosen to be others.
    fn resource(&self, target: &Target) -> Option<String> {
        let (path, query) = (target.path(), target.query());
        if !self.decoded && (query.is_none() || self.parameters.keep_all()) {
            return None;
        }
        let query = query.and_then(|query| self.parameters.keyed(&self.form(query, "&")));
        let path = self.form(path, "/");
        Some(match query {
            Some(query) => format!("{path}?{query}"),
            None => path.into_owned(),
        })
    }

    /// Each part by itself: what encodes nothing in one of them, which may be left out, says nothing about the others, and no
    /// separator can end what it begins.
    fn form<'a>(&self, text: &'a str, separator: &str) -> Cow<'a, str> {
        if !self.decoded || !text.contains('%') {
            return Cow::Borrowed(text);
        }
        Cow::Owned(text.split(separator).map(normalised).collect::<Vec<_>>().join(separator))
    }
}
