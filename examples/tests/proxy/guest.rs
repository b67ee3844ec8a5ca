//! Somebody with a browser: he keeps cookies, and sends with a form what browsers send.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, header};

use crate::both::{Both, assert_alike};
use crate::visitor::Got;

const TOKEN: &str = "name=\"csrfmiddlewaretoken\" value=\"";

pub struct Guest<'a> {
    both: &'a Both,
    pub cookies: BTreeMap<String, String>,
}

impl Guest<'_> {
    /// He has not been here before.
    pub fn of(both: &Both) -> Guest<'_> {
        Guest { both, cookies: BTreeMap::new() }
    }

    /// Opens a page.
    pub async fn open(&mut self, path: &str) -> Got {
        let got = self.both.get(path, &[("cookie", &self.cookie())]).await;
        self.take(&got);
        got
    }

    /// Opens a page, which has to be what its origin shows to the same session.
    pub async fn compare(&self, path: &str) -> Got {
        let (direct, proxied) = self.both.each("GET", path, &[("cookie", &self.cookie())]).await;
        // What the token is made of is told to its owner again and again.
        let told = cookies(&proxied).find(|(name, _)| *name == "csrftoken" && self.cookies.contains_key(*name));
        assert!(told.is_none_or(|(name, secret)| self.cookies[name] == secret), "{path}: {told:?}");
        let (direct, proxied) = (unsalted(direct), unsalted(proxied));
        assert_alike(&direct, &proxied, path);
        proxied
    }

    /// Opens the page of a form, fills it in with words that need no encoding and sends it, as a page of this site does.
    pub async fn fill(&mut self, path: &str, words: &str) -> Got {
        let page = self.open(path).await;
        let token = page.text().split(TOKEN).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        let site = format!("http://{}", self.both.proxy.address);
        self.send(path, &format!("csrfmiddlewaretoken={token}&{words}"), &site).await
    }

    /// Sends a form from a page of some site.
    pub async fn send(&mut self, path: &str, words: &str, site: &str) -> Got {
        let referer = format!("{site}{path}");
        let fields = [
            ("cookie", &*self.cookie()),
            ("origin", site),
            ("referer", &referer),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let got = self.both.proxy.ask("POST", path, &fields, words).await;
        self.take(&got);
        got
    }

    /// Signs in, and says where he is led.
    pub async fn sign_in(&mut self, [name, password]: [&str; 2]) -> Option<String> {
        let got = self.fill("/admin/login/", &format!("username={name}&password={password}&next=/admin/")).await;
        (got.status() == 302).then(|| got.field("location").to_owned())
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, got: &Got) {
        self.cookies.extend(cookies(got).map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

/// The cookies that come with a response.
fn cookies(got: &Got) -> impl Iterator<Item = (&str, &str)> {
    let all = got.response.headers().get_all(header::SET_COOKIE).iter();
    all.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap())
}

/// Without what is another in each response: the mask over the token, its digest, and when a cookie ends, or what is over at once.
fn unsalted(mut got: Got) -> Got {
    let text = got.text();
    let mut pieces = text.split(TOKEN);
    let first = pieces.next().unwrap().to_owned();
    let rest = pieces.map(|piece| piece.split_once('"').unwrap().1);
    got.body = rest.fold(first, |whole, piece| whole + TOKEN + "\"" + piece).into();
    let names: Vec<_> = cookies(&got).map(|(name, _)| HeaderValue::from_str(name).unwrap()).collect();
    let headers = got.response.headers_mut();
    headers.remove(header::SET_COOKIE);
    headers.extend(names.into_iter().map(|name| (header::SET_COOKIE, name)));
    headers.remove(header::EXPIRES);
    if text.contains(TOKEN) {
        headers.remove(header::ETAG);
    }
    got
}
