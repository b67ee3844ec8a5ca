//! Outdating: keys where they lie, tags and namespaces in every partition.

use std::collections::BTreeMap;

use freshen_core::store::{Generations, Scope, Target};
use freshen_core::{Generation, Key, Strength};
use futures_util::{StreamExt, stream};

use crate::link::LinkError;
use crate::store::Shared;
use crate::store::answer::Answer;
use crate::store::marks::field_of;

/// Most targets of one script: a server does nothing else meanwhile.
const TARGETS_MOST: usize = 256;
/// How many partitions are told at a time.
pub(crate) const AT_ONCE: usize = 32;

/// What one script outdates.
#[derive(Default)]
struct Part<'a> {
    keys: Vec<&'a Key>,
    marks: Vec<String>,
}

impl Shared {
    /// Outdates what the targets cover; answers when every partition that they reach has it.
    pub(super) async fn invalidate(&self, targets: &[Target], strength: Strength) -> Result<Generations, LinkError> {
        let mut told = Vec::new();
        for targets in targets.chunks(TARGETS_MOST) {
            told.extend(self.parts(targets).into_iter().map(|(partition, part)| self.tell(partition, part, strength)));
        }
        let told: Vec<_> = stream::iter(told).buffer_unordered(AT_ONCE).collect().await;
        let (mut reached, mut failed) = (BTreeMap::<u32, Generation>::new(), BTreeMap::new());
        for (partition, outcome) in told {
            match outcome {
                Ok(generation) => {
                    let last = reached.entry(partition).or_insert(generation);
                    *last = later(*last, generation);
                }
                Err(error) => drop(failed.insert(partition, error)),
            }
        }
        let partitions = failed.keys().copied().collect();
        match failed.into_values().next() {
            None => Ok(reached.into_iter().collect()),
            Some(first) => Err(LinkError::Partly { partitions, first: Box::new(first) }),
        }
    }

    /// What each partition has to be told of.
    fn parts<'a>(&self, targets: &'a [Target]) -> BTreeMap<u32, Part<'a>> {
        let mut parts = BTreeMap::<u32, Part<'a>>::new();
        for target in targets {
            let scope = match target {
                Target::Key(key) => {
                    parts.entry(self.partition(key)).or_default().keys.push(key);
                    continue;
                }
                Target::Tag(tag) => Scope::Tag(tag.clone()),
                Target::Namespace(name) => Scope::Namespace(name.clone()),
            };
            for partition in 0..self.partitions.count() {
                parts.entry(partition).or_default().marks.push(field_of(&scope));
            }
        }
        parts
    }

    async fn tell(&self, partition: u32, part: Part<'_>, strength: Strength) -> (u32, Result<Generation, LinkError>) {
        (partition, self.outdate(partition, &part, strength).await)
    }

    /// Tells one partition. Doing it twice only outdates what came between.
    async fn outdate(&self, partition: u32, part: &Part<'_>, strength: Strength) -> Result<Generation, LinkError> {
        let records: Vec<String> = part.keys.iter().map(|key| self.record(key)).collect();
        let records: Vec<&[u8]> = records.iter().map(String::as_bytes).collect();
        let strength: &[u8] = match strength {
            Strength::Soft => b"1",
            Strength::Hard => b"2",
        };
        let count = part.keys.len().to_string();
        let mut arguments: Vec<&[u8]> = vec![b"", b"", strength, count.as_bytes()];
        arguments.extend(part.keys.iter().map(|key| key.as_bytes()));
        arguments.extend(part.marks.iter().map(String::as_bytes));
        let step = self.partitions.heard_step(partition, &self.partitions.scripts.invalidate, &records, &arguments);
        Answer::new(step.await?).generation()
    }

    /// Deletes the record of a key.
    pub(super) async fn remove(&self, key: &Key) -> Result<Generation, LinkError> {
        let (record, script) = (self.record(key), &self.partitions.scripts.remove);
        let arguments = [key.as_bytes(), key.namespace().as_bytes()];
        let records = [record.as_bytes()];
        let step = self.partitions.heard_step(self.partition(key), script, &records, &arguments);
        Answer::new(step.await?).generation()
    }
}

/// Of two generations of one partition the one that counts: what carries another epoch than the newest is outdated anyway.
fn later(one: Generation, other: Generation) -> Generation {
    if one.number >= other.number { one } else { other }
}
