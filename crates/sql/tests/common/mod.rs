//! A database file of its own for each test, a cache before it, and a count of what the cache reads.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses a part of it; a test that cannot go on fails.

pub mod queries;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use freshen_core::{Answer, Cache, Clock, Event, GetError, Jobs, Observer, Policy, PolicyBuilder, TaskEnd, Timestamp};
use freshen_sql::ReadError;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{FromRow, Row};
use tempfile::TempDir;
use tokio::sync::mpsc;

pub const TTL: Duration = Duration::from_secs(60);
pub const STALE: Duration = Duration::from_secs(600);
pub const ERROR: Duration = Duration::from_secs(3600);
pub const NEGATIVE: Duration = Duration::from_secs(5);
pub const BACKOFF: Duration = Duration::from_secs(1);

const SCHEMA: &str = "
    CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, team INTEGER NOT NULL);
    INSERT INTO teams VALUES (1, 'red'), (2, 'blue'), (3, 'empty');
    INSERT INTO users VALUES (1, 'ann', 1), (2, 'bob', 1), (3, 'eve', 2);";

pub fn policy() -> PolicyBuilder {
    let policy = Policy::builder().ttl(TTL).stale_while_revalidate(STALE).stale_if_error(ERROR);
    policy.negative_ttl(NEGATIVE).backoff(BACKOFF, BACKOFF).jitter(0.0)
}

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct User {
    pub id: i64,
    pub name: String,
    pub team: i64,
}

impl FromRow<'_, SqliteRow> for User {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(User { id: row.try_get("id")?, name: row.try_get("name")?, team: row.try_get("team")? })
    }
}

pub fn user(id: i64, name: &str, team: i64) -> User {
    User { id, name: name.into(), team }
}

/// The error of the read itself, of a `get` that had nothing in hand.
pub fn read_error<V: std::fmt::Debug>(got: &Result<Answer<V>, GetError<ReadError>>) -> ReadError {
    match got {
        Err(GetError::Load { source, .. }) => (**source).clone(),
        other => panic!("{other:?}"),
    }
}

/// The folder goes with the stage.
pub struct Stage {
    pub cache: Cache,
    /// The cache's own pool: two connections, with 50 ms of patience for locks.
    pub pool: SqlitePool,
    clock: Clock,
    writer: SqlitePool,
    reads: Arc<AtomicUsize>,
    ends: mpsc::UnboundedReceiver<TaskEnd>,
    _folder: TempDir,
}

impl Stage {
    pub async fn new(jobs: Jobs) -> Stage {
        Stage::with_patience(jobs, Duration::from_secs(10)).await
    }

    /// With so much time for the cache's pool to have a connection.
    pub async fn with_patience(jobs: Jobs, patience: Duration) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteConnectOptions::new().filename(folder.path().join("test.db")).create_if_missing(true);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(file.clone()).await.unwrap();
        sqlx::raw_sql(SCHEMA).execute(&writer).await.unwrap();
        let reads = Arc::new(AtomicUsize::new(0));
        let pool = counted(reads.clone()).acquire_timeout(patience);
        let pool = pool.connect_lazy_with(file.busy_timeout(Duration::from_millis(50)));
        let clock = Clock::manual(Timestamp::from_micros(1_000_000_000_000_000));
        let (told, ends) = mpsc::unbounded_channel();
        let builder = Cache::builder().jobs(jobs).state(pool.clone()).clock(clock.clone()).observer(TaskEnds(told));
        Stage { cache: builder.build().await.unwrap(), pool, clock, writer, reads, ends, _folder: folder }
    }

    /// Writes past the cache, and commits.
    pub async fn write(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.writer).await.unwrap();
    }

    /// The one connection that writes, for what takes more than a statement.
    pub async fn writer(&self) -> sqlx::pool::PoolConnection<sqlx::Sqlite> {
        self.writer.acquire().await.unwrap()
    }

    /// How many statements the cache has asked, since the last time this was called.
    pub fn reads(&self) -> usize {
        self.reads.swap(0, Ordering::SeqCst)
    }

    pub fn pass(&self, time: Duration) {
        assert!(self.clock.advance(time));
    }

    /// How the next task ended.
    pub async fn task_end(&mut self) -> TaskEnd {
        tokio::time::timeout(Duration::from_secs(10), self.ends.recv()).await.unwrap().unwrap()
    }
}

/// A read takes a connection once: a new one, or one that waits in the pool.
fn counted(reads: Arc<AtomicUsize>) -> SqlitePoolOptions {
    let (new, idle) = (reads.clone(), reads);
    SqlitePoolOptions::new()
        .max_connections(2)
        .after_connect(move |_, _| {
            new.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(()) })
        })
        .before_acquire(move |_, _| {
            idle.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(true) })
        })
}

struct TaskEnds(mpsc::UnboundedSender<TaskEnd>);

impl Observer for TaskEnds {
    fn observe(&self, event: &Event<'_>) {
        if let Event::TaskEnded { end, .. } = event {
            // The stage may be gone.
            let _ = self.0.send(*end);
        }
    }
}
