//! Target URIs: which resource a request is about (RFC 9110, section 7.1).

use std::fmt;

use freshen_core::Tag;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Version, request};

use crate::config::Config;
use crate::fields::FIELDS_MOST;
use crate::mark::{Mark, put};
use crate::origin::{Origin, Scheme, TargetError};

/// Most bytes of path and query that a key has. A longer target is passed on.
pub const TARGET_BYTES_MOST: usize = 16 << 10;

/// Which resource a request is about. Two are equal if their origins are and path and query are the same, byte by byte.
///
/// RFC 9110, section 4.2.3, lets a cache hold more for equal. Whoever does needs an origin that agrees: where it does not, the
/// answer to one URI is served for another. So that is left to the application's [`Choices`](crate::Choices). A fragment is no
/// part of a target, and an empty path is `/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    origin: Origin,
    /// Begins with `/`.
    resource: PathAndQuery,
}

impl Target {
    /// The target of a request that came over a connection of this scheme (RFC 9112, section 3.3). Where TLS ends at a gateway in
    /// front, whoever trusts that one gives [`Scheme::Https`].
    ///
    /// # Errors
    /// [`TargetError`] when it names no resource, names none that is well formed, or contradicts itself or its connection. Its
    /// [`refusal`](TargetError::refusal) tells what to answer.
    pub fn of(request: &request::Parts, connection: Scheme, config: &Config) -> Result<Target, TargetError> {
        if request.headers.len() > FIELDS_MOST {
            return Err(TargetError::TooManyFields);
        }
        let host = host_field(request)?;
        let resource = resource_of(request)?;
        let (Some(scheme), Some(authority)) = (request.uri.scheme_str(), request.uri.authority()) else {
            let hostless = if request.version < Version::HTTP_11 { TargetError::Hostless } else { TargetError::NoHost };
            return Target::new(Origin::new(connection, host.ok_or(hostless)?.as_bytes())?, resource);
        };
        // RFC 9110, section 7.4. Anybody can write `https` into a request; who has it from TLS is the connection.
        if Scheme::of(scheme)? != connection {
            return Err(TargetError::Misdirected);
        }
        let origin = Origin::new(connection, authority.as_str().as_bytes())?;
        let counts = request.version >= Version::HTTP_2 || !config.ignores_host;
        match host.map(|host| Origin::new(connection, host.as_bytes())).transpose()? {
            Some(host) if counts && host != origin => Err(TargetError::Disagreement),
            _ => Target::new(origin, resource),
        }
    }

    /// A resource of an origin. An empty path becomes `/`.
    pub(crate) fn new(origin: Origin, resource: PathAndQuery) -> Result<Target, TargetError> {
        let resource = match resource.as_str().as_bytes() {
            // An empty path before a fragment reads as a slash, and is not equal to one.
            b"/" => PathAndQuery::from_static("/"),
            [b'/', ..] => resource,
            [b'?', ..] => {
                PathAndQuery::try_from(format!("/{}", resource.as_str())).map_err(|_| TargetError::MalformedPath)?
            }
            _ => return Err(TargetError::NoResource),
        };
        Ok(Target { origin, resource })
    }

    /// Whose it is.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path, which begins with `/`.
    pub fn path(&self) -> &str {
        self.resource.path()
    }

    /// The query, without its question mark. An empty one is not none.
    pub fn query(&self) -> Option<&str> {
        self.resource.query()
    }

    /// Path and query, as a request to the origin has them.
    pub fn resource(&self) -> &PathAndQuery {
        &self.resource
    }

    /// The same in memory of its own: that of a request shares the memory of its whole head.
    pub(crate) fn detached(&self) -> Target {
        let resource = PathAndQuery::try_from(self.resource.as_str());
        Target { origin: self.origin.clone(), resource: resource.expect("what was a path and a query is one") }
    }

    /// What is common to all stored responses of this target, in its keyed form: an invalidation outdates them by it.
    pub(crate) fn tag(&self) -> Tag {
        Mark::Target.hashed(|bytes| self.encode(bytes))
    }

    /// What is common to all stored responses of this path whose origin says that not all of the query matters.
    pub(crate) fn path_tag(&self) -> Tag {
        Mark::Path.hashed(|bytes| {
            self.origin.encode(bytes);
            put(bytes, self.path().as_bytes());
        })
    }

    /// Writes it so that no other writes the same: each part stands behind its length.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        self.origin.encode(bytes);
        put(bytes, self.path().as_bytes());
        match self.query() {
            None => bytes.push(0),
            Some(query) => {
                bytes.push(1);
                put(bytes, query.as_bytes());
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.resource)
    }
}

/// Path and query. `*` is none, and CONNECT, which may have both to make a tunnel of, is about neither (RFC 9112, sections 3.2.3 and
/// 3.2.4; RFC 8441, section 4).
fn resource_of(request: &request::Parts) -> Result<PathAndQuery, TargetError> {
    let resource = request.uri.path_and_query().filter(|resource| resource.as_str() != "*");
    resource.filter(|_| request.method != Method::CONNECT).cloned().ok_or(TargetError::NoResource)
}

/// RFC 9112, section 3.2: there is at most one, and in HTTP/1.1 there is one, whatever the target is.
fn host_field(request: &request::Parts) -> Result<Option<&HeaderValue>, TargetError> {
    let mut lines = request.headers.get_all(HOST).into_iter();
    match (lines.next(), lines.next()) {
        (_, Some(_)) => Err(TargetError::Hosts),
        (None, None) if request.version == Version::HTTP_11 => Err(TargetError::NoHost),
        (host, None) => Ok(host),
    }
}
