//! The cache, as its users hold it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::answer::Answer;
use crate::engine::builder::CacheBuilder;
use crate::engine::core::Engine;
use crate::engine::fault::Fault;
use crate::engine::glance;
use crate::engine::obtain::Served;
use crate::engine::peek::Peek;
use crate::engine::plan::Wish;
use crate::engine::put::Put;
use crate::engine::refresh::Ask;
use crate::engine::request::Request;
use crate::engine::slot::Slot;
use crate::engine::work::Work;
use crate::entry::{Generation, Strength, Tag};
use crate::error::{BoxError, GetError, PortError};
use crate::event::{Event, Rule, Status};
use crate::job::{Job, Lookup};
use crate::queue::{Depth, Quarantined, Queue};
use crate::store::Target;
use crate::time::Stopwatch;

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

/// A write, to be seen: what [`Cache::invalidate_tag`] and its kin return, and [`Request::after`] takes.
///
/// It is only meaningful to caches on the same store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WriteToken(pub(crate) Generation);

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
        glance::or_walk(move || self.glance(job).map(Ok), move || self.walk(job, Wish::default()))
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

    /// What is in hand, without waiting; nothing in hand begins a refresh and answers `None`.
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
    pub async fn get_many<J: Job>(&self, jobs: &[J]) -> Vec<Result<Answer<J::Output>, GetError<J::Error>>> {
        self.walk_many(jobs).await
    }

    /// The raw record of a job, without any effect: no refresh, no load.
    ///
    /// # Errors
    /// [`GetError`] when the job makes no key or is not registered, or the store cannot be read.
    pub async fn peek<L: Lookup>(&self, job: &L) -> Result<Option<Peek<Output<L>>>, PeekError> {
        Peek::take(self, job).await
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
    pub async fn refresh<L: Lookup>(&self, job: &L) -> Result<bool, CacheError> {
        let work = self.work_of(job)?;
        self.outdate(&[Target::Key(work.key().clone())], Strength::Soft).await?;
        Ok(self.ask(&work, None, crate::queue::Priority::Normal).await == Ask::Pushed)
    }

    /// Outdates one job's value. Call it after the source's commit.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered, or the store failed: then nothing is promised.
    pub async fn invalidate<L: Lookup>(&self, job: &L, strength: Strength) -> Result<WriteToken, CacheError> {
        let work = self.work_of(job)?;
        self.outdate(&[Target::Key(work.key().clone())], strength).await
    }

    /// Outdates every value with the tag, at a cost that does not depend on how many there are. Call it after the source's commit.
    ///
    /// # Errors
    /// [`CacheError`] when the tag is out of bounds, the store has no tags, or it failed: then nothing is promised.
    pub async fn invalidate_tag(&self, tag: &str, strength: Strength) -> Result<WriteToken, CacheError> {
        self.outdate(&[Target::Tag(Tag::new(tag)?)], strength).await
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
        Ok(WriteToken(generation))
    }

    /// Begins to put a value that the caller is about to write to the source: call this *before* the source's commit, and
    /// [`Put::commit`] after it. Loads under way cannot undo it. In between, what is in hand is served as stale.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered, or the store failed.
    pub async fn begin_put<J: Job>(&self, job: &J) -> Result<Put<J>, CacheError> {
        Put::begin(self, job).await
    }

    /// Puts a value. Right only where the caller is the single writer of this key: two writers' puts may be stored in another
    /// order than their writes. [`Cache::begin_put`] is right for all.
    ///
    /// # Errors
    /// [`CacheError`] when the job makes no key or is not registered, it refuses the value, or the store failed.
    pub async fn put<J: Job>(&self, job: &J, value: J::Output) -> Result<WriteToken, CacheError> {
        self.begin_put(job).await?.commit(value).await
    }

    /// Lets the workers of this process take no more tasks until [`Cache::resume_workers`]: for the time of a migration, or
    /// while the source must be spared. What they are loading is finished; what they had pulled goes back into the queue,
    /// for other processes too. Answers stay as they are: stale values are served, and who has nothing in hand loads.
    pub fn pause_workers(&self) {
        self.engine.paused().send_replace(true);
    }

    /// Lets the workers take tasks again.
    pub fn resume_workers(&self) {
        self.engine.paused().send_replace(false);
    }

    /// Whether the workers of this process are paused.
    pub fn workers_paused(&self) -> bool {
        *self.engine.paused().borrow()
    }

    /// What is in the queue of refreshes.
    ///
    /// # Errors
    /// [`PortError`] when the queue cannot be reached.
    pub async fn queue_depth(&self) -> Result<Depth, PortError> {
        self.engine.queue().depth().await
    }

    /// The newest `most` tasks that were set aside, with their reasons.
    ///
    /// # Errors
    /// [`PortError`] when the queue cannot be reached.
    pub async fn quarantined(&self, most: usize) -> Result<Vec<Quarantined>, PortError> {
        self.engine.queue().quarantined(most).await
    }

    /// The queue itself, to release or discard what was set aside.
    pub fn queue(&self) -> &dyn Queue {
        self.engine.queue()
    }

    /// How many values the near tier holds, and their bytes.
    pub fn near_size(&self) -> (usize, u64) {
        self.engine.registry().near_size()
    }

    /// How many loads are under way in this process.
    pub fn loads_under_way(&self) -> usize {
        self.engine.flights().len()
    }

    /// Stops taking tasks and waits until what is under way has ended. `false`: the deadline came first, and what still runs
    /// is left to its leases.
    pub async fn shut_down(&self, deadline: Duration) -> bool {
        self.engine.close();
        self.engine.drained(deadline).await
    }

    /// A hit as an answer. Called, not inlined: it comes back in two registers, and what calls it stays small.
    #[inline(never)]
    fn glance<L: Lookup>(&self, job: &L) -> Option<Answer<Output<L>>> {
        let (slot, age) = self.hit(job)?;
        Some(Answer::new(slot, Status::Hit, Rule::Fresh, age))
    }

    /// A fresh value from the near tier and its age in microseconds, or nothing. No allocation, no lock of a store.
    #[inline(always)]
    fn hit<L: Lookup>(&self, job: &L) -> Option<(Arc<Slot<Output<L>>>, u64)> {
        let engine = &*self.engine;
        let slot = engine.registry().of::<L::Job>()?.near.get(job)?;
        let now = engine.now();
        if !slot.meta().quick(engine.near().raises(), now) && !engine.near().is_fresh(slot.meta(), now) {
            return None;
        }
        let age = now.as_micros().saturating_sub(slot.meta().loaded_at.as_micros());
        if engine.is_observed() {
            self.told::<L>(Status::Hit, Rule::Fresh, age, Duration::ZERO);
        }
        Some((slot, age))
    }

    pub(crate) fn told<L: Lookup>(&self, status: Status, rule: Rule, age_micros: u64, waited: Duration) {
        let age = Duration::from_micros(age_micros);
        self.engine.emit(&Event::Answered { job: <L::Job as Job>::NAME, status, rule, age, waited });
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
        let generation = self.engine.store().invalidate(targets, strength).await?;
        for target in targets {
            self.engine.outdate_near(target, strength, generation);
            self.engine.emit(&Event::Invalidated { target, strength });
        }
        Ok(WriteToken(generation))
    }

    /// Turns what was served into an answer, and tells.
    pub(crate) fn conclude<L: Lookup>(
        &self,
        result: Result<Served, (Fault, Option<Arc<dyn Work>>)>,
        watch: Stopwatch,
    ) -> Result<Answer<Output<L>>, GetError<LoadError<L>>> {
        let waited = watch.elapsed();
        let result = result.and_then(|served| {
            let any: Arc<dyn std::any::Any + Send + Sync> = served.hand;
            match any.downcast::<Slot<Output<L>>>() {
                Ok(slot) => Ok(Answer::new(slot, served.status, served.rule, served.age_micros)),
                // Works of a job open slots of its output only.
                Err(_) => Err((Fault::NotRegistered(<L::Job as Job>::NAME), None)),
            }
        });
        match result {
            Ok(answer) => {
                let age = u64::try_from(answer.age().as_micros()).unwrap_or(u64::MAX);
                self.told::<L>(answer.status(), answer.rule(), age, waited);
                Ok(answer)
            }
            Err((fault, work)) => {
                self.engine.emit(&Event::Refused { job: <L::Job as Job>::NAME, waited });
                Err(fault.typed(|| work.map(|work| work.key().clone())))
            }
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("near_size", &self.near_size()).finish_non_exhaustive()
    }
}

/// Why a command to the cache was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The job makes no key.
    #[error(transparent)]
    Key(#[from] crate::error::KeyError),
    /// The tag is out of bounds.
    #[error(transparent)]
    Tag(#[from] crate::error::TagError),
    /// The job was not registered when the cache was built.
    #[error("job {job} is not registered with this cache")]
    NotRegistered {
        /// Its name.
        job: &'static str,
    },
    /// The store keeps no marks, so tags and namespaces cannot be invalidated.
    #[error("this store cannot invalidate tags and namespaces")]
    NoMarks,
    /// The job refuses the value that was put.
    #[error("the value was refused: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
    /// The store failed. Whether the command was carried out is not known; repeating it is safe.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Why a record could not be looked at.
pub type PeekError = CacheError;

impl From<Fault> for CacheError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Key(error) => CacheError::Key(error),
            Fault::NotRegistered(job) => CacheError::NotRegistered { job },
            other => CacheError::Refused { reason: other.reason() },
        }
    }
}

impl From<crate::wire::WireError> for CacheError {
    fn from(error: crate::wire::WireError) -> Self {
        let error: BoxError = Box::new(error);
        CacheError::Port(PortError::lasting("store", "read", error))
    }
}
