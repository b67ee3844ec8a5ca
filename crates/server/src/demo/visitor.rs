//! Who may look, and who may press the buttons: judged by a request's headers alone.

use std::net::IpAddr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, header};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    /// A name that leads to this machine may be anybody's: a page of that name would be let in as if it were the demo's.
    #[error(
        "the Host header says {host:?}, but a demo that listens on loopback answers to localhost and addresses only"
    )]
    Host {
        /// What it said.
        host: String,
    },
    /// Another site's page.
    #[error("actions are taken from the demo's own page only, and this one comes from {from}")]
    Site {
        /// Where it comes from.
        from: String,
    },
}

/// Whether somebody may look. On loopback the host is checked, against DNS rebinding.
pub fn may_look(headers: &HeaderMap, on_loopback: bool) -> Result<(), Stranger> {
    let host = text(headers, &header::HOST);
    if !on_loopback || host.is_some_and(is_this_machine) {
        return Ok(());
    }
    Err(Stranger::Host { host: host.unwrap_or_default().to_owned() })
}

/// Whether somebody may press a button. Browsers say which site a request comes from; who says nothing is no browser.
pub fn may_act(headers: &HeaderMap) -> Result<(), Stranger> {
    let host = text(headers, &header::HOST).unwrap_or_default();
    match (text(headers, &SEC_FETCH_SITE), text(headers, &header::ORIGIN)) {
        (Some("same-origin" | "none"), _) | (None, None) => Ok(()),
        // Another port of this machine is the same site, but not this page.
        (Some(site), origin) => Err(Stranger::Site { from: format!("{} ({site})", origin.unwrap_or("elsewhere")) }),
        (None, Some(origin)) if is_of(origin, host) => Ok(()),
        (None, Some(origin)) => Err(Stranger::Site { from: origin.to_owned() }),
    }
}

/// A header's value; one that is no text is as good as wrong.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("something that is no text"))
}

fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

fn is_of(origin: &str, host: &str) -> bool {
    let own = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    own.is_some_and(|own| !own.is_empty() && own.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn on_loopback_only_addresses_and_localhost_are_hosts() {
        for host in ["localhost", "localhost:7979", "LOCALHOST:1", "127.0.0.1:7979", "[::1]:7979", "[::1]", "10.0.0.1"]
        {
            assert_eq!(may_look(&headers(&[("host", host)]), true), Ok(()), "{host}");
        }
        for host in ["evil.example:7979", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b", "user@x:1"] {
            let asked = headers(&[("host", host)]);
            assert_eq!(may_look(&asked, true), Err(Stranger::Host { host: host.into() }));
            assert_eq!(may_look(&asked, false), Ok(()));
        }
        assert!(may_look(&headers(&[]), true).is_err());
    }

    #[test]
    fn only_the_demos_own_page_and_programs_may_act() {
        let host = ("host", "127.0.0.1:7979");
        for allowed in [
            &[host][..],
            &[host, ("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:7979")],
            &[host, ("sec-fetch-site", "none")],
            &[host, ("origin", "http://127.0.0.1:7979")],
            &[("host", "demo.example"), ("origin", "https://demo.example")],
        ] {
            assert_eq!(may_act(&headers(allowed)), Ok(()), "{allowed:?}");
        }
        for refused in [
            &[host, ("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")][..],
            &[host, ("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:3000")],
            &[host, ("sec-fetch-site", "cross-site")],
            &[host, ("origin", "http://evil.example")],
            &[host, ("origin", "http://127.0.0.1:3000")],
            &[host, ("origin", "null")],
            &[host, ("origin", "")],
            &[("origin", "http://")],
        ] {
            let error = may_act(&headers(refused));
            assert!(matches!(error, Err(Stranger::Site { .. })), "{refused:?}");
        }
    }
}
