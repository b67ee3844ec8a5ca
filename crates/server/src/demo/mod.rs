//! `freshen demo`: a page with the list of a slow source, served through a cached job.

mod source;
mod upstream;
mod fetch;
mod listing;
mod job;
mod stats;
mod histogram;
mod view;
mod page;
mod serve;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use freshen::metrics::Metrics;
use freshen::{Cache, Clock, Job, Jobs};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::demo::fetch::Fetcher;
use crate::demo::job::Latest;
use crate::demo::serve::Shown;
use crate::demo::source::Source;
use crate::demo::stats::Stats;
use crate::demo::upstream::Upstream;
use crate::demo::view::Times;
use crate::failure::Failure;
use crate::signals::Signals;

/// How long requests under way may take to end after a signal, and then loads under way.
const END_WITHIN: Duration = Duration::from_secs(5);

/// What `freshen demo` is told.
#[derive(clap::Args)]
pub struct Demo {
    /// Where the page is served; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7979", value_parser = address)]
    listen: SocketAddr,
    /// A URL to show instead of the demo's own slow source: a JSON list, or any text by its lines
    #[arg(long, value_name = "URL", value_parser = Source::parse)]
    source: Option<Source>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an address and a port, such as 127.0.0.1:7979".to_owned())
}

impl Demo {
    /// Runs until a signal.
    pub async fn run(self) -> Result<(), Failure> {
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
        let cache = Cache::builder()
            .state(Fetcher::new(&source)?)
            .jobs(Jobs::new().add::<Latest>())
            .observer(stats.clone())
            .observer(metrics.clone())
            .build()
            .await?;
        let job = Latest::of(&source);
        // Nothing is in hand yet, so this asks for the first load behind it; a source that does not answer is tried again.
        let _ = cache.get_ready(&job);
        announce(address, &source);
        let (stop, stopped) = oneshot::channel::<()>();
        let times = Times::of(&Latest::policy().build()?);
        let shown = Shown { cache: cache.clone(), job, source, stats, metrics, clock, times };
        let serving = tokio::spawn(serve::serve(listener, shown, stopped));
        signals.next().await;
        eprintln!("freshen: ending; a second signal ends it at once");
        drop(stop);
        tokio::select! {
            () = end(serving, &cache) => Ok(()),
            () = signals.next() => Err(Failure::Interrupted),
        }
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
