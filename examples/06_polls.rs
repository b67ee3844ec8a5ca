//! A polls page: its list comes through the cache, and a vote is written to the source and then invalidates by tag, softly.
//! Everybody is served what is there, at once; who has voted sees the vote, by a token in a cookie.
//!
//! `cargo run -p freshen-examples --example 06_polls`, then open <http://127.0.0.1:7980>

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::{get, post};
use freshen::{Answer, BuildError, Cache, Clock, Jobs, Strength, WriteToken, cached};

/// A question, and how many said yes.
type Question = (String, u64);

/// In place of a database.
#[derive(Clone)]
struct Database(Arc<Mutex<Vec<Question>>>);

impl Database {
    fn open() -> Database {
        let questions = ["Tea?", "Tabs?", "Trains?"].map(|text| (text.to_owned(), 0));
        Database(Arc::new(Mutex::new(questions.into())))
    }

    fn questions(&self) -> Vec<Question> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `false`: there is no such question.
    fn count_vote(&self, number: usize) -> bool {
        let mut questions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        questions.get_mut(number).map(|(_, votes)| *votes += 1).is_some()
    }
}

/// All questions, as the page lists them: a query that takes a while.
#[cached(job = Questions, ttl = "10m", stale_while_revalidate = "1h", tags = ["polls"])]
async fn questions(#[state] database: &Database) -> Vec<Question> {
    tokio::time::sleep(Duration::from_millis(500)).await;
    database.questions()
}

/// What requests need.
#[derive(Clone)]
struct Site {
    cache: Cache,
    database: Database,
}

type Refusal = (StatusCode, String);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:7980").await?;
    println!("open http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, site(Clock::coarse()).await?).await?)
}

/// The site. Only a test needs another clock.
pub async fn site(clock: Clock) -> Result<Router, BuildError> {
    let database = Database::open();
    let jobs = Jobs::new().add::<Questions>();
    let cache = Cache::builder().state(database.clone()).jobs(jobs).clock(clock).build().await?;
    let routes = Router::new().route("/", get(page)).route("/vote/{number}", post(vote));
    Ok(routes.with_state(Site { cache, database }))
}

async fn page(State(site): State<Site>, headers: HeaderMap) -> Result<Html<String>, Refusal> {
    let job = Questions::of();
    let request = site.cache.request(&job);
    let request = if let Some(write) = written(&headers) { request.after(&write) } else { request };
    Ok(Html(shown(&request.get().await.map_err(unavailable)?)))
}

/// Writes first, then outdates what was read before. Softly: until it is loaded again, others are served what is there.
async fn vote(State(site): State<Site>, Path(number): Path<usize>) -> Result<impl IntoResponse, Refusal> {
    if !site.database.count_vote(number) {
        return Err((StatusCode::NOT_FOUND, format!("there is no question {number}")));
    }
    let write = site.cache.invalidate_tag("polls", Strength::Soft).await.map_err(unavailable)?;
    let cookie = format!("wrote={write}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")))
}

/// The write that this browser wants to see. A cookie that is none of ours says nothing.
fn written(headers: &HeaderMap) -> Option<WriteToken> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("wrote="))?.parse().ok()
}

fn unavailable(error: impl Error) -> Refusal {
    (StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}

fn shown(answer: &Answer<Vec<Question>>) -> String {
    let line = |(number, (text, votes)): (usize, &Question)| {
        format!("<li>{text} {votes} <form method=\"post\" action=\"/vote/{number}\"><button>Yes</button></form></li>\n")
    };
    let lines: String = answer.iter().enumerate().map(line).collect();
    let (status, rule, age) = (answer.status().as_str(), answer.rule().as_str(), answer.age().as_secs_f64());
    format!("<!doctype html>\n<title>Polls</title>\n<ul>\n{lines}</ul>\n<p>{status} ({rule}), {age:.1} s old</p>\n")
}
