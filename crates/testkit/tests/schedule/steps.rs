//! What may happen to a store, at random.

use proptest::prelude::*;

/// What happens; numbers choose among what there is.
#[derive(Clone, Debug)]
pub enum Step {
    Ask { key: usize, deadline: u64, seen: Option<usize> },
    Unask { key: usize },
    Begin { key: usize, role: u8, lease: u64, seen: Option<usize>, heeds: bool },
    Commit { lease: usize, ttl: u64, stale: u64, tag: usize },
    Fail { lease: usize, pause: Option<u64> },
    Renew { lease: usize, span: u64 },
    InvalidateKey { key: usize, hard: bool },
    InvalidateTag { tag: usize, hard: bool },
    InvalidateAll { hard: bool },
    Remove { key: usize },
    Evict { key: usize },
    LoseClock,
    Advance { by: u64 },
    SetBack { by: u64 },
}

pub const KEYS: usize = 2;
pub const TAGS: usize = 2;
pub const NAMESPACE: &str = "reference";

/// Schedules of up to 60 steps.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let seen = || proptest::option::of(0..4usize);
    let step = prop_oneof![
        3 => (0..KEYS, 1..6u64, seen()).prop_map(|(key, deadline, seen)| Step::Ask { key, deadline, seen }),
        1 => (0..KEYS).prop_map(|key| Step::Unask { key }),
        8 => (0..KEYS, 0..5u8, 1..6u64, seen(), any::<bool>())
            .prop_map(|(key, role, lease, seen, heeds)| Step::Begin { key, role, lease, seen, heeds }),
        8 => (0..4usize, 0..6u64, 0..9u64, 0..TAGS)
            .prop_map(|(lease, ttl, stale, tag)| Step::Commit { lease, ttl, stale, tag }),
        2 => (0..4usize, proptest::option::of(0..5u64)).prop_map(|(lease, pause)| Step::Fail { lease, pause }),
        2 => (0..4usize, 0..6u64).prop_map(|(lease, span)| Step::Renew { lease, span }),
        3 => (0..KEYS, any::<bool>()).prop_map(|(key, hard)| Step::InvalidateKey { key, hard }),
        3 => (0..TAGS, any::<bool>()).prop_map(|(tag, hard)| Step::InvalidateTag { tag, hard }),
        1 => any::<bool>().prop_map(|hard| Step::InvalidateAll { hard }),
        1 => (0..KEYS).prop_map(|key| Step::Remove { key }),
        1 => (0..KEYS).prop_map(|key| Step::Evict { key }),
        1 => Just(Step::LoseClock),
        4 => (1..4u64).prop_map(|by| Step::Advance { by }),
        1 => (1..4u64).prop_map(|by| Step::SetBack { by }),
    ];
    proptest::collection::vec(step, 1..60)
}
