//! Read jobs: queries whose rows are cached. `cargo run -p freshen-examples --example 05_read_jobs`

use freshen::sql::{Bulk, Query, Read, Statement, table};
use freshen::{Cache, Jobs, Strength};
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, sqlite::SqlitePoolOptions};

const POLLS: &str = "CREATE TABLE polls (id INTEGER PRIMARY KEY, name TEXT, votes INTEGER);
    INSERT INTO polls VALUES (1, 'tea', 0), (2, 'juice', 5), (3, 'milk', 1)";

/// A poll by its id. Many are asked with one statement, and one is a list of one.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Poll(i64);

fn polls(polls: &[Poll]) -> Statement<'_, Sqlite> {
    let ids: Vec<i64> = polls.iter().map(|poll| poll.0).collect();
    sqlx::query("SELECT * FROM polls WHERE id IN (SELECT value FROM json_each(?))").bind(format!("{ids:?}"))
}

impl Query for Poll {
    type Database = Sqlite;
    type Rows = Option<(i64, String, i64)>;
    const NAME: &'static str = "poll";
    const TABLES: &'static [&'static str] = &["polls"];
    const BULK: Option<Bulk<Self>> = Some(Bulk { most: 500, statement: polls, asked: |row| Poll(row.0) });
    fn statement(&self) -> Statement<'_, Sqlite> {
        polls(std::slice::from_ref(self))
    }
}

/// The names with the most votes.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Top(u32);

impl Query for Top {
    type Database = Sqlite;
    type Rows = Vec<(String,)>;
    const NAME: &'static str = "top";
    const TABLES: &'static [&'static str] = &["polls"];
    fn statement(&self) -> Statement<'_, Sqlite> {
        sqlx::query("SELECT name FROM polls ORDER BY votes DESC LIMIT ?").bind(self.0)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    run(|line| println!("{line}")).await
}

/// Tells what it shows, line by line.
pub async fn run(mut say: impl FnMut(String)) -> Result<(), Box<dyn std::error::Error>> {
    // A database in memory is its connection's own.
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    sqlx::raw_sql(POLLS).execute(&pool).await?;
    let jobs = Jobs::new().add::<Read<Poll>>().add::<Read<Top>>();
    let cache = Cache::builder().jobs(jobs).state(pool.clone()).build().await?;
    for votes in [3, 9] {
        let mut vote = pool.begin().await?;
        sqlx::query("UPDATE polls SET votes = ? WHERE id = 1").bind(votes).execute(&mut *vote).await?;
        vote.commit().await?;
        cache.invalidate_tag(&table("polls"), Strength::Hard).await?;
        say(format!("one row: {:?}", *cache.get(&Read(Poll(1))).await?));
        for poll in cache.get_many(&[1, 2, 9].map(Poll).map(Read)).await {
            let poll = poll?;
            say(format!("of many: {:?} ({})", *poll, poll.status().as_str()));
        }
        say(format!("many rows: {:?}", *cache.get(&Read(Top(2))).await?));
    }
    Ok(())
}
