//! The cache, as its users hold it.

use std::fmt;
use std::sync::Arc;

use crate::engine::answer::Answer;
use crate::engine::builder::CacheBuilder;
use crate::engine::core::Engine;
use crate::engine::explanation::Explanation;
use crate::engine::fault::Fault;
use crate::engine::or_walk::or_walk;
use crate::engine::peek::Peek;
use crate::engine::plan::Wish;
use crate::engine::put::Put;
use crate::engine::refresh::Ask;
use crate::engine::request::Request;
use crate::engine::work::Work;
use crate::engine::write_token::WriteToken;
use crate::entry::{Strength, Tag};
use crate::error::{CacheError, GetError};
use crate::event::{Event, Rule, Status};
use crate::job::{Job, Lookup};
use crate::queue::Priority;
use crate::store::Target;
use crate::time::{Stopwatch, Timestamp};

pub(crate) type Output<L> = <<L as Lookup>::Job as Job>::Output;
pub(crate) type LoadError<L> = <<L as Lookup>::Job as Job>::Error;

/// Serves the value it has, now, and refreshes it behind the request.
///
/// A cache is a value; several may exist. Cloning gives a handle to the same one. When the last handle is dropped its
/// workers stop; [`Cache::shut_down`] waits for them.
#[derive(Clone)]
pub struct Cache {
    engine: Arc<Engine>,
    /// Absent in the handles that the cache's own tasks hold: those do not keep it open.
    _open: Option<Arc<Open>>,
}

/// Closes the cache when the last user's handle is gone.
struct Open(Arc<Engine>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Cache {
    /// Begins a new cache.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::new()
    }

    pub(crate) fn start(engine: Engine) -> Self {
        let engine = Arc::new(engine);
        let open = Arc::new(Open(engine.clone()));
        Cache { engine, _open: Some(open) }
    }

    /// A handle for the cache's own tasks.
    pub(crate) fn for_task(&self) -> Cache {
        Cache { engine: self.engine.clone(), _open: None }
    }

    #[inline]
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The value of a job: what is in hand, now; a load is waited for only when nothing is.
    ///
    /// # Errors
    /// [`GetError`], when nothing is in hand and the load gave nothing.
    ///
    /// # Cancellation
    /// Dropping the future cancels nobody's load: it goes on and its result is kept.
    #[inline]
    pub fn get<'a, L: Lookup>(
        &'a self,
        job: &'a L,
    ) -> impl Future<Output = Result<Answer<Output<L>>, GetError<LoadError<L>>>> + use<'a, L> {
        or_walk(move || self.glance(job).map(Ok), move || self.walk(job, Wish::default()))
    }

    /// Calls `read` with the value of a job; nothing else differs from [`Cache::get`].
    ///
    /// # Errors
    /// As [`Cache::get`].
    #[inline]
    pub async fn get_with<L: Lookup, R>(
        &self,
        job: &L,
        read: impl FnOnce(&Output<L>) -> R,
    ) -> Result<R, GetError<LoadError<L>>> {
        match self.hit(job) {
            Some((slot, _)) => Ok(read(&slot)),
            // Boxed, so that the future of a hit stays small.
            None => Box::pin(self.walk(job, Wish::default())).await.map(|answer| read(&answer)),
        }
    }

    /// What is in hand, without waiting; nothing in hand begins a refresh and answers `None`, or the job's empty value where
    /// its policy answers with that.
    ///
    /// Where the store is another process's, only the near tier is looked at.
    pub fn get_ready<L: Lookup>(&self, job: &L) -> Option<Answer<Output<L>>> {
        match self.hit(job) {
            Some((slot, age)) => Some(Answer::new(slot, Status::Hit, Rule::Fresh, age)),
            None => self.ready(job),
        }
    }

    /// A `get` with wishes: how stale an answer may be, which write it must show.
    pub fn request<'a, L: Lookup>(&'a self, job: &'a L) -> Request<'a, L> {
        Request::new(self, job)
    }

    /// The values of several jobs, one result per job in their order: one batch load for what is missing, where the job
    /// batches; keys that other callers are loading are not loaded again.
    pub async fn get_many<L: Lookup>(&self, jobs: &[L]) -> Vec<Result<Answer<Output<L>>, GetError<LoadError<L>>>> {
        self.walk_many(jobs).await
    }

    /// The raw record of a job, without any effect: no refresh, no load.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered, or the store cannot be read.
    pub async fn peek<L: Lookup>(&self, job: &L) -> Result<Option<Peek<Output<L>>>, CacheError> {
        Peek::take(self, job).await
    }

    /// What is stored for a job, who is loading it, and what a `get` would do now and by which rule, without any effect:
    /// print it when you wonder about an answer.
    ///
    /// An early refresh is left to chance, so it is not foretold. Inside a load it tells what a `get` outside would do.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered. A store that cannot be read is part of the explanation.
    pub async fn explain<L: Lookup>(&self, job: &L) -> Result<Explanation, CacheError> {
        let work = self.work_of(job)?;
        Ok(self.look(&work).await)
    }

    /// Loads a job's value again and waits for it, whatever is in hand.
    ///
    /// # Errors
    /// As [`Cache::get`].
    pub async fn load<L: Lookup>(&self, job: &L) -> Result<Answer<Output<L>>, GetError<LoadError<L>>> {
        let watch = Stopwatch::start();
        let result = match self.work_of(job) {
            Ok(work) => self.demand(&work).await.map_err(|fault| (fault, Some(work))),
            Err(fault) => Err((fault, None)),
        };
        self.conclude::<L>(result, watch)
    }

    /// Asks for a job's value to be loaded again behind the requests. Until then what is in hand is served as stale.
    /// `false`: nothing was asked for, because a refresh is on its way already or the queue has no room.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered, or the store failed.
    ///
    /// # Cancellation
    /// A refresh that was begun is asked for all the same.
    pub async fn refresh<L: Lookup>(&self, job: &L) -> Result<bool, CacheError> {
        let work = self.work_of(job)?;
        self.outdate(&[Target::Key(work.key().clone())], Strength::Soft).await?;
        Ok(self.ask(&work, Priority::Normal).await == Ask::Pushed)
    }

    /// Outdates one job's value. Call it after the source's commit.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered, or the store failed: then nothing is promised.
    pub async fn invalidate<L: Lookup>(&self, job: &L, strength: Strength) -> Result<WriteToken, CacheError> {
        let work = self.work_of(job)?;
        self.outdate(&[Target::Key(work.key().clone())], strength).await
    }

    /// Outdates the values of several jobs, in one step of the store. Call it after the source's commit.
    ///
    /// # Errors
    /// As [`Cache::invalidate`]; then nothing is promised of any of them.
    pub async fn invalidate_many<L: Lookup>(&self, jobs: &[L], strength: Strength) -> Result<WriteToken, CacheError> {
        let keys = jobs.iter().map(|job| Ok(Target::Key(self.work_of(job)?.key().clone())));
        self.outdate(&keys.collect::<Result<Vec<_>, Fault>>()?, strength).await
    }

    /// Outdates every value with the tag, at a cost that does not depend on how many there are. Call it after the source's commit.
    ///
    /// # Errors
    /// [`CacheError`] when the tag is out of bounds, the store has no tags, or it failed: then nothing is promised.
    pub async fn invalidate_tag(&self, tag: &str, strength: Strength) -> Result<WriteToken, CacheError> {
        self.outdate(&[Target::Tag(Tag::new(tag)?)], strength).await
    }

    /// Outdates every value with one of the tags, in one step of the store. Call it after the source's commit.
    ///
    /// # Errors
    /// As [`Cache::invalidate_tag`]; then nothing is promised of any of them.
    pub async fn invalidate_tags(&self, tags: &[Tag], strength: Strength) -> Result<WriteToken, CacheError> {
        let targets: Vec<_> = tags.iter().cloned().map(Target::Tag).collect();
        self.outdate(&targets, strength).await
    }

    /// The time by the cache's clock.
    pub fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// Counts what this process hears of invalidations, its own included. While it stands, what was current still is: compare it
    /// before and after a value was shown that is not in the cache yet.
    pub fn raises(&self) -> u64 {
        self.engine.near().raises()
    }

    /// Outdates every value of the namespace, at a cost that does not depend on how many there are, and lets refreshing ramp up.
    ///
    /// # Errors
    /// [`CacheError`] when the store has no namespaces, or it failed: then nothing is promised.
    pub async fn invalidate_namespace(&self, namespace: &str, strength: Strength) -> Result<WriteToken, CacheError> {
        self.engine.governor().ramp(self.engine.now());
        self.outdate(&[Target::Namespace(namespace.into())], strength).await
    }

    /// Deletes the record of one job. A load under way cannot bring it back.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered, or the store failed.
    pub async fn remove<L: Lookup>(&self, job: &L) -> Result<WriteToken, CacheError> {
        let work = self.work_of(job)?;
        let key = work.key();
        let generation = self.engine.store().remove(key).await?;
        self.engine.strike(key, Strength::Hard);
        self.engine.emit(&Event::Removed { key });
        Ok(WriteToken::one(key.partition(self.engine.near().partitions()), generation))
    }

    /// Begins to put a value that the caller is about to write to the source: call this *before* the source's commit, and
    /// [`Put::commit`] after it. Loads under way cannot undo it. In between, what is in hand is served as stale.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered, or the store failed.
    pub async fn begin_put<L: Lookup>(&self, job: &L) -> Result<Put<L::Job>, CacheError> {
        Put::begin(self, job).await
    }

    /// Puts a value. Right only where the caller is the single writer of this key: two writers' puts may be stored in another
    /// order than their writes. [`Cache::begin_put`] is right for all.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered, it refuses the value, or the store failed.
    pub async fn put<L: Lookup>(&self, job: &L, value: Output<L>) -> Result<WriteToken, CacheError> {
        self.begin_put(job).await?.commit(value).await
    }

    /// The work of a lookup: its key, its policy.
    pub(crate) fn work_of<L: Lookup>(&self, job: &L) -> Result<Arc<dyn Work>, Fault> {
        self.engine.registry().shared::<L::Job>()?.work(job.to_job())
    }

    pub(crate) async fn outdate(&self, targets: &[Target], strength: Strength) -> Result<WriteToken, CacheError> {
        let namespaces_and_tags = targets.iter().any(|target| !matches!(target, Target::Key(_)));
        if namespaces_and_tags && !self.engine.traits().marks {
            return Err(CacheError::NoMarks);
        }
        let reached = self.engine.store().invalidate(targets, strength).await?;
        for target in targets {
            self.engine.outdate_near(target, strength, &reached);
            self.engine.emit(&Event::Invalidated { target, strength });
        }
        Ok(WriteToken(reached))
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let near = self.engine.near();
        f.debug_struct("Cache")
            .field("near_size", &self.near_size())
            .field("loads_under_way", &self.loads_under_way())
            .field("pins", &near.pins())
            .field("cells", &near.cells())
            .finish_non_exhaustive()
    }
}
