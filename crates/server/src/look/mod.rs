//! `freshen look`: what a shared store has, and why it is or is not fresh.

mod entry;
mod scopes;
mod verdict;

use freshen::store::{Scope, Snapshot, Store};
use freshen::{Key, Tag};
use serde_json::{Value, json};

use crate::connection::{self, Connection};
use crate::failure::Failure;
use crate::look::verdict::Verdict;
use crate::output::{self, millis, rough};

/// What `freshen look` is told.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub struct Look {
    /// A key as logs show it, such as 'default:tweets{page: 2, user: "ann"}'
    #[arg(group = "what", value_parser = str::parse::<Key>)]
    key: Option<Key>,
    /// The marks of a tag
    #[arg(long, group = "what", value_parser = tag)]
    tag: Option<Tag>,
    /// The marks of a namespace
    #[arg(long, group = "what", value_name = "NAME", value_parser = namespace)]
    namespace: Option<Box<str>>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Reads a tag.
pub fn tag(text: &str) -> Result<Tag, String> {
    Tag::new(text).map_err(|error| error.to_string())
}

/// Reads a namespace.
pub fn namespace(text: &str) -> Result<Box<str>, String> {
    let most = freshen::NAMESPACE_BYTES_MAX;
    if (1..=most).contains(&text.len()) { Ok(text.into()) } else { Err(format!("a namespace has 1 to {most} bytes")) }
}

impl Look {
    /// Looks and prints.
    pub async fn run(self) -> Result<(), Failure> {
        let store = connection::store(&self.connection.settings()?).await?;
        let scope = self.tag.map(Scope::Tag).or(self.namespace.map(Scope::Namespace));
        match (&self.key, scope) {
            (Some(key), _) => look_at_key(&*store, key, self.json).await,
            (None, Some(scope)) => scopes::look(&*store, scope, self.json).await,
            // The group asks for one of them.
            (None, None) => Ok(()),
        }
    }
}

async fn look_at_key(store: &dyn Store, key: &Key, as_json: bool) -> Result<(), Failure> {
    let read = store.read(std::slice::from_ref(key)).await.pop().transpose()?;
    let Some(snapshot) = read else { return Err(Failure::NotFound { what: format!("{key:#}") }) };
    let partition = key.partition(store.traits().partitions);
    if as_json {
        output::json(&document(key, partition, &snapshot))?;
    } else {
        output::lines(&output::table(&rows(key, partition, &snapshot)))?;
    }
    // A record may be there without an entry; a script that asks for the entry wants to know.
    if snapshot.entry.is_some() { Ok(()) } else { Err(Failure::Nothing) }
}

fn document(key: &Key, partition: u32, found: &Snapshot) -> Value {
    let verdict = Verdict::of(found);
    let until = |at: Option<freshen::Timestamp>| at.map(|at| millis(found.now.until(at)));
    json!({
        "key": format!("{key:#}"),
        "namespace": key.namespace(),
        "job": key.job(),
        "hash": format!("{:032x}", key.hash().0),
        "partition": partition,
        "state": verdict.state.as_str(),
        "because": verdict.because,
        "entry": found.entry.as_ref().map(|entry| entry::document(entry, found.now)),
        "marks": found.marks.iter().map(|(scope, mark)| scopes::mark_document(found, scope, *mark)).collect::<Vec<_>>(),
        "lease_left_ms": until(found.lease_until),
        "lease_holder": found.lease_holder,
        "task_left_ms": until(found.asked_until),
        "trouble": found.trouble.as_ref().map(|trouble| json!({
            "failures": trouble.failures,
            "retry_in_ms": millis(found.now.until(trouble.retry_at)),
            "reason": trouble.reason,
        })),
    })
}

fn rows(key: &Key, partition: u32, found: &Snapshot) -> Vec<Vec<String>> {
    let verdict = Verdict::of(found);
    let mut rows = vec![vec!["key".into(), format!("{key:#}")]];
    let mut row = |name: &str, text: String| rows.push(vec![name.to_owned(), text]);
    row("state", format!("{}: {}", verdict.state.as_str(), verdict.because));
    for (name, text) in found.entry.iter().flat_map(|entry| entry::rows(entry, found.now)) {
        row(name, text);
    }
    for (scope, mark) in &found.marks {
        row("mark", scopes::mark_text(found, scope, *mark));
    }
    let left = |at| rough(found.now.until(at));
    let holder = found.lease_holder.as_deref().unwrap_or("a process without a name");
    row(
        "lease",
        found.lease_until.map_or("nobody holds it".into(), |at| format!("{holder} holds it for {} more", left(at))),
    );
    row(
        "task",
        found
            .asked_until
            .map_or("none on its way".into(), |at| format!("on its way; for {} more nobody else asks", left(at))),
    );
    if let Some(trouble) = &found.trouble {
        let next = left(trouble.retry_at);
        row("trouble", format!("{} failed in a row, next attempt in {next}: {}", trouble.failures, trouble.reason));
    }
    row("partition", partition.to_string());
    rows
}
