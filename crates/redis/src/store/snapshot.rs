//! What a reader is told of a record, in the process's time.

use bytes::Bytes;
use freshen_core::store::{Currency, Snapshot};
use freshen_core::{Entry, Facts, Key, Tags, Timestamp, Value};

use crate::store::answered::Answered;
use crate::store::found::Found;
use crate::store::marks::Read;
use crate::store::{Shared, packing};

impl Shared {
    /// Judges what was found.
    pub(super) fn snapshot(&self, from: &Answered, key: &Key, found: Found, judged: &Read) -> Snapshot {
        let time = |server: Timestamp| from.to_process(server);
        let tags = found.entry.as_ref().map_or(Tags::NONE, |kept| kept.tags.clone());
        let marks = judged.of(key, tags.as_slice());
        let entry = found.entry.map(|kept| {
            // The record is as fresh as it says, so the entry is there; bytes that nobody can open are as those of another
            // version, beside which a value is loaded and kept near.
            let value = packing::unpack(kept.packed, self.settings.value_bytes_max).unwrap_or_else(|wrong| {
                tracing::warn!(target: "freshen", %key, %wrong, "a value is not used");
                Bytes::new()
            });
            let facts = Facts { loaded_at: time(kept.facts.loaded_at), ..kept.facts };
            Entry { value: Value::Encoded(value), facts, tags: kept.tags, validators: kept.validators }
        });
        let judge = |entry: &Entry| judged.judge(&marks, entry.facts.generation, self.settings.lost);
        Snapshot {
            now: from.now(),
            currency: entry.as_ref().map_or(Currency::Current, |entry| found.flag.max(judge(entry))),
            entry,
            newest_mark: judged.newest(&marks),
            lease_until: found.lease_until.map(time),
            lease_holder: found.lease_holder,
            asked_until: found.asked_until.map(time),
            trouble: found.trouble.map(|mut trouble| {
                trouble.retry_at = time(trouble.retry_at);
                trouble
            }),
            marks,
        }
    }
}
