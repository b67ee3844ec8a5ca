//! `freshen invalidate`: outdates keys, tags and namespaces in a shared store.

use freshen::settings::Settings;
use freshen::store::{Scope, Target};
use freshen::{Key, Strength, Tag, WriteToken};
use serde_json::json;

use crate::connection::{self, Connection};
use crate::failure::Failure;
use crate::look::{namespace, tag};
use crate::output;

/// What `freshen invalidate` is told.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true)))]
pub struct Invalidate {
    /// A key as logs show it
    #[arg(long = "key", group = "what", value_name = "KEY", num_args = 1.., value_parser = str::parse::<Key>)]
    keys: Vec<Key>,
    /// A tag
    #[arg(long = "tag", group = "what", value_name = "TAG", num_args = 1.., value_parser = tag)]
    tags: Vec<Tag>,
    /// A namespace
    #[arg(long = "namespace", group = "what", value_name = "NAME", num_args = 1.., value_parser = namespace)]
    namespaces: Vec<Box<str>>,
    /// Never serve what is there again; else it is served while it is refreshed
    #[arg(long)]
    hard: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Invalidate {
    /// Invalidates, and prints what was outdated and where; for programs also the write token: whoever reads after it sees the
    /// write.
    pub async fn run(self) -> Result<(), Failure> {
        let settings = self.connection.settings()?;
        let store = connection::store(&settings).await?;
        let keys = self.keys.into_iter().map(Target::Key);
        let tags = self.tags.into_iter().map(Target::Tag);
        let targets: Vec<Target> = keys.chain(tags).chain(self.namespaces.into_iter().map(Target::Namespace)).collect();
        let strength = if self.hard { Strength::Hard } else { Strength::Soft };
        let token = WriteToken::from(store.invalidate(&targets, strength).await?).to_string();
        let targets: Vec<String> = targets.iter().map(named).collect();
        if self.json {
            let (store, prefix) = (settings.store.to_string(), &settings.prefix);
            return output::json(&json!({
                "token": token,
                "strength": strength.as_str(),
                "targets": targets,
                "store": store,
                "prefix": prefix,
            }));
        }
        output::lines(&output::table(&rows(targets, strength, &settings)))
    }
}

/// What was done, for people: a token is for programs, and on a Cluster as long as its partitions are many.
fn rows(targets: Vec<String>, strength: Strength, settings: &Settings) -> Vec<Vec<String>> {
    let how = match strength {
        Strength::Soft => "soft: served while it is refreshed",
        Strength::Hard => "hard: never served again",
    };
    let row = |name: &str, text: String| vec![name.to_owned(), text];
    let mut rows: Vec<_> = targets.into_iter().map(|target| row("outdated", target)).collect();
    rows.push(row("strength", how.into()));
    rows.push(row("store", settings.store.to_string()));
    rows.push(row("prefix", settings.prefix.clone()));
    rows
}

fn named(target: &Target) -> String {
    match target {
        Target::Key(key) => format!("key {key:#}"),
        Target::Tag(tag) => Scope::Tag(tag.clone()).to_string(),
        Target::Namespace(name) => Scope::Namespace(name.clone()).to_string(),
    }
}
