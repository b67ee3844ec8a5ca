//! An entry as the memory store keeps it: the same facts in fewer bytes, because every record pays for them.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::entry::{Entry, Facts, Generation, Tag, Tags, Value};
use crate::policy::Windows;
use crate::time::Timestamp;

/// An entry. Spans are kept in whole microseconds, cut off, so that nothing lives longer than it was told.
#[derive(Debug)]
pub(super) struct Kept {
    value: KeptValue,
    loaded_at: Timestamp,
    generation: Generation,
    ttl_micros: u64,
    stale_while_revalidate_micros: u64,
    stale_if_error_micros: u64,
    /// At most 71 minutes are told apart.
    load_took_micros: u32,
    weight: u32,
    tags: Tags,
    validators: Option<Box<Bytes>>,
    absent: bool,
}

/// A value in 16 bytes; the rarer kind pays for an allocation.
#[derive(Debug)]
enum KeptValue {
    Shared(Arc<dyn Any + Send + Sync>),
    Encoded(Box<Bytes>),
}

impl Kept {
    /// Keeps an entry under the generation that its load began in.
    pub(super) fn new(entry: Entry, generation: Generation) -> Kept {
        let weight = weight(&entry);
        let Entry { value, facts, tags, validators } = entry;
        Kept {
            value: match value {
                Value::Shared(value) => KeptValue::Shared(value),
                Value::Encoded(bytes) => KeptValue::Encoded(Box::new(bytes)),
            },
            loaded_at: facts.loaded_at,
            generation,
            ttl_micros: micros(facts.windows.ttl),
            stale_while_revalidate_micros: micros(facts.windows.stale_while_revalidate),
            load_took_micros: u32::try_from(facts.load_took.as_micros()).unwrap_or(u32::MAX),
            weight: u32::try_from(weight).unwrap_or(u32::MAX),
            stale_if_error_micros: micros(facts.windows.stale_if_error),
            tags,
            validators: validators.map(Box::new),
            absent: facts.absent,
        }
    }

    /// The value again.
    pub(super) fn value(&self) -> Value {
        match &self.value {
            KeptValue::Shared(value) => Value::Shared(value.clone()),
            KeptValue::Encoded(bytes) => Value::Encoded(Bytes::clone(bytes)),
        }
    }

    /// The entry again.
    pub(super) fn entry(&self) -> Entry {
        Entry {
            value: self.value(),
            facts: self.facts(),
            tags: self.tags.clone(),
            validators: self.validators.as_deref().cloned(),
        }
    }

    pub(super) fn facts(&self) -> Facts {
        Facts {
            loaded_at: self.loaded_at,
            generation: self.generation,
            windows: Windows {
                ttl: Duration::from_micros(self.ttl_micros),
                stale_while_revalidate: Duration::from_micros(self.stale_while_revalidate_micros),
                stale_if_error: Duration::from_micros(self.stale_if_error_micros),
            },
            load_took: Duration::from_micros(self.load_took_micros.into()),
            absent: self.absent,
            weight: self.weight,
        }
    }

    pub(super) fn generation(&self) -> Generation {
        self.generation
    }

    pub(super) fn tags(&self) -> &[Tag] {
        self.tags.as_slice()
    }

    /// Moves the moment from which the windows count. Only a fault does so.
    pub(super) fn lengthen(&mut self, now: Timestamp) {
        self.loaded_at = now;
    }

    /// What it takes in memory, apart from what every record takes.
    pub(super) fn bytes(&self) -> u64 {
        let tags: usize = self.tags.as_slice().iter().map(|tag| tag.as_str().len() + size_of::<Tag>()).sum();
        let validators = self.validators.as_ref().map_or(0, |bytes| bytes.len() + size_of::<Bytes>());
        u64::from(self.weight) + (tags + validators) as u64
    }
}

/// What a value weighs: as its facts tell, and an encoded one no less than its bytes.
pub(super) fn weight(entry: &Entry) -> u64 {
    let encoded = match &entry.value {
        Value::Encoded(bytes) => bytes.len() as u64,
        Value::Shared(_) => 0,
    };
    encoded.max(entry.facts.weight.into())
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
