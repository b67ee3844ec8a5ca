//! A request as a cache sees it, read once (RFC 9111, sections 3, 4 and 4.4; RFC 9110, sections 7.8 and 9.2.1).

use http::header::{AUTHORIZATION, COOKIE, RANGE};
use http::{HeaderMap, Method, request};

use crate::config::{Config, Personal};
use crate::request_directives::RequestDirectives;
use crate::rule::Rule;
use crate::upgrade::offered;

/// What a request asks of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What its method means to a cache.
    pub method: AskedBy,
    /// Its directives.
    pub directives: RequestDirectives,
    /// Whether it is authorized: a shared cache must be told that others may have the response (RFC 9111, section 3.5).
    pub authorized: bool,
    /// Where it carries cookies and the cache is shared: what becomes of it.
    pub personal: Option<Personal>,
    /// Whether it asks for a part. What is stored answers it as any other; where nothing is, the layer sends it on by itself and does
    /// not [fetch](crate::Inquiry::fetch) the whole, which may be far more than is asked for.
    pub ranged: bool,
    /// Whether it offers a protocol that its origin may take in the place of HTTP (RFC 9110, section 7.8).
    pub upgrades: bool,
}

/// What a method means to a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    /// GET.
    Get,
    /// HEAD, which a stored response to GET answers too (RFC 9111, section 4).
    Head,
    /// QUERY, where such responses are stored.
    Query,
    /// POST, where such responses are stored. It is unsafe all the same.
    Post,
    /// Another safe method. It outdates nothing.
    OtherSafe,
    /// A method that may change something at the origin, as every one that is not known (RFC 9111, section 4.4).
    Unsafe,
}

impl Asked {
    /// Reads a request.
    pub fn of(request: &request::Parts, config: &Config) -> Asked {
        let upgrades = offered(&request.headers, request.version).next().is_some();
        Asked::by(&request.method, &request.headers, upgrades, config)
    }

    pub(crate) fn by(method: &Method, headers: &HeaderMap, upgrades: bool, config: &Config) -> Asked {
        Asked {
            method: AskedBy::of(method, config),
            directives: RequestDirectives::read(headers),
            authorized: headers.contains_key(AUTHORIZATION),
            personal: (config.is_shared() && headers.contains_key(COOKIE)).then_some(config.personal),
            ranged: headers.contains_key(RANGE),
            upgrades,
        }
    }

    /// Why no stored response can answer it, if none may: it goes to the origin.
    pub fn passes(&self) -> Option<Rule> {
        match self.method {
            AskedBy::Get | AskedBy::Head | AskedBy::Query if self.upgrades => Some(Rule::Upgrade),
            AskedBy::Get | AskedBy::Head | AskedBy::Query => {
                (self.personal == Some(Personal::Pass)).then_some(Rule::Personal)
            }
            AskedBy::OtherSafe => Some(Rule::MethodNotUnderstood),
            AskedBy::Post | AskedBy::Unsafe => Some(Rule::MethodUnsafe),
        }
    }

    /// Whether what comes in answer to it is stored in no case.
    pub(crate) fn stores_nothing(&self) -> bool {
        self.method == AskedBy::Head || self.directives.no_store
    }
}

impl AskedBy {
    /// Reads a method.
    pub fn of(method: &Method, config: &Config) -> AskedBy {
        match method.as_str() {
            "GET" => AskedBy::Get,
            "HEAD" => AskedBy::Head,
            "QUERY" if config.stores_query => AskedBy::Query,
            "POST" if config.stores_post => AskedBy::Post,
            "QUERY" | "OPTIONS" | "TRACE" | "PROPFIND" | "REPORT" | "SEARCH" => AskedBy::OtherSafe,
            _ => AskedBy::Unsafe,
        }
    }
}
