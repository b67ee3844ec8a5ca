//! The queues of a cache by their names, and this process's workers on each.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::outlook::Outlook;
use crate::error::BuildError;
use crate::queue::{DEFAULT_QUEUE, MemoryQueue, Queue, is_queue_name};
use crate::time::{Clock, Timestamp};

/// Most queues of a cache: where it has workers, each is pulled by a dispatcher of its own.
pub const QUEUES_MAX: usize = 64;

/// The workers of this process on one queue. See [`Cache::workers`](crate::Cache::workers).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workers {
    /// The queue's name.
    pub queue: String,
    /// How many tasks they load at once.
    pub at_once: usize,
    /// How long ago their dispatcher should have gone on: moments at most while it does. It grows where a pull never answers,
    /// where all places are held by loads far past their timeout, and where the runtime is blocked.
    pub overdue: Duration,
}

/// A queue by its name.
pub(crate) struct NamedQueue {
    pub name: Box<str>,
    pub queue: Arc<dyn Queue>,
    /// How many tasks of it this process loads at once.
    pub workers: usize,
    pub outlook: Outlook,
}

/// The queues of a cache.
pub(crate) struct Queues {
    /// Sorted by name.
    all: Vec<Arc<NamedQueue>>,
    default: Arc<NamedQueue>,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wanted { queues, workers, workers_on } = self;
        let names: Vec<_> = queues.keys().collect();
        f.debug_struct("Queues")
            .field("given", &names)
            .field("workers", workers)
            .field("workers_on", workers_on)
            .finish()
    }
}

impl Queues {
    /// All of them, sorted by name.
    pub fn all(&self) -> &[Arc<NamedQueue>] {
        &self.all
    }

    /// The queue of jobs that name none; there is always one.
    pub fn default(&self) -> &Arc<NamedQueue> {
        &self.default
    }

    pub fn named(&self, name: &str) -> Option<&Arc<NamedQueue>> {
        let at = self.all.binary_search_by(|queue| (*queue.name).cmp(name)).ok()?;
        Some(&self.all[at])
    }
}

/// What a builder was told of queues and workers.
pub(crate) struct Wanted {
    pub queues: BTreeMap<String, Arc<dyn Queue>>,
    /// On the queue `default`, and on others of whose workers nothing was said.
    pub workers: usize,
    pub workers_on: BTreeMap<String, usize>,
}

/// A job's name and its queue's.
pub(crate) type JobQueue = (&'static str, &'static str);

impl Wanted {
    /// The most that any queue may have.
    pub fn most_workers(&self) -> usize {
        self.workers_on.values().copied().fold(self.workers, usize::max)
    }

    /// Checks the names and brings them together.
    pub fn build(mut self, jobs: &[JobQueue], clock: &Clock) -> Result<Queues, BuildError> {
        self.check_names(jobs)?;
        if self.queues.is_empty() {
            for (_, queue) in jobs {
                self.queues.insert((*queue).to_owned(), in_memory(clock)?);
            }
        }
        self.check_presence(jobs)?;
        if !self.queues.contains_key(DEFAULT_QUEUE) {
            self.queues.insert(DEFAULT_QUEUE.to_owned(), in_memory(clock)?);
        }
        if self.queues.len() > QUEUES_MAX {
            return Err(BuildError::Config { field: "queue_named", reason: "makes more than 64 queues" });
        }
        let named =
            |(name, queue): (&String, &Arc<dyn Queue>)| NamedQueue::new(name, queue, self.workers_of(name, jobs));
        let all: Vec<_> = self.queues.iter().map(named).map(Arc::new).collect();
        let default = all.iter().find(|queue| &*queue.name == DEFAULT_QUEUE).expect("it was put in above").clone();
        Ok(Queues { all, default })
    }

    /// A queue that `workers_on` does not speak of is served like `default` if its jobs are here, or nobody might take their
    /// tasks. One whose jobs are elsewhere is left alone: its tasks could only be set aside here.
    fn workers_of(&self, queue: &str, jobs: &[JobQueue]) -> usize {
        let served = queue == DEFAULT_QUEUE || jobs.iter().any(|(_, of_job)| *of_job == queue);
        self.workers_on.get(queue).copied().unwrap_or(if served { self.workers } else { 0 })
    }

    fn check_names(&self, jobs: &[JobQueue]) -> Result<(), BuildError> {
        let given = self.queues.keys().map(|queue| ("`queue_named`".into(), queue.as_str()));
        match given.chain(self.mentioned(jobs)).find(|(_, queue)| !is_queue_name(queue)) {
            Some((asked_by, queue)) => Err(BuildError::QueueName { asked_by, queue: queue.into() }),
            None => Ok(()),
        }
    }

    fn check_presence(&self, jobs: &[JobQueue]) -> Result<(), BuildError> {
        // There is always one named `default`; but a job's tasks must not go where no other process looks.
        let is_needed = |asked_by: &str, queue: &str| queue != DEFAULT_QUEUE || asked_by != WORKERS_ON;
        let is_missing = |asked_by: &str, queue: &str| !self.queues.contains_key(queue) && is_needed(asked_by, queue);
        match self.mentioned(jobs).find(|(asked_by, queue)| is_missing(asked_by, queue)) {
            Some((asked_by, queue)) => Err(BuildError::MissingQueue { asked_by, queue: queue.into() }),
            None => Ok(()),
        }
    }

    /// Who names a queue, and which.
    fn mentioned<'a>(&'a self, jobs: &'a [JobQueue]) -> impl Iterator<Item = (String, &'a str)> {
        let by_jobs = jobs.iter().map(|(job, queue)| (format!("job {job}"), *queue));
        by_jobs.chain(self.workers_on.keys().map(|queue| (WORKERS_ON.to_owned(), queue.as_str())))
    }
}

/// Whoever said how many workers a queue has, as errors name it.
const WORKERS_ON: &str = "`workers_on`";

fn in_memory(clock: &Clock) -> Result<Arc<dyn Queue>, BuildError> {
    Ok(Arc::new(MemoryQueue::builder(clock.clone()).build()?))
}

impl NamedQueue {
    pub fn state(&self, now: Timestamp) -> Workers {
        Workers { queue: self.name.to_string(), at_once: self.workers, overdue: self.outlook.overdue(now) }
    }

    fn new(name: &str, queue: &Arc<dyn Queue>, workers: usize) -> Self {
        NamedQueue { name: name.into(), queue: queue.clone(), workers, outlook: Outlook::open() }
    }
}
