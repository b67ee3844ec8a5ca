//! The command `http`: what pages from a cache cost, weigh and are worth, beside the bare handler and other caches of responses.

mod child;
mod hits;
mod layers;
mod reply;
mod site;
mod storms;
mod visitors;
mod weight;
mod window;

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::Failure;

pub use site::serve;

/// The origin of a storm, until its orders end.
pub fn serve_origin(takes_millis: u64) -> Result<(), Failure> {
    storms::origin::serve(Duration::from_millis(takes_millis))
}

/// Our layer as a proxy, until its orders end.
pub fn serve_proxy(origin: SocketAddr) -> Result<(), Failure> {
    storms::proxy::serve(origin)
}

#[derive(Args)]
pub struct Http {
    /// What is measured; by default all of it
    #[arg(value_name = "PART")]
    parts: Vec<Part>,
    #[command(flatten)]
    hits: hits::Hits,
    /// Pages that each cache holds when it is weighed
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pages: u32,
    /// Visitors in each storm
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=2_000))]
    visitors: u16,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// CPU time of the server for each page that it has.
    Hits,
    /// Memory for each page.
    Memory,
    /// Many visitors at once on one page whose origin is slow, dead or hung, beside nginx and Varnish.
    Storms,
    /// How long a page is served stale where its origin has died.
    Window,
}

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Server {
    /// An axum handler, with nothing before it: the limit.
    Bare,
    /// The same behind our layer.
    Freshen,
    /// Behind axum-response-cache.
    AxumResponseCache,
    /// Behind tower-http-cache.
    TowerHttpCache,
    /// Behind http-cache-tower-server.
    HttpCacheTower,
    /// Behind hitbox-tower.
    Hitbox,
}

impl Server {
    fn name(self) -> &'static str {
        match self {
            Server::Bare => "axum",
            Server::Freshen => "freshen",
            Server::AxumResponseCache => "axum-response-cache",
            Server::TowerHttpCache => "tower-http-cache",
            Server::HttpCacheTower => "http-cache-tower-server",
            Server::Hitbox => "hitbox-tower",
        }
    }

    fn caches(self) -> bool {
        self != Server::Bare
    }
}

/// Measures and prints.
pub fn run(http: &Http) -> Result<(), Failure> {
    let wanted = |part: &&Part| http.parts.is_empty() || http.parts.contains(part);
    for part in Part::value_variants().iter().filter(wanted) {
        match part {
            Part::Hits => hits::measure(&http.hits)?,
            Part::Memory => weight::measure(http.pages)?,
            Part::Storms => storms::measure(http.visitors.into())?,
            Part::Window => window::measure()?,
        }
        println!();
    }
    Ok(())
}

/// A site in a process of its own.
fn started(server: Server, bytes: usize) -> Result<child::Child, Failure> {
    let server = server.to_possible_value().ok_or("every server has a name")?;
    child::Child::start(&["site", server.get_name(), &bytes.to_string()])
}
