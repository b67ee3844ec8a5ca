//! The queue: it loses, repeats and reorders.

use super::rules::Invariant;
use super::state::Task;
use super::step::Turn;

impl Turn<'_> {
    /// Pushes a task that was asked for; a push that fails takes the marker back.
    pub fn push(&mut self, token: u8) {
        if self.tasks().any(|task| !task.excused) {
            self.breaks(Invariant::OneTask);
        }
        let room = self.tasks().count() < self.world.queue.len();
        match self.world.queue.iter_mut().find(|slot| slot.is_none()).filter(|_| room) {
            Some(free) => *free = Some(Task { excused: false, token }),
            None => self.clear_marker(),
        }
    }

    /// All tasks, in the queue and in hands.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.world.queue.iter().flatten().chain(self.world.workers.iter().filter_map(|worker| worker.task.as_ref()))
    }

    pub fn lose_task(&mut self, at: usize) -> bool {
        let loses = self.world.left.lost_tasks > 0 && self.world.queue[at].take().is_some();
        if loses {
            self.world.left.lost_tasks -= 1;
        }
        loses
    }

    pub fn repeat_task(&mut self, at: usize) -> bool {
        let Some(task) = self.world.queue[at] else { return false };
        let room = self.tasks().count() < self.world.queue.len();
        let Some(free) = self.world.queue.iter_mut().find(|slot| slot.is_none()).filter(|_| room) else { return false };
        if self.world.left.repeats == 0 {
            return false;
        }
        *free = Some(Task { excused: true, ..task });
        self.world.left.repeats -= 1;
        true
    }

    /// From here on a second task may be asked for beside those that are out.
    pub fn excuse_tasks(&mut self) {
        let held = self.world.workers.iter_mut().filter_map(|worker| worker.task.as_mut());
        for task in self.world.queue.iter_mut().flatten().chain(held) {
            task.excused = true;
        }
    }
}
