//! Who is asking: a session in the database, which a cookie names.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header, request};
use axum::middleware::Next;
use axum::response::Response;
use freshen_pages::Whom;

use super::Site;
use super::view::{Refusal, unavailable};

/// Above it the oldest leave.
pub const SESSIONS_MOST: i64 = 1000;

/// The session of a request: nobody has one who has not been to a form.
pub type Asking = Extension<Option<Session>>;

#[derive(Clone)]
pub struct Session {
    pub token: String,
    /// Forms of this session carry it.
    pub csrf: String,
    pub user: Option<i64>,
    pub name: Option<String>,
    pub is_to_be_told: bool,
}

/// Finds the session before anything else is done.
pub async fn known(State(site): State<Site>, mut request: Request, next: Next) -> Result<Response, Refusal> {
    let session = match token(request.headers()) {
        Some(token) => site.session(token).await?,
        None => None,
    };
    request.extensions_mut().insert(session);
    Ok(next.run(request).await)
}

/// For whom the cache keeps a page. Whoever is nobody in particular shares it with all the others; what is to be told once stands on
/// no page that is there.
pub fn whom(request: &request::Parts) -> Whom {
    match request.extensions.get::<Option<Session>>() {
        Some(Some(session)) if session.is_to_be_told => Whom::Nobody,
        Some(Some(Session { user: Some(user), .. })) => Whom::One(user.to_string()),
        _ => Whom::Everybody,
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="))
}

impl Session {
    /// The field that gives it to a browser.
    pub fn cookie(&self) -> [(HeaderName, String); 1] {
        [(header::SET_COOKIE, format!("session={}; Path=/; HttpOnly; SameSite=Lax", self.token))]
    }
}

impl Site {
    async fn session(&self, token: &str) -> Result<Option<Session>, Refusal> {
        const FIND: &str = "SELECT token, csrf, user, name, flash IS NOT NULL AS is_to_be_told
            FROM sessions LEFT JOIN users ON users.id = user WHERE token = ?";
        let found = sqlx::query_as(FIND).bind(token).fetch_optional(&self.database).await.map_err(unavailable)?;
        Ok(found.map(|(token, csrf, user, name, is_to_be_told)| Session { token, csrf, user, name, is_to_be_told }))
    }

    /// Begins a session: a user has another one than the visitor before.
    pub async fn begin(&self, user: Option<i64>, flash: Option<&str>) -> Result<Session, Refusal> {
        const BEGIN: &str = "INSERT INTO sessions (user, flash) VALUES (?, ?) RETURNING id, token";
        let begun = sqlx::query_as(BEGIN).bind(user).bind(flash).fetch_one(&self.database);
        let (id, token): (i64, String) = begun.await.map_err(unavailable)?;
        let oldest = sqlx::query("DELETE FROM sessions WHERE id <= ?").bind(id - SESSIONS_MOST);
        oldest.execute(&self.database).await.map_err(unavailable)?;
        self.session(&token).await?.ok_or((StatusCode::SERVICE_UNAVAILABLE, "too many sessions at once".to_owned()))
    }

    /// Ends a session: its cookie is worth nothing any more.
    pub async fn end(&self, session: &Session) -> Result<(), Refusal> {
        let end = sqlx::query("DELETE FROM sessions WHERE token = ?").bind(&session.token);
        end.execute(&self.database).await.map(drop).map_err(unavailable)
    }

    /// Has a visitor told something on the next page, whichever that is.
    pub async fn tell(&self, session: &Session, flash: &str) -> Result<(), Refusal> {
        let tell = sqlx::query("UPDATE sessions SET flash = ? WHERE token = ?").bind(flash).bind(&session.token);
        tell.execute(&self.database).await.map(drop).map_err(unavailable)
    }

    /// What a visitor is to be told, for the one page that asks first.
    pub async fn told(&self, session: Option<&Session>) -> Result<Option<String>, Refusal> {
        let Some(session) = session.filter(|session| session.is_to_be_told) else { return Ok(None) };
        let mut both = self.database.begin().await.map_err(unavailable)?;
        let find = sqlx::query_scalar("SELECT flash FROM sessions WHERE token = ?").bind(&session.token);
        let flash: Option<Option<String>> = find.fetch_optional(&mut *both).await.map_err(unavailable)?;
        let take = sqlx::query("UPDATE sessions SET flash = NULL WHERE token = ?").bind(&session.token);
        take.execute(&mut *both).await.map_err(unavailable)?;
        both.commit().await.map_err(unavailable)?;
        Ok(flash.flatten())
    }
}
