//! Putting a value that the caller wrote itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::engine::cache::Cache;
use crate::engine::fault::Fault;
use crate::engine::near::{Frame, Pin};
use crate::engine::work::Work;
use crate::engine::write_token::WriteToken;
use crate::entry::{Entry, Facts, Strength, Value};
use crate::error::{CacheError, PortError};
use crate::event::Event;
use crate::job::{Job, Lookup};
use crate::store::{Begin, Begun, Committed, Currency, Failure, Lease, Role, Snapshot, Target};

/// How often a key is taken over while something is stored between the two steps.
const TAKE_OVERS_MAX: u32 = 8;

/// A put under way: the key's lease is the caller's, so that no load that began before can install what it read.
///
/// Dropping it without [`Put::commit`] outdates the key: the source may have been written.
#[must_use = "commit the value after the source's commit"]
pub struct Put<J: Job> {
    cache: Cache,
    work: Arc<dyn Work>,
    lease: Lease,
    pin: Option<Pin>,
    job: std::marker::PhantomData<fn() -> J>,
}

impl<J: Job> Put<J> {
    /// In a task of the cache: where the caller leaves, the put is dropped there, and lets go of the key.
    pub(crate) async fn begin<L: Lookup<Job = J>>(cache: &Cache, job: &L) -> Result<Self, CacheError> {
        let work = cache.work_of(job)?;
        let (reply, begun) = oneshot::channel();
        let own = cache.for_task();
        cache.engine().spawn(async move { drop(reply.send(Self::take_over_in_time(&own, &work).await)) });
        begun.await.unwrap_or_else(|_| Err(Fault::Closed.into()))
    }

    /// Takes the key over, and again where a load was stored between the two steps.
    async fn take_over_in_time(cache: &Cache, work: &Arc<dyn Work>) -> Result<Self, CacheError> {
        let mut put = Self::take_over(cache, work).await?;
        for _ in 1..TAKE_OVERS_MAX {
            if !put.is_late().await? {
                return Ok(put);
            }
            // Its lease is alive meanwhile: no load can begin, but another put may take the key over and be done.
            let next = Self::take_over(cache, work).await?;
            // The next one has voided its lease; until then a drop had to let go of it.
            put.pin = None;
            put = next;
        }
        if put.is_late().await? {
            return Err(
                PortError::passing("store", "begin", "others store faster than the key can be taken over").into()
            );
        }
        Ok(put)
    }

    /// Outdates a key and takes its lease over.
    async fn take_over(cache: &Cache, work: &Arc<dyn Work>) -> Result<Self, CacheError> {
        let engine = cache.engine();
        // The near tiers of other processes hear that a value was stored, but not that it replaces one they call fresh: from
        // here on they call it stale.
        cache.outdate(&[Target::Key(work.key().clone())], Strength::Soft).await?;
        let pin = engine.near().pin(work.key(), engine.now());
        let request =
            Begin { role: Role::TakeOver, lease: work.policy().lease(), at_least: None, heeds_backoff: false };
        match engine.store().begin(work.key(), request).await? {
            Begun::Granted(lease) => Ok(Put {
                cache: cache.for_task(),
                work: work.clone(),
                lease,
                pin: Some(pin),
                job: std::marker::PhantomData,
            }),
            // A take-over is always granted; a store that answers otherwise is at fault.
            other => Err(PortError::lasting("store", "begin", format!("a take-over was answered {other:?}")).into()),
        }
    }

    /// Whether a load was stored between the two steps of the take-over: whichever process made it calls it fresh. From the
    /// take-over on none can be.
    async fn is_late(&self) -> Result<bool, CacheError> {
        let snapshot = self.cache.engine().record(self.work.key()).await?;
        Ok(snapshot.is_some_and(|Snapshot { now, entry, currency, .. }| {
            currency == Currency::Current && entry.is_some_and(|entry| now < entry.facts.fresh_until())
        }))
    }

    /// Installs the value. Call it after the source's commit. Where the key was invalidated or taken over meanwhile, the key
    /// is outdated instead, so that the next read loads what is true.
    ///
    /// # Errors
    /// [`CacheError`] when the job refuses the value or the store failed; the key is then outdated.
    ///
    /// # Cancellation
    /// Dropping the future outdates the key, as dropping the put does.
    pub async fn commit(mut self, value: J::Output) -> Result<WriteToken, CacheError> {
        let committed = match &self.pin {
            Some(pin) => self.install(value, pin).await,
            None => Ok(false),
        };
        let ended = match committed {
            Ok(true) => Ok(WriteToken::one(self.partition(), before(self.lease.generation))),
            Ok(false) => self.give_way().await,
            Err(error) => self.give_way().await.and(Err(error)),
        };
        // Not before the last await: until then a drop has to outdate the key.
        self.pin = None;
        ended
    }

    fn partition(&self) -> u32 {
        self.work.key().partition(self.cache.engine().near().partitions())
    }

    /// `false`: it was overtaken.
    async fn install(&self, value: J::Output, pin: &Pin) -> Result<bool, CacheError> {
        let engine = self.cache.engine();
        let product = self.work.product(Box::new(value))?;
        let facts = Facts {
            loaded_at: self.lease.begun_at,
            generation: self.lease.generation,
            windows: self.work.policy().jittered(product.windows, engine.chance()),
            load_took: Duration::ZERO,
            absent: product.absent,
            weight: product.weight,
        };
        let hand = self.work.seal(product, facts, &Frame { near: engine.near(), pin, marks: &[] });
        let value =
            if engine.shares_values() { Value::Shared(hand.clone()) } else { Value::Encoded(self.work.encode(&hand)?) };
        let meta = hand.meta();
        let entry = Entry { value, facts: meta.facts(), tags: meta.tags().clone(), validators: None };
        match engine.store().commit(self.work.key(), &self.lease, entry).await? {
            Committed::Stored => {
                // After the write, so that nobody who reads the store meanwhile keeps the value that this one replaces.
                engine.strike(self.work.key(), Strength::Soft);
                Ok(true)
            }
            Committed::Invalidated(_) | Committed::Lost => Ok(false),
        }
    }

    /// Outdates the key and lets go of it.
    async fn give_way(&self) -> Result<WriteToken, CacheError> {
        let token = self.cache.outdate(&[Target::Key(self.work.key().clone())], Strength::Soft).await;
        self.cache.engine().store().fail(self.work.key(), &self.lease, Failure::abandoned()).await?;
        token
    }
}

/// A put is seen by whoever sees its own generation: the token lies just below it.
fn before(generation: crate::entry::Generation) -> crate::entry::Generation {
    crate::entry::Generation { number: generation.number.saturating_sub(1), ..generation }
}

impl<J: Job> Drop for Put<J> {
    fn drop(&mut self) {
        if self.pin.take().is_none() {
            return;
        }
        let put = Put::<J> {
            cache: self.cache.clone(),
            work: self.work.clone(),
            lease: self.lease.clone(),
            pin: None,
            job: std::marker::PhantomData,
        };
        self.cache.engine().spawn(async move {
            if let Err(CacheError::Port(error)) = put.give_way().await {
                put.cache.engine().emit(&Event::PortFailed { error: &error });
            }
        });
    }
}

impl<J: Job> std::fmt::Debug for Put<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Put({})", self.work.key())
    }
}
