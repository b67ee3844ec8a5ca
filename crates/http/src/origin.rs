//! Origins: scheme, host and port, by which one site is told from another (RFC 9110, section 4.3.1).

use std::fmt;
use std::net::Ipv6Addr;
use std::sync::Arc;

use freshen_core::Tag;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::mark::{Mark, put};

/// Longest host, in bytes: the longest name that RFC 3986, section 3.2.2, wants to be used.
pub const HOST_BYTES_MOST: usize = 255;

/// Whose a URI is. Two of them are equal if scheme, host and port are, the host in any case, the default port written or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    scheme: Scheme,
    /// The host, and the port unless it is the default. The host is in lower case, a literal address in its brackets. Nothing else
    /// is changed: `a.example` and `a.example.` are two. Shared, since a target is copied into keys.
    authority: Arc<str>,
    host_bytes: usize,
    port: u16,
}

/// The schemes that HTTP defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

/// Why a request names no target whose response could be stored. What becomes of it, its [`refusal`](TargetError::refusal) tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// CONNECT and `OPTIONS *` are about no resource.
    #[error("target: the request names no resource")]
    NoResource,
    /// Another scheme than `http` and `https`.
    #[error("target: the scheme is neither http nor https")]
    Scheme,
    /// Another scheme than its connection has (RFC 9110, section 7.4: reject).
    #[error("target: the scheme is not that of the connection")]
    Misdirected,
    /// No host is named, as HTTP/1.0 allows: which one is meant only the next server knows.
    #[error("target: the request is of HTTP/1.0, and names no host")]
    Hostless,
    /// No host is named, or an empty one (RFC 9110, section 4.2.1: reject); or a request of HTTP/1.1 has no Host field, though its
    /// target may name one (RFC 9112, section 3.2: 400).
    #[error("target: no host is named")]
    NoHost,
    /// A host that is none, or too long.
    #[error("target: the host is malformed")]
    Host,
    /// A port that is none.
    #[error("target: the port is malformed")]
    Port,
    /// A user in the authority (RFC 9110, section 4.2.4: an error).
    #[error("target: the authority names a user")]
    User,
    /// Several Host fields (RFC 9112, section 3.2: 400).
    #[error("target: there is more than one host field")]
    Hosts,
    /// Host names another origin than the request's target.
    #[error("target: the host field and the target disagree")]
    Disagreement,
    /// A path that is none, or longer than `http` allows.
    #[error("target: the path is malformed")]
    MalformedPath,
    /// More fields than [`FIELDS_MOST`](crate::FIELDS_MOST).
    #[error("target: the request has too many fields")]
    TooManyFields,
}

impl TargetError {
    /// With which status the request is refused; `None`: it is passed on as it came, and nothing of its response is stored.
    pub const fn refusal(self) -> Option<StatusCode> {
        match self {
            TargetError::NoResource | TargetError::Hostless => None,
            // RFC 9110, section 15.5.20.
            TargetError::Scheme | TargetError::Misdirected => Some(StatusCode::MISDIRECTED_REQUEST),
            TargetError::TooManyFields => Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            _ => Some(StatusCode::BAD_REQUEST),
        }
    }
}

impl Origin {
    /// The origin of an authority: a host, and perhaps a port.
    ///
    /// # Errors
    /// [`TargetError`] when it is no authority, or names a user.
    pub fn new(scheme: Scheme, authority: &[u8]) -> Result<Origin, TargetError> {
        if authority.contains(&b'@') {
            return Err(TargetError::User);
        }
        let (host, port) = split(authority)?;
        let (host, port) = (host_of(host)?, port_of(port)?.unwrap_or(scheme.default_port()));
        Ok(Origin::at(scheme, host, port))
    }

    /// The origin of a host that [`host_of`] made.
    fn at(scheme: Scheme, host: Arc<str>, port: u16) -> Origin {
        let host_bytes = host.len();
        let authority = if port == scheme.default_port() { host } else { format!("{host}:{port}").into() };
        Origin { scheme, authority, host_bytes, port }
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, in lower case.
    pub fn host(&self) -> &str {
        &self.authority[..self.host_bytes]
    }

    /// The port, named or not.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as a Host field has them: the default port is left out.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn with_host(&self, host: &str) -> Origin {
        Origin::at(self.scheme, host.into(), self.port)
    }

    /// What is common to all stored responses of this origin.
    pub(crate) fn tag(&self) -> Tag {
        Mark::Origin.hashed(|bytes| self.encode(bytes))
    }

    /// Writes it so that no other writes the same.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        put(bytes, self.scheme.as_str().as_bytes());
        put(bytes, self.host().as_bytes());
        bytes.extend(self.port.to_be_bytes());
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

impl Scheme {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    pub(crate) fn of(name: &str) -> Result<Scheme, TargetError> {
        let named = |scheme: &Scheme| scheme.as_str().eq_ignore_ascii_case(name);
        [Scheme::Http, Scheme::Https].into_iter().find(named).ok_or(TargetError::Scheme)
    }

    const fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// Host, and what stands behind the colon that ends it.
fn split(authority: &[u8]) -> Result<(&[u8], Option<&[u8]>), TargetError> {
    let literal = authority.first() == Some(&b'[');
    let from = if literal { authority.iter().position(|byte| *byte == b']').ok_or(TargetError::Host)? } else { 0 };
    match authority[from..].iter().position(|byte| *byte == b':') {
        Some(colon) => Ok((&authority[..from + colon], Some(&authority[from + colon + 1..]))),
        None => Ok((authority, None)),
    }
}

/// A host as it is compared. Percent-encoding is refused, as the `http` crate does: a host that needs it is nobody's.
pub(crate) fn host_of(host: &[u8]) -> Result<Arc<str>, TargetError> {
    let text = match std::str::from_utf8(host) {
        Ok("") => return Err(TargetError::NoHost),
        Ok(text) if text.len() <= HOST_BYTES_MOST => text,
        _ => return Err(TargetError::Host),
    };
    let good = match text.strip_prefix('[') {
        Some(literal) => literal.strip_suffix(']').is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok()),
        None => text.bytes().all(is_of_a_name),
    };
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        _ if !good => Err(TargetError::Host),
        true => Ok(text.to_ascii_lowercase().into()),
        false => Ok(text.into()),
    }
}

/// RFC 3986, section 3.2.2, `reg-name`: unreserved characters and delimiters that mean nothing in an authority. A comma does: two
/// Host fields that somebody has made one are two hosts (RFC 9110, section 5.3).
fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&'..=b'+' | b';' | b'=')
}

/// RFC 3986, section 3.2.3: digits, perhaps none. Zeros in front mean nothing (RFC 9110, section 4.3.1).
fn port_of(port: Option<&[u8]>) -> Result<Option<u16>, TargetError> {
    let Some(digits) = port.filter(|digits| !digits.is_empty()) else { return Ok(None) };
    let add = |port: u16, byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        port.checked_mul(10)?.checked_add(digit.into())
    };
    digits.iter().try_fold(0, add).map(Some).ok_or(TargetError::Port)
}
