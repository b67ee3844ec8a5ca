//! What does not fit together although each field is right.

use freshen_core::queue::{DEFAULT_QUEUE, is_queue_name};
use freshen_core::store::PARTITIONS_MAX;

use super::{Mistake, Place, Secret, Settings, field};

/// Longest prefix, in bytes.
const PREFIX_BYTES_MAX: usize = 64;

impl Settings {
    /// All of it.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut refuse = |wrong: bool, key: &str, reason: String| {
            if wrong {
                mistakes.push(self.mistake(key, reason));
            }
        };
        let prefix = self.prefix.len();
        let reason = format!("has {prefix} bytes, where 1 to {PREFIX_BYTES_MAX} are expected");
        refuse(!(1..=PREFIX_BYTES_MAX).contains(&prefix), "prefix", reason);
        refuse(self.prefix.contains(['{', '}']), "prefix", "has a `{` or `}`, which Redis takes for its own".into());
        let partitions = self.partitions.unwrap_or(1);
        let reason = format!("is {partitions}, where 1 to {PARTITIONS_MAX} are expected");
        refuse(!(1..=PARTITIONS_MAX).contains(&partitions), "partitions", reason);
        for name in self.queues.keys() {
            let reason = format!("has the name {name:?}, where 1 to 64 of a to z, 0 to 9, - and _ are expected");
            refuse(!is_queue_name(name), "queues", reason);
            refuse(name == DEFAULT_QUEUE, "queues", "names `default`, whose workers are those of `workers`".into());
        }
        let spoken = self.speaks_tls();
        let reason = "is set, but no URL asks for TLS: write rediss for redis";
        for (file, key) in [(&self.ca_file, "ca_file"), (&self.cert_file, "cert_file"), (&self.key_file, "key_file")] {
            refuse(file.is_some() && !spoken, key, reason.into());
        }
        let (certificate, key) = (self.cert_file.is_some(), self.key_file.is_some());
        for (alone, file, other) in
            [(certificate && !key, "cert_file", "key_file"), (key && !certificate, "key_file", "cert_file")]
        {
            refuse(spoken && alone, file, format!("needs {} beside it", self.named_beside(file, other)));
        }
        let named = self.names_sentinels();
        let reason = "is set, but no URL names sentinels: write redis+sentinel for redis";
        refuse(self.sentinel_password != Secret::default() && !named, "sentinel_password", reason.into());
        let reason = "is shared, but the store is not: other processes could not use what is refreshed";
        refuse(self.store.is_memory() && !self.queue().is_memory(), "queue", reason.into());
        #[cfg(feature = "redis")]
        if mistakes.is_empty() {
            // An adapter has its own words for the same.
            let refused = self.refused_urls().into_iter();
            mistakes.extend(refused.map(|(key, reason)| self.mistake(key, reason)));
        }
        mistakes
    }

    /// What a field is called where another one was set.
    fn named_beside(&self, key: &str, other: &'static str) -> String {
        match (self.place(key), field::of(other)) {
            (Place::Variable(_), Some(field)) => field.variable(),
            _ => other.into(),
        }
    }

    fn mistake(&self, key: &str, reason: String) -> Mistake {
        Mistake { place: self.place(key), field: Some(key.into()), reason: reason.into() }
    }
}
