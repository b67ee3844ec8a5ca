//! `freshen demo`: a page with the list of a slow source, served through a cached job.

mod source;
mod upstream;
mod fetch;
mod listing;
mod switches;
mod gate;
mod job;
mod names;
mod happened;
mod order;
mod member;
mod place;
mod flags;
mod part;
mod wire;
mod questions;
mod stage;
mod child;
mod process;
mod troupe;
mod not_up;
mod post;
mod crowd;
mod fleet;
mod histogram;
mod tally;
mod timeline;
mod loads;
mod stats;
mod tasks;
mod hand;
mod roll;
mod view;
mod words;
mod shown;
mod burst;
mod action;
mod page;
mod list_page;
mod live;
mod sampler;
mod visitor;
mod serve;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use freshen::settings::Settings;
use freshen::{Cache, Clock, Policy, Windows};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::connection::Connection;
use crate::demo::burst::Bursts;
use crate::demo::fetch::Fetcher;
use crate::demo::flags::Flags;
use crate::demo::fleet::Fleet;
use crate::demo::gate::Gate;
use crate::demo::happened::Teller;
use crate::demo::list_page::ListPage;
use crate::demo::live::Live;
use crate::demo::member::Member;
use crate::demo::part::Part;
use crate::demo::place::Place;
use crate::demo::process::Common;
use crate::demo::shown::Shown;
use crate::demo::source::Source;
use crate::demo::stats::Stats;
use crate::demo::switches::Switches;
use crate::demo::troupe::Troupe;
use crate::demo::upstream::Upstream;
use crate::demo::view::Times;
use crate::failure::Failure;
use crate::flag;
use crate::signals::Signals;

pub use crate::demo::child::DemoMember;

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
    /// How much the cache holds, in B, KiB, MiB or GiB; with --store, how much each process keeps near, at most 128MiB
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
    #[command(flatten)]
    connection: Connection,
}

impl Demo {
    /// Runs until a signal.
    pub async fn run(self) -> Result<(), Failure> {
        let policy = self.policy()?;
        let shared = self.shared()?;
        let mut signals = Signals::listen().map_err(Failure::Start)?;
        let listen = |source| Failure::Listen { address: self.listen, source };
        let listener = TcpListener::bind(self.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let clock = Clock::runtime();
        // Held until the end: dropping it ends the demo's own source.
        let (_upstream, source) = match &self.source {
            Some(source) => (None, source.clone()),
            None => {
                let upstream = Upstream::start(clock.clone(), fastrand::u64(..)).await.map_err(Failure::Start)?;
                let source = upstream.source();
                (Some(upstream), source)
            }
        };
        let shown = tokio::select! {
            shown = self.shown(shared, source, &policy, clock) => Arc::new(shown?),
            () = signals.next() => return Ok(()),
        };
        announce(address, &shown);
        let (stop, stopped) = watch::channel(());
        let serving = tokio::spawn(serve::serve(listener, shown.clone(), stopped));
        signals.next().await;
        eprintln!("freshen: ending; a second signal ends it at once");
        drop(stop);
        tokio::select! {
            () = end(serving, &shown.fleet) => Ok(()),
            () = signals.next() => Err(Failure::Interrupted),
        }
    }

    /// The servers that several processes share; nothing where one is to do all.
    fn shared(&self) -> Result<Option<Settings>, Failure> {
        let settings = self.connection.settings()?;
        match (settings.store.is_memory(), settings.queue().is_memory()) {
            (true, true) if !self.connection.names_a_store() => Ok(None),
            (true, _) => Err(Failure::NoFleet { what: "store" }),
            (false, true) => Err(Failure::NoFleet { what: "queue" }),
            (false, false) => Ok(Some(settings)),
        }
    }

    /// Starts what is to be shown: one process, or several on servers that they share.
    async fn shown(
        &self,
        shared: Option<Settings>,
        source: Source,
        policy: &Policy,
        clock: Clock,
    ) -> Result<Shown, Failure> {
        let (switches, stats) = (Switches::default(), Arc::new(Stats::new(clock)));
        let gate = Gate::Here(Fetcher::new(&source)?, switches.clone());
        let list_page = ListPage::new(source.to_string(), gate.clone(), policy.windows()).await?;
        let common = Common { gate, stats: stats.clone() };
        let (run, part) = (format!("{:016x}", fastrand::u64(..)), self.part(&source, policy.windows()));
        let fleet = match shared {
            None => alone(self.capacity, part, common).await?,
            Some(settings) => {
                let part = Part { flags: Flags::of(&self.connection), ..part };
                Fleet::start(Troupe::new(settings, part, &run, common).await?).await?
            }
        };
        Ok(Shown {
            fleet,
            list_page,
            source,
            switches,
            stats,
            times: Times::of(policy),
            live: Arc::new(Live::new()),
            bursts: Bursts::default(),
            run,
            last: Mutex::new(None),
        })
    }

    /// What the processes have in common.
    fn part(&self, source: &Source, windows: Windows) -> Part {
        Part {
            place: Place::Alone,
            flags: Flags::default(),
            prefix: String::new(),
            source: source.to_string(),
            ttl: windows.ttl,
            stale_while_revalidate: windows.stale_while_revalidate,
            stale_if_error: windows.stale_if_error,
            near_capacity_bytes: self.capacity.min(NEAR_CAPACITY_MAX),
            frozen: false,
        }
    }

    /// The job's policy with the windows that the flags say.
    fn policy(&self) -> Result<Policy, Failure> {
        let windows =
            Windows { ttl: self.ttl, stale_while_revalidate: self.stale, stale_if_error: self.stale_if_error };
        Ok(job::policy(windows).build()?)
    }
}

/// This process, which serves and refreshes from its own memory.
async fn alone(capacity_bytes: u64, part: Part, Common { gate, stats }: Common) -> Result<Fleet, Failure> {
    let builder = Cache::builder().capacity(capacity_bytes).near_capacity(part.near_capacity_bytes);
    let teller = Teller::new(move |happened| stats.tell(Place::Alone, happened));
    Ok(Fleet::alone(Member::new(builder, &part, gate, teller).await?))
}

/// Waits, within bounds, for the requests and then for the loads that are under way.
async fn end(serving: tokio::task::JoinHandle<()>, fleet: &Fleet) {
    if tokio::time::timeout(END_WITHIN, serving).await.is_err() {
        tracing::warn!("requests were still under way after {END_WITHIN:?}: left without an answer");
    }
    fleet.end(END_WITHIN).await;
}

/// Tells where the page is: its address ends the first line.
fn announce(address: SocketAddr, shown: &Shown) {
    let source = &shown.source;
    let slow = if source.is_own() { upstream::TEMPER } else { "" };
    let shared = match shown.fleet.troupe() {
        Some(troupe) => {
            format!("two web processes and two workers on {}, prefix {}\n", troupe.store, troupe.part.prefix)
        }
        None => String::new(),
    };
    let lines = format!("freshen demo on http://{address}/\nsource: {source}{slow}\n{shared}Ctrl-C ends it\n");
    if let Err(error) = std::io::stdout().write_all(lines.as_bytes()) {
        // Nobody reads along; the page is there all the same.
        tracing::warn!(%error, "cannot print the address http://{address}/");
    }
}
