//! The futures in which nothing more goes wrong. From every state, the key must become fresh in each of them.

use super::rules::Invariant;
use super::state::{Phase, Reader, Worker, Writer};
use super::step::Turn;

/// More steps than any part of a future takes; at this bound it is stuck.
const STEPS_MAX: usize = 24;

/// Which processes live to do what they began. All that hold no task may die; tasks come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    AllFinish,
    AllDie,
}

impl Turn<'_> {
    /// What shows that the key stays in limbo, if it does.
    pub fn limbo(&self) -> Option<(Invariant, &'static str)> {
        if !(*self).readers_refresh() {
            return Some((Invariant::NoLimbo, "all were killed, and readers cannot make it fresh"));
        }
        self.tasks().next()?;
        [Fate::AllFinish, Fate::AllDie].into_iter().find(|&fate| !(*self).tasks_refresh(fate)).map(|fate| match fate {
            Fate::AllFinish => (Invariant::NoLimbo, "the tasks were done, nobody read, and it is not fresh and free"),
            Fate::AllDie => (Invariant::NoLimbo, "all were killed, the tasks came back, and it is not fresh and free"),
        })
    }

    /// Everybody was killed and every task lost: readers alone, with what they ask for, must make it fresh.
    fn readers_refresh(mut self) -> bool {
        self.die();
        self.world.queue = Default::default();
        self.expire_lease();
        self.expire_marker();
        (0..4).any(|_| {
            self.read_once();
            self.work_off();
            self.is_fresh_now()
        })
    }

    fn read_once(&mut self) {
        for _ in 0..STEPS_MAX {
            self.advance_reader(0);
            self.advance_flight(0);
            if self.world.processes[0].reader.phase == Phase::Idle {
                return;
            }
        }
    }

    /// The tasks that are out must make it fresh, and leave it so that a next one may be asked for.
    fn tasks_refresh(mut self, fate: Fate) -> bool {
        match fate {
            Fate::AllDie => self.die(),
            Fate::AllFinish => self.finish(),
        }
        self.work_off();
        self.is_fresh_now() && self.tasks().next().is_none() && !self.world.record.is_some_and(|record| record.asked)
    }

    fn die(&mut self) {
        for member in &mut self.world.processes {
            (member.flight, member.writer, member.reader) = (None, Writer::Idle, Reader::default());
        }
        for worker in 0..2 {
            self.put_back(worker);
            self.world.workers[worker] = Worker::default();
        }
    }

    fn finish(&mut self) {
        for process in 0..2 {
            (0..STEPS_MAX).take_while(|_| self.advance_writer(process)).count();
            (0..STEPS_MAX).take_while(|_| self.advance_flight(process)).count();
        }
        for worker in 0..2 {
            self.work(worker);
        }
    }

    fn work(&mut self, worker: usize) {
        (0..STEPS_MAX).take_while(|_| self.advance_worker(worker)).count();
    }

    /// A worker does what is in the queue. When it must wait for a lease, the lease runs out.
    fn work_off(&mut self) {
        for _ in 0..STEPS_MAX {
            let Some(at) = self.world.queue.iter().position(Option::is_some) else { return };
            self.pull(0, at);
            self.work(0);
            if self.world.queue[at].is_some() {
                self.expire_lease();
            }
        }
    }
}
