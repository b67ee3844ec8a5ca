//! The worker process that the tests start.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use freshen_core::queue::{
    Delivery, Depth, MemoryQueue, NewTask, Pushed, Quarantined, Queue, QueueTraits, Receipt, Settlement, Task,
};
use freshen_core::{BoxFuture, Cache, Clock, Job, Jobs, Load, Loaded, Policy, PolicyBuilder, PortError};
use freshen_metrics::Metrics;
use freshen_worker::Worker;
use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;

pub const AS_WORKER: &str = "--as-worker";
/// As good as for ever.
const HOUR: Duration = Duration::from_secs(3600);

/// What a load does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Step {
    Quick(u32),
    /// Waits until the test opens the door.
    Gated(u32),
    Panics,
    /// Blocks its thread.
    Blocks,
}

/// Where the test and its process leave files for each other.
#[derive(Clone)]
pub struct Place(pub PathBuf);

impl Place {
    pub fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    pub fn leave(&self, name: &str) {
        std::fs::write(self.0.join(name), "").unwrap();
    }
}

impl Job for Step {
    type Output = u32;
    type Error = std::convert::Infallible;
    type State = (Place,);
    const NAME: &'static str = "step";

    fn policy() -> PolicyBuilder {
        Policy::builder().lease(2 * HOUR).load_timeout(HOUR)
    }

    fn policy_for(&self, usual: &std::sync::Arc<Policy>) -> std::sync::Arc<Policy> {
        match self {
            Step::Blocks => Policy::builder().load_timeout(Duration::from_millis(100)).build().unwrap().into(),
            _ => usual.clone(),
        }
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u32>, Self::Error> {
        let (place,) = load.state();
        place.leave("begun");
        match self {
            Step::Quick(number) => Ok((*number).into()),
            Step::Gated(number) => {
                until_there(place, "open").await;
                Ok((*number).into())
            }
            Step::Panics => panic!("as it was told to"),
            Step::Blocks => {
                std::thread::sleep(HOUR);
                Ok(0.into())
            }
        }
    }
}

/// A queue that is down while the test says so.
struct Shaky(MemoryQueue, Place);

impl Shaky {
    fn pass(&self, operation: &'static str) -> Result<(), PortError> {
        match self.1.has("down") {
            true => Err(PortError::passing("shaky queue", operation, "no route to user:secret@host")),
            false => Ok(()),
        }
    }
}

impl Queue for Shaky {
    fn traits(&self) -> QueueTraits {
        self.0.traits()
    }

    fn push<'a>(&'a self, tasks: &'a [NewTask]) -> BoxFuture<'a, Result<Pushed, PortError>> {
        self.0.push(tasks)
    }

    fn pull(&self, most: usize, wait: Duration) -> BoxFuture<'_, Result<Vec<Delivery>, PortError>> {
        Box::pin(async move {
            self.pass("pull")?;
            // A short wait, so that a dispatcher soon sees that it is down.
            self.0.pull(most, wait.min(Duration::from_millis(100))).await
        })
    }

    fn settle<'a>(&'a self, receipt: &'a Receipt, settlement: Settlement) -> BoxFuture<'a, Result<bool, PortError>> {
        self.0.settle(receipt, settlement)
    }

    fn depth(&self) -> BoxFuture<'_, Result<Depth, PortError>> {
        Box::pin(async {
            self.pass("depth")?;
            self.0.depth().await
        })
    }

    fn waiting(&self, most: usize) -> BoxFuture<'_, Result<Vec<Task>, PortError>> {
        self.0.waiting(most)
    }

    fn quarantined(&self, most: usize) -> BoxFuture<'_, Result<Vec<Quarantined>, PortError>> {
        self.0.quarantined(most)
    }

    fn release(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        self.0.release(id)
    }

    fn discard(&self, id: u64) -> BoxFuture<'_, Result<bool, PortError>> {
        self.0.discard(id)
    }
}

/// What a worker of a role has to do, and how.
fn steps(role: &str) -> Vec<Step> {
    match role {
        "gated" | "hasty" => (0..3).map(Step::Gated).collect(),
        "panics" => vec![Step::Panics, Step::Quick(1)],
        "blocked" | "held" | "stubborn" | "deaf" => vec![Step::Blocks],
        _ => Vec::new(),
    }
}

/// The process: its role, its place, the address of its health checks.
pub fn run(arguments: &[String]) -> ExitCode {
    let [role, place, address] = arguments else { panic!("a role, a place and an address") };
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let mut builder = if ["blocked", "deaf"].contains(&&**role) {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    let runtime = builder.worker_threads(4).enable_all().build().unwrap();
    match runtime.block_on(work(role, Place(place.into()), address)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ended: {error}");
            // As after a `main` of the attribute `tokio::main`: a load that blocks its thread holds the runtime, and so the process.
            ExitCode::FAILURE
        }
    }
}

/// Once the test has seen it begin, the worker has something to do.
async fn push(cache: Cache, place: Place, steps: Vec<Step>) {
    until_there(&place, "go").await;
    for step in steps {
        cache.refresh(&step).await.unwrap();
    }
    place.leave("pushed");
}

async fn work(role: &str, place: Place, address: &str) -> Result<(), Box<dyn std::error::Error>> {
    let clock = Clock::coarse();
    let metrics = if role == "wordy" { Metrics::named("name".repeat(100_000)) } else { Metrics::new() };
    let queue = MemoryQueue::builder(clock.clone()).build()?;
    let builder = Cache::builder().jobs(Jobs::new().add::<Step>()).state(place.clone()).clock(clock);
    let builder = builder.queue(Shaky(queue.clone(), place.clone())).observer(metrics.clone());
    let cache = builder.workers(usize::from(role != "nobody")).build().await?;
    tokio::spawn(push(cache.clone(), place.clone(), steps(role)));
    let drain = if ["hasty", "stubborn", "deaf", "left"].contains(&role) { Duration::from_millis(300) } else { HOUR };
    let worker = Worker::new(cache).health(address).drain(drain).stuck_after(Duration::from_secs(1));
    let worker = if role == "bare" { worker } else { worker.metrics(metrics) };
    if role == "left" {
        return leave(worker, &place).await;
    }
    let ended = worker.run().await;
    let depth = queue.depth().await?;
    println!("left ready {} delayed {} held {}", depth.ready, depth.delayed, depth.held);
    Ok(ended?)
}

/// Leaves `run`, and goes on with something else until the test opens the door.
async fn leave(worker: Worker, place: &Place) -> Result<(), Box<dyn std::error::Error>> {
    let mut run = Box::pin(worker.run());
    tokio::select! {
        ended = &mut run => return Ok(ended?),
        () = until_there(place, "go") => drop(run),
    }
    place.leave("left");
    until_there(place, "open").await;
    Ok(())
}

async fn until_there(place: &Place, name: &str) {
    while !place.has(name) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
