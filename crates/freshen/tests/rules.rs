//! What the macros refuse of a policy while compiling is what the library refuses when a cache is built, in the same words.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[path = "../../macros/src/rules.rs"]
mod rules;

use std::time::Duration;

use freshen::queue::MemoryQueue;
use freshen::{Cache, Clock, JOB_NAME_BYTES_MAX, Key, NAMESPACE_BYTES_MAX, Policy, PolicyBuilder, TAG_BYTES_MAX, Tag};
use rules::Known;

const YEAR: u64 = 365 * 24 * 3600;

/// One field, told to both.
type Change = (&'static str, fn(&mut Known), fn(PolicyBuilder) -> PolicyBuilder);

macro_rules! duration {
    ($field:ident, $seconds:expr) => {
        (
            concat!(stringify!($field), " = ", stringify!($seconds)),
            |known| known.$field = Some(Duration::from_secs($seconds)),
            |builder| builder.$field(Duration::from_secs($seconds)),
        )
    };
}

macro_rules! number {
    ($field:ident, $number:expr) => {
        (
            concat!(stringify!($field), " = ", stringify!($number)),
            |known| known.$field = Some($number),
            |builder| builder.$field($number),
        )
    };
}

macro_rules! backoff {
    ($first:expr, $longest:expr) => {
        (
            concat!("backoff = ", stringify!($first), " ", stringify!($longest)),
            |known| {
                known.first_pause = Some(Duration::from_secs($first));
                known.longest_pause = Some(Duration::from_secs($longest));
            },
            |builder| builder.backoff(Duration::from_secs($first), Duration::from_secs($longest)),
        )
    };
}

const CHANGES: [Change; 41] = [
    ("nothing", |_| {}, |builder| builder),
    duration!(ttl, 0),
    duration!(ttl, 1),
    duration!(ttl, 10 * YEAR),
    duration!(ttl, 10 * YEAR + 1),
    duration!(ttl, u64::MAX),
    duration!(stale_while_revalidate, 0),
    duration!(stale_while_revalidate, 10 * YEAR - 600),
    duration!(stale_while_revalidate, 10 * YEAR - 599),
    duration!(stale_while_revalidate, u64::MAX),
    duration!(stale_if_error, 0),
    duration!(stale_if_error, 9 * YEAR),
    duration!(stale_if_error, 10 * YEAR),
    duration!(lease, 0),
    duration!(lease, 50),
    duration!(lease, 51),
    duration!(lease, 5),
    ("renewing_lease", |known| known.renews = Some(true), PolicyBuilder::renewing_lease),
    duration!(load_timeout, 0),
    duration!(load_timeout, 59),
    duration!(load_timeout, 60),
    duration!(load_timeout, 600),
    duration!(soft_timeout, 0),
    duration!(soft_timeout, 50),
    duration!(soft_timeout, 51),
    number!(jitter, 0.0),
    number!(jitter, 0.5),
    number!(jitter, 0.51),
    number!(jitter, -0.1),
    number!(jitter, f64::NAN),
    ("early_refresh = 1", |known| known.early_refresh = Some(1.0), |builder| builder.early_refresh(1.0)),
    number!(early_refresh, 0.0),
    number!(early_refresh, -1.0),
    number!(early_refresh, f64::INFINITY),
    duration!(negative_ttl, 0),
    duration!(negative_ttl, 1),
    backoff!(0, 1),
    backoff!(2, 1),
    backoff!(2, 2),
    number!(attempts, 0),
    number!(attempts, 1),
];

#[test]
fn both_refuse_the_same_policies_in_the_same_words() {
    let mut refused = 0;
    for (one, know, build) in CHANGES {
        for (other, know_too, build_too) in CHANGES {
            let mut known = Known::default();
            know(&mut known);
            know_too(&mut known);
            let early = known.fault().map(|(field, reason)| format!("policy: {field} {reason}"));
            let late = build_too(build(Policy::builder())).build().err().map(|error| error.to_string());
            assert_eq!(early, late, "{one}, {other}");
            refused += usize::from(late.is_some());
        }
    }
    assert!(refused > CHANGES.len() && refused < CHANGES.len() * CHANGES.len() * 9 / 10, "{refused}");
}

/// An expression may be anything: only what is wrong whatever it is may be refused.
#[test]
fn what_is_not_known_is_not_refused() {
    let tight = || Known { load_timeout: Some(Duration::from_secs(70)), ..Known::default() };
    assert!(tight().fault().is_some());
    assert_eq!(Known { lease: None, ..tight() }.fault(), None);
    assert_eq!(Known { renews: None, ..tight() }.fault(), None);
    let long = Known { ttl: None, stale_if_error: Some(Duration::from_secs(11 * YEAR)), ..Known::default() };
    assert!(long.fault().is_some());
}

/// Whether the library builds a cache over a queue of this name.
async fn is_taken(name: &str) -> bool {
    let queue = MemoryQueue::builder(Clock::runtime()).build().unwrap();
    Cache::builder().queue_named(name, queue).build().await.is_ok()
}

#[tokio::test]
async fn both_take_the_same_names_of_queues() {
    let (longest, too_long) = ("q".repeat(64), "q".repeat(65));
    for name in ["slow", "a-b_9", "-", "0", &longest] {
        assert!(rules::queue_fault(name).is_none() && is_taken(name).await, "{name}");
    }
    for name in ["", "Slow", "a b", "ü", "a.b", "a/b", &too_long] {
        assert!(rules::queue_fault(name).is_some() && !is_taken(name).await, "{name}");
    }
    assert_eq!(rules::QUEUE_NAME_BYTES_MAX, freshen::queue::QUEUE_NAME_BYTES_MAX);
}

#[test]
fn both_bound_names_alike() {
    for bytes in [0, 1, 64, 65, 128, 129, 256, 257] {
        let name = "n".repeat(bytes);
        let wrong = |what, most| rules::name_fault(what, bytes, most).map(|fault| format!("key: {fault}"));
        let refused = |namespace, job| Key::new(namespace, job, &()).err().map(|error| error.to_string());
        assert_eq!(wrong("job name", rules::NAME_BYTES_MAX), refused("n", &name));
        assert_eq!(wrong("namespace", rules::NAMESPACE_BYTES_MAX), refused(&name, "n"));
        assert_eq!(rules::name_fault("tag", bytes, rules::TAG_BYTES_MAX).is_some(), Tag::new(&name).is_err());
    }
    let ours = (rules::NAME_BYTES_MAX, rules::NAMESPACE_BYTES_MAX, rules::TAG_BYTES_MAX);
    assert_eq!(ours, (JOB_NAME_BYTES_MAX, NAMESPACE_BYTES_MAX, TAG_BYTES_MAX));
}
