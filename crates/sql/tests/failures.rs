//! The database fails, is locked, is slow, or has no connection to spare: what is in hand is served, and errors say why.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::queries::{Members, UserById, members};
use common::{BACKOFF, STALE, Stage, TTL, policy, read_error, user};
use freshen_core::{GetError, Jobs, PolicyBuilder, Rule, Status, TaskEnd};
use freshen_sql::{One, Query, Read, ReadError, Statement, ask};
use serde::{Deserialize, Serialize};
use sqlx::{Executor, Sqlite};

fn jobs() -> Jobs {
    Jobs::new().add::<Read<UserById>>().add::<Read<Members>>().add::<Read<Odd>>().add::<Read<Slow>>()
}

/// The user 1 has been read.
async fn stage() -> Stage {
    let stage = Stage::new(jobs()).await;
    stage.cache.get(&Read(UserById(1))).await.unwrap();
    stage
}

/// The error of a read with nothing in hand.
async fn failure<Q: Query>(stage: &Stage, query: Q) -> ReadError
where
    Q::Rows: std::fmt::Debug,
{
    read_error(&stage.cache.get(&Read(query)).await)
}

/// The user 1, past its stale window and within stale-if-error, is served as a fallback.
async fn expect_fallback(stage: &Stage) {
    let fallback = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*fallback, fallback.status()), (&Some(user(1, "ann", 1)), Status::Fallback));
    assert_eq!(fallback.rule(), Rule::LoadFailed);
}

/// What can be wrong with a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Odd {
    Unparsable,
    WrongType,
    Endless,
}

impl Query for Odd {
    type Database = Sqlite;
    type Rows = Vec<(i64,)>;
    const NAME: &'static str = "odd";
    const TABLES: &'static [&'static str] = &[];
    const ROWS_MAX: usize = 1000;

    fn statement(&self) -> Statement<'_, Sqlite> {
        sqlx::query(match self {
            Odd::Unparsable => "SELEKT 1",
            Odd::WrongType => "SELECT 'one'",
            Odd::Endless => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        })
    }

    fn policy() -> PolicyBuilder {
        policy()
    }
}

/// A second or so of work, and 50 ms for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Slow;

impl Query for Slow {
    type Database = Sqlite;
    type Rows = One<(i64,)>;
    const NAME: &'static str = "slow";
    const TABLES: &'static [&'static str] = &[];

    fn statement(&self) -> Statement<'_, Sqlite> {
        let sql =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) SELECT max(i) FROM n";
        sqlx::query(sql)
    }

    fn policy() -> PolicyBuilder {
        policy().load_timeout(Duration::from_millis(50))
    }
}

#[tokio::test]
async fn a_statement_that_does_not_parse_is_an_error_that_names_its_query() {
    let stage = stage().await;
    let error = failure(&stage, Odd::Unparsable).await;
    assert!(error.to_string().starts_with("query odd: ") && error.to_string().contains("SELEKT"), "{error}");
    assert!(!error.may_pass());
}

#[tokio::test]
async fn a_row_of_another_type_is_an_error_that_names_the_column() {
    let stage = stage().await;
    let error = failure(&stage, Odd::WrongType).await;
    assert!(error.to_string().starts_with("query odd: error occurred while decoding column 0"), "{error}");
}

#[tokio::test]
async fn a_table_that_is_gone_serves_the_fallback_until_it_is_back() {
    let stage = stage().await;
    stage.write("ALTER TABLE users RENAME TO gone").await;
    stage.pass(TTL + STALE);
    expect_fallback(&stage).await;
    let error = failure(&stage, members("red")).await;
    assert!(error.to_string().contains("no such table: users"), "{error}");
    assert!(!error.may_pass());
    stage.write("ALTER TABLE gone RENAME TO users; UPDATE users SET name = 'anna' WHERE id = 1").await;
    stage.pass(BACKOFF);
    let back = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*back, back.status()), (&Some(user(1, "anna", 1)), Status::Loaded));
}

#[tokio::test]
async fn a_locked_database_loses_no_stale_row_and_is_read_again_when_it_is_free() {
    let mut stage = stage().await;
    let mut writer = stage.writer().await;
    writer.execute("BEGIN EXCLUSIVE").await.unwrap();
    writer.execute("UPDATE users SET name = 'anna' WHERE id = 1").await.unwrap();
    stage.pass(TTL);
    let stale = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*stale, stale.status()), (&Some(user(1, "ann", 1)), Status::Stale));
    assert_eq!(stage.task_end().await, TaskEnd::Retried);
    assert_eq!(*stage.cache.get(&Read(UserById(1))).await.unwrap(), Some(user(1, "ann", 1)));
    let error = failure(&stage, members("red")).await;
    assert!(error.to_string().contains("locked") && error.may_pass(), "{error}");
    writer.execute("COMMIT").await.unwrap();
    stage.pass(STALE);
    let loaded = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*loaded, loaded.status()), (&Some(user(1, "anna", 1)), Status::Loaded));
}

#[tokio::test]
async fn a_pool_without_a_free_connection_is_a_failed_load_with_a_fallback() {
    let stage = Stage::with_patience(jobs(), Duration::from_secs(1)).await;
    stage.cache.get(&Read(UserById(1))).await.unwrap();
    let _held = [stage.pool.acquire().await.unwrap(), stage.pool.acquire().await.unwrap()];
    stage.pass(TTL + STALE);
    expect_fallback(&stage).await;
    match failure(&stage, members("red")).await {
        error @ ReadError::Database { .. } => assert!(error.to_string().contains("pool timed out") && error.may_pass()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_statement_without_end_is_cut_off_at_the_bound_of_its_rows() {
    let stage = stage().await;
    let error = failure(&stage, Odd::Endless).await;
    assert!(matches!(error, ReadError::TooManyRows { query: "odd", most: 1000 }), "{error:?}");
    both_connections(&stage).await;
}

/// The load timeout drops the read. SQLite goes on to the end of the statement, and the pool has its connection again.
#[tokio::test]
async fn a_read_that_is_timed_out_gives_its_connection_back_when_the_database_is_done() {
    let stage = stage().await;
    match stage.cache.get(&Read(Slow)).await {
        Err(GetError::TimedOut { after, .. }) => assert_eq!(after, Duration::from_millis(50)),
        other => panic!("{other:?}"),
    }
    assert!((stage.pool.num_idle() as u32) < stage.pool.size(), "the database is still at it");
    assert_eq!(*stage.cache.get(&Read(members("blue"))).await.unwrap(), [user(3, "eve", 2)]);
    both_connections(&stage).await;
}

/// Waits until the pool gives out both of its connections, and both answer.
async fn both_connections(stage: &Stage) {
    let both = async {
        loop {
            if let (Ok(mut one), Ok(mut two)) = (stage.pool.acquire().await, stage.pool.acquire().await) {
                one.execute("SELECT 1").await.unwrap();
                two.execute("SELECT 1").await.unwrap();
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
}

/// How many users there are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Count;

impl Query for Count {
    type Database = Sqlite;
    type Rows = One<(i64,)>;
    const NAME: &'static str = "count";
    const TABLES: &'static [&'static str] = &["users"];

    fn statement(&self) -> Statement<'_, Sqlite> {
        sqlx::query("SELECT count(*) FROM users")
    }
}

#[tokio::test]
async fn a_query_can_be_asked_past_the_cache() {
    let stage = stage().await;
    assert_eq!(ask(&Count, &stage.pool).await.unwrap(), One((3,)));
    stage.write("DELETE FROM users").await;
    assert_eq!(ask(&Count, &stage.pool).await.unwrap(), One((0,)));
}
