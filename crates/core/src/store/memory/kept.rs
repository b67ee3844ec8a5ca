//! An entry as the memory store keeps it.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::entry::{Described, Description, Entry, Facts, Generation, Tag, Tags, Value, validators_bytes};
use crate::policy::Windows;
use crate::time::Timestamp;
use crate::wire::{ALLOCATION_BYTES, COUNTS_BYTES};

/// An entry, in one pointer: a value that tells all of it, or the whole of it where the value does not.
#[derive(Debug)]
pub(super) struct Kept(Arc<dyn Described>);

/// An entry whose value is encoded, or says nothing of itself, or something else than the entry does.
struct Whole(Entry);

impl Described for Whole {
    fn describe(&self) -> Option<Description<'_>> {
        let Entry { facts, tags, validators, .. } = &self.0;
        Some(Description { facts: *facts, tags, validators: validators.as_ref(), bytes: self.bytes() })
    }
}

impl Whole {
    /// The weight of the value is that of what it shares; the value may be an allocation of its own besides.
    fn bytes(&self) -> u64 {
        let Entry { facts, tags, validators, .. } = &self.0;
        let shared = |bytes: usize| bytes + COUNTS_BYTES + ALLOCATION_BYTES;
        let texts: usize = tags.as_slice().iter().map(|tag| shared(tag.as_str().len()) + size_of_val(tag)).sum();
        let beside = shared(size_of_val(self)) + shared(ALLOCATION_BYTES) + texts;
        u64::from(facts.weight) + (beside + validators.as_ref().map_or(0, validators_bytes)) as u64
    }
}

/// Of a value that said something of itself when it was kept, and says nothing any more: it ended long ago.
const UNTOLD: Description<'static> = Description {
    facts: Facts {
        loaded_at: Timestamp::ZERO,
        generation: Generation { epoch: 0, number: 0 },
        windows: Windows {
            ttl: Duration::ZERO,
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
        },
        load_took: Duration::ZERO,
        absent: false,
        weight: 0,
    },
    tags: &Tags::NONE,
    validators: None,
    bytes: 0,
};

impl Kept {
    /// Keeps an entry under the generation that its load began in.
    pub(super) fn new(mut entry: Entry, generation: Generation) -> Kept {
        entry.facts.generation = generation;
        entry.facts.weight = u32::try_from(weight(&entry)).unwrap_or(u32::MAX);
        match &entry.value {
            Value::Shared(value) if value.describe().is_some_and(|told| tells(&told, &entry)) => Kept(value.clone()),
            _ => Kept(Arc::new(Whole(entry))),
        }
    }

    /// The value again.
    pub(super) fn value(&self) -> Value {
        match self.whole() {
            Some(Whole(entry)) => entry.value.clone(),
            None => Value::Shared(self.0.clone()),
        }
    }

    /// The entry again.
    pub(super) fn entry(&self) -> Entry {
        let Description { facts, tags, validators, .. } = self.told();
        Entry { value: self.value(), facts, tags: tags.clone(), validators: validators.cloned() }
    }

    pub(super) fn facts(&self) -> Facts {
        self.told().facts
    }

    pub(super) fn generation(&self) -> Generation {
        self.facts().generation
    }

    pub(super) fn tags(&self) -> &[Tag] {
        self.told().tags.as_slice()
    }

    /// Moves the moment from which the windows count. Only a fault does so.
    pub(super) fn lengthen(&mut self, now: Timestamp) {
        let mut entry = self.entry();
        entry.facts.loaded_at = now;
        *self = Kept(Arc::new(Whole(entry)));
    }

    /// What it takes in memory, apart from what every record takes.
    pub(super) fn bytes(&self) -> u64 {
        self.told().bytes
    }

    fn told(&self) -> Description<'_> {
        self.0.describe().unwrap_or(UNTOLD)
    }

    fn whole(&self) -> Option<&Whole> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
    }
}

/// Whether a value tells all that its entry says.
fn tells(told: &Description<'_>, entry: &Entry) -> bool {
    told.facts == entry.facts && *told.tags == entry.tags && told.validators == entry.validators.as_ref()
}

/// What a value weighs: as its facts tell, and an encoded one no less than its bytes.
pub(super) fn weight(entry: &Entry) -> u64 {
    let encoded = match &entry.value {
        Value::Encoded(bytes) => bytes.len() as u64,
        Value::Shared(_) => 0,
    };
    encoded.max(entry.facts.weight.into())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use bytes::Bytes;

    use super::*;

    /// A value that tells its facts as long as it may.
    struct Telling(Facts, AtomicBool);

    impl Described for Telling {
        fn describe(&self) -> Option<Description<'_>> {
            let told = Description { facts: self.0, tags: &Tags::NONE, validators: None, bytes: 100 };
            self.1.load(Ordering::Relaxed).then_some(told)
        }
    }

    fn facts() -> Facts {
        let second = Duration::from_secs(1);
        let windows = Windows { ttl: second, stale_while_revalidate: second, stale_if_error: second };
        Facts { loaded_at: Timestamp::from_micros(5), windows, weight: 7, ..UNTOLD.facts }
    }

    fn entry(facts: Facts) -> (Arc<Telling>, Entry) {
        let value = Arc::new(Telling(facts, true.into()));
        (value.clone(), Entry { value: Value::Shared(value), facts, tags: Tags::NONE, validators: None })
    }

    fn is_itself(kept: &Kept, value: &Arc<Telling>) -> bool {
        let value: Arc<dyn Described> = value.clone();
        matches!(kept.value(), Value::Shared(shared) if Arc::ptr_eq(&shared, &value))
    }

    #[test]
    fn a_value_that_tells_its_entry_is_kept_with_nothing_beside_it() {
        let (value, entry) = entry(facts());
        let kept = Kept::new(entry, facts().generation);
        assert!(kept.whole().is_none() && is_itself(&kept, &value));
        assert_eq!((kept.facts(), kept.bytes()), (facts(), 100));
    }

    #[test]
    fn what_an_entry_says_counts_where_its_value_says_something_else() {
        let generation = Generation { epoch: 1, number: 2 };
        for differ in [
            |entry: &mut Entry| entry.facts.windows.ttl *= 2,
            |entry: &mut Entry| entry.tags = Tags::new(vec![Tag::new("t").unwrap()]).unwrap(),
            |entry: &mut Entry| entry.validators = Some(Bytes::from_static(b"v")),
            |_: &mut Entry| {},
        ] {
            let (value, mut entry) = entry(facts());
            differ(&mut entry);
            let kept = Kept::new(entry.clone(), generation);
            assert!(kept.whole().is_some() && is_itself(&kept, &value));
            let again = kept.entry();
            assert_eq!(again.facts, Facts { generation, ..entry.facts });
            assert_eq!((again.tags, again.validators), (entry.tags, entry.validators));
        }
    }

    #[test]
    fn a_value_that_tells_nothing_any_more_ended_long_ago() {
        let (value, entry) = entry(facts());
        let kept = Kept::new(entry, facts().generation);
        value.1.store(false, Ordering::Relaxed);
        assert_eq!(kept.facts().ends_at(), Timestamp::ZERO);
    }
}
