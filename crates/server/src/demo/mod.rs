//! `freshen demo`: a page with the list of a slow source, served through a cached job.

mod source;
mod upstream;
mod fetch;
mod listing;
mod switches;
mod job;
mod stats;
mod histogram;
mod timeline;
mod tasks;
mod hand;
mod view;
mod words;
mod shown;
mod burst;
mod action;
mod page;
mod live;
mod sampler;
mod visitor;
mod serve;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use freshen::metrics::Metrics;
use freshen::{Cache, Clock, Jobs, Policy, Windows};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::demo::burst::Bursts;
use crate::demo::fetch::Fetcher;
use crate::demo::job::Latest;
use crate::demo::live::Live;
use crate::demo::shown::Shown;
use crate::demo::source::Source;
use crate::demo::stats::Stats;
use crate::demo::switches::Switches;
use crate::demo::upstream::Upstream;
use crate::demo::view::Times;
use crate::failure::Failure;
use crate::flag;
use crate::signals::Signals;

/// How long requests under way may take to end after a signal, and then loads under way.
const END_WITHIN: Duration = Duration::from_secs(5);
/// What the near tier holds at most, unless the capacity is less.
const NEAR_CAPACITY_MAX: u64 = 128 << 20;

/// What `freshen demo` is told.
#[derive(clap::Args)]
pub struct Demo {
    /// Where the page is served; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7979", value_parser = flag::address)]
    listen: SocketAddr,
    /// A URL to show instead of the demo's own slow source: a JSON list, or any text by its lines
    #[arg(long, value_name = "URL", value_parser = Source::parse)]
    source: Option<Source>,
    /// How much the cache holds, in B, KiB, MiB or GiB
    #[arg(long, value_name = "BYTES", default_value = "256MiB", value_parser = flag::bytes)]
    capacity: u64,
    /// How long the list is fresh
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = flag::span)]
    ttl: Duration,
    /// How long after the ttl it is served while it is loaded again
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = flag::span)]
    stale: Duration,
    /// How long after both it is still served when the source fails
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = flag::span)]
    stale_if_error: Duration,
}

impl Demo {
    /// Runs until a signal.
    pub async fn run(self) -> Result<(), Failure> {
        let policy = self.policy()?;
        let mut signals = Signals::listen().map_err(Failure::Start)?;
        let listen = |source| Failure::Listen { address: self.listen, source };
        let listener = TcpListener::bind(self.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let clock = Clock::runtime();
        // Held until the end: dropping it ends the demo's own source.
        let (_upstream, source) = match self.source {
            Some(source) => (None, source),
            None => {
                let upstream = Upstream::start(clock.clone(), fastrand::u64(..)).await.map_err(Failure::Start)?;
                let source = upstream.source();
                (Some(upstream), source)
            }
        };
        let (stats, metrics) = (Arc::new(Stats::new(clock.clone())), Metrics::new());
        let switches = Switches::default();
        let cache = Cache::builder()
            .capacity(self.capacity)
            .near_capacity(self.capacity.min(NEAR_CAPACITY_MAX))
            .state(Fetcher::new(&source)?)
            .state(switches.clone())
            .jobs(Jobs::new().add::<Latest>())
            .observer(stats.clone())
            .observer(metrics.clone())
            .build()
            .await?;
        let job = Latest::of(&source, policy.windows());
        // Nothing is in hand yet, so this asks for the first load behind it; a source that does not answer is tried again.
        let _ = cache.get_ready(&job);
        announce(address, &source);
        let (stop, stopped) = watch::channel(());
        let shown = Shown {
            cache: cache.clone(),
            job,
            source,
            switches,
            stats,
            metrics,
            clock,
            times: Times::of(&policy),
            live: Arc::new(Live::new()),
            bursts: Bursts::default(),
            run: format!("{:016x}", fastrand::u64(..)),
            last: Mutex::new(None),
        };
        let serving = tokio::spawn(serve::serve(listener, Arc::new(shown), stopped));
        signals.next().await;
        eprintln!("freshen: ending; a second signal ends it at once");
        drop(stop);
        tokio::select! {
            () = end(serving, &cache) => Ok(()),
            () = signals.next() => Err(Failure::Interrupted),
        }
    }

    /// The job's policy with the windows that the flags say.
    fn policy(&self) -> Result<Policy, Failure> {
        let windows =
            Windows { ttl: self.ttl, stale_while_revalidate: self.stale, stale_if_error: self.stale_if_error };
        Ok(job::policy(windows).build()?)
    }
}

/// Waits, within bounds, for the requests and then for the loads that are under way.
async fn end(serving: tokio::task::JoinHandle<()>, cache: &Cache) {
    if tokio::time::timeout(END_WITHIN, serving).await.is_err() {
        tracing::warn!("requests were still under way after {END_WITHIN:?}: left without an answer");
    }
    if !cache.shut_down(END_WITHIN).await {
        tracing::warn!("a load was still under way after {END_WITHIN:?}: its result is lost");
    }
}

/// Tells where the page is: its address ends the first line.
fn announce(address: SocketAddr, source: &Source) {
    let slow = if source.is_own() { upstream::TEMPER } else { "" };
    let lines = format!("freshen demo on http://{address}/\nsource: {source}{slow}\nCtrl-C ends it\n");
    if let Err(error) = std::io::stdout().write_all(lines.as_bytes()) {
        // Nobody reads along; the page is there all the same.
        tracing::warn!(%error, "cannot print the address http://{address}/");
    }
}
