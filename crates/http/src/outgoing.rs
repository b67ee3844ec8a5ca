//! A response of an origin as its client gets it (RFC 9110, sections 7.6.1, 7.8 and 15.5.22).

use http::header::{CONNECTION, TRAILER, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, response};

use crate::config::Config;
use crate::fields::selected;
use crate::hop_by_hop::HopByHop;
use crate::surrogate::{carries_surrogate_keys, strip_surrogate_keys};
use crate::surrogate_control::{SURROGATE_CONTROL, strip_surrogate_control};

/// Tells which fields of a response go to its client where it is sent on as it comes: because it passes, or while it is stored. Not
/// those for the connection of its origin, and not those for this cache. What is [made](crate::Stored::answer) of a stored response
/// has none of them.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    hop_by_hop: HopByHop,
    /// Whether it has to say which protocol the connection has from now on, or could have.
    upgrades: bool,
    config: &'a Config,
}

impl<'a> Outgoing<'a> {
    /// Reads from the head of a response what goes on of it.
    pub fn of(response: &response::Parts, config: &'a Config) -> Outgoing<'a> {
        let says = [StatusCode::SWITCHING_PROTOCOLS, StatusCode::UPGRADE_REQUIRED].contains(&response.status);
        let upgrades = says && response.headers.contains_key(UPGRADE);
        Outgoing { hop_by_hop: HopByHop::of_response(&response.headers, config), upgrades, config }
    }

    /// Its header fields, in their order. Those of a 101 and of a 426 have Upgrade, and Connection for it, which HTTP/2 and HTTP/3 do
    /// not know: there, who sends them leaves both out.
    pub fn headers(&self, headers: &HeaderMap) -> HeaderMap {
        let mut outgoing = self.hop_by_hop.without(headers);
        strip_ours(&mut outgoing, self.config);
        // RFC 9110, section 6.6.2: it tells what comes behind the content, and a server may send no more than it has told.
        outgoing.extend(headers.get_all(TRAILER).into_iter().map(|line| (TRAILER, line.clone())));
        if self.upgrades {
            // RFC 9110, sections 7.8 and 15.5.22.
            outgoing.append(CONNECTION, HeaderValue::from_static("upgrade"));
            outgoing.extend(headers.get_all(UPGRADE).into_iter().map(|line| (UPGRADE, line.clone())));
        }
        outgoing
    }

    /// Its trailer fields, but for those that are none (RFC 9110, section 6.5.1).
    pub fn trailers(&self, trailers: &HeaderMap) -> HeaderMap {
        selected(trailers, |name| self.hop_by_hop.may_trail(name))
    }
}

/// Takes away what was for this cache: Surrogate-Control where it is heeded, and surrogate keys unless they are to be seen.
pub(crate) fn strip_ours(headers: &mut HeaderMap, config: &Config) {
    // Most responses have none: one look at each name is less than looking each of ours up.
    if headers.keys().any(is_ours) {
        strip_surrogate_control(headers, config);
        strip_surrogate_keys(headers, config);
    }
}

fn is_ours(name: &HeaderName) -> bool {
    *name == SURROGATE_CONTROL || carries_surrogate_keys(name)
}
