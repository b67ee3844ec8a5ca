//! A browser: it has one cookie, a language, and follows where it is sent.

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

pub struct Browser {
    address: String,
    language: String,
    pub cookie: String,
    client: Client<HttpConnector, Body>,
}

/// A page as it is seen.
pub struct Seen {
    pub response: Response<()>,
    pub text: String,
}

impl Seen {
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub fn field(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn is_hit(&self) -> bool {
        self.field("cache-status").starts_with("freshen;hit")
    }

    /// What stands between two texts.
    pub fn between(&self, begin: &str, end: &str) -> Option<&str> {
        self.text.split_once(begin)?.1.split_once(end).map(|(between, _)| between)
    }

    /// As whom its visitor is greeted.
    pub fn greets(&self) -> Option<&str> {
        self.between("<a href=\"/account\">", "</a>")
    }

    pub fn flash(&self) -> Option<&str> {
        self.between("<p role=\"status\">", "</p>")
    }

    pub fn csrf(&self) -> &str {
        self.between("type=\"hidden\" value=\"", "\"").expect(&self.text)
    }
}

impl Browser {
    pub fn new(address: &str, language: &str) -> Browser {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Browser { address: address.into(), language: language.into(), cookie: String::new(), client }
    }

    pub async fn get(&mut self, path: &str) -> Seen {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    /// Sends a form, of words that need no encoding, and goes where it is sent.
    pub async fn post(&mut self, path: &str, form: &str) -> Seen {
        let seen = self.ask(Method::POST, path, form.to_owned().into()).await;
        match seen.status() {
            StatusCode::SEE_OTHER => self.get(seen.field("location")).await,
            _ => seen,
        }
    }

    /// Fills in the form of a page and sends it, with the page's own token.
    pub async fn fill(&mut self, path: &str, action: &str, fields: &str) -> Seen {
        let form = format!("csrf={}&{fields}", self.get(path).await.csrf());
        self.post(action, &form).await
    }

    pub async fn ask(&mut self, method: Method, path: &str, body: Bytes) -> Seen {
        let request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        let request = request.header(header::ACCEPT_LANGUAGE, &self.language);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = if self.cookie.is_empty() { request } else { request.header(header::COOKIE, &self.cookie) };
        let (head, body) = self.client.request(request.body(body.into()).unwrap()).await.unwrap().into_parts();
        if let Some(cookie) = head.headers.get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().into();
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
        Seen { response: Response::from_parts(head, ()), text }
    }
}
