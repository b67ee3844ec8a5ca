//! The query behind a read job: its parameters, its statement, and what follows from them.

use std::fmt;
use std::hash::Hash;

use freshen_core::{Policy, PolicyBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Database, FromRow};

use crate::backend::{Backend, Statement};
use crate::rows::Rows;

/// One row of a query.
pub type RowOf<Q> = <<Q as Query>::Rows as Rows>::Row;

/// A query and its parameters. The struct itself is the parameters, and with the name they are the key;
/// [`Read`](crate::Read) makes a job of it.
///
/// What must be given is what only the query knows: database, rows, name, tables and statement.
///
/// ```
/// use freshen_sql::{Query, Statement};
/// use serde::{Deserialize, Serialize};
/// use sqlx::Sqlite;
///
/// /// The names of a team's members.
/// #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
/// struct Members {
///     team: i64,
/// }
///
/// impl Query for Members {
///     type Database = Sqlite;
///     type Rows = Vec<(String,)>;
///     const NAME: &'static str = "members";
///     const TABLES: &'static [&'static str] = &["members", "users"];
///
///     fn statement(&self) -> Statement<'_, Sqlite> {
///         let sql = "SELECT name FROM users JOIN members ON user = id WHERE team = ? ORDER BY name";
///         sqlx::query(sql).bind(self.team)
///     }
/// }
/// ```
pub trait Query: Clone + Eq + Hash + Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// Whose pool it is asked from: the pool of this database that the builder's `state` was given.
    type Database: Backend;
    /// What is cached: `Vec<Row>`, `Option<Row>` or [`One<Row>`](crate::One).
    type Rows: Rows<Row: for<'r> FromRow<'r, <Self::Database as Database>::Row>>;

    /// The query's stable name, in stores, queues, metrics and errors.
    const NAME: &'static str;
    /// What is invalidated together, and governed together.
    const NAMESPACE: &'static str = "default";
    /// The queue of its refreshes, by the name that the builder was given it under.
    const QUEUE: &'static str = "default";
    /// Every table that it reads, those behind joins and views too. Each is a tag, by the name that
    /// [`table`](crate::table) gives: one left out is one whose writes are not seen before the ttl ends.
    const TABLES: &'static [&'static str];
    /// How many rows it may have; more is an error of the load. Default: 10 000.
    const ROWS_MAX: usize = 10_000;
    /// How the queries of one `get_many` are asked with one statement. Default: each by its own.
    const BULK: Option<Bulk<Self>> = None;

    /// The statement with its parameters. Where the order of rows matters, its SQL states it.
    fn statement(&self) -> Statement<'_, Self::Database>;

    /// The policy of the job, checked when the cache is built.
    fn policy() -> PolicyBuilder {
        Policy::builder()
    }

    /// Tags besides those of the tables, from the parameters or the rows, such as `user:5`.
    fn tags(&self, rows: &Self::Rows) -> Vec<String> {
        let _ = rows;
        Vec::new()
    }
}

/// Many queries of one kind, asked with one statement.
///
/// A query for which no row came is answered as if its own statement had found none: absent, an empty list, or an error for
/// [`One`](crate::One). [`Query::statement`] may ask for a bulk of one, so that there is one SQL text:
///
/// ```
/// use freshen_sql::{Bulk, Query, Statement};
/// use serde::{Deserialize, Serialize};
/// use sqlx::Sqlite;
///
/// /// A user's name.
/// #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
/// struct Name {
///     user: i64,
/// }
///
/// fn names(users: &[Name]) -> Statement<'_, Sqlite> {
///     let ids: Vec<i64> = users.iter().map(|name| name.user).collect();
///     // A list of integers is written as JSON writes it.
///     sqlx::query("SELECT id, name FROM users WHERE id IN (SELECT value FROM json_each(?))").bind(format!("{ids:?}"))
/// }
///
/// impl Query for Name {
///     type Database = Sqlite;
///     type Rows = Option<(i64, String)>;
///     const NAME: &'static str = "name";
///     const TABLES: &'static [&'static str] = &["users"];
///     const BULK: Option<Bulk<Self>> = Some(Bulk { most: 500, statement: names, asked: |row| Name { user: row.0 } });
///
///     fn statement(&self) -> Statement<'_, Sqlite> {
///         names(std::slice::from_ref(self))
///     }
/// }
/// ```
///
/// `json_each(?)` takes any number of keys in one parameter. Postgres has `= ANY($1)` for that. With a placeholder for each
/// key, as a `QueryBuilder` writes them (see [`built`](crate::built)), `most` times the parameters of a key must stay within
/// what the database takes: 32 766 in SQLite, 999 before 3.32, 65 535 in Postgres and MySQL.
pub struct Bulk<Q: Query> {
    /// How many queries one statement asks at most.
    pub most: usize,
    /// The statement for them. No key is in the list twice.
    pub statement: for<'q> fn(&'q [Q]) -> Statement<'q, Q::Database>,
    /// The query that a row answers: its parameters as the row has them. They must equal what was asked for.
    pub asked: fn(&RowOf<Q>) -> Q,
}

impl<Q: Query> Clone for Bulk<Q> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q: Query> Copy for Bulk<Q> {}

impl<Q: Query> fmt::Debug for Bulk<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bulk({} of {})", self.most, Q::NAME)
    }
}
