//! The same asked of an origin and of the proxy before it.

use std::borrow::Cow;

use axum::http::header;

use crate::visitor::{Got, Visitor};

/// What is each server's own: of its connection, of its clock, and of what a cache tells.
const OWN: [&str; 7] =
    ["age", "cache-status", "connection", "content-length", "date", "keep-alive", "transfer-encoding"];

pub struct Both {
    host: String,
    pub origin: Visitor,
    pub proxy: Visitor,
}

impl Both {
    /// Both are asked under the name of this host.
    pub fn of(host: &str, origin: &str, proxy: Visitor) -> Both {
        Both { host: host.into(), origin: Visitor::of(origin.into()), proxy }
    }

    /// What the proxy answers, which has to be what the origin does.
    pub async fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Got {
        let (direct, proxied) = self.each(method, path, fields).await;
        assert_alike(&direct, &proxied, &format!("{method} {path} {fields:?}"));
        proxied
    }

    /// What the origin answers, and then what the proxy does.
    pub async fn each(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> (Got, Got) {
        let fields = [&[("host", &*self.host)], fields].concat();
        let direct = self.origin.ask(method, path, &fields, "").await;
        (direct, self.proxy.ask(method, path, &fields, "").await)
    }

    /// What the proxy answers by itself.
    pub async fn get(&self, path: &str, fields: &[(&str, &str)]) -> Got {
        self.proxy.ask("GET", path, &[&[("host", &*self.host)], fields].concat(), "").await
    }
}

/// Panics unless a client can take either answer for the other.
pub fn assert_alike(direct: &Got, proxied: &Got, of: &str) {
    let told = || format!("{of}\ndirect: {:?}\nproxied: {:?}", direct.response, proxied.response);
    assert_eq!(direct.status(), proxied.status(), "{}", told());
    if direct.status() == 304 {
        // RFC 9110, section 15.4.5: both tell what the client has, and either may tell more of it.
        let tag = |got: &Got| got.field("etag").trim_start_matches("W/").to_owned();
        return assert_eq!((tag(direct), &proxied.body[..]), (tag(proxied), &b""[..]), "{}", told());
    }
    if direct.status() == 416 {
        return assert_eq!(direct.field("content-range"), proxied.field("content-range"), "{}", told());
    }
    // A part is made of the whole, whose head tells that there are parts. How several are separated is up to who makes them.
    let several = direct.parts();
    let own: &[_] = match direct.status() {
        206 if several.is_some() => &["accept-ranges", "content-type"],
        206 => &["accept-ranges"],
        _ => &[],
    };
    assert_eq!(fields(direct, own), fields(proxied, own), "{}", told());
    if several.is_some() {
        return assert!(several == proxied.parts(), "{}", told());
    }
    assert!(direct.body == proxied.body, "{}\n{} and {} bytes", told(), direct.body.len(), proxied.body.len());
    let length = |got: &Got| got.response.headers().get(header::CONTENT_LENGTH).cloned();
    // Who has all of it may tell its length, though the origin did not.
    let lengths = (length(direct), length(proxied));
    let told_only_here = (None, Some(proxied.body.len().into()));
    assert!(lengths.0 == lengths.1 || lengths == told_only_here, "{}", told());
}

/// All that is not each server's own, in one order.
fn fields<'a>(got: &'a Got, but: &[&str]) -> Vec<(&'a str, Cow<'a, str>)> {
    let all =
        got.response.headers().iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    let mut fields: Vec<_> = all.filter(|(name, _)| !OWN.contains(name) && !but.contains(name)).collect();
    fields.sort_unstable();
    fields
}
