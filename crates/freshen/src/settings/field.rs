//! The table of all fields: what each is called, means, and where it lies.

use super::value::Slot;
use super::{Place, Settings};

/// One field.
pub(super) struct Field {
    /// Its name in a file, with a point after each table.
    pub key: &'static str,
    /// What it means, for people; a sentence without its full stop.
    pub meaning: &'static str,
    pub slot: Slot,
}

/// A field as it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its name in a file.
    pub field: &'static str,
    /// Its value, as a file has it; passwords are masked.
    pub value: String,
    /// Where it was set.
    pub place: Place,
    /// What it means.
    pub meaning: &'static str,
}

impl Field {
    pub fn of(&self, settings: &Settings) -> Setting {
        let (value, place) = (self.slot.show(settings), settings.place(self.key));
        Setting { field: self.key, value, place, meaning: self.meaning }
    }

    /// Its variable.
    pub fn variable(&self) -> String {
        format!("FRESHEN_{}", self.key.replace('.', "_").to_uppercase())
    }
}

/// The field of this name.
pub(super) fn of(key: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.key == key)
}

/// All fields, in the order in which the sample has them: those of a table stand together, and last.
pub(super) const FIELDS: &[Field] = &[
    Field {
        key: "store",
        meaning: "Where values lie: memory:, redis://host:6379, redis+sentinel://a:26379,b:26379/master, \
                  redis+cluster://a:6379,b:6379; rediss for TLS, and user:password@ before the host",
        slot: Slot::Url(|settings| &mut settings.store),
    },
    Field {
        key: "queue",
        meaning: "Where refreshes wait: a URL, or \"store\" for where the store is",
        slot: Slot::UrlOr(|settings| &mut settings.queue, "store"),
    },
    Field {
        key: "bus",
        meaning: "How processes hear of each other's writes: \"store\", which publishes them, or \"none\", and then near.bound \
                  is how late they may notice",
        slot: Slot::Word(|settings| &mut settings.bus, ["store", "none"]),
    },
    Field {
        key: "degraded",
        meaning: "Whether to start although the servers cannot be reached, and to use them once they can",
        slot: Slot::Switch(|settings| &mut settings.degraded),
    },
    Field {
        key: "prefix",
        meaning: "What every name on the servers begins with, 1 to 64 bytes; all processes of a cache have the same",
        slot: Slot::Text(|settings| &mut settings.prefix),
    },
    Field {
        key: "partitions",
        meaning: "Into how many partitions the store is divided, 1 to 1024, or \"fitting\" (64 on a Cluster, else 1); fixed when \
                  the store is first used",
        slot: Slot::CountOr(|settings| &mut settings.partitions, "fitting"),
    },
    Field {
        key: "ca_file",
        meaning: "A file of certificates in PEM to trust, or \"system\" for the system's",
        slot: Slot::FileOr(|settings| &mut settings.ca_file, "system"),
    },
    Field {
        key: "cert_file",
        meaning: "A file with this process's certificate in PEM, for servers that ask who connects, or \"none\"; it needs \
                  key_file",
        slot: Slot::FileOr(|settings| &mut settings.cert_file, "none"),
    },
    Field {
        key: "key_file",
        meaning: "A file with the key of cert_file, or \"none\"",
        slot: Slot::FileOr(|settings| &mut settings.key_file, "none"),
    },
    Field {
        key: "sentinel_password",
        meaning: "The password that sentinels ask for, or \"\" for none; that in a URL is for the servers",
        slot: Slot::Secret(|settings| &mut settings.sentinel_password),
    },
    Field {
        key: "connect_timeout",
        meaning: "How long a connection may take until it can be used",
        slot: Slot::Span(|settings| &mut settings.connect_timeout),
    },
    Field {
        key: "response_timeout",
        meaning: "How long a server may take to answer before it counts as down",
        slot: Slot::Span(|settings| &mut settings.response_timeout),
    },
    Field {
        key: "patience",
        meaning: "For how long a step is tried again while a server is being replaced",
        slot: Slot::Span(|settings| &mut settings.patience),
    },
    Field {
        key: "capacity",
        meaning: "What a store in memory holds",
        slot: Slot::Size(|settings| &mut settings.capacity),
    },
    Field {
        key: "value_limit",
        meaning: "The largest value that a shared store keeps, before it is compressed",
        slot: Slot::Size(|settings| &mut settings.value_limit),
    },
    Field {
        key: "compress_from",
        meaning: "From which size on a shared store compresses values",
        slot: Slot::Size(|settings| &mut settings.compress_from),
    },
    Field {
        key: "marks_limit",
        meaning: "How many marks of tags and namespaces a shared store keeps in each partition; beyond it an old one is dropped, \
                  and what is as old counts as invalidated",
        slot: Slot::Count(|settings| &mut settings.marks_limit, 1),
    },
    Field {
        key: "when_lost",
        meaning: "How a shared store treats values whose marks may have been lost, as after a failover: \"soft\" or \"hard\", \
                  which is right where tags or namespaces are invalidated hard",
        slot: Slot::Strength(|settings| &mut settings.when_lost),
    },
    Field {
        key: "replicas",
        meaning: "How many replicas must have heard of an invalidation before it returns",
        slot: Slot::Count32(|settings| &mut settings.replicas),
    },
    Field {
        key: "bus_limit",
        meaning: "How many messages of the bus a process may lag behind before it is cut off and begins anew",
        slot: Slot::Count(|settings| &mut settings.bus_limit, 1),
    },
    Field {
        key: "heartbeat",
        meaning: "The time between heartbeats on the bus; three that are missing end the near tier's trust",
        slot: Slot::Span(|settings| &mut settings.heartbeat),
    },
    Field {
        key: "workers",
        meaning: "How many tasks this process refreshes at once; 0 leaves refreshing to other processes",
        slot: Slot::Count(|settings| &mut settings.workers, 0),
    },
    Field {
        key: "queues",
        meaning: "Queues besides \"default\" that jobs name, each with how many of its tasks this process refreshes at once, as \
                  in { mail = 2 }; in a variable, mail=2,reports=1",
        slot: Slot::Queues(|settings| &mut settings.queues),
    },
    Field {
        key: "task_deadline",
        meaning: "How long a queued task keeps others from asking for the same key; after that it counts as lost",
        slot: Slot::Span(|settings| &mut settings.task_deadline),
    },
    Field {
        key: "queue_limit",
        meaning: "How many tasks may wait; beyond it refreshes are dropped and stale values served",
        slot: Slot::Count(|settings| &mut settings.queue_limit, 1),
    },
    Field {
        key: "quarantine_limit",
        meaning: "How many tasks are kept that were set aside; the oldest makes room",
        slot: Slot::Count(|settings| &mut settings.quarantine_limit, 1),
    },
    Field {
        key: "visibility",
        meaning: "How long a worker may hold a task before another one takes it: longer than any load, and the same in all \
                  processes",
        slot: Slot::Span(|settings| &mut settings.visibility),
    },
    Field {
        key: "near.capacity",
        meaning: "What the near tier in this process holds",
        slot: Slot::Size(|settings| &mut settings.near_capacity),
    },
    Field {
        key: "near.bound",
        meaning: "How long it answers without a look at the store, or \"fitting\" (10s; no bound where the store is this \
                  process's own)",
        slot: Slot::SpanOr(|settings| &mut settings.near_bound, "fitting"),
    },
    Field {
        key: "limits.total.at_once",
        meaning: "How many refreshes run at once in this process, in all",
        slot: Slot::Count(|settings| &mut settings.limits.total.at_once, 1),
    },
    Field {
        key: "limits.total.rate",
        meaning: "How many begin, such as \"50/s\", or \"unlimited\"",
        slot: Slot::RateOr(|settings| &mut settings.limits.total.per_second, "unlimited"),
    },
    Field {
        key: "limits.namespace.at_once",
        meaning: "How many run at once of each namespace",
        slot: Slot::Count(|settings| &mut settings.limits.namespace.at_once, 1),
    },
    Field {
        key: "limits.namespace.rate",
        meaning: "How many begin of each namespace, or \"unlimited\"",
        slot: Slot::RateOr(|settings| &mut settings.limits.namespace.per_second, "unlimited"),
    },
    Field {
        key: "limits.job.at_once",
        meaning: "How many run at once of each job",
        slot: Slot::Count(|settings| &mut settings.limits.job.at_once, 1),
    },
    Field {
        key: "limits.job.rate",
        meaning: "How many begin of each job, or \"unlimited\"",
        slot: Slot::RateOr(|settings| &mut settings.limits.job.per_second, "unlimited"),
    },
    Field {
        key: "limits.ramp",
        meaning: "After everything was outdated at once, refreshing begins with one at a time and doubles each such span",
        slot: Slot::Span(|settings| &mut settings.limits.ramp),
    },
];
