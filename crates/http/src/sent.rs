//! A request as its origin gets it (RFC 9110, sections 7.6 and 7.8; RFC 9112, section 3.2.2; RFC 9113, section 8.2.3).

use std::borrow::Cow;

use http::header::{CONNECTION, COOKIE, HOST, TE, TRAILER, UPGRADE};
use http::uri::Uri;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version, request};

use crate::asked::Asked;
use crate::config::Config;
use crate::hop_by_hop::HopByHop;
use crate::key::CacheKey;
use crate::members::members;
use crate::target::Target;
use crate::upgrade::offered;
use crate::vary::Selecting;

/// A request as its origin gets it: about the target that the application's [choices](crate::Choices) make of it, with the Host of
/// that one, and without the fields that were for the client's connection alone.
///
/// All that selects or keys a response is read from here. A field that Connection names never reaches the origin: were it to
/// select, whoever sends it could have the answer for one who lacks it stored for those who have it.
///
/// It borrows what it is made of, so that a request which is answered from the store costs no copy.
#[derive(Clone, Debug)]
pub struct Sent<'a> {
    method: Method,
    target: Cow<'a, Target>,
    /// The fields as they came.
    fields: Cow<'a, HeaderMap>,
    hop_by_hop: HopByHop,
    /// The authority of the target, where the fields do not have it so.
    host: Option<HeaderValue>,
    /// `trailers`, where all clients keep those.
    te: Option<HeaderValue>,
    upgrade: Vec<HeaderValue>,
}

impl<'a> Sent<'a> {
    /// A request that a stored response may answer. It offers the origin no other protocol.
    pub fn of(request: &'a request::Parts, target: &'a Target, config: &Config) -> Sent<'a> {
        let target = config.choices.sent(target);
        Sent::with(request.method.clone(), target, Cow::Borrowed(&request.headers))
    }

    /// A request that passes without a look at what is stored. Where it is one of HTTP/1.1, it goes on offering other protocols
    /// than HTTP (RFC 9110, section 7.8): whoever sends it has to join both connections where the origin takes one.
    pub fn passing(request: &'a request::Parts, target: &'a Target, config: &Config) -> Sent<'a> {
        let value = |protocol| HeaderValue::from_bytes(protocol).expect("what came in a field can stand in one");
        let upgrade = offered(&request.headers, request.version).map(value).collect();
        Sent { upgrade, ..Sent::of(request, target, config) }
    }

    /// The request by which a stored response is refreshed for which nobody waits: for its key, with the fields by which it was
    /// selected. `None`: its own client alone can ask again, for the key does not have the content of a QUERY, nor the fields that
    /// tell for whom a response is, nor what of a query its origin said does not matter; nor the target that was asked for, where
    /// the origin [sees](crate::OriginSees) that and the key may be of others too.
    pub fn again(key: &'a CacheKey, selecting: &'a Selecting, config: &Config) -> Option<Sent<'a>> {
        if !key.tells_its_request() || !config.choices.tell_what_is_sent() {
            return None;
        }
        let mut fields = Cow::Borrowed(selecting.headers());
        for (name, line) in key.steering() {
            if !selecting.headers().contains_key(name) {
                fields.to_mut().append(name, line.clone());
            }
        }
        Some(Sent::with(Method::GET, Cow::Borrowed(key.target()), fields))
    }

    fn with(method: Method, target: Cow<'a, Target>, fields: Cow<'a, HeaderMap>) -> Sent<'a> {
        let authority = target.origin().authority();
        let same = fields.get_all(HOST).into_iter().eq([authority]);
        let host = (!same).then(|| HeaderValue::from_str(authority).expect("a host is visible ASCII"));
        // RFC 9110, section 6.5.1: a cache keeps trailers, so what it asks for is what its client takes.
        let trailers = members(&fields, &TE).any(|member| member.eq_ignore_ascii_case(b"trailers"));
        let te = trailers.then_some(HeaderValue::from_static("trailers"));
        Sent { method, target, hop_by_hop: HopByHop::of(&fields), fields, host, te, upgrade: Vec::new() }
    }

    /// What the origin is asked for.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What it asks of a cache. Which fields are for its connection alone makes no difference to that.
    pub(crate) fn asked(&self, config: &Config) -> Asked {
        Asked::by(&self.method, &self.fields, !self.upgrade.is_empty(), config)
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// Its fields, but for what it says of its own connection, with all cookies in one line.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = self.hop_by_hop.without(&self.fields);
        if let Some(host) = &self.host {
            headers.insert(HOST, host.clone());
        }
        if let Some(te) = &self.te {
            headers.insert(TE, te.clone());
        }
        join_cookies(&mut headers);
        headers
    }

    /// Its head, as it is sent in this version. The URI is whole: who sends it over HTTP/1.1 to the origin itself writes path and
    /// query alone (RFC 9112, section 3.2.1).
    pub fn head(&self, version: Version) -> request::Parts {
        let (mut head, ()) = Request::new(()).into_parts();
        (head.method, head.uri, head.version, head.headers) =
            (self.method.clone(), self.uri(), version, self.headers());
        match version {
            Version::HTTP_11 => self.connect(&mut head.headers),
            // There are no trailers.
            Version::HTTP_09 | Version::HTTP_10 => _ = head.headers.remove(TE),
            // RFC 9113, sections 8.2.2 and 8.3.1: no Connection, and the authority stands in the URI.
            _ => _ = head.headers.remove(HOST),
        }
        head
    }

    /// The same with other fields.
    pub(crate) fn with_headers(&self, headers: HeaderMap) -> Sent<'a> {
        Sent { fields: Cow::Owned(headers), ..self.clone() }
    }

    /// The lines of one field.
    pub(crate) fn lines(&self, name: &HeaderName) -> impl Iterator<Item = &HeaderValue> {
        let own = match name {
            name if name == HOST => self.host.as_ref(),
            name if name == TE => self.te.as_ref(),
            _ => None,
        };
        let goes_on = own.is_none() && !self.hop_by_hop.contains(name);
        let lines = goes_on.then(|| self.fields.get_all(name).into_iter());
        own.into_iter().chain(lines.into_iter().flatten())
    }

    /// The fields with some names, as they came; Host is none of them.
    pub(crate) fn named(
        &self,
        wanted: impl Fn(&HeaderName) -> bool,
    ) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.fields.iter().filter(move |(name, _)| wanted(name) && *name != HOST && !self.hop_by_hop.contains(name))
    }

    fn uri(&self) -> Uri {
        let origin = self.target.origin();
        let uri = Uri::builder().scheme(origin.scheme().as_str()).authority(origin.authority());
        let uri = uri.path_and_query(self.target.resource().clone()).build();
        uri.expect("an origin and a path make a URI")
    }

    /// RFC 9110, sections 7.8 and 10.1.4: both are fields of the connection, and Connection has to name them.
    fn connect(&self, headers: &mut HeaderMap) {
        if self.te.is_some() {
            headers.append(CONNECTION, HeaderValue::from_static("te"));
        }
        if !self.upgrade.is_empty() {
            headers.append(CONNECTION, HeaderValue::from_static("upgrade"));
        }
        // RFC 9110, section 6.6.2: a client may send no more behind the content than it has told.
        headers.extend(self.fields.get_all(TRAILER).into_iter().map(|line| (TRAILER, line.clone())));
        for upgrade in &self.upgrade {
            headers.append(UPGRADE, upgrade.clone());
        }
    }
}

/// RFC 9113, section 8.2.3: outside of HTTP/2 and HTTP/3 they stand in one line, and there they may.
fn join_cookies(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(COOKIE).into_iter();
    if let (Some(_), Some(_)) = (lines.next(), lines.next()) {
        let lines = headers.get_all(COOKIE).into_iter().map(HeaderValue::as_bytes);
        let joined = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(&b"; "[..]);
        headers.insert(COOKIE, HeaderValue::from_bytes(&joined).expect("what came in fields can stand in one"));
    }
}
