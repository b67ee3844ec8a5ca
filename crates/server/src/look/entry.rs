//! What is said of an entry: its windows, its tags, and its value as JSON.

use freshen::wire::{self, Envelope};
use freshen::{Entry, Timestamp, Value};
use serde_json::json;

use crate::output::{millis, rough};

/// Most characters of a value that people are shown.
const VALUE_CHARS_MAX: usize = 1000;

/// For programs.
pub fn document(entry: &Entry, now: Timestamp) -> serde_json::Value {
    let facts = &entry.facts;
    let windows = facts.windows;
    let read = read(entry);
    json!({
        "age_ms": millis(now.since(facts.loaded_at)),
        "ttl_ms": millis(windows.ttl),
        "stale_while_revalidate_ms": millis(windows.stale_while_revalidate),
        "stale_if_error_ms": millis(windows.stale_if_error),
        "fresh_left_ms": millis(now.until(facts.fresh_until())),
        "stale_left_ms": millis(now.until(facts.stale_until())),
        "ends_in_ms": millis(now.until(facts.ends_at())),
        "load_took_ms": millis(facts.load_took),
        "epoch": format!("{:016x}", facts.generation.epoch),
        "generation": facts.generation.number,
        "tags": entry.tags.as_slice().iter().map(|tag| tag.as_str()).collect::<Vec<_>>(),
        "absent": facts.absent,
        "weight_bytes": facts.weight,
        "validators": entry.validators.as_ref().map(|validators| String::from_utf8_lossy(validators)),
        "value_bytes": read.envelope.as_ref().map(|envelope| envelope.payload.len()),
        "codec": read.envelope.as_ref().map(|envelope| envelope.header.codec.to_string()),
        "schema": read.envelope.as_ref().map(|envelope| format!("{:016x}", envelope.header.schema)),
        "value": read.value.as_ref().ok(),
        "value_error": read.value.as_ref().err(),
    })
}

/// For people: a name and a text each.
pub fn rows(entry: &Entry, now: Timestamp) -> Vec<(&'static str, String)> {
    let facts = &entry.facts;
    let windows = facts.windows;
    let read = read(entry);
    let tags: Vec<&str> = entry.tags.as_slice().iter().map(|tag| tag.as_str()).collect();
    let mut rows = vec![
        ("loaded", format!("{} ago, in {}", rough(now.since(facts.loaded_at)), rough(facts.load_took))),
        (
            "windows",
            format!(
                "fresh for {}, then stale for {}, then for errors for {}; ends in {}",
                rough(windows.ttl),
                rough(windows.stale_while_revalidate),
                rough(windows.stale_if_error),
                rough(now.until(facts.ends_at()))
            ),
        ),
        ("generation", format!("{} of epoch {:016x}", facts.generation.number, facts.generation.epoch)),
        ("tags", if tags.is_empty() { "none".into() } else { tags.join(", ") }),
    ];
    if let Some(validators) = &entry.validators {
        rows.push(("validators", String::from_utf8_lossy(validators).into_owned()));
    }
    if let Some(Envelope { header, payload }) = &read.envelope {
        let schema = if header.schema == 0 { String::new() } else { format!(", schema {:016x}", header.schema) };
        let absent = if facts.absent { ", absent" } else { "" };
        rows.push(("size", format!("{} bytes of {}{schema}{absent}", payload.len(), header.codec)));
    }
    rows.push(match read.value {
        Ok(value) => ("value", cut(&value.to_string())),
        Err(error) => ("value", format!("not shown: {error}")),
    });
    rows
}

/// What could be read of a value.
struct Read {
    envelope: Option<Envelope>,
    value: Result<serde_json::Value, String>,
}

fn read(entry: &Entry) -> Read {
    let Value::Encoded(bytes) = &entry.value else {
        return Read { envelope: None, value: Err("it is not encoded".into()) };
    };
    match wire::decode(bytes) {
        Ok(envelope) => {
            let value = envelope.header.codec.decode(&envelope.payload).map_err(|error| error.to_string());
            Read { envelope: Some(envelope), value }
        }
        Err(error) => Read { envelope: None, value: Err(error.to_string()) },
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}… (--json has all {} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}
