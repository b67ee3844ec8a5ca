//! In which language a visitor reads.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::{header, request};

#[derive(Clone, Copy)]
pub enum Language {
    German,
    English,
}

impl Language {
    /// Of two, the one in this language.
    pub fn of<'a>(self, german: &'a str, english: &'a str) -> &'a str {
        match self {
            Language::German => german,
            Language::English => english,
        }
    }

    pub fn tag(self) -> &'static str {
        self.of("de", "en")
    }
}

/// By Accept-Language, which is why each page says that it varies by it.
impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(request: &mut request::Parts, _: &S) -> Result<Language, Infallible> {
        let lines = request.headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
        let wanted = lines.flat_map(|line| line.split(',')).filter_map(wanted);
        // The most wanted; of those that are wanted as much, the first.
        let most = wanted.reduce(|most, next| if next.1 > most.1 { next } else { most });
        Ok(most.map_or(Language::English, |(language, _)| language))
    }
}

/// A language and how much it is wanted (RFC 9110, section 12.5.4). `None`: not at all, or there are no pages in it.
fn wanted(range: &str) -> Option<(Language, f32)> {
    let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
    let language = match tag.trim().split('-').next()? {
        "de" => Language::German,
        "en" => Language::English,
        _ => return None,
    };
    Some((language, weight.trim().parse().ok()?)).filter(|(_, weight)| *weight > 0.0)
}
