//! A site of notes, for anonymous visitors and two users, in German and English, whose pages come through the cache. Ann's password
//! is tea, and Bob's is juice.
//!
//! `cargo run -p freshen-examples --example 09_site`, then open <http://127.0.0.1:7980>

mod language;
mod pages;
mod session;
mod view;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use freshen_pages::{Audience, PageCache, Settings};
pub use session::SESSIONS_MOST;
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use tower::BoxError;

/// What requests need.
#[derive(Clone)]
pub struct Site {
    database: SqlitePool,
    cache: PageCache,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:7980").await?;
    println!("open http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, site().await?).await?)
}

/// The site. A page of a user is for that user alone; who is to be told something is asked for past the cache.
pub async fn site() -> Result<Router, BoxError> {
    // A database in memory is its connection's own.
    let database = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    sqlx::raw_sql(include_str!("schema.sql")).execute(&database).await?;
    let settings = Settings { audience: Audience::by(session::whom), ..Settings::default() };
    let cache = PageCache::embedded().await?.with(settings);
    let site = Site { database, cache: cache.clone() };
    let routes = Router::new()
        .route("/", get(pages::notes))
        .route("/people", get(pages::people))
        .route("/new", get(pages::form).post(pages::add))
        .route("/login", get(pages::login).post(pages::enter))
        .route("/account", get(pages::account))
        .route("/logout", post(pages::leave))
        .with_state(site.clone());
    Ok(routes.layer(cache).layer(from_fn_with_state(site, session::known)))
}
