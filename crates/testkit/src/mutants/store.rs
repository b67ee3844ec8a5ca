//! A store that breaks one rule, made of any store that keeps them all.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use freshen_core::store::{
    Asked, Begin, Begun, Committed, Currency, Failure, Generations, Lease, Mark, Marked, Role, Scope, Snapshot, Store,
    StoreTraits, Target,
};
use freshen_core::{BoxFuture, Entry, Facts, Generation, Key, PortError, Strength, Tags};

use crate::mutants::Breach;

/// Stands in front of a store and breaks one rule.
pub struct MutantStore {
    store: Arc<dyn Store>,
    breach: Breach,
    /// The invalidations that were answered and not yet made.
    late: Mutex<Vec<(Target, Strength)>>,
}

impl MutantStore {
    /// Breaks one rule of `store`.
    pub fn new(store: Arc<dyn Store>, breach: Breach) -> MutantStore {
        MutantStore { store, breach, late: Mutex::default() }
    }

    fn breaks(&self, breach: Breach) -> bool {
        self.breach == breach
    }

    /// Generations of the store, for a step that is only pretended: it invalidates what nobody has.
    async fn tick(&self) -> Result<Generations, PortError> {
        let nobodys = Key::new("mutant", "nobody", &()).expect("the key is within its bounds");
        self.store.invalidate(&[Target::Key(nobodys)], Strength::Soft).await
    }

    /// Makes the invalidations that were answered before, once one more step has passed.
    async fn catch_up(&self) -> Result<(), PortError> {
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        for (target, strength) in late {
            self.store.invalidate(&[target], strength).await?;
        }
        Ok(())
    }

    fn begin_otherwise(&self, request: Begin) -> Begin {
        let role = match (self.breach, request.role) {
            (Breach::NeverBusy, _) => Role::TakeOver,
            (Breach::PutWaits, Role::TakeOver) | (Breach::TaskIsForeground, Role::Task { .. }) => Role::Foreground,
            (Breach::ForegroundIsTask, Role::Foreground) => Role::Task { deadline: request.lease },
            (_, role) => role,
        };
        let at_least = request.at_least.filter(|_| !self.breaks(Breach::ForgetsAtLeast));
        Begin { role, at_least, ..request }
    }

    async fn begins_at_commit(&self, key: &Key, lease: &Lease, entry: Entry) -> Result<Committed, PortError> {
        let span = lease.begun_at.until(lease.until);
        let request = Begin { role: Role::TakeOver, lease: span, at_least: None, heeds_backoff: false };
        match self.store.begin(key, request).await? {
            Begun::Granted(lease) => self.store.commit(key, &lease, under(entry, &lease)).await,
            _ => Ok(Committed::Lost),
        }
    }

    fn marked_otherwise(&self, mut marked: Vec<Marked>) -> Vec<Marked> {
        let first = marked.first().cloned();
        for partition in &mut marked {
            let floor = partition.floor;
            match self.breach {
                Breach::MarksSwapped => partition.marks.iter_mut().for_each(|mark| *mark = swapped(*mark)),
                Breach::MarksJoined => partition.marks.iter_mut().for_each(|mark| *mark = mark.join(floor)),
                Breach::MarksWithoutFloor => partition.floor = Mark::default(),
                Breach::MarksOfTheFirst => first.iter().for_each(|first| partition.clone_from(first)),
                _ => {}
            }
        }
        marked
    }

    fn strip(&self, entry: Entry) -> Entry {
        match self.breach {
            Breach::DropsTags => Entry { tags: Tags::NONE, ..entry },
            Breach::DropsValidators => Entry { validators: None, ..entry },
            _ => entry,
        }
    }
}

fn target(scope: Scope) -> Target {
    match scope {
        Scope::Tag(tag) => Target::Tag(tag),
        Scope::Namespace(name) => Target::Namespace(name),
    }
}

fn swapped(mark: Mark) -> Mark {
    Mark { soft: mark.hard, hard: mark.soft }
}

/// An entry as if it had been loaded under another lease.
fn under(entry: Entry, lease: &Lease) -> Entry {
    Entry { facts: Facts { generation: lease.generation, ..entry.facts }, ..entry }
}

impl Store for MutantStore {
    fn traits(&self) -> StoreTraits {
        self.store.traits()
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>> {
        Box::pin(async move {
            let mut found = self.store.read(keys).await;
            match self.breach {
                Breach::ReadReverses => found.reverse(),
                Breach::ReadsCurrent => found.iter_mut().flatten().for_each(|found| found.currency = Currency::Current),
                Breach::ReadsNoMarks => found.iter_mut().flatten().for_each(|found| found.marks.clear()),
                Breach::ReadAsks => {
                    for key in keys {
                        self.store.ask(key, Duration::from_secs(60), None).await.expect("the store in memory answers");
                    }
                }
                _ => {}
            }
            self.catch_up().await.expect("the store in memory answers");
            found
        })
    }

    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>> {
        Box::pin(async move {
            let marked = self.store.marks(scopes).await?;
            if self.breaks(Breach::MarksInvalidates) {
                let targets: Vec<Target> = scopes.iter().cloned().map(target).collect();
                self.store.invalidate(&targets, Strength::Soft).await?;
            }
            Ok(self.marked_otherwise(marked))
        })
    }

    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>> {
        Box::pin(async move {
            if self.breaks(Breach::AskAlways) {
                return Ok(Asked::Asked);
            }
            self.store.ask(key, deadline, at_least).await
        })
    }

    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move { if self.breaks(Breach::UnaskNothing) { Ok(()) } else { self.store.unask(key).await } })
    }

    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>> {
        self.store.begin(key, self.begin_otherwise(request))
    }

    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>> {
        Box::pin(async move {
            let entry = self.strip(entry);
            if self.breaks(Breach::BeginsAtCommit) {
                return self.begins_at_commit(key, lease, entry).await;
            }
            match self.store.commit(key, lease, entry.clone()).await? {
                Committed::Invalidated(_) if self.breaks(Breach::InvalidatedIsStored) => Ok(Committed::Stored),
                Committed::Invalidated(next) if self.breaks(Breach::RetryKeepsValue) => {
                    self.store.commit(key, &next, under(entry, &next)).await
                }
                other => Ok(other),
            }
        })
    }

    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            let failure = match failure.reason {
                None if self.breaks(Breach::AbandonFails) => Failure::failed(failure.retry_after, "given up"),
                _ => failure,
            };
            if self.breaks(Breach::FailNothing) { Ok(()) } else { self.store.fail(key, lease, failure).await }
        })
    }

    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>> {
        Box::pin(async move {
            if self.breaks(Breach::RenewNothing) { Ok(true) } else { self.store.renew(key, lease, span).await }
        })
    }

    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>> {
        Box::pin(async move {
            match (self.breach, strength) {
                (Breach::MarksNothing, _) => self.tick().await,
                (Breach::MarksLater, _) => {
                    let late = targets.iter().map(|target| (target.clone(), strength));
                    self.late.lock().unwrap_or_else(PoisonError::into_inner).extend(late);
                    self.tick().await
                }
                (Breach::FirstTargetOnly, _) => self.store.invalidate(&targets[..1.min(targets.len())], strength).await,
                (Breach::HardIsSoft, Strength::Hard) => self.store.invalidate(targets, Strength::Soft).await,
                (Breach::SoftRemoves, Strength::Soft) => {
                    for target in targets {
                        if let Target::Key(key) = target {
                            self.store.remove(key).await?;
                        }
                    }
                    self.store.invalidate(targets, strength).await
                }
                _ => self.store.invalidate(targets, strength).await,
            }
        })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>> {
        Box::pin(async move {
            if self.breaks(Breach::RemoveInvalidates) {
                let reached = self.store.invalidate(&[Target::Key(key.clone())], Strength::Hard).await?;
                return Ok(reached.as_slice()[0].1);
            }
            self.store.remove(key).await
        })
    }
}
