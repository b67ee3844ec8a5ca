//! How pages look, and to whom caches may show them.

use std::fmt::Display;

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::language::Language;
use super::session::Session;

pub type Refusal = (StatusCode, String);

/// For the cache of this site alone: it is told of writes, and browsers are not.
const FOR_OURS: (HeaderName, &str) = (HeaderName::from_static("freshen-cache-control"), "max-age=600");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// A page that is made of these tables, for everybody or for a user, unless it tells something once.
pub fn page(tables: &str, session: Option<&Session>, language: Language, flash: Option<&str>, body: &str) -> Response {
    let html = html(session, language, flash, body);
    match (flash, session.and_then(|session| session.user)) {
        (Some(_), _) => ([(header::CACHE_CONTROL, "no-store")], html).into_response(),
        (None, Some(_)) => {
            ([(header::CACHE_CONTROL, "private, no-cache"), FOR_OURS, (SURROGATE_KEY, tables)], html).into_response()
        }
        (None, None) => {
            ([(header::CACHE_CONTROL, "no-cache"), FOR_OURS, (SURROGATE_KEY, tables)], html).into_response()
        }
    }
}

/// A page with forms: their token is for one session, and no cache keeps it.
pub fn form(session: &Session, language: Language, flash: Option<&str>, body: &str) -> Response {
    let html = html(Some(session), language, flash, body);
    ([(header::CACHE_CONTROL, "no-store")], session.cookie(), html).into_response()
}

fn html(session: Option<&Session>, language: Language, flash: Option<&str>, body: &str) -> impl IntoResponse + use<> {
    let who = match session.and_then(|session| session.name.as_deref()) {
        Some(name) => {
            format!("{} <a href=\"/account\">{}</a>", language.of("Angemeldet:", "Signed in:"), escaped(name))
        }
        None => format!("<a href=\"/login\">{}</a>", language.of("Anmelden", "Sign in")),
    };
    let flash = flash.map(|flash| format!("<p role=\"status\">{}</p>\n", escaped(flash))).unwrap_or_default();
    let (tag, title) = (language.tag(), language.of("Notizen", "Notes"));
    let head = format!("<!doctype html>\n<html lang=\"{tag}\">\n<title>{title}</title>\n");
    let fields = [(header::VARY, "accept-language"), (header::CONTENT_LANGUAGE, tag)];
    (fields, Html(format!("{head}<p>{who}</p>\n{flash}<h1><a href=\"/\">{title}</a></h1>\n{body}")))
}

/// Text as it may stand in a page.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub fn unavailable(error: impl Display) -> Refusal {
    (StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}
