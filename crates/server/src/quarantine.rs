//! `freshen quarantine`: what was set aside, and what becomes of it.

use freshen::queue::{Quarantined, Queue};
use freshen::{Clock, Timestamp};
use serde_json::{Value, json};

use crate::absence;
use crate::connection::{self, Connection};
use crate::failure::Failure;
use crate::flag;
use crate::output::{self, millis, rough};
use crate::task;

/// How many tasks are listed, or found by their ids, at most.
const LISTED_MOST: usize = 10_000;

/// What `freshen quarantine` is told.
#[derive(clap::Args)]
pub struct Quarantine {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// List what was set aside, the newest first
    List(List),
    /// Show one task
    Show(One),
    /// Queue tasks again, as new ones
    Release(Several),
    /// End tasks; their values are refreshed when somebody asks for them
    Drop(Several),
}

#[derive(clap::Args)]
struct List {
    /// How many to list at most
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=LISTED_MOST as u64))]
    most: u64,
    /// The queue's name, as jobs have it
    #[arg(long = "of", value_name = "NAME", default_value = "default", value_parser = flag::queue_name)]
    queue_name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(clap::Args)]
struct One {
    /// As the list shows it
    id: u64,
    /// The queue's name, as jobs have it
    #[arg(long = "of", value_name = "NAME", default_value = "default", value_parser = flag::queue_name)]
    queue_name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(clap::Args)]
struct Several {
    /// As the list shows them
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<u64>,
    /// All there are
    #[arg(long, requires = "yes")]
    all: bool,
    /// Do it to all, without being asked
    #[arg(long)]
    yes: bool,
    /// The queue's name, as jobs have it
    #[arg(long = "of", value_name = "NAME", default_value = "default", value_parser = flag::queue_name)]
    queue_name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Quarantine {
    /// Does what was asked for.
    pub async fn run(self) -> Result<(), Failure> {
        match self.what {
            What::List(list) => list.run().await,
            What::Show(one) => one.run().await,
            What::Release(several) => several.run("released").await,
            What::Drop(several) => several.run("dropped").await,
        }
    }
}

impl List {
    async fn run(self) -> Result<(), Failure> {
        let settings = self.connection.settings()?;
        let queue = connection::queue(&settings, &self.queue_name).await?;
        // The flag's own bound is far below.
        let aside = queue.quarantined(usize::try_from(self.most).unwrap_or(LISTED_MOST)).await?;
        if aside.is_empty() {
            absence::doubt(&settings, &self.queue_name, &*queue).await?;
        }
        let now = Clock::runtime().now();
        if self.json {
            return output::json(&aside.iter().map(|aside| document(aside, now)).collect::<Vec<_>>());
        }
        let mut rows = vec![["id", "set aside", "attempts", "key", "reason"].map(String::from).to_vec()];
        rows.extend(aside.iter().map(|aside| row(aside, now)));
        output::lines(&output::table(&rows))
    }
}

impl One {
    async fn run(self) -> Result<(), Failure> {
        let settings = self.connection.settings()?;
        let queue = connection::queue(&settings, &self.queue_name).await?;
        let aside = queue.quarantined(LISTED_MOST).await?.into_iter().find(|aside| aside.id == self.id);
        let Some(aside) = aside else {
            absence::doubt(&settings, &self.queue_name, &*queue).await?;
            return Err(Failure::NotFound { what: format!("task {}", self.id) });
        };
        let now = Clock::runtime().now();
        if self.json {
            return output::json(&document(&aside, now));
        }
        output::lines(&output::table(&details(&aside, now)))
    }
}

impl Several {
    async fn run(self, done: &'static str) -> Result<(), Failure> {
        let settings = self.connection.settings()?;
        let queue = connection::queue(&settings, &self.queue_name).await?;
        let ended = if self.all { all(&*queue, done).await? } else { these(&*queue, done, &self.ids).await? };
        if ended.is_empty() {
            absence::doubt(&settings, &self.queue_name, &*queue).await?;
        }
        let missing: Vec<u64> = self.ids.iter().filter(|id| !ended.contains(id)).copied().collect();
        if self.json {
            output::json(&json!({ done: ended, "missing": missing }))?;
        } else {
            output::lines(&[format!("{done} {}", counted(ended.len()))])?;
        }
        match &missing[..] {
            [] => Ok(()),
            missing => {
                let ids: Vec<String> = missing.iter().map(u64::to_string).collect();
                Err(Failure::NotFound { what: format!("task {}", ids.join(", ")) })
            }
        }
    }
}

fn counted(tasks: usize) -> String {
    if tasks == 1 { "1 task".into() } else { format!("{tasks} tasks") }
}

/// Those of the ids that were there.
async fn these(queue: &dyn Queue, done: &str, ids: &[u64]) -> Result<Vec<u64>, Failure> {
    let mut ended = Vec::new();
    for id in ids {
        let there = if done == "released" { queue.release(*id).await? } else { queue.discard(*id).await? };
        if there {
            ended.push(*id);
        }
    }
    Ok(ended)
}

/// Those that were there when it began, the newest of so many: what is set aside again meanwhile has another id, and is left.
async fn all(queue: &dyn Queue, done: &str) -> Result<Vec<u64>, Failure> {
    let ids: Vec<u64> = queue.quarantined(LISTED_MOST).await?.iter().map(|aside| aside.id).collect();
    these(queue, done, &ids).await
}

fn row(aside: &Quarantined, now: Timestamp) -> Vec<String> {
    vec![
        aside.id.to_string(),
        format!("{} ago", rough(now.since(aside.at))),
        aside.task.attempts.to_string(),
        task::key(&aside.task),
        aside.reason.to_string(),
    ]
}

fn details(aside: &Quarantined, now: Timestamp) -> Vec<Vec<String>> {
    let task = &aside.task;
    let mut rows = vec![
        ("id", aside.id.to_string()),
        ("key", task::key(task)),
        ("reason", aside.reason.to_string()),
        ("set aside", format!("{} ago", rough(now.since(aside.at)))),
        ("pushed", format!("{} ago", rough(now.since(task.pushed_at)))),
        ("attempts", task.attempts.to_string()),
        ("priority", task::priority(task).into()),
        ("format", task.format.to_string()),
    ];
    rows.extend(task::trouble(task).map(|trouble| ("trouble", trouble)));
    rows.into_iter().map(|(name, text)| vec![name.to_owned(), text]).collect()
}

fn document(aside: &Quarantined, now: Timestamp) -> Value {
    let task = &aside.task;
    json!({
        "id": aside.id,
        "key": task::key(task),
        "job": task::job(task),
        "reason": aside.reason,
        "set_aside_ms_ago": millis(now.since(aside.at)),
        "pushed_ms_ago": millis(now.since(task.pushed_at)),
        "attempts": task.attempts,
        "priority": task::priority(task),
        "format": task.format,
        "trouble": task::trouble(task),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use freshen::Key;
    use freshen::queue::{MemoryQueue, NewTask, Settlement};

    async fn aside(count: u8) -> MemoryQueue {
        let queue = MemoryQueue::builder(Clock::runtime()).build().unwrap();
        for number in 0..count {
            let key = Key::new("n", "j", &number).unwrap();
            queue.push(&[NewTask { key, delay: Duration::ZERO, priority: Default::default() }]).await.unwrap();
            let pulled = queue.pull(1, Duration::ZERO).await.unwrap();
            queue.settle(&pulled[0].receipt, Settlement::Quarantine("\u{1b}broken".into())).await.unwrap();
        }
        queue
    }

    #[tokio::test(start_paused = true)]
    async fn all_are_ended_and_no_more_than_there_were() {
        let queue = aside(3).await;
        assert_eq!(all(&queue, "released").await.unwrap(), [3, 2, 1]);
        assert_eq!((queue.depth().await.unwrap().ready, queue.depth().await.unwrap().quarantined), (3, 0));
        assert!(all(&queue, "dropped").await.unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_not_there_is_left_out() {
        let queue = aside(2).await;
        assert_eq!(these(&queue, "dropped", &[1, 7]).await.unwrap(), [1]);
        assert_eq!(queue.depth().await.unwrap().quarantined, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_whose_key_cannot_be_read_is_shown_by_its_bytes() {
        let mut aside = aside(1).await.quarantined(1).await.unwrap().remove(0);
        aside.task.key = Box::from(&b"\x02x"[..]);
        let shown = output::table(&details(&aside, aside.at)).join("\n");
        assert!(
            shown.contains("0x0278") && shown.contains("format 2 is newer") && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }
}
