//! The fields of a message that are for its connection alone: they are neither stored nor forwarded (RFC 9110, section 7.6.1;
//! RFC 9111, section 3.1).

use std::collections::HashSet;

use http::header::{
    ACCEPT_RANGES, CONNECTION, ETAG, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Config;
use crate::directive::FIELD_BYTES_MOST;
use crate::fields::selected;
use crate::members::members_of;

/// The fields that one message, a request or a response, has for its connection alone.
#[derive(Clone, Debug)]
pub struct HopByHop {
    named: Named,
    spared: Vec<HeaderName>,
}

#[derive(Clone, Debug)]
enum Named {
    These(HashSet<HeaderName>),
    /// Connection is too long to be looked through: it may name any.
    Any,
}

impl HopByHop {
    /// Reads which fields a message names in Connection.
    pub fn of(headers: &HeaderMap) -> HopByHop {
        let lines = headers.get_all(CONNECTION);
        let bytes: usize = lines.iter().map(HeaderValue::len).sum();
        if bytes > FIELD_BYTES_MOST {
            return HopByHop { named: Named::Any, spared: Vec::new() };
        }
        // Most requests have one of these, which name no field that would go on.
        let usual = |option: &[u8]| [&b"close"[..], b"keep-alive"].iter().any(|of| option.eq_ignore_ascii_case(of));
        // An option that is no name of a field names none.
        let options = members_of(lines).filter(|option| !usual(option));
        let named = options.filter_map(|option| HeaderName::from_bytes(option).ok());
        HopByHop { named: Named::These(named.collect()), spared: Vec::new() }
    }

    /// The same for a response: the [targets](Config::targets) of the cache stay, as Cache-Control does.
    pub fn of_response(headers: &HeaderMap, config: &Config) -> HopByHop {
        HopByHop { spared: config.targets.clone(), ..HopByHop::of(headers) }
    }

    /// Whether a field goes no further than this connection.
    pub fn contains(&self, name: &HeaderName) -> bool {
        is_always(name) || (self.names(name) && !self.is_decided_by(name))
    }

    /// Whether a field may stand behind the content: nobody decides by it what the rest of the message is or what becomes of it,
    /// or its definition permits it there all the same (RFC 9110, sections 6.5.1, 8.8.3 and 14.3; RFC 9530, section 2). What is kept
    /// there is served with the whole alone, of which all of these are true.
    pub(crate) fn may_trail(&self, name: &HeaderName) -> bool {
        const MORE: [&str; 6] =
            ["alt-svc", "authentication-info", "clear-site-data", "expect", "retry-after", "warning"];
        const PERMITTED: [HeaderName; 3] = [ACCEPT_RANGES, HeaderName::from_static("content-digest"), ETAG];
        let decides = self.is_decided_by(name) || MORE.contains(&name.as_str());
        !self.contains(name) && (PERMITTED.contains(name) || !decides)
    }

    /// The fields that go on, of the headers or of the trailers, in their order.
    pub fn without(&self, fields: &HeaderMap) -> HeaderMap {
        selected(fields, |name| !self.contains(name))
    }

    fn is_decided_by(&self, name: &HeaderName) -> bool {
        is_protected(name) || self.spared.contains(name)
    }

    fn names(&self, name: &HeaderName) -> bool {
        match &self.named {
            Named::These(named) => named.contains(name),
            Named::Any => true,
        }
    }
}

/// Fields that are for one connection, or for one proxy, whether or not Connection names them (RFC 9110, section 7.6.1;
/// RFC 9111, section 3.1).
fn is_always(name: &HeaderName) -> bool {
    const ALWAYS: [HeaderName; 7] =
        [CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
    ALWAYS.contains(name)
        || matches!(name.as_str(), "http2-settings" | "keep-alive" | "proxy-connection" | "proxy-authentication-info")
}

/// Fields that no sender may name in Connection, since they are for all who get the content. Whoever names them all the same has
/// a cache or an origin lose what it decides by: they stay.
fn is_protected(name: &HeaderName) -> bool {
    let name = name.as_str();
    PROTECTED.contains(&name)
        || PROTECTED_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        // Cache-Control, and what says the same to caches of one kind (RFC 9213).
        || name.ends_with("cache-control")
}

const PROTECTED: [&str; 29] = [
    "age",
    "authorization",
    "cache-group-invalidation",
    "cache-groups",
    "cache-status",
    "cache-tag",
    "cookie",
    "date",
    "etag",
    "expires",
    "forwarded",
    "host",
    "last-modified",
    "location",
    "max-forwards",
    "no-vary-search",
    "origin",
    "pragma",
    "range",
    "referer",
    "set-cookie",
    "strict-transport-security",
    "surrogate-control",
    "surrogate-key",
    "vary",
    "via",
    "www-authenticate",
    "x-real-ip",
    "xkey",
];

const PROTECTED_BEGINNINGS: [&str; 7] =
    ["accept", "access-control-", "content-", "if-", "sec-", "x-content-type-", "x-forwarded-"];

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        lines.iter().map(line).collect()
    }

    fn kept(lines: &[(&str, &str)]) -> Vec<String> {
        let headers = fields(lines);
        let on = HopByHop::of(&headers).without(&headers);
        on.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    /// RFC 9110, section 7.6.1, and RFC 9111, section 3.1.
    #[test]
    fn fields_that_are_known_to_be_for_the_connection_go_no_further() {
        for name in [
            "Connection",
            "HTTP2-Settings",
            "Keep-Alive",
            "Proxy-Connection",
            "Proxy-Authenticate",
            "Proxy-Authentication-Info",
            "Proxy-Authorization",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
        ] {
            assert_eq!(kept(&[("X-A", "1"), (name, "x"), ("X-B", "2")]), ["x-a: 1", "x-b: 2"], "{name}");
        }
    }

    /// RFC 9110, section 7.6.1.
    #[test]
    fn fields_that_connection_names_go_no_further() {
        let named = [("Connection", "close, X-A ,, x-B"), ("X-A", "1"), ("Connection", "X-C"), ("x-b", "2")];
        assert_eq!(kept(&[&named[..], &[("X-C", "3"), ("X-D", "4"), ("X-A", "5")]].concat()), ["x-d: 4"]);
        assert_eq!(kept(&[("Connection", "x-a b, \"x-a\", x a"), ("X-A", "1")]), ["x-a: 1"], "no names");
        let trailers = fields(&[("X-A", "1"), ("X-E", "2")]);
        assert_eq!(HopByHop::of(&fields(&named)).without(&trailers), fields(&[("X-E", "2")]));
    }

    /// RFC 9110, section 7.6.1: what is for all recipients is never rightly named.
    #[test]
    fn what_caches_and_origins_decide_by_stays_though_connection_names_it() {
        let names = "Age, Authorization, Cache-Control, CDN-Cache-Control, Example-Cache-Control, Cache-Group-Invalidation, \
                     Cache-Groups, Cache-Status, Cache-Tag, Cookie, Date, ETag, Expires, Forwarded, Host, Last-Modified, \
                     Location, Max-Forwards, No-Vary-Search, Origin, Pragma, Range, Referer, Set-Cookie, \
                     Strict-Transport-Security, Surrogate-Control, Surrogate-Key, Vary, Via, WWW-Authenticate, X-Real-IP, XKey";
        let begun = "Accept, Accept-Encoding, Access-Control-Allow-Origin, Content-Length, Content-Type, If-None-Match, If-Range, \
                     Sec-Fetch-Mode, X-Content-Type-Options, X-Forwarded-For, X-Forwarded-Host";
        // One of each, so that none is on the list for nothing.
        assert_eq!(names.split(", ").count(), PROTECTED.len() + 3);
        assert!(PROTECTED_BEGINNINGS.iter().all(|name| begun.to_ascii_lowercase().contains(name)));
        for name in names.split(", ").chain(begun.split(", ")) {
            let expected = format!("{}: 1", name.to_ascii_lowercase());
            assert_eq!(kept(&[("Connection", name), (name, "1")]), [expected]);
        }
        for other in ["X-Age", "Expires-In", "Vary-By", "X-Forward", "Secret", "X-Content", "Iff", "Cookies", "X-Key"] {
            assert_eq!(kept(&[("Connection", other), (other, "1")]), [""; 0], "{other}");
        }
        // What is for the connection in any case is protected by nothing.
        assert_eq!(kept(&[("TE", "trailers")]), [""; 0]);
    }

    #[test]
    fn other_fields_stay_in_their_order_and_with_their_repeats() {
        let lines = [("X-B", "1"), ("Unknown-Field", "x"), ("Connection", "close"), ("X-B", "2"), ("A", "")];
        assert_eq!(kept(&lines), ["x-b: 1", "x-b: 2", "unknown-field: x", "a: "]);
    }

    #[test]
    fn a_connection_field_that_is_too_long_names_all_that_is_not_protected() {
        let options = vec!["x-b"; 20_000].join(",");
        let lines = [("Connection", options.as_str()), ("X-A", "1"), ("Cache-Control", "no-store")];
        assert_eq!(kept(&lines), ["cache-control: no-store"]);
        let fewer = vec!["x-b"; 10_000].join(",");
        assert_eq!(kept(&[("Connection", &fewer), ("X-A", "1"), ("X-B", "1")]), ["x-a: 1"]);
    }
}
