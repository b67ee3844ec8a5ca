//! The tasks that a memory queue has set aside.

use std::collections::VecDeque;

use super::{Quarantined, Task};
use crate::time::Timestamp;

/// The newest `bound` tasks that were set aside, by ids that only grow.
pub(super) struct Quarantine {
    bound: usize,
    tasks: VecDeque<Quarantined>,
    last: u64,
}

impl Quarantine {
    /// An empty one.
    pub fn new(bound: usize) -> Quarantine {
        Quarantine { bound, tasks: VecDeque::new(), last: 0 }
    }

    /// Sets a task aside; where there is no room, the oldest is dropped.
    pub fn add(&mut self, task: Task, reason: Box<str>, now: Timestamp) {
        if self.tasks.len() >= self.bound {
            self.tasks.pop_front();
        }
        self.last += 1;
        self.tasks.push_back(Quarantined { id: self.last, task, reason, at: now });
    }

    /// Takes one out.
    pub fn remove(&mut self, id: u64) -> Option<Task> {
        let at = self.tasks.binary_search_by_key(&id, |quarantined| quarantined.id).ok()?;
        self.tasks.remove(at).map(|quarantined| quarantined.task)
    }

    /// The newest `most`, the newest first.
    pub fn newest(&self, most: usize) -> Vec<Quarantined> {
        self.tasks.iter().rev().take(most).cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }
}
