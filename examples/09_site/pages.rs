//! The pages, and what their forms do.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use freshen::Strength;
use freshen_pages::Pages;
use serde::Deserialize;

use super::Site;
use super::language::Language;
use super::session::{Asking, Session};
use super::view::{self, Refusal, escaped, unavailable};

type Page = Result<Response, Refusal>;

const NOTE_BYTES_MOST: usize = 500;

pub async fn notes(State(site): State<Site>, Extension(session): Asking, language: Language) -> Page {
    let flash = site.told(session.as_ref()).await?;
    let notes = sqlx::query_as("SELECT text, name FROM notes JOIN users ON users.id = author ORDER BY notes.id");
    let notes: Vec<(String, String)> = notes.fetch_all(&site.database).await.map_err(unavailable)?;
    let notes = notes.iter().map(|(text, name)| format!("<li>{}, {}</li>\n", escaped(text), escaped(name)));
    let new = language.of("Neue Notiz", "New note");
    let body = format!("<ul>\n{}</ul>\n<p><a href=\"/new\">{new}</a></p>\n", notes.collect::<String>());
    Ok(view::page("notes users", session.as_ref(), language, flash.as_deref(), &body))
}

pub async fn people(State(site): State<Site>, Extension(session): Asking, language: Language) -> Page {
    let flash = site.told(session.as_ref()).await?;
    let people = sqlx::query_as("SELECT name FROM users ORDER BY name").fetch_all(&site.database);
    let people: Vec<(String,)> = people.await.map_err(unavailable)?;
    let body: String = people.iter().map(|(name,)| format!("<p>{}</p>\n", escaped(name))).collect();
    Ok(view::page("users", session.as_ref(), language, flash.as_deref(), &body))
}

pub async fn login(State(site): State<Site>, Extension(session): Asking, language: Language) -> Page {
    let name = format!("<input name=\"name\" placeholder=\"{}\">", language.of("Name", "Name"));
    let password = "<input name=\"password\" type=\"password\">";
    form_page(&site, session, language, "/login", &format!("{name} {password}")).await
}

pub async fn form(State(site): State<Site>, Extension(session): Asking, language: Language) -> Page {
    form_page(&site, session, language, "/new", "<input name=\"text\">").await
}

/// All that is on it is about one user.
pub async fn account(State(site): State<Site>, Extension(session): Asking, language: Language) -> Page {
    form_page(&site, session, language, "/logout", language.of("Abmelden", "Sign out")).await
}

/// A page with one form, and with a session where there is none.
async fn form_page(site: &Site, session: Option<Session>, language: Language, action: &str, fields: &str) -> Page {
    let flash = site.told(session.as_ref()).await?;
    let session = match session {
        Some(session) => session,
        None => site.begin(None, None).await?,
    };
    let csrf = format!("<input name=\"csrf\" type=\"hidden\" value=\"{}\">", session.csrf);
    let body = format!("<form method=\"post\" action=\"{action}\">{csrf} {fields} <button>OK</button></form>\n");
    Ok(view::form(&session, language, flash.as_deref(), &body))
}

#[derive(Deserialize)]
pub struct Entering {
    csrf: String,
    name: String,
    password: String,
}

pub async fn enter(
    State(site): State<Site>,
    Extension(session): Asking,
    language: Language,
    Form(entering): Form<Entering>,
) -> Page {
    let session = own(session, &entering.csrf)?;
    let user = sqlx::query_scalar("SELECT id FROM users WHERE name = ? AND password = ?");
    let user = user.bind(&entering.name).bind(&entering.password).fetch_optional(&site.database);
    let Some(user) = user.await.map_err(unavailable)? else {
        site.tell(&session, language.of("Das stimmt nicht.", "That is wrong.")).await?;
        return Ok(Redirect::to("/login").into_response());
    };
    site.end(&session).await?;
    let begun = site.begin(Some(user), Some(language.of("Willkommen.", "Welcome."))).await?;
    Ok((begun.cookie(), Redirect::to("/")).into_response())
}

#[derive(Deserialize)]
pub struct Leaving {
    csrf: String,
}

pub async fn leave(
    State(site): State<Site>,
    Extension(session): Asking,
    language: Language,
    Form(leaving): Form<Leaving>,
) -> Page {
    site.end(&own(session, &leaving.csrf)?).await?;
    let begun = site.begin(None, Some(language.of("Bis bald.", "See you."))).await?;
    Ok((begun.cookie(), Redirect::to("/")).into_response())
}

#[derive(Deserialize)]
pub struct Adding {
    csrf: String,
    text: String,
}

/// Writes first, then outdates the pages that the table was read for, and answers when both are done.
pub async fn add(
    State(site): State<Site>,
    Extension(session): Asking,
    language: Language,
    Form(adding): Form<Adding>,
) -> Page {
    let session = own(session, &adding.csrf)?;
    let author = session.user.ok_or((StatusCode::FORBIDDEN, "sign in first".to_owned()))?;
    if adding.text.len() > NOTE_BYTES_MOST {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, format!("more than {NOTE_BYTES_MOST} bytes")));
    }
    let add = sqlx::query("INSERT INTO notes (author, text) VALUES (?, ?)").bind(author).bind(&adding.text);
    add.execute(&site.database).await.map_err(unavailable)?;
    site.cache.invalidate(Pages::Keyed("notes"), Strength::Hard).await.map_err(unavailable)?;
    site.tell(&session, language.of("Gespeichert.", "Saved.")).await?;
    Ok(Redirect::to("/").into_response())
}

/// The session whose own form was sent.
fn own(session: Option<Session>, csrf: &str) -> Result<Session, Refusal> {
    session
        .filter(|session| session.csrf == csrf)
        .ok_or((StatusCode::FORBIDDEN, "this form is of another session".to_owned()))
}
