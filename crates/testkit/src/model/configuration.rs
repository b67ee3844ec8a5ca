//! Bounded worlds: which parts are there, and how often each thing may happen in them.

use super::state::Method;

/// How often each event may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    pub writes: u8,
    pub kills: u8,
    pub failures: u8,
    /// Leases that expire under a holder who lives.
    pub lapses: u8,
    pub marker_lapses: u8,
    /// Entries whose ttl ends.
    pub ends: u8,
    pub evictions: u8,
    pub dropped_marks: u8,
    pub lost_shards: u8,
    pub lost_clocks: u8,
    pub lost_messages: u8,
    pub lost_tasks: u8,
    pub repeats: u8,
    /// Near bounds that pass.
    pub ticks: u8,
}

const NOTHING: Budget = Budget {
    writes: 0,
    kills: 0,
    failures: 0,
    lapses: 0,
    marker_lapses: 0,
    ends: 0,
    evictions: 0,
    dropped_marks: 0,
    lost_shards: 0,
    lost_clocks: 0,
    lost_messages: 0,
    lost_tasks: 0,
    repeats: 0,
    ticks: 0,
};

/// One bounded world.
#[derive(Clone, Copy, Debug)]
pub struct Configuration {
    /// What it is about.
    pub name: &'static str,
    /// Too large for every day.
    pub long: bool,
    /// Whether record and marks are one, so that ask, begin and commit see the marks; else callers bring them.
    pub(super) sees_marks: bool,
    pub(super) near: bool,
    pub(super) readers: u8,
    pub(super) writers: u8,
    pub(super) workers: u8,
    pub(super) methods: &'static [Method],
    /// Whether a reader with something stale loads here and keeps it as the fallback, instead of asking for a task.
    pub(super) loads_stale: bool,
    /// Whether more callers join a flight.
    pub(super) followers: bool,
    /// Whether an invalidation ticks in one step and marks in the next.
    pub(super) split: bool,
    /// Whether an invalidation marks with the last tick instead of a new one, which `>=` allows.
    pub(super) equal_ticks: bool,
    /// Whether it starts with an entry.
    pub(super) warm: bool,
    pub(super) budget: Budget,
}

impl Configuration {
    /// Lost marks are hard exactly where hard invalidation by tag is in use.
    pub(super) fn lost_is_hard(&self) -> bool {
        self.methods.contains(&Method::TagHard)
    }

    /// All configurations.
    pub fn all() -> &'static [Configuration] {
        ALL
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Configuration> {
        ALL.iter().find(|configuration| configuration.name == name)
    }
}

const PLAIN: Configuration = Configuration {
    name: "",
    long: false,
    sees_marks: true,
    near: false,
    readers: 1,
    writers: 1,
    workers: 1,
    methods: &[Method::TagSoft],
    loads_stale: false,
    followers: false,
    split: false,
    equal_ticks: false,
    warm: true,
    budget: NOTHING,
};

/// One reader with near tier, no worker.
const NEAR: Configuration = Configuration { near: true, readers: 1, writers: 2, workers: 0, ..PLAIN };

const TAGS: &[Method] = &[Method::TagSoft, Method::TagHard];
const KEYS: &[Method] = &[Method::KeySoft, Method::KeyHard];
const KEY_AND_TAG: &[Method] = &[Method::KeySoft, Method::TagSoft];

const ALL: &[Configuration] = &[
    Configuration {
        name: "invalidation by key",
        methods: KEYS,
        readers: 2,
        budget: Budget { writes: 2, lapses: 1, evictions: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "invalidation by tag",
        methods: TAGS,
        readers: 2,
        budget: Budget { writes: 2, lapses: 1, dropped_marks: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "marks elsewhere",
        sees_marks: false,
        methods: TAGS,
        budget: Budget { writes: 2, lapses: 1, dropped_marks: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "lost shard",
        methods: TAGS,
        budget: Budget { writes: 2, lost_shards: 2, kills: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "lost shard, marks elsewhere",
        sees_marks: false,
        methods: TAGS,
        budget: Budget { writes: 2, lost_shards: 2, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "lost clock",
        methods: TAGS,
        readers: 2,
        budget: Budget { writes: 2, lost_clocks: 1, lapses: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "two writers, tick apart from mark",
        writers: 2,
        split: true,
        methods: TAGS,
        budget: Budget { writes: 2, ends: 1, lost_shards: 1, dropped_marks: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "equal ticks",
        equal_ticks: true,
        methods: TAGS,
        budget: Budget { writes: 2, lapses: 1, kills: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "put and remove",
        writers: 2,
        methods: &[Method::KeySoft, Method::TagSoft, Method::Put, Method::Remove],
        budget: Budget { writes: 2, lapses: 1, kills: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "cold start",
        warm: false,
        methods: &[Method::KeyHard, Method::TagHard, Method::Put],
        readers: 2,
        budget: Budget { writes: 2, failures: 1, evictions: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "tasks lost and repeated",
        workers: 2,
        methods: KEY_AND_TAG,
        budget: Budget { writes: 1, kills: 1, lost_tasks: 1, repeats: 1, marker_lapses: 1, lapses: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "tasks put back",
        methods: &[Method::TagSoft, Method::Put],
        loads_stale: true,
        readers: 2,
        budget: Budget { writes: 2, kills: 1, failures: 1, lapses: 1, ends: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "tasks, marks elsewhere",
        sees_marks: false,
        methods: KEY_AND_TAG,
        budget: Budget { writes: 2, kills: 1, lapses: 1, evictions: 1, marker_lapses: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "tasks, marks elsewhere, everything",
        long: true,
        sees_marks: false,
        methods: KEY_AND_TAG,
        budget: Budget {
            writes: 2,
            kills: 1,
            failures: 1,
            marker_lapses: 1,
            lapses: 1,
            evictions: 1,
            ends: 1,
            ..NOTHING
        },
        ..PLAIN
    },
    Configuration {
        name: "fallback",
        workers: 0,
        loads_stale: true,
        methods: &[Method::KeyHard, Method::TagHard, Method::TagSoft],
        readers: 2,
        budget: Budget { writes: 2, failures: 2, ends: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "followers",
        workers: 0,
        followers: true,
        loads_stale: true,
        methods: TAGS,
        readers: 2,
        budget: Budget { writes: 2, ends: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "followers, marks elsewhere",
        sees_marks: false,
        workers: 0,
        followers: true,
        loads_stale: true,
        methods: KEY_AND_TAG,
        readers: 2,
        budget: Budget { writes: 2, ends: 1, ..NOTHING },
        ..PLAIN
    },
    Configuration {
        name: "near, by key",
        methods: &[Method::KeySoft, Method::Remove, Method::Put],
        budget: Budget { writes: 2, lost_messages: 1, ticks: 1, ..NOTHING },
        ..NEAR
    },
    Configuration {
        name: "near, by tag",
        methods: TAGS,
        budget: Budget { writes: 2, lost_messages: 1, ..NOTHING },
        ..NEAR
    },
    Configuration { name: "near, bound", methods: TAGS, budget: Budget { writes: 2, ticks: 2, ..NOTHING }, ..NEAR },
    Configuration {
        name: "near, two lost messages",
        methods: KEY_AND_TAG,
        budget: Budget { writes: 2, lost_messages: 2, ends: 1, ..NOTHING },
        ..NEAR
    },
    Configuration {
        name: "near, lost clock",
        methods: &[Method::TagSoft],
        budget: Budget { writes: 2, lost_clocks: 1, lost_messages: 1, ..NOTHING },
        ..NEAR
    },
    Configuration {
        name: "two near tiers",
        readers: 2,
        methods: &[Method::KeySoft, Method::TagHard],
        budget: Budget { writes: 1, lost_messages: 2, ticks: 1, ..NOTHING },
        ..NEAR
    },
    Configuration {
        name: "two near tiers, two writes",
        long: true,
        readers: 2,
        methods: &[Method::TagSoft],
        budget: Budget { writes: 2, lost_messages: 1, ..NOTHING },
        ..NEAR
    },
    Configuration {
        name: "near, lost clock, three writes",
        long: true,
        methods: &[Method::TagSoft],
        budget: Budget { writes: 3, lost_clocks: 1, lost_messages: 1, ..NOTHING },
        ..NEAR
    },
];
