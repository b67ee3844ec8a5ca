//! The tasks of a memory queue: ready, delayed or held. It has no clock: time is an argument.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{Delivery, Depth, NewTask, Priority, Pushed, Receipt, TASK_FORMAT, Task};
use crate::time::Timestamp;

/// Every task is in exactly one of the three places.
///
/// Each step first makes ready what is due by `now`, so that no step sees a task where it no longer belongs.
pub(super) struct Backlog {
    bound: usize,
    visibility: Duration,
    /// One line per priority, at the priority's own number; the earliest in front.
    ready: [VecDeque<Task>; Priority::ALL.len()],
    delayed: Timeline,
    held: Timeline,
    /// Numbers what enters a timeline, so that no two share a place.
    entered: u64,
}

/// Tasks by the time at which they become ready by themselves, and a number that keeps them apart.
type Timeline = BTreeMap<(Timestamp, u64), Task>;

impl Backlog {
    /// An empty one that takes `bound` ready and delayed tasks, and lets a task be held for `visibility`.
    pub fn new(bound: usize, visibility: Duration) -> Backlog {
        let ready = std::array::from_fn(|_| VecDeque::new());
        Backlog { bound, visibility, ready, delayed: Timeline::new(), held: Timeline::new(), entered: 0 }
    }

    /// Takes all of `tasks`, or none where they would exceed the bound.
    pub fn push(&mut self, tasks: &[NewTask], now: Timestamp) -> Pushed {
        self.make_ready(now);
        if self.count() + tasks.len() > self.bound {
            return Pushed::Full;
        }
        for NewTask { key, delay, priority } in tasks {
            let key = key.as_bytes().into();
            let (format, priority) = (TASK_FORMAT, *priority);
            self.put(Task { format, key, priority, attempts: 0, unsettled: 0, pushed_at: now }, *delay, now);
        }
        Pushed::Taken
    }

    /// Puts one task in, whatever the bound: what was taken once is never dropped.
    pub fn put(&mut self, task: Task, delay: Duration, now: Timestamp) {
        if delay.is_zero() {
            self.ready[task.priority as usize].push_back(task);
        } else {
            let place = self.place(now + delay);
            self.delayed.insert(place, task);
        }
    }

    /// Hands out up to `most` ready tasks, to be held until the visibility ends.
    pub fn pull(&mut self, most: usize, now: Timestamp) -> Vec<Delivery> {
        self.make_ready(now);
        let mut batch = Vec::new();
        while batch.len() < most
            && let Some(task) = self.first_ready()
        {
            let place = self.place(now + self.visibility);
            self.held.insert(place, task.clone());
            batch.push(Delivery { receipt: receipt(place), task });
        }
        batch
    }

    /// Takes a held task out of its holder's hands; `None` when the receipt no longer holds it.
    pub fn take_back(&mut self, receipt: &Receipt, now: Timestamp) -> Option<Task> {
        self.make_ready(now);
        self.held.remove(&place_of(receipt)?)
    }

    /// When the next task becomes ready by itself.
    pub fn next_ready(&self) -> Option<Timestamp> {
        let due = self.delayed.first_key_value();
        let given_up = self.held.first_key_value();
        due.into_iter().chain(given_up).map(|((at, _), _)| *at).min()
    }

    /// Counts all but the quarantine. It walks over every waiting task to find the oldest.
    pub fn depth(&mut self, now: Timestamp) -> Depth {
        self.make_ready(now);
        let waiting = self.ready.iter().flatten().chain(self.delayed.values());
        Depth {
            ready: self.count() - self.delayed.len(),
            delayed: self.delayed.len(),
            held: self.held.len(),
            quarantined: 0,
            oldest: waiting.map(|task| now.since(task.pushed_at)).max(),
        }
    }

    /// The first `most` that wait, in the order in which they would be pulled if nothing else came.
    pub fn waiting(&mut self, most: usize, now: Timestamp) -> Vec<Task> {
        self.make_ready(now);
        let ready = Priority::ALL.into_iter().flat_map(|priority| &self.ready[priority as usize]);
        ready.chain(self.delayed.values()).take(most).cloned().collect()
    }

    /// How many wait.
    fn count(&self) -> usize {
        self.ready.iter().map(VecDeque::len).sum::<usize>() + self.delayed.len()
    }

    fn first_ready(&mut self) -> Option<Task> {
        Priority::ALL.into_iter().find_map(|priority| self.ready[priority as usize].pop_front())
    }

    fn place(&mut self, at: Timestamp) -> (Timestamp, u64) {
        self.entered += 1;
        (at, self.entered)
    }

    fn make_ready(&mut self, now: Timestamp) {
        for (timeline, unsettled) in [(&mut self.delayed, 0), (&mut self.held, 1)] {
            while let Some(first) = timeline.first_entry()
                && first.key().0 <= now
            {
                let mut task = first.remove();
                task.unsettled = task.unsettled.saturating_add(unsettled);
                self.ready[task.priority as usize].push_back(task);
            }
        }
    }
}

/// A receipt names the place in the timeline of held tasks, so that nothing else has to be looked up.
fn receipt((until, number): (Timestamp, u64)) -> Receipt {
    Receipt(format!("{}-{number}", until.as_micros()).into())
}

fn place_of(receipt: &Receipt) -> Option<(Timestamp, u64)> {
    let (until, number) = receipt.0.split_once('-')?;
    Some((Timestamp::from_micros(until.parse().ok()?), number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_micros(secs * 1_000_000)
    }

    fn task(name: &str, delay: Duration, priority: Priority) -> NewTask {
        NewTask { key: Key::new("test", "job", &name).unwrap(), delay, priority }
    }

    fn pulled(backlog: &mut Backlog, now: Timestamp) -> Vec<Box<[u8]>> {
        backlog.pull(10, now).into_iter().map(|delivery| delivery.task.key).collect()
    }

    #[test]
    fn what_becomes_due_lines_up_behind_what_was_ready() {
        let (late, early, ready) = (
            task("late", 2 * SECOND, Priority::Normal),
            task("early", SECOND, Priority::Normal),
            task("ready", Duration::ZERO, Priority::Normal),
        );
        let mut backlog = Backlog::new(10, 60 * SECOND);
        backlog.push(&[late.clone(), early.clone(), ready.clone()], at(0));
        assert_eq!(backlog.next_ready(), Some(at(1)));
        assert_eq!(pulled(&mut backlog, at(2)), [&ready, &early, &late].map(|task| task.key.as_bytes().into()));
    }

    #[test]
    fn a_clock_that_is_set_back_neither_loses_nor_repeats_a_held_task() {
        let mut backlog = Backlog::new(10, 60 * SECOND);
        backlog.push(&[task("a", Duration::ZERO, Priority::Normal)], at(100));
        let delivery = backlog.pull(1, at(100)).remove(0);
        assert!(backlog.pull(1, at(0)).is_empty());
        assert!(backlog.take_back(&delivery.receipt, at(0)).is_some());
    }

    #[test]
    fn a_receipt_that_is_none_holds_nothing() {
        let mut backlog = Backlog::new(10, SECOND);
        for text in ["", "-", "1", "1-x", "x-1", "18446744073709551616-1"] {
            assert!(backlog.take_back(&Receipt(text.into()), at(0)).is_none(), "{text}");
        }
    }

    #[test]
    fn a_delay_without_end_is_never_due() {
        let mut backlog = Backlog::new(10, SECOND);
        backlog.push(&[task("a", Duration::MAX, Priority::Normal)], at(1));
        assert_eq!(backlog.next_ready(), Some(Timestamp::NEVER));
        assert!(backlog.pull(1, at(u64::from(u32::MAX))).is_empty());
    }
}
