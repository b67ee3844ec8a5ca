//! Many queries in one statement: what is missing of one `get_many` is asked together.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::queries::UserById;
use common::{Stage, User, policy, read_error, user};
use freshen_core::{Answer, GetError, Jobs, PolicyBuilder, Status};
use freshen_sql::{Bulk, One, Query, Read, ReadError, Statement, built};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite};

type Got<Q> = Result<Answer<<Q as Query>::Rows>, GetError<ReadError>>;

async fn get_many<Q: Query>(stage: &Stage, queries: impl IntoIterator<Item = Q>) -> Vec<Got<Q>> {
    let reads: Vec<Read<Q>> = queries.into_iter().map(Read).collect();
    stage.cache.get_many(&reads).await
}

#[tokio::test]
async fn the_keys_of_one_get_many_are_asked_with_one_statement() {
    let stage = Stage::new(Jobs::new().add::<Read<UserById>>()).await;
    let got = get_many(&stage, [3, 1, 9, 2].map(UserById)).await;
    let rows: Vec<_> = got.iter().map(|got| (**got.as_ref().unwrap()).clone()).collect();
    assert_eq!(rows, [Some(user(3, "eve", 2)), Some(user(1, "ann", 1)), None, Some(user(2, "bob", 1))]);
    assert_eq!(stage.reads(), 1);
}

#[tokio::test]
async fn a_key_without_a_row_is_absent() {
    let stage = Stage::new(Jobs::new().add::<Read<UserById>>()).await;
    let got = get_many(&stage, [1, 9].map(UserById)).await;
    assert_eq!(got.into_iter().map(|got| got.unwrap().is_absent()).collect::<Vec<_>>(), [false, true]);
    assert_eq!(stage.cache.get(&Read(UserById(9))).await.unwrap().status(), Status::Hit);
}

#[tokio::test]
async fn what_is_in_hand_is_not_asked_for_and_what_is_under_way_is_asked_once() {
    let stage = Stage::new(Jobs::new().add::<Read<UserById>>()).await;
    stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!(stage.reads(), 1);
    let (one, two) = tokio::join!(get_many(&stage, [1, 2, 3].map(UserById)), get_many(&stage, [3, 2].map(UserById)));
    let status = |got: Vec<Got<UserById>>| got.into_iter().map(|got| got.unwrap().status()).collect::<Vec<_>>();
    assert_eq!(status(one), [Status::Hit, Status::Loaded, Status::Loaded]);
    assert_eq!(status(two), [Status::Loaded, Status::Loaded]);
    assert_eq!(stage.reads(), 1);
}

#[tokio::test]
async fn no_statement_asks_for_more_keys_than_the_query_says() {
    let stage = Stage::new(Jobs::new().add::<Read<UserById>>()).await;
    let got = get_many(&stage, (1..=250).map(UserById)).await;
    assert!(got.iter().all(Result::is_ok));
    assert_eq!(stage.reads(), 3);
}

/// The members of a team by its id, two at most; a bulk answers each with a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct MembersOf(i64);

/// With a placeholder for each key, as where `json_each` is not to be had.
fn members_of(teams: &[MembersOf]) -> Statement<'_, Sqlite> {
    let mut text = QueryBuilder::new("SELECT id, name, team FROM users WHERE team IN (");
    let mut list = text.separated(", ");
    for team in teams {
        list.push_bind(team.0);
    }
    text.push(") ORDER BY name DESC");
    built(text)
}

impl Query for MembersOf {
    type Database = Sqlite;
    type Rows = Vec<User>;
    const NAME: &'static str = "members-of";
    const TABLES: &'static [&'static str] = &["users"];
    const ROWS_MAX: usize = 2;
    const BULK: Option<Bulk<Self>> = Some(Bulk { most: 999, statement: members_of, asked: |row| MembersOf(row.team) });

    fn statement(&self) -> Statement<'_, Sqlite> {
        members_of(std::slice::from_ref(self))
    }
}

#[tokio::test]
async fn each_key_gets_its_rows_in_the_order_of_the_sql() {
    let stage = Stage::new(Jobs::new().add::<Read<MembersOf>>()).await;
    let got = get_many(&stage, [3, 1, 2].map(MembersOf)).await;
    let lists: Vec<_> = got.iter().map(|got| (**got.as_ref().unwrap()).clone()).collect();
    assert_eq!(lists, [vec![], vec![user(2, "bob", 1), user(1, "ann", 1)], vec![user(3, "eve", 2)]]);
    assert_eq!(stage.reads(), 1);
}

#[tokio::test]
async fn a_key_with_too_many_rows_fails_alone() {
    let stage = Stage::new(Jobs::new().add::<Read<MembersOf>>()).await;
    stage.write("INSERT INTO users VALUES (4, 'dan', 1)").await;
    let got = get_many(&stage, [1, 2].map(MembersOf)).await;
    assert!(matches!(read_error(&got[0]), ReadError::TooManyRows { query: "members-of", most: 2 }));
    assert_eq!(got[1].as_ref().unwrap().len(), 1);
}

#[tokio::test]
async fn a_placeholder_for_each_key_stays_within_what_old_databases_take() {
    let stage = Stage::new(Jobs::new().add::<Read<MembersOf>>()).await;
    let got = get_many(&stage, (1..=1500).map(MembersOf)).await;
    assert!(got.iter().all(Result::is_ok));
    assert_eq!(stage.reads(), 2);
}

/// The same without a bound that the database would bear.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Boundless(i64);

impl Query for Boundless {
    type Database = Sqlite;
    type Rows = Vec<User>;
    const NAME: &'static str = "boundless";
    const TABLES: &'static [&'static str] = &["users"];
    const BULK: Option<Bulk<Self>> =
        Some(Bulk { most: usize::MAX, statement: boundless, asked: |row| Boundless(row.team) });

    fn statement(&self) -> Statement<'_, Sqlite> {
        boundless(std::slice::from_ref(self))
    }
}

fn boundless(teams: &[Boundless]) -> Statement<'_, Sqlite> {
    let mut text = QueryBuilder::new("SELECT id, name, team FROM users WHERE team IN (");
    let mut list = text.separated(", ");
    for team in teams {
        list.push_bind(team.0);
    }
    text.push(")");
    built(text)
}

#[tokio::test]
async fn more_parameters_than_the_database_takes_are_an_error_of_each_key() {
    let stage = Stage::new(Jobs::new().add::<Read<Boundless>>()).await;
    let got = get_many(&stage, (1..=32_767).map(Boundless)).await;
    for got in &got {
        let error = read_error(got);
        assert!(error.to_string().contains("query boundless: ") && error.to_string().contains("too many"), "{error}");
        assert!(!error.may_pass());
    }
}

/// Exactly one row for each key, in a statement that finds names whatever their case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct IdOf(String);

fn ids(names: &[IdOf]) -> Statement<'_, Sqlite> {
    let names: Vec<&str> = names.iter().map(|name| name.0.as_str()).collect();
    let sql = "SELECT id, name FROM users WHERE name COLLATE NOCASE IN (SELECT value FROM json_each(?))";
    sqlx::query(sql).bind(serde_json::to_string(&names).unwrap())
}

impl Query for IdOf {
    type Database = Sqlite;
    type Rows = One<(i64, String)>;
    const NAME: &'static str = "id-of";
    const TABLES: &'static [&'static str] = &["users"];
    const BULK: Option<Bulk<Self>> = Some(Bulk { most: 10, statement: ids, asked: |row| IdOf(row.1.clone()) });

    fn statement(&self) -> Statement<'_, Sqlite> {
        ids(std::slice::from_ref(self))
    }

    fn policy() -> PolicyBuilder {
        policy()
    }
}

fn ids_of<const N: usize>(names: [&str; N]) -> [IdOf; N] {
    names.map(|name| IdOf(name.into()))
}

#[tokio::test]
async fn a_key_without_its_one_row_fails_alone() {
    let stage = Stage::new(Jobs::new().add::<Read<IdOf>>()).await;
    let got = get_many(&stage, ids_of(["bob", "nobody"])).await;
    assert_eq!(got[0].as_ref().unwrap().0.0, 2);
    assert!(matches!(read_error(&got[1]), ReadError::NoRow { query: "id-of" }));
}

#[tokio::test]
async fn a_row_that_belongs_to_no_key_fails_all_and_calls_none_absent() {
    let stage = Stage::new(Jobs::new().add::<Read<IdOf>>()).await;
    let got = get_many(&stage, ids_of(["Bob", "ann"])).await;
    for got in &got {
        assert!(matches!(read_error(got), ReadError::StrayRow { query: "id-of" }));
    }
}

/// Equal whatever its case, but written as it is: two keys of the cache that one row would belong to.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Loose(String);

impl PartialEq for Loose {
    fn eq(&self, other: &Loose) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Loose {}

impl std::hash::Hash for Loose {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

fn loose(names: &[Loose]) -> Statement<'_, Sqlite> {
    let names: Vec<&str> = names.iter().map(|name| name.0.as_str()).collect();
    let sql = "SELECT id, name FROM users WHERE name COLLATE NOCASE IN (SELECT value FROM json_each(?))";
    sqlx::query(sql).bind(serde_json::to_string(&names).unwrap())
}

impl Query for Loose {
    type Database = Sqlite;
    type Rows = Option<(i64, String)>;
    const NAME: &'static str = "loose";
    const TABLES: &'static [&'static str] = &["users"];
    const BULK: Option<Bulk<Self>> = Some(Bulk { most: 10, statement: loose, asked: |row| Loose(row.1.clone()) });

    fn statement(&self) -> Statement<'_, Sqlite> {
        loose(std::slice::from_ref(self))
    }

    fn policy() -> PolicyBuilder {
        policy()
    }
}

#[tokio::test]
async fn keys_that_are_equal_but_not_written_alike_are_an_error_and_none_is_called_absent() {
    let stage = Stage::new(Jobs::new().add::<Read<Loose>>()).await;
    let got = get_many(&stage, ["bob", "BOB"].map(|name| Loose(name.into()))).await;
    for got in &got {
        assert!(matches!(read_error(got), ReadError::EqualQueries { query: "loose" }), "{got:?}");
    }
}
