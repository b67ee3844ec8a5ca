//! The generations at which one step outdated.

use std::sync::Arc;

use crate::entry::Generation;

/// One generation for each partition that a step reached, in the order of the partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Generations(Reached);

/// One partition is what nearly every step reaches, and needs no allocation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Reached {
    One([(u32, Generation); 1]),
    Many(Arc<[(u32, Generation)]>),
}

impl Generations {
    /// Of a step that reached one partition.
    pub fn one(partition: u32, generation: Generation) -> Generations {
        Generations(Reached::One([(partition, generation)]))
    }

    /// The generation in a partition, if it was reached.
    pub fn of(&self, partition: u32) -> Option<Generation> {
        let all = self.as_slice();
        all.binary_search_by_key(&partition, |(partition, _)| *partition).ok().map(|at| all[at].1)
    }

    /// All of them, each with its partition.
    pub fn as_slice(&self) -> &[(u32, Generation)] {
        match &self.0 {
            Reached::One(one) => one,
            Reached::Many(many) => many,
        }
    }
}

/// Of several generations in one partition the last that is given counts.
impl FromIterator<(u32, Generation)> for Generations {
    fn from_iter<I: IntoIterator<Item = (u32, Generation)>>(all: I) -> Self {
        let all: std::collections::BTreeMap<u32, Generation> = all.into_iter().collect();
        let all: Vec<_> = all.into_iter().collect();
        match all[..] {
            [one] => Generations(Reached::One([one])),
            _ => Generations(Reached::Many(all.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(number: u64) -> Generation {
        Generation { epoch: 1, number }
    }

    #[test]
    fn each_partition_has_the_generation_that_was_given_last() {
        let given = [(7, generation(1)), (2, generation(2)), (7, generation(3))];
        let generations = Generations::from_iter(given);
        assert_eq!(generations.as_slice(), [(2, generation(2)), (7, generation(3))]);
        assert_eq!([1, 2, 7].map(|at| generations.of(at)), [None, Some(generation(2)), Some(generation(3))]);
    }

    #[test]
    fn one_is_one_however_it_was_made() {
        assert_eq!(Generations::from_iter([(3, generation(5))]), Generations::one(3, generation(5)));
    }
}
