//! A partition's clock and marks, as a reader asks for them.

use std::collections::BTreeMap;

use freshen_core::store::{Currency, Mark, Marks, Scope};
use freshen_core::{Generation, Key, Strength, Tag, Tags};
use redis::{Pipeline, Value};

use crate::link::LinkError;
use crate::store::answered::Answered;

/// The marks that are wanted, and what was answered of them.
pub(super) struct Read {
    epoch: Option<u64>,
    floor: Mark,
    /// Few, mostly one.
    namespaces: Vec<(Box<str>, Mark)>,
    tags: BTreeMap<Tag, Mark>,
    lost: Strength,
}

impl Read {
    /// Nothing is wanted yet. What is damaged reads as `lost` says.
    pub(super) fn new(lost: Strength) -> Read {
        Read { epoch: None, floor: Mark::default(), namespaces: Vec::new(), tags: BTreeMap::new(), lost }
    }

    /// Wants the marks of a key's namespace and of its tags. `true`: not all of them were wanted before.
    pub(super) fn want(&mut self, key: &Key, tags: Option<&Tags>) -> bool {
        let before = self.namespaces.len() + self.tags.len();
        if self.of_namespace(key.namespace()).is_none() {
            self.namespaces.push((key.namespace().into(), Mark::default()));
        }
        for tag in tags.map_or(&[][..], Tags::as_slice) {
            if !self.tags.contains_key(tag) {
                self.tags.insert(tag.clone(), Mark::default());
            }
        }
        self.namespaces.len() + self.tags.len() > before
    }

    /// Adds the question.
    pub(super) fn add_to(&self, pipeline: &mut Pipeline, state: &str) {
        let question = pipeline.cmd("HMGET").arg(state).arg(&["e", "l", "s", "h"]);
        for (name, _) in &self.namespaces {
            question.arg(namespace_field(name));
        }
        for tag in self.tags.keys() {
            question.arg(tag_field(tag));
        }
    }

    /// Takes the answer. What was answered before is forgotten: floor and marks count only as they were at one time.
    pub(super) fn answer(&mut self, from: &Answered, answer: Value) -> Result<(), LinkError> {
        let Value::Array(fields) = answer else {
            return Err(LinkError::unexpected(from.address(), "a partition's clock", &answer));
        };
        let mut fields = fields.into_iter();
        let mut next = || fields.next().unwrap_or_default();
        // A clock that is damaged is as good as lost: the next script makes it anew.
        let epoch = text(&next()).and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let ticks = [tick(&next()), tick(&next()), tick(&next())];
        let [Some(last), Some(soft), Some(hard)] = ticks else {
            self.epoch = None;
            return Ok(());
        };
        (self.epoch, self.floor) = (epoch, Mark { soft, hard });
        let namespaces = self.namespaces.iter_mut().map(|(_, mark)| mark);
        for mark in namespaces.chain(self.tags.values_mut()) {
            *mark = match next() {
                Value::Nil => Mark::default(),
                // What no clock can have written counts as the newest there can be, as in the scripts.
                found => text(&found)
                    .and_then(mark_of)
                    .filter(|mark| mark.newest() <= last)
                    .unwrap_or_else(|| Mark::of(self.lost, last)),
            };
        }
        Ok(())
    }

    /// Whether the partition had a clock.
    pub(super) fn has_clock(&self) -> bool {
        self.epoch.is_some()
    }

    /// The marks of these scopes, each joined with the floor; the namespace's first.
    pub(super) fn of(&self, key: &Key, tags: &[Tag]) -> Vec<(Scope, Mark)> {
        let joined = |mark: Option<Mark>| self.floor.join(mark.unwrap_or_default());
        let mut marks = Vec::with_capacity(1 + tags.len());
        let namespace = key.namespace();
        marks.push((Scope::Namespace(namespace.into()), joined(self.of_namespace(namespace))));
        marks.extend(tags.iter().map(|tag| (Scope::Tag(tag.clone()), joined(self.tags.get(tag).copied()))));
        marks
    }

    fn of_namespace(&self, wanted: &str) -> Option<Mark> {
        self.namespaces.iter().find(|(name, _)| **name == *wanted).map(|(_, mark)| *mark)
    }

    /// The newest of such marks.
    pub(super) fn newest(&self, marks: &[(Scope, Mark)]) -> Option<Generation> {
        let number = marks.iter().map(|(_, mark)| mark.newest()).max().unwrap_or_default();
        self.epoch.map(|epoch| Generation { epoch, number })
    }

    /// How a generation stands under such marks.
    pub(super) fn judge(&self, marks: &[(Scope, Mark)], generation: Generation, lost: Strength) -> Currency {
        let mark = marks.iter().fold(self.floor, |joined, (_, mark)| joined.join(*mark));
        self.epoch.map_or(lost.into(), |epoch| Marks { epoch, mark, lost }.judge(generation))
    }
}

/// The field of the partition's state that holds a scope's mark.
pub(super) fn field_of(scope: &Scope) -> String {
    match scope {
        Scope::Tag(tag) => tag_field(tag),
        Scope::Namespace(name) => namespace_field(name),
    }
}

fn tag_field(tag: &Tag) -> String {
    ["t:", tag.as_str()].concat()
}

fn namespace_field(name: &str) -> String {
    ["n:", name].concat()
}

/// A mark as it lies in the state.
pub(super) fn mark_of(found: &str) -> Option<Mark> {
    let (soft, hard) = found.split_once(' ')?;
    Some(Mark { soft: soft.parse().ok()?, hard: hard.parse().ok()? })
}

/// A tick of the state; 0, if it is not there. `None`: it is damaged.
fn tick(found: &Value) -> Option<u64> {
    if *found == Value::Nil { Some(0) } else { text(found)?.parse().ok() }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}
