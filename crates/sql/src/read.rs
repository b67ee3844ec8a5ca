//! The job that a query becomes.

use std::sync::Arc;

use freshen_core::{Job, Load, Loaded, PolicyBuilder};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, Pool};

use crate::backend::{Backend, Statement};
use crate::deal::deal;
use crate::error::ReadError;
use crate::query::{Bulk, Query, RowOf};
use crate::rows::Rows;

/// A read job: a query whose rows are cached. `cache.get(&Read(Members { team: 7 }))` reads what [`Query`] describes.
///
/// It takes the pool of the query's database from the builder's `state`. One cache has one pool for each kind of database.
///
/// # Errors
/// [`ReadError`] is the source of the `GetError::Load` that a caller gets who had nothing in hand.
///
/// # Cancellation
/// A load that is timed out drops sqlx's future. sqlx does not interrupt the database: SQLite goes on until the statement's
/// next row or its end, a server until it has answered, and the connection goes back into the pool only after that. Bound
/// what a statement may take where it runs, as with `statement_timeout` in Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Read<Q>(pub Q);

impl<Q: Query> Job for Read<Q> {
    type Output = Q::Rows;
    type Error = ReadError;
    type State = (Pool<Q::Database>,);
    const NAME: &'static str = Q::NAME;
    const NAMESPACE: &'static str = Q::NAMESPACE;
    const QUEUE: &'static str = Q::QUEUE;
    const BATCH: usize = match Q::BULK {
        Some(bulk) => bulk.most,
        None => 1,
    };

    fn policy() -> PolicyBuilder {
        Q::policy()
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<Q::Rows>, ReadError> {
        let (pool,) = load.state();
        ask(&self.0, pool).await.map(Loaded::new)
    }

    async fn load_many(jobs: &[Self], load: Load<'_, Self>) -> Vec<Result<Loaded<Q::Rows>, ReadError>> {
        let Some(bulk) = Q::BULK else { return one_by_one(jobs, load).await };
        let (pool,) = load.state();
        let queries: Vec<Q> = jobs.iter().map(|job| job.0.clone()).collect();
        match fetch_many(pool, bulk, &queries).await {
            Ok(dealt) => dealt.into_iter().map(|rows| gather::<Q>(rows).map(Loaded::new)).collect(),
            Err(error) => queries.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    fn tags(&self, rows: &Q::Rows) -> Vec<String> {
        let mut tags: Vec<String> = Q::TABLES.iter().map(|name| crate::table(name)).collect();
        tags.extend(self.0.tags(rows));
        tags
    }

    fn absent(&self, rows: &Q::Rows) -> bool {
        rows.is_absent()
    }
}

/// Asks the database past the cache: what a job of your own does that needs more than a [`Query`] says, such as a value to
/// answer with while nothing is in hand.
///
/// # Errors
/// [`ReadError`] names the query.
pub async fn ask<Q: Query>(query: &Q, pool: &Pool<Q::Database>) -> Result<Q::Rows, ReadError> {
    gather::<Q>(fetch::<Q>(pool, query.statement(), most::<Q>()).await?)
}

async fn one_by_one<Q: Query>(jobs: &[Read<Q>], load: Load<'_, Read<Q>>) -> Vec<Result<Loaded<Q::Rows>, ReadError>> {
    let mut results = Vec::with_capacity(jobs.len());
    for job in jobs {
        results.push(job.load(load.clone()).await);
    }
    results
}

async fn fetch_many<Q: Query>(
    pool: &Pool<Q::Database>,
    bulk: Bulk<Q>,
    queries: &[Q],
) -> Result<Vec<Vec<RowOf<Q>>>, ReadError> {
    let most = most::<Q>().saturating_mul(queries.len());
    let rows = fetch::<Q>(pool, (bulk.statement)(queries), most).await?;
    deal(queries, rows, bulk.asked)
}

/// How many rows one query may have.
fn most<Q: Query>() -> usize {
    Q::ROWS_MAX.min(Q::Rows::MOST)
}

/// Asks the database. It reads one row past the bound, and no further.
async fn fetch<Q: Query>(
    pool: &Pool<Q::Database>,
    statement: Statement<'_, Q::Database>,
    most: usize,
) -> Result<Vec<RowOf<Q>>, ReadError> {
    let failed = |source| ReadError::Database { query: Q::NAME, source: Arc::new(source) };
    let mut found = Q::Database::rows(pool, statement);
    let mut rows = Vec::new();
    while let Some(row) = found.try_next().await.map_err(failed)? {
        if rows.len() == most {
            return Err(ReadError::TooManyRows { query: Q::NAME, most });
        }
        rows.push(RowOf::<Q>::from_row(&row).map_err(failed)?);
    }
    Ok(rows)
}

fn gather<Q: Query>(rows: Vec<RowOf<Q>>) -> Result<Q::Rows, ReadError> {
    let most = most::<Q>();
    if rows.len() > most {
        return Err(ReadError::TooManyRows { query: Q::NAME, most });
    }
    Q::Rows::gather(rows).ok_or(ReadError::NoRow { query: Q::NAME })
}
