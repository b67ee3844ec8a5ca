//! Many requests at once, shared among processes.

use std::time::Duration;

use crate::demo::order::Share;
use crate::demo::place::Place;

/// How many requests at once were answered, and where.
#[derive(Debug, Default)]
pub struct Crowd {
    pub share: Share,
    /// How many each process answered.
    pub by: Vec<(Place, usize)>,
    /// As whoever asked saw it: those that were asked again waited for both.
    pub longest_wait: Duration,
    /// How many were asked again of another, because the process that had them did not answer.
    pub again: usize,
}

impl Crowd {
    /// A process has answered so many, the last of them after so long.
    pub fn add(&mut self, place: Place, callers: usize, waited: Duration) {
        self.longest_wait = self.longest_wait.max(waited);
        match self.by.iter_mut().find(|(by, _)| *by == place) {
            Some((_, all)) => *all += callers,
            None => self.by.push((place, callers)),
        }
    }
}

/// As even as it goes.
pub fn shares(callers: usize, among: usize) -> impl Iterator<Item = usize> {
    (0..among).map(move |n| callers / among + usize::from(n < callers % among))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_shared_evenly_and_none_is_lost() {
        for (callers, among, expected) in [(200, 2, &[100, 100][..]), (7, 2, &[4, 3]), (1, 2, &[1, 0]), (5, 1, &[5])] {
            assert_eq!(shares(callers, among).collect::<Vec<_>>(), expected);
        }
    }
}
