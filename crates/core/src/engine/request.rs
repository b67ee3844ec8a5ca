//! A `get` with wishes.

use std::time::Duration;

use crate::engine::answer::Answer;
use crate::engine::cache::{Cache, LoadError, Output};
use crate::engine::plan::Wish;
use crate::engine::write_token::WriteToken;
use crate::entry::Generation;
use crate::error::GetError;
use crate::job::Lookup;

/// A `get` with wishes: how stale an answer may be, which write it must show.
#[derive(Debug)]
#[must_use = "a request does nothing until `get` is awaited"]
pub struct Request<'a, L> {
    cache: &'a Cache,
    job: &'a L,
    wish: Wish,
    after: Option<WriteToken>,
}

impl<'a, L: Lookup> Request<'a, L> {
    pub(crate) fn new(cache: &'a Cache, job: &'a L) -> Self {
        Request { cache, job, wish: Wish::default(), after: None }
    }

    /// Accepts no answer that went stale longer ago than this; zero accepts only what is fresh. Where there is none, the value
    /// is loaded, and a failed load is an error: what is too stale is no fallback either.
    pub fn max_stale(mut self, most: Duration) -> Self {
        self.wish.max_stale = Some(most);
        self
    }

    /// Accepts only an answer that shows a write: read your own writes, in whichever process made them.
    ///
    /// A store that has lost its clock, as after a failover, calls nothing fresh that was loaded before. What is loaded from then
    /// on shows every write from before. A server that was replaced and has not noticed yet may be taken for the later one: what
    /// it has may not show a write that was made elsewhere.
    pub fn after(mut self, write: &WriteToken) -> Self {
        self.after = Some(write.clone());
        self
    }

    /// The value.
    ///
    /// # Errors
    /// As [`Cache::get`].
    ///
    /// # Cancellation
    /// As [`Cache::get`].
    pub async fn get(self) -> Result<Answer<Output<L>>, GetError<LoadError<L>>> {
        let wish = Wish { after: self.generation(), ..self.wish };
        Box::pin(self.cache.walk(self.job, wish)).await
    }

    /// What is in hand, without any effect: nothing is refreshed and nothing loaded. `None`: a [`get`](Request::get) would serve
    /// nothing but what it loads. What it would serve only where that load failed is given as stale, with the rule
    /// [`WithinStaleIfError`](crate::Rule::WithinStaleIfError): it is for those who know better whether it may be served.
    ///
    /// # Errors
    /// [`GetError::Key`] and [`GetError::NotRegistered`]. A store that cannot be read has nothing in hand.
    pub async fn in_hand(self) -> Result<Option<Answer<Output<L>>>, GetError<LoadError<L>>> {
        // What is fresh near may still be behind the write that is wanted.
        let near = if self.after.is_none() { self.cache.glance(self.job) } else { None };
        match near {
            Some(hit) => Ok(Some(hit)),
            None => {
                let wish = Wish { after: self.generation(), ..self.wish };
                // Boxed, so that the future of a hit stays small.
                Box::pin(self.cache.find(self.job, wish)).await
            }
        }
    }

    /// What the answer must be newer than: of the write, what concerns the job's partition.
    fn generation(&self) -> Option<Generation> {
        let write = self.after.as_ref()?;
        // A job that makes no key fails in the walk, which tells why.
        let work = self.cache.work_of(self.job).ok()?;
        write.of(work.key().partition(self.cache.engine().near().partitions()))
    }
}
