//! The demo's own source: a real HTTP server on this machine that is slow and sometimes fails.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use freshen::{Clock, Timestamp};
use reqwest::Url;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::demo::source::Source;

/// How long each answer takes.
const DELAY: Duration = Duration::from_millis(800);
/// Which part of the answers are errors.
const ERRORS: f64 = 0.1;
/// Both, in words.
pub const TEMPER: &str = " (takes 800 ms on purpose, and one answer in ten is an error)";

const TREES: [&str; 6] = ["Oak", "Linden", "Beech", "Maple", "Birch", "Rowan"];

/// The server. Dropping it ends it.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Upstream {
    /// Starts it on a free port.
    pub async fn start(clock: Clock, seed: u64) -> std::io::Result<Upstream> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let poll = Poll { clock, counting: Arc::new(Mutex::new(Counting::new(seed))) };
        let app = Router::new().route("/poll.json", get(answer)).with_state(poll);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::warn!(%error, "the demo's own source has ended");
            }
        });
        Ok(Upstream { address, server })
    }

    /// Where its list is.
    pub fn source(&self) -> Source {
        let mut url = Url::parse("http://127.0.0.1/poll.json").expect("a constant URL parses");
        // Only a URL without a host refuses a port.
        let _ = url.set_port(Some(self.address.port()));
        Source::own(url)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What all requests share. The lock guards the votes and is never held over an await.
#[derive(Clone, Debug)]
struct Poll {
    clock: Clock,
    counting: Arc<Mutex<Counting>>,
}

async fn answer(State(poll): State<Poll>) -> Result<Json<Vec<String>>, (StatusCode, &'static str)> {
    tokio::time::sleep(DELAY).await;
    let standings = poll.counting.lock().unwrap_or_else(PoisonError::into_inner).count(poll.clock.now());
    standings.map(Json).ok_or((StatusCode::SERVICE_UNAVAILABLE, "one answer in ten is an error\n"))
}

/// A poll that goes on: each count finds more votes.
#[derive(Debug)]
struct Counting {
    chance: fastrand::Rng,
    counts: u64,
    votes: [u64; TREES.len()],
}

impl Counting {
    fn new(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let votes = TREES.map(|_| chance.u64(100..160));
        Counting { chance, counts: 0, votes }
    }

    /// The standings, the first tree first, or `None` for an error. The first count never fails, so that whoever starts the
    /// demo sees what it serves before what it survives.
    fn count(&mut self, now: Timestamp) -> Option<Vec<String>> {
        self.counts += 1;
        if self.counts > 1 && self.chance.f64() < ERRORS {
            return None;
        }
        for votes in &mut self.votes {
            *votes += self.chance.u64(0..8);
        }
        let mut standings: Vec<_> = TREES.iter().zip(self.votes).collect();
        standings.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        let head = format!("Count {} of the poll for the tree of the year, {} UTC", self.counts, time_of_day(now));
        let lines = standings.into_iter().map(|(tree, votes)| format!("{tree}: {votes} votes"));
        Some(std::iter::once(head).chain(lines).collect())
    }
}

fn time_of_day(now: Timestamp) -> String {
    let seconds = now.as_micros() / 1_000_000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_count_in_ten_fails_and_the_others_grow() {
        let mut counting = Counting::new(7);
        let counts: Vec<_> = (0..1000).map(|_| counting.count(Timestamp::ZERO)).collect();
        let failed = counts.iter().filter(|count| count.is_none()).count();
        assert!((60..150).contains(&failed), "{failed}");
        assert!((0..100).all(|seed| Counting::new(seed).count(Timestamp::ZERO).is_some()));
        let good: Vec<_> = counts.into_iter().flatten().collect();
        assert!(good[0][0].starts_with("Count "));
        assert_eq!(good[0].len(), TREES.len() + 1);
        assert_ne!(good[0], good[1]);
    }

    #[test]
    fn the_time_of_day_is_utc() {
        assert_eq!(time_of_day(Timestamp::from_micros(1_700_000_000_000_000)), "22:13:20");
    }
}
