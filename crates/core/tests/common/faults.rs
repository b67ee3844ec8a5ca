//! Faulty ports: memory's store and queue, each step of which can be switched off and on, and is counted.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use freshen_core::queue::{
    Delivery, Depth, MemoryQueue, NewTask, Pushed, Quarantined, Queue, QueueTraits, Receipt, Settlement, Task,
};
use freshen_core::store::{
    Asked, Begin, Begun, Committed, Failure, Generations, Lease, Marked, MemoryStore, Scope, Snapshot, Store,
    StoreTraits, Target,
};
use freshen_core::{BoxFuture, Clock, Entry, Generation, Key, PortError, Strength};
use tokio::sync::Semaphore;

/// The switches of one port. Cloning gives a handle to the same ones.
#[derive(Clone, Default)]
pub struct Switches(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    all_down: bool,
    down: HashSet<&'static str>,
    late: HashMap<&'static str, Duration>,
    slow: HashMap<&'static str, Duration>,
    calls: HashMap<&'static str, usize>,
    gated: HashMap<&'static str, Arc<Semaphore>>,
    ahead: Duration,
    unreadable: Option<u32>,
    damaged: Option<Generation>,
    unsettled: u32,
}

impl Switches {
    /// From now on these steps fail.
    pub fn down(&self, operations: impl IntoIterator<Item = &'static str>) {
        self.0.lock().unwrap().down.extend(operations);
    }

    /// From now on every step fails.
    pub fn all_down(&self) {
        self.0.lock().unwrap().all_down = true;
    }

    /// From now on whoever reads a key of this partition gets an error.
    pub fn unreadable(&self, partition: u32) {
        self.0.lock().unwrap().unreadable = Some(partition);
    }

    /// From now on this step is done, and answers after `by`.
    pub fn late(&self, operation: &'static str, by: Duration) {
        self.0.lock().unwrap().late.insert(operation, by);
    }

    /// From now on this step is done only after `by`: a caller who leaves sooner has done nothing.
    pub fn slow(&self, operation: &'static str, by: Duration) {
        self.0.lock().unwrap().slow.insert(operation, by);
    }

    /// From now on readers are given no entry of this generation, and its mark instead: this process cannot have it.
    pub fn damaged(&self, generation: Generation) {
        self.0.lock().unwrap().damaged = Some(generation);
    }

    /// From now on readers are told a time this far ahead, as by an adapter that is wrong about its server's clock.
    pub fn reads_ahead(&self, by: Duration) {
        self.0.lock().unwrap().ahead = by;
    }

    /// From now on everything works again.
    pub fn up(&self) {
        let mut state = self.0.lock().unwrap();
        state.all_down = false;
        state.down.clear();
        state.late.clear();
        state.slow.clear();
        state.unreadable = None;
    }

    /// How often a step was called, whether or not it failed.
    pub fn calls(&self, operation: &'static str) -> usize {
        self.0.lock().unwrap().calls.get(operation).copied().unwrap_or_default()
    }

    /// How often at most a task that was pulled had not been settled.
    pub fn most_unsettled(&self) -> u32 {
        self.0.lock().unwrap().unsettled
    }

    /// The answer of the next call of this step is late: the step is done, and its caller hears of it when the test says so.
    pub fn answer_late(&self, operation: &'static str) -> LateAnswer {
        let gate = Arc::new(Semaphore::new(0));
        self.0.lock().unwrap().gated.insert(operation, gate.clone());
        LateAnswer(gate)
    }

    async fn begins(&self, operation: &'static str) {
        let slow = self.0.lock().unwrap().slow.get(operation).copied();
        if let Some(by) = slow {
            tokio::time::sleep(by).await;
        }
    }

    async fn answered(&self, operation: &'static str) {
        let late = self.0.lock().unwrap().late.get(operation).copied();
        if let Some(by) = late {
            tokio::time::sleep(by).await;
        }
        let gate = self.0.lock().unwrap().gated.remove(operation);
        if let Some(gate) = gate {
            gate.acquire().await.expect("the gate is never closed").forget();
        }
    }

    fn pass(&self, port: &'static str, operation: &'static str) -> Result<(), PortError> {
        let mut state = self.0.lock().unwrap();
        *state.calls.entry(operation).or_default() += 1;
        if state.all_down || state.down.contains(operation) {
            return Err(PortError::passing(port, operation, "switched off"));
        }
        Ok(())
    }
}

/// An answer on its way.
pub struct LateAnswer(Arc<Semaphore>);

impl LateAnswer {
    pub fn arrive(self) {
        self.0.add_permits(1);
    }
}

/// A memory store with switches.
#[derive(Clone)]
pub struct FaultyStore {
    pub inner: MemoryStore,
    pub switches: Switches,
}

impl FaultyStore {
    pub fn new(clock: Clock) -> Self {
        FaultyStore::around(MemoryStore::builder(clock).build().unwrap())
    }

    pub fn around(inner: MemoryStore) -> Self {
        FaultyStore { inner, switches: Switches::default() }
    }

    fn pass(&self, operation: &'static str) -> Result<(), PortError> {
        self.switches.pass("store", operation)
    }
}

impl Store for FaultyStore {
    fn traits(&self) -> StoreTraits {
        self.inner.traits()
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>> {
        Box::pin(async move {
            if let Err(error) = self.pass("read") {
                return keys.iter().map(|_| Err(error.clone())).collect();
            }
            let mut answers = self.inner.read(keys).await;
            self.switches.answered("read").await;
            let (partitions, state) = (self.traits().partitions, self.switches.0.lock().unwrap());
            for (key, answer) in keys.iter().zip(&mut answers) {
                if Some(key.partition(partitions)) == state.unreadable {
                    *answer = Err(PortError::passing("store", "read", "switched off"));
                }
                let Ok(snapshot) = answer else { continue };
                snapshot.now = snapshot.now + state.ahead;
                let found = snapshot.entry.as_ref().map(|entry| entry.facts.generation);
                if found.is_some() && found == state.damaged {
                    snapshot.entry = None;
                    snapshot.newest_mark = found;
                }
            }
            answers
        })
    }

    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>> {
        Box::pin(async move {
            self.pass("marks")?;
            self.inner.marks(scopes).await
        })
    }

    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>> {
        Box::pin(async move {
            self.pass("ask")?;
            let answer = self.inner.ask(key, deadline, at_least).await;
            self.switches.answered("ask").await;
            answer
        })
    }

    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            self.pass("unask")?;
            self.inner.unask(key).await
        })
    }

    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>> {
        Box::pin(async move {
            self.pass("begin")?;
            let answer = self.inner.begin(key, request).await;
            self.switches.answered("begin").await;
            answer
        })
    }

    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>> {
        Box::pin(async move {
            self.pass("commit")?;
            let answer = self.inner.commit(key, lease, entry).await;
            self.switches.answered("commit").await;
            answer
        })
    }

    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async move {
            self.pass("fail")?;
            self.inner.fail(key, lease, failure).await
        })
    }

    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>> {
        Box::pin(async move {
            self.pass("renew")?;
            self.inner.renew(key, lease, span).await
        })
    }

    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>> {
        Box::pin(async move {
            self.switches.begins("invalidate").await;
            self.pass("invalidate")?;
            let answer = self.inner.invalidate(targets, strength).await;
            self.switches.answered("invalidate").await;
            answer
        })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>> {
        Box::pin(async move {
            self.pass("remove")?;
            self.inner.remove(key).await
        })
    }
}

/// A memory queue with switches.
#[derive(Clone)]
pub struct FaultyQueue {
    pub inner: MemoryQueue,
    pub switches: Switches,
}

impl FaultyQueue {
    pub fn new(clock: Clock) -> Self {
        FaultyQueue::around(MemoryQueue::builder(clock).build().unwrap())
    }

    pub fn around(inner: MemoryQueue) -> Self {
        FaultyQueue { inner, switches: Switches::default() }
    }

    fn pass(&self, operation: &'static str) -> Result<(), PortError> {
        self.switches.pass("queue", operation)
    }
}

impl Queue for FaultyQueue {
    fn traits(&self) -> QueueTraits {
        self.inner.traits()
    }

    fn push<'a>(&'a self, tasks: &'a [NewTask]) -> BoxFuture<'a, Result<Pushed, PortError>> {
        Box::pin(async move {
            self.pass("push")?;
            self.inner.push(tasks).await
        })
    }

    fn pull(&self, most: usize, wait: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, PortError>> {
        Box::pin(async move {
            self.pass("pull")?;
            let answer = self.inner.pull(most, wait).await;
            let unsettled = answer.iter().flatten().map(|delivery| delivery.task.unsettled).max();
            let seen = self.switches.most_unsettled().max(unsettled.unwrap_or_default());
            self.switches.0.lock().unwrap().unsettled = seen;
            self.switches.answered("pull").await;
            answer
        })
    }

    fn settle<'a>(&'a self, receipt: &'a Receipt, settlement: Settlement) -> BoxFuture<'a, Result<bool, PortError>> {
        Box::pin(async move {
            self.switches.begins("settle").await;
            self.pass("settle")?;
            self.inner.settle(receipt, settlement).await
        })
    }

    fn depth(&self) -> BoxFuture<'_, Result<Depth, PortError>> {
        Box::pin(async move {
            self.pass("depth")?;
            self.inner.depth().await
        })
    }

    fn waiting(&self, most: usize) -> BoxFuture<'_, Result<Vec<Task>, PortError>> {
        self.inner.waiting(most)
    }

    fn quarantined(&self, most: usize) -> BoxFuture<'_, Result<Vec<Quarantined>, PortError>> {
        self.inner.quarantined(most)
    }

    fn release(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        self.inner.release(id)
    }

    fn discard(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        self.inner.discard(id)
    }
}
