//! `freshen queue`: how much waits in a shared queue, and what.

use std::collections::BTreeMap;
use std::time::Duration;

use freshen::queue::{Depth, Queue, Task};
use freshen::{Clock, PortError, Timestamp};
use serde_json::{Value, json};

use crate::absence;
use crate::connection::{self, Connection};
use crate::failure::Failure;
use crate::flag;
use crate::output::{self, millis, rough};
use crate::signals::Signals;
use crate::task;

/// How many of the tasks that wait are looked at.
const SAMPLE_MOST: usize = 1000;

/// What `freshen queue` is told.
#[derive(clap::Args)]
pub struct Show {
    /// The queue's name, as jobs have it
    #[arg(default_value = "default", value_parser = flag::queue_name)]
    name: String,
    /// Look again and again, until a signal
    #[arg(long)]
    watch: bool,
    /// The time between two looks
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = flag::pause)]
    every: Duration,
    /// Print JSON, a line for each look
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Show {
    /// Looks, once or until a signal, and prints.
    pub async fn run(self) -> Result<(), Failure> {
        if !self.watch {
            let settings = self.connection.settings()?;
            let queue = connection::queue(&settings, &self.name).await?;
            let looked = look(&*queue).await?;
            absence::doubt(&settings, &self.name, &*queue).await?;
            return self.print(&looked);
        }
        let mut signals = Signals::listen().map_err(Failure::Start)?;
        tokio::select! {
            () = signals.next() => Ok(()),
            ended = self.watch() => ended,
        }
    }

    /// Looks until somebody has seen enough. A queue that was there may be away for a while, and one that nobody has yet may come.
    async fn watch(&self) -> Result<(), Failure> {
        let settings = self.connection.settings()?;
        let queue = connection::queue(&settings, &self.name).await?;
        if let Err(doubt) = absence::doubt(&settings, &self.name, &*queue).await {
            warn(&doubt);
        }
        loop {
            match look(&*queue).await {
                Ok(looked) => self.print(&looked)?,
                Err(error) => self.print_failed(&error)?,
            }
            tokio::time::sleep(self.every).await;
            if !self.json {
                output::lines(&[""])?;
            }
        }
    }

    fn print(&self, (depth, sample): &Looked) -> Result<(), Failure> {
        if self.json { output::json(&document(depth, sample, now())) } else { output::lines(&lines(depth, sample)) }
    }

    /// Programs that read one line for each look miss none; people see it beside the lines.
    fn print_failed(&self, error: &PortError) -> Result<(), Failure> {
        warn(error);
        if self.json { output::json(&json!({ "at_ms": at_ms(now()), "error": error.to_string() })) } else { Ok(()) }
    }
}

fn warn(what: &impl std::fmt::Display) {
    eprintln!("freshen: {}", output::plain_lines(&what.to_string()));
}

fn now() -> Timestamp {
    Clock::runtime().now()
}

fn at_ms(now: Timestamp) -> u64 {
    now.as_micros() / 1000
}

/// What a queue has, and the first of what waits in it.
type Looked = (Depth, Vec<Task>);

async fn look(queue: &dyn Queue) -> Result<Looked, PortError> {
    Ok((queue.depth().await?, queue.waiting(SAMPLE_MOST).await?))
}

/// How many of a sample are of each job.
fn by_job(sample: &[Task]) -> BTreeMap<String, usize> {
    sample.iter().fold(BTreeMap::new(), |mut jobs, task| {
        *jobs.entry(task::job(task)).or_default() += 1;
        jobs
    })
}

fn lines(depth: &Depth, sample: &[Task]) -> Vec<String> {
    let oldest = depth.oldest.map_or("-".into(), rough);
    let counts = [depth.ready, depth.delayed, depth.held, depth.quarantined].map(|count| count.to_string());
    let mut lines = output::table(&[
        ["ready", "delayed", "held", "quarantined", "oldest"].map(String::from).to_vec(),
        counts.into_iter().chain([oldest]).collect(),
    ]);
    let waiting = depth.ready + depth.delayed;
    if !sample.is_empty() {
        let of =
            if sample.len() < waiting { format!(" (of the first {} that wait)", sample.len()) } else { String::new() };
        lines.push(String::new());
        let mut rows = vec![vec!["waiting".into(), format!("job{of}")]];
        rows.extend(by_job(sample).into_iter().map(|(job, count)| vec![count.to_string(), job]));
        lines.extend(output::table(&rows));
    }
    lines
}

fn document(depth: &Depth, sample: &[Task], now: Timestamp) -> Value {
    json!({
        "at_ms": at_ms(now),
        "ready": depth.ready,
        "delayed": depth.delayed,
        "held": depth.held,
        "quarantined": depth.quarantined,
        "oldest_ms": depth.oldest.map(millis),
        "sampled": sample.len(),
        "jobs": by_job(sample),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use freshen::Key;
    use freshen::queue::{MemoryQueue, NewTask, Queue};

    async fn waiting(jobs: &[&str]) -> (Depth, Vec<Task>) {
        let queue = MemoryQueue::builder(Clock::runtime()).build().unwrap();
        let task = |job: &&str| NewTask {
            key: Key::new("n", job, &1u8).unwrap(),
            delay: Duration::ZERO,
            priority: Default::default(),
        };
        queue.push(&jobs.iter().map(task).collect::<Vec<_>>()).await.unwrap();
        (queue.depth().await.unwrap(), queue.waiting(3).await.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_sample_is_told_as_one() {
        let (depth, sample) = waiting(&["a", "b", "a", "a"]).await;
        let expected = [
            "ready  delayed  held  quarantined  oldest",
            "4      0        0     0            0s",
            "",
            "waiting  job (of the first 3 that wait)",
            "2        n:a",
            "1        n:b",
        ];
        assert_eq!(lines(&depth, &sample), expected);
        assert_eq!(document(&depth, &sample, now())["jobs"], json!({ "n:a": 2, "n:b": 1 }));
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_queue_has_no_oldest() {
        let (depth, sample) = waiting(&[]).await;
        assert_eq!(lines(&depth, &sample)[1..], ["0      0        0     0            -"]);
        assert_eq!(document(&depth, &sample, Timestamp::from_micros(1_999))["oldest_ms"], Value::Null);
        assert_eq!(document(&depth, &sample, Timestamp::from_micros(1_999))["at_ms"], 1);
    }
}
