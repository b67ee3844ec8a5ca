//! One job with its arguments, its type erased: what the engine walks with.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::BoxFuture;
use crate::engine::cache::Cache;
use crate::engine::fault::Fault;
use crate::engine::meta::Meta;
use crate::engine::near::{Frame, Near, Pin};
use crate::engine::queues::NamedQueue;
use crate::engine::registry::Registered;
use crate::engine::slot::{Hand, Held, Slot};
use crate::entry::{Entry, Facts, Tag, Tags, VALIDATORS_BYTES_MAX, Value};
use crate::error::BoxError;
use crate::job::{Cacheable, Content, Job, Load, Loaded, Previous};
use crate::key::Key;
use crate::policy::{Policy, Windows};
use crate::wire::{self, Codec, Header, WireError};

/// A job with its arguments, erased.
pub(crate) trait Work: Send + Sync {
    fn key(&self) -> &Key;
    fn job_name(&self) -> &'static str;
    fn namespace(&self) -> &'static str;
    /// The queue of its tasks.
    fn queue(&self) -> &Arc<NamedQueue>;
    fn policy(&self) -> &Arc<Policy>;
    /// How many keys one batch load takes; one: none at all.
    fn batch(&self) -> usize;

    /// Runs the job's code and checks what it gives.
    fn load<'a>(
        &'a self,
        cache: &'a Cache,
        previous: Option<(&'a Hand, Duration)>,
    ) -> BoxFuture<'a, Result<Product, Fault>>;

    /// Runs the job's batch code on several works of the same job; this one is among them.
    fn load_many<'a>(
        &'a self,
        works: &'a [Arc<dyn Work>],
        cache: &'a Cache,
    ) -> BoxFuture<'a, Vec<Result<Product, Fault>>>;

    /// Makes a product into something in hand.
    fn seal(&self, product: Product, facts: Facts, frame: &Frame<'_>) -> Hand;

    /// Makes an entry that was read from the store into something in hand.
    fn open(&self, entry: &Entry, frame: &Frame<'_>) -> Result<Hand, WireError>;

    /// Writes what is in hand for a store that keeps bytes.
    fn encode(&self, hand: &Hand) -> Result<Bytes, WireError>;

    /// What the job answers when it has nothing, as if it were in hand.
    fn empty(&self, facts: Facts, frame: &Frame<'_>) -> Option<Hand>;

    /// Wraps a value that a caller puts.
    fn product(&self, value: Box<dyn Any + Send>) -> Result<Product, Fault>;

    fn near_get(&self) -> Option<Hand>;
    fn near_fill(&self, near: &Near, pin: &Pin, hand: &Hand);
    fn near_take(&self) -> Option<Hand>;

    fn as_any(&self) -> &dyn Any;
}

/// What a load gave, checked, its type erased.
pub(crate) struct Product {
    /// The value, already where it will stay: only its meta is still to be set.
    slot: Hand,
    pub tags: Tags,
    pub windows: Windows,
    pub absent: bool,
    pub weight: u32,
    pub validators: Option<Bytes>,
}

/// The one implementation of [`Work`].
pub(crate) struct TypedWork<J: Job> {
    pub job: J,
    pub key: Key,
    pub policy: Arc<Policy>,
    pub registered: Arc<Registered<J>>,
}

impl<J: Job> TypedWork<J> {
    fn slot(hand: &Hand) -> Option<Arc<Slot<J::Output>>> {
        let any: Arc<dyn Any + Send + Sync> = hand.clone();
        any.downcast().ok()
    }

    /// Checks what the job gave: its answer to `validate`, its tags, its bounds.
    fn check(&self, loaded: Loaded<J::Output>, previous: Option<&Hand>) -> Result<Product, Fault> {
        let Loaded { content, validators } = loaded;
        let (held, validators) = match content {
            Content::New(value) => (Held::Own(value), validators),
            Content::Unchanged => {
                let slot =
                    previous.and_then(Self::slot).ok_or_else(|| refused("unchanged, but nothing was in hand"))?;
                let kept = validators.or_else(|| slot.meta().validators().cloned());
                (Held::In(slot), kept)
            }
        };
        self.examine(held, validators)
    }

    fn examine(&self, held: Held<J::Output>, validators: Option<Bytes>) -> Result<Product, Fault> {
        let value = match &held {
            Held::Own(value) => value,
            Held::In(slot) => &**slot,
        };
        self.job.validate(value).map_err(|reason| refused(&reason))?;
        if validators.as_ref().is_some_and(|bytes| bytes.len() > VALIDATORS_BYTES_MAX) {
            return Err(refused("the validators have more than 1024 bytes"));
        }
        let tags: Result<Vec<_>, _> = self.job.tags(value).into_iter().map(Tag::new).collect();
        let tags = tags.and_then(Tags::new).map_err(|error| refused(&error.to_string()))?;
        let tags = self.registered.shared_tags(tags);
        let absent = self.job.absent(value);
        let mut windows = self.job.windows(value, &self.policy);
        if absent && let Some(ttl) = self.policy.negative_ttl() {
            windows.ttl = ttl;
        }
        let weight = u32::try_from(self.job.weigh(value)).unwrap_or(u32::MAX);
        let slot = Arc::new(Slot::new(Meta::unsealed(), held));
        Ok(Product { slot, tags, windows, absent, weight, validators })
    }

    fn failed(&self, error: J::Error) -> Fault {
        let cools = self.job.cools(&error);
        failed(error, cools)
    }

    fn context<'a>(&'a self, cache: &'a Cache, previous: Option<Previous<'a, J::Output>>) -> Load<'a, J> {
        Load { state: &self.registered.state, cache, previous }
    }
}

fn refused(reason: &str) -> Fault {
    Fault::Refused(reason.into())
}

fn failed<E: std::error::Error + Send + Sync + 'static>(error: E, cools: bool) -> Fault {
    let reason = chain(&error);
    Fault::Failed { source: Arc::new(error), reason: reason.into(), cools }
}

/// Runs a value's own serialization; its panic is an error like any other of it.
fn guarded<T>(
    run: impl FnOnce() -> Result<T, WireError>,
    wrong: impl FnOnce(BoxError) -> WireError,
) -> Result<T, WireError> {
    let ended = catch_unwind(AssertUnwindSafe(run));
    ended.unwrap_or_else(|panic| Err(wrong(Fault::panicked(&*panic).reason().into())))
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

impl<J: Job> Work for TypedWork<J> {
    fn key(&self) -> &Key {
        &self.key
    }

    fn namespace(&self) -> &'static str {
        J::NAMESPACE
    }

    fn job_name(&self) -> &'static str {
        J::NAME
    }

    fn queue(&self) -> &Arc<NamedQueue> {
        &self.registered.queue
    }

    fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    fn batch(&self) -> usize {
        J::BATCH
    }

    fn load<'a>(
        &'a self,
        cache: &'a Cache,
        previous: Option<(&'a Hand, Duration)>,
    ) -> BoxFuture<'a, Result<Product, Fault>> {
        Box::pin(async move {
            let slot = previous.and_then(|(hand, _)| Self::slot(hand));
            let age = previous.map_or(Duration::ZERO, |(_, age)| age);
            let told =
                slot.as_ref().map(|slot| Previous { value: &***slot, validators: slot.meta().validators(), age });
            let loaded = self.job.load(self.context(cache, told)).await.map_err(|error| self.failed(error))?;
            self.check(loaded, previous.map(|(hand, _)| hand))
        })
    }

    fn load_many<'a>(
        &'a self,
        works: &'a [Arc<dyn Work>],
        cache: &'a Cache,
    ) -> BoxFuture<'a, Vec<Result<Product, Fault>>> {
        Box::pin(async move {
            let typed: Vec<&Self> = works.iter().filter_map(|work| work.as_any().downcast_ref()).collect();
            let jobs: Vec<J> = typed.iter().map(|work| work.job.clone()).collect();
            let loaded = J::load_many(&jobs, self.context(cache, None)).await;
            if loaded.len() != works.len() || typed.len() != works.len() {
                let reason = format!("load_many gave {} results for {} jobs", loaded.len(), works.len());
                return works.iter().map(|_| Err(refused(&reason))).collect();
            }
            let checked = typed.iter().zip(loaded);
            checked.map(|(work, loaded)| work.check(loaded.map_err(|error| work.failed(error))?, None)).collect()
        })
    }

    fn seal(&self, product: Product, facts: Facts, frame: &Frame<'_>) -> Hand {
        let owner = frame.owner(&self.key, &facts, &product.tags, &self.policy);
        let mut slot = product.slot;
        // Nobody else has a product's slot.
        if let Some(unique) = Arc::get_mut(&mut slot) {
            unique.set_meta(Meta::new(&facts, product.validators, owner));
        }
        slot
    }

    fn open(&self, entry: &Entry, frame: &Frame<'_>) -> Result<Hand, WireError> {
        let held = match &entry.value {
            Value::Shared(shared) => {
                let any: Arc<dyn Any + Send + Sync> = shared.clone();
                let slot = any.downcast::<Slot<J::Output>>();
                let slot = slot.map_err(|_| WireError::Local { what: std::any::type_name::<J::Output>() })?;
                if frame.near.owns(slot.meta()) && slot.meta().facts() == entry.facts {
                    return Ok(slot);
                }
                Held::In(slot)
            }
            Value::Encoded(bytes) => {
                let (codec, payload) = wire::payload(bytes)?;
                let decoded =
                    guarded(|| J::Output::decode(codec, &payload), |source| WireError::Decode { codec, source });
                Held::Own(decoded?)
            }
        };
        let owner = frame.owner(&self.key, &entry.facts, &entry.tags, &self.policy);
        let meta = Meta::new(&entry.facts, entry.validators.clone(), owner);
        Ok(Arc::new(Slot::new(meta, held)))
    }

    fn encode(&self, hand: &Hand) -> Result<Bytes, WireError> {
        let slot = Self::slot(hand).ok_or_else(|| WireError::Local { what: std::any::type_name::<J::Output>() })?;
        let codec = Codec::default();
        let payload = guarded(|| slot.encode(codec), |source| WireError::Encode { codec, source })?;
        let meta = slot.meta();
        let (facts, tags, validators) = (meta.facts(), meta.tags().clone(), meta.validators().cloned());
        wire::encode(&Header { codec, schema: 0, facts, tags, validators }, &payload)
    }

    fn empty(&self, facts: Facts, frame: &Frame<'_>) -> Option<Hand> {
        let value = self.job.empty()?;
        let meta = Meta::new(&facts, None, frame.owner(&self.key, &facts, &Tags::NONE, &self.policy));
        Some(Arc::new(Slot::new(meta, Held::Own(value))))
    }

    fn product(&self, value: Box<dyn Any + Send>) -> Result<Product, Fault> {
        match value.downcast::<J::Output>() {
            Ok(value) => self.examine(Held::Own(*value), None),
            Err(_) => Err(refused("a value of another type")),
        }
    }

    fn near_get(&self) -> Option<Hand> {
        self.registered.near.get(&self.job).map(|slot| slot as Hand)
    }

    fn near_fill(&self, near: &Near, pin: &Pin, hand: &Hand) {
        if let Some(slot) = Self::slot(hand) {
            let map = &self.registered.near;
            let gone = near.fill(pin, slot.meta(), || {
                let held = map.get(&self.job);
                // A reader who was slow to hear the store's answer must not undo what was loaded meanwhile.
                let replaces = held.as_ref().is_none_or(|held| near.replaces(slot.meta(), held.meta()));
                (replaces.then(|| map.insert(self.job.clone(), slot.clone())), held)
            });
            drop(gone);
        }
    }

    fn near_take(&self) -> Option<Hand> {
        self.registered.near.take(&self.job).map(|slot| slot as Hand)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
