//! What a query answers: many rows, at most one, or exactly one.

use std::ops::Deref;

use freshen_core::Cacheable;
use serde::{Deserialize, Serialize};

/// What the rows of a query are gathered into, and cached as: `Vec<Row>`, `Option<Row>` or [`One<Row>`].
///
/// Rows of a query's own gathering implement it as well, such as a map by their names.
pub trait Rows: Cacheable {
    /// One row: a struct that implements `sqlx::FromRow`, or a tuple.
    type Row: Send + Unpin + 'static;

    /// How many rows there may be; one more is an error.
    const MOST: usize;

    /// Gathers them, in the order in which the database gave them; `None` where there are too few.
    fn gather(rows: Vec<Self::Row>) -> Option<Self>;

    /// Whether they say "there is none", which is kept for the policy's negative ttl.
    fn is_absent(&self) -> bool;
}

/// Many rows, in the order that the SQL states. None is a list without rows, not an absent one.
impl<R: Send + Unpin + 'static> Rows for Vec<R>
where
    Vec<R>: Cacheable,
{
    type Row = R;
    const MOST: usize = usize::MAX;

    fn gather(rows: Vec<R>) -> Option<Self> {
        Some(rows)
    }

    fn is_absent(&self) -> bool {
        false
    }
}

/// At most one row. Without one the answer is absent; with two it is an error.
impl<R: Send + Unpin + 'static> Rows for Option<R>
where
    Option<R>: Cacheable,
{
    type Row = R;
    const MOST: usize = 1;

    fn gather(mut rows: Vec<R>) -> Option<Self> {
        Some(rows.pop())
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// Exactly one row, as of a count. It derefs to the row; without one the load fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct One<R>(pub R);

impl<R> Deref for One<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}

impl<R: Send + Unpin + 'static> Rows for One<R>
where
    One<R>: Cacheable,
{
    type Row = R;
    const MOST: usize = 1;

    fn gather(mut rows: Vec<R>) -> Option<Self> {
        rows.pop().map(One)
    }

    fn is_absent(&self) -> bool {
        false
    }
}
