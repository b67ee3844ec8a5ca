//! The marks of tags and namespaces.

use std::time::Duration;

use freshen::Timestamp;
use freshen::store::{Mark, Marked, Scope, Snapshot, Store};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::look::verdict::outdates;
use crate::output::{self, millis, rough};

/// Prints the newest marks of one scope, in each partition.
pub async fn look(store: &dyn Store, scope: Scope, as_json: bool) -> Result<(), Failure> {
    let marked = store.marks(std::slice::from_ref(&scope)).await?;
    if as_json {
        let partitions: Vec<Value> =
            (0..).zip(&marked).map(|(partition, marked)| document(partition, marked)).collect();
        return output::json(&json!({ "scope": scope.to_string(), "partitions": partitions }));
    }
    let mut rows = vec![["partition", "soft", "hard", "floor soft", "floor hard"].map(String::from).to_vec()];
    rows.extend((0..).zip(&marked).map(|(partition, marked): (u32, _)| row(partition, marked)));
    let mut lines = vec![output::plain(&scope.to_string())];
    lines.extend(output::table(&rows));
    output::lines(&lines)
}

fn own(marked: &Marked) -> Mark {
    marked.marks.first().copied().unwrap_or_default()
}

fn row(partition: u32, marked: &Marked) -> Vec<String> {
    let (own, floor) = (own(marked), marked.floor);
    let ago = |tick| ago(marked, tick).map_or("never".into(), |span| format!("{} ago", rough(span)));
    let mut row = vec![partition.to_string()];
    row.extend([own.soft, own.hard, floor.soft, floor.hard].map(ago));
    row
}

fn document(partition: u32, marked: &Marked) -> Value {
    let own = own(marked);
    let tick = |tick: u64| (tick > 0).then(|| json!({ "tick": tick, "ago_ms": ago(marked, tick).map(millis) }));
    json!({
        "partition": partition,
        "epoch": format!("{:016x}", marked.last.epoch),
        "last_tick": marked.last.number,
        "soft": tick(own.soft),
        "hard": tick(own.hard),
        "floor_soft": tick(marked.floor.soft),
        "floor_hard": tick(marked.floor.hard),
    })
}

/// A tick is about the time at which it was made, and never behind it.
fn ago(marked: &Marked, tick: u64) -> Option<Duration> {
    (tick > 0).then(|| marked.now.since(Timestamp::from_micros(tick)))
}

/// A mark that an entry was judged by, joined with the floor.
pub fn mark_document(found: &Snapshot, scope: &Scope, mark: Mark) -> Value {
    json!({
        "scope": scope.to_string(),
        "soft": mark.soft,
        "hard": mark.hard,
        "outdates": outdates_entry(found, mark),
    })
}

/// The same for people.
pub fn mark_text(found: &Snapshot, scope: &Scope, mark: Mark) -> String {
    let outdates = if outdates_entry(found, mark) { ", which outdates it" } else { "" };
    match mark {
        Mark { soft: 0, hard: 0 } => format!("{scope}: never"),
        Mark { soft, hard } => format!("{scope}: soft {soft}, hard {hard}{outdates}"),
    }
}

fn outdates_entry(found: &Snapshot, mark: Mark) -> bool {
    found.entry.as_ref().is_some_and(|entry| outdates(entry.facts.generation, mark.newest()))
}
