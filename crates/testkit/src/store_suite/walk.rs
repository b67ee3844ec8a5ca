//! The steps that tests take most, in one line each. They panic where the store fails, for that fails the test.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use freshen_core::store::{Asked, Begin, Begun, Committed, Currency, Failure, Lease, Role, Snapshot, Target};
use freshen_core::{Bare, Entry, Facts, Generation, Key, Strength, Tag, Tags, Value, Windows};

use crate::partition::first_partition;
use crate::store_suite::StoreFixture;

/// Units of a lease. An entry is fresh for `TTL` units, then stale for as many, then a fallback for as many.
pub(crate) const LEASE: u32 = 5;
pub(crate) const TTL: u32 = 10;

pub(crate) fn key(name: &str) -> Key {
    key_in("suite", name)
}

pub(crate) fn key_in(namespace: &str, name: &str) -> Key {
    first_partition(|salt| Key::new(namespace, "job", &(name, salt)))
}

pub(crate) fn tag(name: &str) -> Tag {
    Tag::new(name).expect("a test's tag is within its bounds")
}

pub(crate) fn by_tag(name: &str) -> Target {
    Target::Tag(tag(name))
}

pub(crate) fn by_key(key: &Key) -> Target {
    Target::Key(key.clone())
}

pub(crate) fn by_namespace(name: &str) -> Target {
    Target::Namespace(name.into())
}

impl StoreFixture {
    pub(crate) fn windows(&self) -> Windows {
        let span = self.span(TTL);
        Windows { ttl: span, stale_while_revalidate: span, stale_if_error: span }
    }

    pub(crate) fn value(&self, text: &str) -> Value {
        if self.store.traits().shares_values {
            Value::Shared(Arc::new(Bare(text.to_owned())))
        } else {
            Value::Encoded(Bytes::copy_from_slice(text.as_bytes()))
        }
    }

    pub(crate) fn entry(&self, lease: &Lease, text: &str) -> Entry {
        let facts = Facts {
            loaded_at: lease.begun_at,
            generation: lease.generation,
            windows: self.windows(),
            load_took: Duration::from_millis(7),
            absent: false,
            weight: u32::try_from(text.len()).expect("a test's value is short"),
        };
        Entry { value: self.value(text), facts, tags: Tags::NONE, validators: None }
    }

    pub(crate) fn tagged(&self, lease: &Lease, text: &str, tags: &[&str]) -> Entry {
        let tags = Tags::new(tags.iter().map(|name| tag(name)).collect()).expect("a test's tags are few");
        Entry { tags, ..self.entry(lease, text) }
    }

    pub(crate) async fn read_all(&self, keys: &[Key]) -> Vec<Snapshot> {
        self.store.read(keys).await.into_iter().collect::<Result<_, _>>().expect("read")
    }

    pub(crate) async fn read(&self, key: &Key) -> Snapshot {
        let mut found = self.read_all(std::slice::from_ref(key)).await;
        assert_eq!(found.len(), 1, "one answer per key");
        found.remove(0)
    }

    /// What a reader is given: the value's text and whether it is current.
    pub(crate) async fn shown(&self, key: &Key) -> Option<(String, Currency)> {
        let found = self.read(key).await;
        found.entry.map(|entry| (text(&entry.value), found.currency))
    }

    pub(crate) async fn begin_with(&self, key: &Key, request: Begin) -> Begun {
        self.store.begin(key, request).await.expect("begin")
    }

    pub(crate) async fn begin(&self, key: &Key, role: Role) -> Begun {
        self.begin_with(key, self.request(role)).await
    }

    pub(crate) fn request(&self, role: Role) -> Begin {
        Begin { role, lease: self.span(LEASE), at_least: None, heeds_backoff: false }
    }

    pub(crate) fn task(&self) -> Role {
        Role::Task { deadline: self.span(TTL) }
    }

    pub(crate) async fn grant_to(&self, key: &Key, role: Role) -> Lease {
        granted(self.begin(key, role).await)
    }

    pub(crate) async fn grant(&self, key: &Key) -> Lease {
        self.grant_to(key, Role::Foreground).await
    }

    pub(crate) async fn commit_entry(&self, key: &Key, lease: &Lease, entry: Entry) -> Committed {
        self.store.commit(key, lease, entry).await.expect("commit")
    }

    pub(crate) async fn commit(&self, key: &Key, lease: &Lease, text: &str) -> Committed {
        self.commit_entry(key, lease, self.entry(lease, text)).await
    }

    /// Loads a value and stores it; gives the lease it was loaded under.
    pub(crate) async fn fill(&self, key: &Key, text: &str) -> Lease {
        self.fill_tagged(key, text, &[]).await
    }

    pub(crate) async fn fill_tagged(&self, key: &Key, text: &str, tags: &[&str]) -> Lease {
        let lease = self.grant(key).await;
        let entry = self.tagged(&lease, text, tags);
        assert_eq!(self.commit_entry(key, &lease, entry).await, Committed::Stored);
        lease
    }

    pub(crate) async fn ask(&self, key: &Key) -> Asked {
        self.store.ask(key, self.span(TTL), None).await.expect("ask")
    }

    pub(crate) async fn fail(&self, key: &Key, lease: &Lease, units: u32) {
        let failure = Failure::failed(self.span(units), "source down");
        self.store.fail(key, lease, failure).await.expect("fail");
    }

    pub(crate) async fn invalidate(&self, target: Target, strength: Strength) -> Generation {
        let reached = self.store.invalidate(&[target], strength).await.expect("invalidate");
        reached.of(0).expect("the partition of the tests' keys was reached")
    }

    pub(crate) fn has_marks(&self) -> bool {
        self.store.traits().marks
    }

    /// All ways to invalidate an entry of `key` that has the tag `name`.
    pub(crate) fn targets(&self, key: &Key, name: &str) -> Vec<Target> {
        let mut targets = vec![by_key(key)];
        if self.has_marks() {
            targets.extend([by_tag(name), by_namespace(key.namespace())]);
        }
        targets
    }
}

pub(crate) fn granted(begun: Begun) -> Lease {
    match begun {
        Begun::Granted(lease) => lease,
        other => panic!("not granted: {other:?}"),
    }
}

pub(crate) fn is_busy(begun: &Begun) -> bool {
    matches!(begun, Begun::Busy { .. })
}

pub(crate) fn again(committed: Committed) -> Lease {
    match committed {
        Committed::Invalidated(lease) => lease,
        other => panic!("not invalidated: {other:?}"),
    }
}

pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Encoded(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Shared(shared) => {
            let any: &dyn Any = &**shared;
            any.downcast_ref::<Bare<String>>().expect("a test's value is a text").0.clone()
        }
    }
}

/// What [`StoreFixture::shown`] gives of a current value.
pub(crate) fn current(text: &str) -> Option<(String, Currency)> {
    Some((text.to_owned(), Currency::Current))
}

/// What [`StoreFixture::shown`] gives of a value that was outdated softly.
pub(crate) fn stale(text: &str) -> Option<(String, Currency)> {
    Some((text.to_owned(), Currency::OutdatedSoft))
}
