//! What members saw in the store, and whether it ever went backwards.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A value under the generation that it was stored or read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub key: u32,
    pub epoch: u64,
    pub number: u64,
    pub version: u64,
}

/// All that was seen, by key, epoch and number: the lowest and the highest version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sightings(BTreeMap<(u32, u64), BTreeMap<u64, (u64, u64)>>);

impl Sightings {
    pub fn note(&mut self, seen: Seen) {
        let life = self.0.entry((seen.key, seen.epoch)).or_default();
        let versions = life.entry(seen.number).or_insert((seen.version, seen.version));
        *versions = (versions.0.min(seen.version), versions.1.max(seen.version));
    }

    /// How many different values were seen.
    pub fn count(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// The newest version of a key that was seen.
    pub fn newest(&self, key: u32) -> Option<u64> {
        let lives = self.0.range((key, 0)..=(key, u64::MAX));
        lives.flat_map(|(_, life)| life.values().map(|(_, high)| *high)).max()
    }

    /// Where a later generation of one epoch carries an older version, or one generation two versions.
    pub fn backwards(&self) -> Vec<String> {
        let mut found = Vec::new();
        for ((key, epoch), life) in &self.0 {
            let mut newest = 0;
            for (number, (low, high)) in life {
                if *low < newest || low != high {
                    found.push(format!("key {key}, epoch {epoch:x}, number {number}: {low} to {high} after {newest}"));
                }
                newest = newest.max(*high);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backwards(seen: &[(u64, u64, u64)]) -> usize {
        let mut all = Sightings::default();
        seen.iter().for_each(|(epoch, number, version)| {
            all.note(Seen { key: 1, epoch: *epoch, number: *number, version: *version });
        });
        all.backwards().len()
    }

    #[test]
    fn a_later_generation_with_an_older_version_went_backwards() {
        assert_eq!(backwards(&[(1, 10, 3), (1, 20, 3), (1, 30, 4)]), 0);
        assert_eq!(backwards(&[(1, 20, 3), (1, 10, 4)]), 1);
        assert_eq!(backwards(&[(1, 10, 3), (1, 10, 4)]), 1, "one generation is one load");
        assert_eq!(backwards(&[(1, 10, 4), (2, 20, 3)]), 0, "numbers of different epochs are not compared");
    }
}
