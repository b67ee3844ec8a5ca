//! Read jobs: a query with its parameters, whose rows are cached.
//!
//! The query is a struct: its fields are the parameters, and with its name they are the key. [`Query`] says what SQL it is, what
//! its rows are and which tables it reads; [`Read`] makes a job of it, which the cache serves like any other.
//!
//! ```
//! use freshen_core::{Cache, Jobs, Strength};
//! use freshen_sql::{Query, Read, Statement, table};
//! use serde::{Deserialize, Serialize};
//! use sqlx::{Sqlite, SqlitePool};
//!
//! /// A user's name, by id.
//! #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
//! struct UserName {
//!     id: i64,
//! }
//!
//! impl Query for UserName {
//!     type Database = Sqlite;
//!     type Rows = Option<(String,)>;
//!     const NAME: &'static str = "user-name";
//!     const TABLES: &'static [&'static str] = &["users"];
//!
//!     fn statement(&self) -> Statement<'_, Sqlite> {
//!         sqlx::query("SELECT name FROM users WHERE id = ?").bind(self.id)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let one = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
//! # let pool: SqlitePool = one.connect("sqlite::memory:").await?;
//! # sqlx::raw_sql("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (5, 'ann')").execute(&pool).await?;
//! let jobs = Jobs::new().add::<Read<UserName>>();
//! let cache = Cache::builder().jobs(jobs).state(pool.clone()).build().await?;
//! assert_eq!(*cache.get(&Read(UserName { id: 5 })).await?, Some(("ann".to_owned(),)));
//!
//! let mut transaction = pool.begin().await?;
//! sqlx::query("UPDATE users SET name = 'anna' WHERE id = 5").execute(&mut *transaction).await?;
//! transaction.commit().await?;
//! cache.invalidate_tag(&table("users"), Strength::Hard).await?;
//! assert_eq!(*cache.get(&Read(UserName { id: 5 })).await?, Some(("anna".to_owned(),)));
//! # Ok(())
//! # }
//! ```
//!
//! # After a write
//!
//! Commit, and then invalidate. The other way round, a load between the two reads the old rows and is taken for newer than the
//! invalidation. *Softly* outdated rows go on being served while they are refreshed behind the request; *hard* outdated ones
//! are never served again, and the next reader waits: that is for those who must see their own write. A process that ends
//! between commit and invalidation leaves the old rows until their ttl ends, so choose a ttl that you could bear.
//!
//! The tag of a table outdates every read of that table. What a write is known to touch can be outdated more narrowly by tags
//! of the query's own ([`Query::tags`]), or by key (`cache.invalidate(&Read(UserName { id: 5 }), …)`).
//!
//! # What it is not for
//!
//! - **Writes.** They go to the database, and the cache is told afterwards.
//! - **Reads inside the request's transaction.** A load takes a connection of its own from the pool, so it sees what is
//!   committed and never what the request has written and not committed: that must not be cached. Ask your transaction itself.
//! - **A pool of replicas that lag.** A load after an invalidation may still find the old rows there, and they count as fresh.
//! - **Two databases of one kind in one cache**: the builder's `state` has one pool for each type. Use two caches, or give a
//!   job of your own a state of its own.
//!
//! # Versions
//!
//! It needs Rust 1.94, as sqlx 0.9 does; the rest of Freshen is content with less. The database is the one that the features
//! of your own `sqlx` dependency choose; this crate switches none on, nor TLS, nor macros.

mod query;
mod rows;
mod read;
mod deal;
mod backend;
mod error;

pub use backend::{Backend, Statement, built};
pub use error::ReadError;
pub use query::{Bulk, Query, RowOf};
pub use read::{Read, ask};
pub use rows::{One, Rows};

/// The tag of a table: every read of the table carries it.
///
/// ```
/// assert_eq!(freshen_sql::table("users"), "table:users");
/// ```
pub fn table(name: &str) -> String {
    format!("table:{name}")
}
