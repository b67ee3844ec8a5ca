//! Counts that every hit touches are kept in several copies, so that threads do not take them from each other.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// More copies than this gain little, and each takes room for every job.
const SHARDS_MAX: usize = 16;

/// Copies of a count. A thread counts in one of them; reading adds all up.
#[derive(Debug)]
pub struct Shards<T>(Box<[Apart<T>]>);

/// Two cache lines, which some processors fetch together, are shared with no neighbour.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

impl<T: Default> Shards<T> {
    /// Nothing counted yet. `shards` is a power of two.
    pub fn new(shards: usize) -> Self {
        debug_assert!(shards.is_power_of_two());
        Shards((0..shards).map(|_| Apart::default()).collect())
    }

    /// The copy of this thread.
    #[inline]
    pub fn mine(&self) -> &T {
        &self.0[thread_number() & (self.0.len() - 1)].0
    }

    /// All copies.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|apart| &apart.0)
    }
}

/// How many copies are worth their room on this machine.
pub fn shards_here() -> usize {
    available_parallelism().map_or(1, |threads| threads.get().next_power_of_two().min(SHARDS_MAX))
}

/// Threads are numbered in the order in which they first count.
static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD: Cell<Option<usize>> = const { Cell::new(None) };
}

#[inline]
fn thread_number() -> usize {
    THREAD.get().unwrap_or_else(|| {
        let number = NEXT_THREAD.fetch_add(1, Ordering::Relaxed);
        THREAD.set(Some(number));
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Count;

    #[test]
    fn a_thread_keeps_its_copy_and_another_has_another() {
        let shards = Shards::<Count>::new(SHARDS_MAX);
        let mine = || std::ptr::from_ref(shards.mine()).addr();
        assert_eq!(mine(), mine());
        let others: Vec<usize> =
            (0..8).map(|_| std::thread::scope(|scope| scope.spawn(mine).join().unwrap())).collect();
        assert!(others.iter().any(|other| *other != mine()), "{others:?}");
    }

    #[test]
    fn all_copies_together_have_every_count() {
        let shards = Shards::<Count>::new(2);
        std::thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| shards.mine().one());
            }
        });
        assert_eq!(shards.iter().map(Count::read).sum::<u64>(), 5);
    }

    #[test]
    fn there_is_a_copy_for_each_processor_up_to_the_bound() {
        assert!(shards_here().is_power_of_two() && shards_here() <= SHARDS_MAX);
    }
}
