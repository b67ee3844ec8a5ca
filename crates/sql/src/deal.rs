//! The rows of one statement, dealt out to the queries that it asked.

use std::collections::HashMap;

use crate::error::ReadError;
use crate::query::{Query, RowOf};

/// Gives each query its rows, in the order in which they came.
///
/// A row that belongs to none fails all of them: nobody knows whose it is, and that one would be called absent.
pub(crate) fn deal<Q: Query>(
    queries: &[Q],
    rows: Vec<RowOf<Q>>,
    asked: fn(&RowOf<Q>) -> Q,
) -> Result<Vec<Vec<RowOf<Q>>>, ReadError> {
    let places: HashMap<&Q, usize> = queries.iter().zip(0..).collect();
    if places.len() != queries.len() {
        // Two keys of the cache that the query's own `Eq` calls one: either could get the other's rows.
        return Err(ReadError::EqualQueries { query: Q::NAME });
    }
    let mut dealt: Vec<Vec<RowOf<Q>>> = queries.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let place = places.get(&asked(&row)).ok_or(ReadError::StrayRow { query: Q::NAME })?;
        dealt[*place].push(row);
    }
    Ok(dealt)
}
