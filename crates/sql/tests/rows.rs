//! One row, at most one, many; and the parameters that ask for them.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::queries::{Members, TeamName, UserById, members};
use common::{NEGATIVE, Stage, TTL, policy, read_error, user};
use freshen_core::{Jobs, PolicyBuilder, Rule, Status};
use freshen_sql::{One, Query, Read, ReadError, Statement};
use serde::{Deserialize, Serialize};
use sqlx::Sqlite;

async fn stage() -> Stage {
    let jobs = Jobs::new().add::<Read<UserById>>().add::<Read<Members>>().add::<Read<TeamName>>().add::<Read<Echo>>();
    Stage::new(jobs).await
}

#[tokio::test]
async fn a_row_is_read_once_and_then_a_hit() {
    let stage = stage().await;
    let loaded = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*loaded, loaded.status()), (&Some(user(1, "ann", 1)), Status::Loaded));
    let hit = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*hit, hit.status()), (&Some(user(1, "ann", 1)), Status::Hit));
    assert_eq!(stage.reads(), 1);
}

#[tokio::test]
async fn a_stale_row_is_served_and_read_again_behind_the_request() {
    let mut stage = stage().await;
    stage.cache.get(&Read(UserById(1))).await.unwrap();
    stage.write("UPDATE users SET name = 'anna' WHERE id = 1").await;
    stage.pass(TTL);
    let stale = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*stale, stale.status()), (&Some(user(1, "ann", 1)), Status::Stale));
    stage.task_end().await;
    let hit = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*hit, hit.status()), (&Some(user(1, "anna", 1)), Status::Hit));
}

#[tokio::test]
async fn a_row_that_is_not_there_is_absent_for_the_negative_ttl() {
    let stage = stage().await;
    let answer = stage.cache.get(&Read(UserById(9))).await.unwrap();
    assert_eq!((&*answer, answer.is_absent()), (&None, true));
    let hit = stage.cache.get(&Read(UserById(9))).await.unwrap();
    assert_eq!((hit.status(), stage.reads()), (Status::Hit, 1));
    stage.pass(NEGATIVE);
    let stale = stage.cache.get(&Read(UserById(9))).await.unwrap();
    assert_eq!((stale.status(), stale.rule()), (Status::Stale, Rule::WithinStale));
    assert!(!stage.cache.get(&Read(UserById(1))).await.unwrap().is_absent());
}

#[tokio::test]
async fn many_rows_keep_the_order_of_the_sql() {
    let stage = stage().await;
    let red = stage.cache.get(&Read(members("red"))).await.unwrap();
    assert_eq!(*red, [user(2, "bob", 1), user(1, "ann", 1)]);
}

#[tokio::test]
async fn no_rows_are_a_list_and_not_absent() {
    let stage = stage().await;
    let empty = stage.cache.get(&Read(members("empty"))).await.unwrap();
    assert_eq!((empty.len(), empty.is_absent()), (0, false));
    stage.pass(NEGATIVE);
    assert_eq!(stage.cache.get(&Read(members("empty"))).await.unwrap().status(), Status::Hit);
}

#[tokio::test]
async fn more_rows_than_the_bound_are_an_error_that_says_so() {
    let stage = stage().await;
    stage.write("INSERT INTO users VALUES (4, 'dan', 1)").await;
    assert_eq!(stage.cache.get(&Read(members("red"))).await.unwrap().len(), 3);
    stage.write("INSERT INTO users VALUES (5, 'flo', 2), (6, 'gus', 2), (7, 'hal', 2)").await;
    let error = read_error(&stage.cache.get(&Read(members("blue"))).await);
    assert!(matches!(error, ReadError::TooManyRows { query: "members", most: 3 }), "{error:?}");
    assert_eq!(error.to_string(), "query members: more than 3 row(s)");
}

#[tokio::test]
async fn one_row_derefs_to_itself() {
    let stage = stage().await;
    let answer = stage.cache.get(&Read(TeamName { id: Some(2) })).await.unwrap();
    assert_eq!((*answer).clone(), One(("blue".to_owned(),)));
    assert_eq!(answer.0.0, "blue");
}

#[tokio::test]
async fn one_row_that_is_not_there_is_an_error_and_so_is_a_second() {
    let stage = stage().await;
    let none = read_error(&stage.cache.get(&Read(TeamName { id: Some(9) })).await);
    assert!(matches!(none, ReadError::NoRow { query: "team-name" }), "{none:?}");
    let three = read_error(&stage.cache.get(&Read(TeamName { id: None })).await);
    assert!(matches!(three, ReadError::TooManyRows { query: "team-name", most: 1 }), "{three:?}");
    assert!(!none.may_pass() && !three.may_pass());
}

/// What a parameter can be; the row says what the database was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Parameter {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Echo {
    parameter: Parameter,
}

impl Query for Echo {
    type Database = Sqlite;
    type Rows = One<(String,)>;
    const NAME: &'static str = "echo";
    const TABLES: &'static [&'static str] = &[];

    fn statement(&self) -> Statement<'_, Sqlite> {
        let statement = sqlx::query("SELECT typeof(?) || ' ' || quote(?1)");
        match &self.parameter {
            Parameter::Null => statement.bind(None::<i64>),
            Parameter::Integer(integer) => statement.bind(integer),
            Parameter::Text(text) => statement.bind(text),
            Parameter::Blob(blob) => statement.bind(blob),
        }
    }

    fn policy() -> PolicyBuilder {
        policy()
    }
}

#[tokio::test]
async fn parameters_that_differ_have_different_keys_and_reach_the_database_as_they_are() {
    let stage = stage().await;
    let text = |text: &str| Parameter::Text(text.into());
    let parameters = [
        (Parameter::Null, "null NULL"),
        (text("NULL"), "text 'NULL'"),
        (text(""), "text ''"),
        (Parameter::Blob(vec![]), "blob X''"),
        (text("1"), "text '1'"),
        (Parameter::Integer(1), "integer 1"),
        (Parameter::Blob(vec![b'1']), "blob X'31'"),
        (Parameter::Blob(vec![0, 255]), "blob X'00FF'"),
        (Parameter::Integer(i64::MIN), "integer -9223372036854775808"),
        (Parameter::Integer(i64::MAX), "integer 9223372036854775807"),
        (text("é\u{1F980}"), "text 'é\u{1F980}'"),
    ];
    let count = parameters.len();
    for _ in 0..2 {
        for (parameter, expected) in &parameters {
            let answer = stage.cache.get(&Read(Echo { parameter: parameter.clone() })).await.unwrap();
            assert_eq!(answer.0.0, *expected);
        }
    }
    assert_eq!(stage.reads(), count);
}

#[tokio::test]
async fn a_parameter_is_never_read_as_sql() {
    let stage = stage().await;
    for team in ["red' OR '1'='1", "'; DROP TABLE users; --", "red\0", "red;", "%"] {
        assert_eq!(stage.cache.get(&Read(members(team))).await.unwrap().len(), 0, "{team}");
    }
    assert_eq!(stage.cache.get(&Read(members("red"))).await.unwrap().len(), 2);
}
