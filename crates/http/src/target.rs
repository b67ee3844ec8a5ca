//! Target URIs: which resource a request is about (RFC 9110, section 7.1).

use std::fmt;

use freshen_core::Tag;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri, Version, request};

use crate::config::Config;
use crate::mark::Mark;
use crate::origin::{Origin, Scheme, TargetError};

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
    /// The target of a request that came over a connection of this scheme (RFC 9112, section 3.3).
    ///
    /// # Errors
    /// [`TargetError`] when it names no resource, names none that is well formed, or contradicts itself.
    pub fn of(request: &request::Parts, connection: Scheme, config: &Config) -> Result<Target, TargetError> {
        let resource = resource_of(&request.uri)?;
        let host = host_field(&request.headers)?;
        let (Some(scheme), Some(authority)) = (request.uri.scheme_str(), request.uri.authority()) else {
            let origin = Origin::new(connection, host.ok_or(TargetError::NoHost)?.as_bytes())?;
            return Target::new(origin, resource);
        };
        let origin = Origin::new(Scheme::of(scheme)?, authority.as_str().as_bytes())?;
        let counts = request.version >= Version::HTTP_2 || !config.ignores_host;
        match host.filter(|_| counts) {
            Some(host) if Origin::new(origin.scheme(), host.as_bytes())? != origin => Err(TargetError::Disagreement),
            _ => Target::new(origin, resource),
        }
    }

    /// A resource of an origin. An empty path becomes `/`.
    pub(crate) fn new(origin: Origin, resource: PathAndQuery) -> Result<Target, TargetError> {
        let resource = match resource.as_str().as_bytes() {
            [b'/', ..] => resource,
            [b'?', ..] => PathAndQuery::try_from(format!("/{}", resource.as_str())).map_err(|_| TargetError::Path)?,
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

    /// What is common to the stored responses to QUERY of this target: an invalidation outdates them by it.
    pub fn tag(&self) -> Tag {
        Mark::Target.hashed(|bytes| self.encode(bytes))
    }

    /// Writes it so that no other writes the same: each part stands behind its length.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        put(bytes, self.origin.scheme().as_str().as_bytes());
        put(bytes, self.origin.host().as_bytes());
        bytes.extend(self.origin.port().to_be_bytes());
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

/// Writes a part behind its length.
pub(crate) fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u64).to_be_bytes());
    bytes.extend(part);
}

/// Path and query. CONNECT has none, and `*` is none (RFC 9112, sections 3.2.3 and 3.2.4).
fn resource_of(uri: &Uri) -> Result<PathAndQuery, TargetError> {
    uri.path_and_query().filter(|resource| resource.as_str() != "*").cloned().ok_or(TargetError::NoResource)
}

/// RFC 9112, section 3.2: there is at most one.
fn host_field(headers: &HeaderMap) -> Result<Option<&HeaderValue>, TargetError> {
    let mut lines = headers.get_all(HOST).into_iter();
    match (lines.next(), lines.next()) {
        (_, Some(_)) => Err(TargetError::Hosts),
        (host, None) => Ok(host),
    }
}
