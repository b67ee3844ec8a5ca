//! What the databases of sqlx have in common for a read: a statement goes in, rows come out.

use futures_util::stream::BoxStream;
use sqlx::{Database, Execute, Executor, IntoArguments, Pool, QueryBuilder};

/// One statement with its parameters bound, as `sqlx::query` makes it.
///
/// Its text is a literal, or somebody vouched for it with `sqlx::AssertSqlSafe`. What callers bring belongs into `bind`,
/// where it is never read as SQL.
pub type Statement<'q, DB> = sqlx::query::Query<'q, DB, <DB as Database>::Arguments>;

/// A database that read jobs can ask: each one that sqlx has a driver for. There is nothing to implement.
///
/// It stands for bounds that every use of a pool would have to repeat.
pub trait Backend: Database {
    /// Runs a statement on a connection of the pool.
    #[doc(hidden)]
    fn rows<'a>(pool: &'a Pool<Self>, statement: Statement<'a, Self>) -> BoxStream<'a, Result<Self::Row, sqlx::Error>>;

    /// Takes a builder's text and parameters.
    #[doc(hidden)]
    fn built(builder: QueryBuilder<Self>) -> Statement<'static, Self>;
}

impl<DB> Backend for DB
where
    DB: Database<Arguments: IntoArguments<DB>>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    fn rows<'a>(pool: &'a Pool<DB>, statement: Statement<'a, DB>) -> BoxStream<'a, Result<DB::Row, sqlx::Error>> {
        statement.fetch(pool)
    }

    fn built(mut builder: QueryBuilder<DB>) -> Statement<'static, DB> {
        let arguments = builder.build().take_arguments().expect("a builder encodes a parameter when it is pushed");
        sqlx::query_with(builder.into_sql(), arguments.unwrap_or_default())
    }
}

/// Makes a statement of what a `QueryBuilder` holds, for a text that grows with its parameters.
///
/// ```
/// # use sqlx::Execute;
/// use freshen_sql::{Statement, built};
/// use sqlx::{QueryBuilder, Sqlite};
///
/// let mut text = QueryBuilder::<Sqlite>::new("SELECT id, name FROM users WHERE id IN (");
/// let mut list = text.separated(", ");
/// for id in [1_i64, 2, 3] {
///     list.push_bind(id);
/// }
/// text.push(")");
/// let statement: Statement<'_, Sqlite> = built(text);
/// # assert_eq!(statement.sql().as_str(), "SELECT id, name FROM users WHERE id IN (?, ?, ?)");
/// ```
pub fn built<DB: Backend>(builder: QueryBuilder<DB>) -> Statement<'static, DB> {
    DB::built(builder)
}
