//! A store that reports to the source what is stored and read in it, and may have a defect.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use freshen_core::store::{
    Asked, Begin, Begun, Committed, Failure, Generations, Lease, Marked, Role, Scope, Snapshot, Store, StoreTraits,
    Target,
};
use freshen_core::{BoxFuture, Entry, Generation, Key, PortError, Strength, Tag, Value, wire};
use freshen_redis::RedisStore;
use serde::Deserialize;

use crate::job::ToSource;
use crate::seen::Seen;
use crate::setting::Defect;
use crate::source::Ask;

/// What is remembered to be reported once; beyond it some is reported again.
const REPORTED_MOST: usize = 100_000;
/// Of the invalidations by tag or namespace, one in so many is lost where marks are.
const MARKS_PER_LOSS: u64 = 2;

pub(crate) struct Witness {
    store: RedisStore,
    source: ToSource,
    defect: Option<Defect>,
    reported: Mutex<HashSet<Seen>>,
    marks: AtomicU64,
}

impl Witness {
    pub fn new(store: RedisStore, source: ToSource, defect: Option<Defect>) -> Witness {
        Witness { store, source, defect, reported: Mutex::default(), marks: AtomicU64::new(1) }
    }

    fn report(&self, key: &Key, entry: &Entry, generation: Generation) {
        let Some((key, version)) = key_of(key).zip(version_of(entry)) else { return };
        let seen = Seen { key, epoch: generation.epoch, number: generation.number, version };
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.len() >= REPORTED_MOST {
            reported.clear();
        }
        if reported.insert(seen) {
            let source = self.source.clone();
            tokio::spawn(async move { source.call(Ask::Saw(seen)).await });
        }
    }

    /// The targets, or others that nobody has where their marks are to be lost.
    fn reached(&self, targets: &[Target]) -> Vec<Target> {
        let marks = targets.iter().any(|target| !matches!(target, Target::Key(_)));
        let loses = self.defect == Some(Defect::LosesMarks) && marks;
        if loses && self.marks.fetch_add(1, Ordering::Relaxed).is_multiple_of(MARKS_PER_LOSS) {
            return vec![Target::Tag(Tag::new("nobody's").expect("the tag is short"))];
        }
        targets.to_vec()
    }

    /// As a store does that asks for no token: what was loaded goes over whatever is there.
    async fn install_all_the_same(&self, key: &Key, lost: &Lease, entry: Entry) -> Result<Committed, PortError> {
        let span = lost.begun_at.until(lost.until);
        let request = Begin { role: Role::TakeOver, lease: span, at_least: None, heeds_backoff: false };
        match self.store.begin(key, request).await? {
            Begun::Granted(lease) => self.store.commit(key, &lease, entry).await,
            _ => Ok(Committed::Lost),
        }
    }

    async fn install(&self, key: &Key, lease: &Lease, entry: Entry) -> Result<Committed, PortError> {
        if self.defect == Some(Defect::HoldsCommits) {
            if let Some(key) = key_of(key) {
                // Without a parent nobody waits for this member either.
                let _ = self.source.call(Ask::Committing(key)).await;
            }
            return std::future::pending().await;
        }
        let mut committed = self.store.commit(key, lease, entry.clone()).await?;
        if committed == Committed::Lost && self.defect == Some(Defect::IgnoresTokens) {
            committed = self.install_all_the_same(key, lease, entry.clone()).await?;
        }
        if committed == Committed::Stored {
            self.report(key, &entry, lease.generation);
        }
        Ok(committed)
    }
}

/// The number in a key's arguments.
fn key_of(key: &Key) -> Option<u32> {
    #[derive(Deserialize)]
    struct Arguments {
        key: u32,
    }
    key.decode::<Arguments>().ok().map(|arguments| arguments.key)
}

fn version_of(entry: &Entry) -> Option<u64> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }
    let Value::Encoded(bytes) = &entry.value else { return None };
    let envelope = wire::decode(bytes).ok()?;
    envelope.header.codec.decode::<Versioned>(&envelope.payload).ok().map(|value| value.version)
}

impl Store for Witness {
    fn traits(&self) -> StoreTraits {
        self.store.traits()
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>> {
        Box::pin(async move {
            let found = self.store.read(keys).await;
            for (key, snapshot) in keys.iter().zip(&found) {
                if let Ok(Snapshot { entry: Some(entry), .. }) = snapshot {
                    self.report(key, entry, entry.facts.generation);
                }
            }
            found
        })
    }

    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>> {
        self.store.marks(scopes)
    }

    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>> {
        self.store.ask(key, deadline, at_least)
    }

    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>> {
        self.store.unask(key)
    }

    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>> {
        self.store.begin(key, request)
    }

    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>> {
        Box::pin(self.install(key, lease, entry))
    }

    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>> {
        self.store.fail(key, lease, failure)
    }

    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>> {
        self.store.renew(key, lease, span)
    }

    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>> {
        Box::pin(async move { self.store.invalidate(&self.reached(targets), strength).await })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>> {
        self.store.remove(key)
    }
}
