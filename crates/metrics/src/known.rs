//! The jobs that have been seen, found by the address of their name or by the name itself.

use std::sync::{Arc, OnceLock};

use crate::bounded::{Bounded, LABELS_MAX, OTHER};
use crate::job::JobCounts;
use crate::shards::shards_here;

/// Places for addresses. A name may have several, one for each part of the program that the compiler made by itself.
const PLACES: usize = LABELS_MAX * 4;
/// How many places are looked at. An address without a place among them is looked up by its name each time.
const TRIES: usize = 8;

/// The jobs that have been seen, with what was counted for each.
#[derive(Debug)]
pub struct Jobs {
    by_name: Bounded<String, Arc<JobCounts>>,
    by_address: Box<[Place]>,
    shards: usize,
}

type Place = OnceLock<(&'static str, Arc<JobCounts>)>;

impl Jobs {
    /// None yet.
    pub fn new() -> Jobs {
        let by_address = (0..PLACES).map(|_| OnceLock::new()).collect();
        Jobs { by_name: Bounded::new(OTHER.into()), by_address, shards: shards_here() }
    }

    /// A job by a name that lives as long as the program. Allocates at the first sight of it only.
    #[inline]
    pub fn of_static(&self, name: &'static str) -> &JobCounts {
        let home = home(name);
        for at in home..home + TRIES {
            match self.by_address[at % PLACES].get() {
                Some((taken, job)) if std::ptr::eq(*taken, name) => return job,
                Some(_) => {}
                None => return self.settle(name, at % PLACES),
            }
        }
        self.of(name)
    }

    /// A job by its name: as many comparisons as there are jobs.
    pub fn of(&self, name: &str) -> &JobCounts {
        self.shared(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &JobCounts)> {
        self.by_name.iter().map(|(name, job)| (&**name, &**job))
    }

    /// Takes a place for an address. Another that came first keeps it, and this one tries the next at its next sight.
    #[cold]
    fn settle(&self, name: &'static str, at: usize) -> &JobCounts {
        let job = self.shared(name);
        self.by_address[at].get_or_init(|| (name, job.clone()));
        job
    }

    fn shared(&self, name: &str) -> &Arc<JobCounts> {
        self.by_name.find(name, || Arc::new(JobCounts::new(self.shards)))
    }
}

/// Where an address is looked for first.
#[inline]
fn home(name: &'static str) -> usize {
    // Fibonacci hashing: neighbouring addresses are spread by the golden ratio.
    let spread = (name.as_ptr().addr() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (spread >> (u64::BITS - PLACES.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaked(name: &str) -> &'static str {
        Box::leak(name.to_owned().into_boxed_str())
    }

    #[test]
    fn one_name_at_two_addresses_is_one_job() {
        let (one, two) = (leaked("job"), leaked("job"));
        assert!(!std::ptr::eq(one, two));
        let jobs = Jobs::new();
        for _ in 0..2 {
            assert!(std::ptr::eq(jobs.of_static(one), jobs.of_static(two)));
        }
        assert!(std::ptr::eq(jobs.of_static(one), jobs.of("job")));
        assert_eq!(jobs.iter().count(), 1);
    }

    #[test]
    fn names_that_begin_at_one_address_are_told_apart() {
        let whole = leaked("job and more");
        let jobs = Jobs::new();
        assert!(!std::ptr::eq(jobs.of_static(whole), jobs.of_static(&whole[..3])));
        let names: Vec<_> = jobs.iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["job and more", "job"]);
    }

    #[test]
    fn more_addresses_than_places_still_find_their_job() {
        let jobs = Jobs::new();
        let addresses: Vec<_> = (0..PLACES * 2).map(|_| leaked("job")).collect();
        for _ in 0..2 {
            addresses.iter().for_each(|name| jobs.of_static(name).begun.one());
        }
        assert_eq!(jobs.of("job").begun.read(), 4 * PLACES as u64);
        assert_eq!(jobs.iter().count(), 1);
    }
}
