//! Why a read failed, and whether trying again may help.

use std::sync::Arc;

/// Why a read failed. Each names its query.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The database, the pool, or a row that is not what its type says. A statement that does not parse is one too.
    #[error("query {query}: {source}")]
    Database {
        /// The query's name.
        query: &'static str,
        /// What sqlx met; shared, since a statement for many keys fails for each of them.
        source: Arc<sqlx::Error>,
    },
    /// No row, where the query promises [`One`](crate::One).
    #[error("query {query}: no row where one must be")]
    NoRow {
        /// The query's name.
        query: &'static str,
    },
    /// More rows than the query's type or its bound allows: an arbitrary part of them would be a wrong answer.
    #[error("query {query}: more than {most} row(s)")]
    TooManyRows {
        /// The query's name.
        query: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// A row of a statement for many keys that belongs to none of them: the statement and [`Bulk::asked`](crate::Bulk::asked)
    /// do not agree, as with a collation that finds `ann` for `Ann`.
    #[error("query {query}: a row belongs to none of the keys that were asked for")]
    StrayRow {
        /// The query's name.
        query: &'static str,
    },
    /// Two of the keys that were asked for are one by the query's own `Eq`, and not by what they are written as: either could get
    /// the other's rows. `Eq` and serialization must agree.
    #[error("query {query}: two of the keys that were asked for are equal, but not written alike")]
    EqualQueries {
        /// The query's name.
        query: &'static str,
    },
}

impl ReadError {
    /// Whether the same read may succeed later: the database was busy or out of reach, or the pool had no connection. A hint,
    /// by what the database said; refreshing takes its own pauses, whatever this says.
    pub fn may_pass(&self) -> bool {
        match self {
            ReadError::Database { source, .. } => passing(source),
            ReadError::NoRow { .. }
            | ReadError::TooManyRows { .. }
            | ReadError::StrayRow { .. }
            | ReadError::EqualQueries { .. } => false,
        }
    }
}

fn passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| passing_code(&code)),
        _ => false,
    }
}

/// Judges an SQLSTATE (five characters, as Postgres and MySQL give it) or a result code of SQLite (a number).
fn passing_code(code: &str) -> bool {
    match code.parse::<u32>() {
        // SQLITE_BUSY and SQLITE_LOCKED: the lowest byte of an extended code is its primary one.
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6),
        // Connection, rollback for concurrency, resources, and what an operator did or a start-up does.
        _ => ["08", "40", "53", "57P"].iter().any(|class| code.starts_with(class)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_stays() {
        for code in ["5", "6", "261", "517", "262", "08006", "40001", "40P01", "53300", "57P03"] {
            assert!(passing_code(code), "{code}");
        }
        for code in ["1", "11", "26", "2067", "42P01", "23505", "22P02", "57014", "00000", ""] {
            assert!(!passing_code(code), "{code}");
        }
        assert!(passing(&sqlx::Error::PoolTimedOut));
        assert!(!passing(&sqlx::Error::PoolClosed));
    }
}
