//! A worker: pulls a task, begins, loads, commits, and ends the task or puts it back.

use super::rules::{Invariant, Mutant};
use super::state::{Generation, Load, Task, Worker};
use super::step::Turn;
use super::store::{Begun, Committed, Role};

impl Turn<'_> {
    /// Takes a task. Where the store sees no marks, the worker reads them first.
    pub fn pull(&mut self, worker: usize, at: usize) -> bool {
        let Some(task) = self.world.queue[at] else { return false };
        if worker >= usize::from(self.rules.configuration.workers) || self.world.workers[worker].task.is_some() {
            return false;
        }
        self.world.queue[at] = None;
        self.world.workers[worker].task = Some(task);
        if self.rules.configuration.sees_marks {
            self.begin_task(worker, task);
        } else {
            self.read_for_task(worker);
        }
        true
    }

    fn read_for_task(&mut self, worker: usize) {
        if self.world.record.is_some_and(|record| record.entry.is_some()) {
            self.find_shard();
            self.world.workers[worker].at_least = self.newest_mark();
        }
    }

    fn begin_task(&mut self, worker: usize, task: Task) {
        let at_least = self.world.workers[worker].at_least.take();
        let missing = self.world.record.is_none() && self.rules.mutated(Mutant::MissingRecordEndsTask);
        if missing || task.excused && self.rules.mutated(Mutant::LateTaskEnds) {
            self.clear_marker();
            return self.end_task(worker);
        }
        if let Some(load) = self.adopted(task) {
            self.world.workers[worker].load = Some(load);
            return;
        }
        match self.begin(Role::Task, at_least) {
            Begun::Fresh if self.rules.configuration.sees_marks => self.end_task(worker),
            Begun::Fresh if self.rules.mutated(Mutant::FreshEndsTaskUnjudged) => self.end_task(worker),
            Begun::Fresh => self.judge_next(worker, Load::new(0, Generation::default())),
            Begun::Busy if self.rules.mutated(Mutant::BusyEndsTask) => {
                self.clear_marker();
                self.end_task(worker);
            }
            Begun::Busy => self.put_back(worker),
            Begun::Granted(token, generation) => self.world.workers[worker].load = Some(Load::new(token, generation)),
        }
    }

    /// A load under the token that the task carries; only a mutant's does.
    fn adopted(&mut self, task: Task) -> Option<Load> {
        let in_force = self.world.record?.lease?.token == task.token;
        let adopts = self.rules.mutated(Mutant::TaskKeepsToken) && task.token > 0 && in_force;
        adopts.then(|| Load::new(task.token, self.tick()))
    }

    /// The worker's next step.
    pub fn advance_worker(&mut self, worker: usize) -> bool {
        let Worker { task: Some(task), load, .. } = self.world.workers[worker] else { return false };
        let Some(mut load) = load else {
            self.begin_task(worker, task);
            return true;
        };
        if load.stored {
            self.judge_task(worker);
        } else if let Some(version) = load.value {
            self.commit_task(worker, load, version);
        } else {
            load.value = Some(self.world.source);
            self.world.workers[worker].load = Some(load);
        }
        true
    }

    fn commit_task(&mut self, worker: usize, mut load: Load, version: u8) {
        match self.commit(Role::Task, load.token, load.generation, version) {
            Committed::Stored if self.rules.configuration.sees_marks => self.end_task(worker),
            Committed::Stored => self.judge_next(worker, load),
            Committed::Invalidated(generation) if load.retries > 0 => {
                load.generation = generation;
                load.retries -= 1;
                load.value = load.value.filter(|_| self.rules.mutated(Mutant::RetryKeepsValue));
                self.world.workers[worker].load = Some(load);
            }
            Committed::Invalidated(_) => {
                self.fail(load.token);
                self.put_back(worker);
            }
            Committed::Lost if self.rules.mutated(Mutant::LostEndsTask) => {
                self.clear_marker();
                self.end_task(worker);
            }
            Committed::Lost => self.put_back(worker),
        }
    }

    /// Where the store saw no marks: reads record and marks, after the marker was cleared. Whoever found the key outdated
    /// before that has relied on this task; whoever finds it later may ask for another.
    fn judge_task(&mut self, worker: usize) {
        self.find_shard();
        if self.is_fresh_now() || self.rules.mutated(Mutant::StoredEndsTask) {
            self.end_task(worker);
        } else {
            self.world.record.get_or_insert_default().asked = true;
            self.put_back(worker);
        }
    }

    /// The marker is cleared and the judgement is to come.
    fn judge_next(&mut self, worker: usize, load: Load) {
        self.excuse_tasks();
        self.world.workers[worker].load = Some(Load { stored: true, ..load });
    }

    pub fn fail_task(&mut self, worker: usize) -> bool {
        let Some(load) = self.world.workers[worker].load.filter(|load| load.value.is_none()) else { return false };
        if self.world.left.failures == 0 {
            return false;
        }
        self.world.left.failures -= 1;
        self.fail(load.token);
        if self.rules.mutated(Mutant::FailureEndsTask) {
            self.clear_marker();
            self.end_task(worker);
        } else {
            self.put_back(worker);
        }
        true
    }

    /// The worker is killed; the queue delivers its task again.
    pub fn kill_worker(&mut self, worker: usize) -> bool {
        if self.world.left.kills == 0 || self.world.workers[worker].load.is_none() {
            return false;
        }
        self.world.left.kills -= 1;
        self.put_back(worker);
        true
    }

    /// A task ends only when the key is fresh.
    fn end_task(&mut self, worker: usize) {
        if !self.is_fresh_now() {
            self.breaks(Invariant::NoLimbo);
        }
        self.world.workers[worker] = Worker::default();
        // If there is another, it was repeated or its marker ran out; the marker that is cleared now was also its own.
        self.excuse_tasks();
    }

    /// The task waits in the queue again, whatever its bound.
    pub fn put_back(&mut self, worker: usize) {
        let task = self.world.workers[worker].task;
        self.world.workers[worker] = Worker::default();
        if let (Some(task), Some(free)) = (task, self.world.queue.iter_mut().find(|slot| slot.is_none())) {
            *free = Some(task);
        }
    }
}
