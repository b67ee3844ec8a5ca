//! One queue under test, what it differs in, and the few moves that the cases are made of.

use std::sync::Arc;
use std::time::Duration;

use freshen_core::queue::{Delivery, NewTask, Priority, Pushed, Queue, Settlement, Task};
use freshen_core::{BoxFuture, Key};

/// A queue of its own for one case, empty at first, and what the case has to know about it beyond its `traits`.
pub struct Fixture {
    /// The queue.
    pub queue: Arc<dyn Queue>,
    /// How many tasks it takes; `None` where a test cannot reach that many.
    pub bound: Option<usize>,
    /// How many tasks its quarantine keeps; `None` where a test cannot reach that many.
    pub quarantine_bound: Option<usize>,
    /// The delays and waits of the cases: long enough that the queue can tell them from none.
    pub span: Duration,
    reopen: Option<Reopen>,
}

type Reopen = Box<dyn Fn() -> BoxFuture<'static, Arc<dyn Queue>> + Send + Sync>;

impl Fixture {
    /// A queue without bounds that a test could reach, whose cases work with delays of a second.
    pub fn new(queue: impl Queue) -> Fixture {
        Fixture {
            queue: Arc::new(queue),
            bound: None,
            quarantine_bound: None,
            span: Duration::from_secs(1),
            reopen: None,
        }
    }

    /// Declares how many tasks it takes: at least 4.
    pub fn bound(self, tasks: usize) -> Fixture {
        Fixture { bound: Some(tasks), ..self }
    }

    /// Declares how many tasks its quarantine keeps.
    pub fn quarantine_bound(self, tasks: usize) -> Fixture {
        Fixture { quarantine_bound: Some(tasks), ..self }
    }

    /// Sets the delays of the cases, where a second is too short for the queue, or longer than needed.
    pub fn span(self, span: Duration) -> Fixture {
        Fixture { span, ..self }
    }

    /// Declares how a durable queue is opened again, as another process would.
    pub fn reopen(self, reopen: impl Fn() -> BoxFuture<'static, Arc<dyn Queue>> + Send + Sync + 'static) -> Fixture {
        Fixture { reopen: Some(Box::new(reopen)), ..self }
    }

    /// Lets time pass: at once where it is paused.
    pub async fn wait(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    /// Lets the visibility of whatever is held end.
    pub(super) async fn wait_out_visibility(&self) {
        self.wait(self.queue.traits().visibility + self.span).await;
    }

    /// The same queue as another process sees it; `None` where it is not durable.
    pub(super) async fn reopened(&self) -> Option<Arc<dyn Queue>> {
        match &self.reopen {
            Some(reopen) => Some(reopen().await),
            None => None,
        }
    }

    pub(super) async fn push(&self, tasks: &[NewTask]) -> Pushed {
        self.queue.push(tasks).await.expect("push answers")
    }

    /// Pushes plain tasks of these names.
    pub(super) async fn push_named(&self, names: &[&str]) -> Pushed {
        self.push(&names.iter().copied().map(task).collect::<Vec<_>>()).await
    }

    /// Pushes `count` plain tasks, named by their numbers.
    pub(super) async fn fill(&self, count: usize) {
        let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        let tasks: Vec<NewTask> = names.iter().map(|name| task(name)).collect();
        assert_eq!(self.push(&tasks).await, Pushed::Taken);
    }

    /// What is there now.
    pub(super) async fn pull(&self, most: usize) -> Vec<Delivery> {
        self.queue.pull(most, Duration::ZERO).await.expect("pull answers")
    }

    /// The one task that is there now.
    pub(super) async fn pull_one(&self) -> Delivery {
        let mut batch = self.pull(1).await;
        assert_eq!(batch.len(), 1, "one task was expected to be there");
        batch.remove(0)
    }

    /// The names of all that is there now, which is then held.
    pub(super) async fn pull_names(&self) -> Vec<String> {
        let mut pulled = Vec::new();
        loop {
            let batch = self.pull(10).await;
            if batch.is_empty() {
                return pulled;
            }
            assert!(pulled.len() < 1_000, "the queue gives more than was ever pushed");
            pulled.extend(names(&batch));
        }
    }

    pub(super) async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> bool {
        self.queue.settle(&delivery.receipt, settlement).await.expect("settle answers")
    }

    /// Pushes one task, pulls it and sets it aside.
    pub(super) async fn set_aside(&self, name: &str, reason: &str) {
        self.push_named(&[name]).await;
        let delivery = self.pull_one().await;
        assert!(self.settle(&delivery, Settlement::Quarantine(reason.into())).await);
    }
}

/// A plain task: no delay, the usual priority.
pub(super) fn task(name: &str) -> NewTask {
    NewTask { key: key(name), delay: Duration::ZERO, priority: Priority::default() }
}

pub(super) fn key(name: &str) -> Key {
    Key::new("suite", "task", &name).expect("a short name makes a key")
}

pub(super) fn names(batch: &[Delivery]) -> Vec<String> {
    batch.iter().map(|delivery| name(&delivery.task)).collect()
}

pub(super) fn name(task: &Task) -> String {
    let key = Key::from_bytes(&task.key).expect("the queue keeps a key's bytes");
    key.decode().expect("the suite pushes names")
}
