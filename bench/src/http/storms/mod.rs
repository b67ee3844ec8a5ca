//! Storms over HTTP: many visitors at once on one page whose origin is slow, dead or hung; beside nginx and Varnish.

mod case;
pub mod crowd;
pub mod front;
pub mod origin;
pub mod proxy;

use std::time::Duration;

use clap::ValueEnum;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use super::child::Child;
use crate::waits::{Waits, millis};
use crate::{Failure, aims};
use case::{Case, Trouble};
use crowd::Seen;
use front::{Front, Kind};

/// How long the origin takes for a page.
pub const TAKES: Duration = Duration::from_secs(1);
/// How long whoever stands in front waits for the origin.
pub const ORIGIN_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a page is fresh, where it has a lifetime.
const FRESH: Duration = Duration::from_secs(2);
/// When a visitor gives up.
const GIVES_UP: Duration = Duration::from_secs(20);
/// How long the second crowd of a storm comes after the first: whoever waits for a hung origin has given up by then.
const PAUSE: Duration = Duration::from_secs(4);
/// What a page is.
const CONTENT: &str = "the last posts";
/// Above what a page that takes its origin no time may be waited for: two cores are shared by all.
const AT_ONCE: Duration = Duration::from_millis(250);

/// Measures and prints.
pub fn measure(visitors: usize) -> Result<(), Failure> {
    println!(
        "{visitors} visitors at once on one page, whose origin takes {} ms: requests that reached the origin, and waits in ms\n",
        TAKES.as_millis()
    );
    println!("{:<34}{:<10}{:>8}{:>9}{:>9}{:>9}  statuses", "", "", "origin", "p50", "p99", "longest");
    let (fronts, missing): (Vec<Kind>, Vec<Kind>) = Kind::ALL.into_iter().partition(|kind| kind.is_installed());
    let mut judged = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for case in Case::value_variants() {
        for kind in fronts.iter().filter(|kind| kind.outdates() || *case != Case::Outdated) {
            eprintln!("storms: {}, {}", case.title(), kind.name());
            let storm = runtime.block_on(storm(*kind, *case, visitors))?;
            println!("{:<34}{:<10}{}", case.title(), kind.name(), storm.line());
            if *kind == Kind::Freshen {
                judged.push(judge(*case, &storm, visitors));
            }
        }
    }
    for kind in missing {
        println!("{} is not installed, and left out.", kind.name());
    }
    println!("\n{}", aims::list(&judged));
    Ok(())
}

/// What was seen of one storm.
struct Storm {
    /// Requests that reached the origin; `None`: it was dead.
    reached: Option<u64>,
    seen: Seen,
}

impl Storm {
    fn line(&self) -> String {
        let reached = self.reached.map_or("–".to_owned(), |reached| reached.to_string());
        format!("{reached:>8}{}  {}", self.seen.waits.columns(), self.seen.statuses())
    }
}

/// One storm, with an origin and a front of its own.
async fn storm(kind: Kind, case: Case, visitors: usize) -> Result<Storm, Failure> {
    let mut origin = Child::start(&["origin", &TAKES.as_millis().to_string()])?;
    let mut front = Front::start(kind, origin.address)?;
    let (address, path) = (front.address(), case.path());
    if case.finds_a_page() {
        crowd::ask_alone(address, &path).await?;
    }
    if case.waits_until_stale() {
        // Nginx counts whole seconds.
        sleep(FRESH + Duration::from_millis(1_200)).await;
    }
    if case == Case::Outdated {
        front.outdate(&path).await?;
    }
    let before: u64 = origin.order("count")?;
    let pid = i32::try_from(origin.id()).ok().and_then(Pid::from_raw).ok_or("a process has a number")?;
    match case.trouble() {
        Some(Trouble::Killed) => kill_process(pid, Signal::KILL)?,
        Some(Trouble::Hung) => kill_process(pid, Signal::STOP)?,
        None => {}
    }
    let mut seen = crowd::ask(address, &path, visitors).await?;
    if case.trouble().is_some() && case.finds_a_page() {
        // Whoever probes the origin for each crowd is seen by it.
        sleep(PAUSE).await;
        seen = seen.and(crowd::ask(address, &path, visitors).await?);
    }
    if case.trouble() == Some(Trouble::Killed) {
        return Ok(Storm { reached: None, seen });
    }
    if case.trouble() == Some(Trouble::Hung) {
        kill_process(pid, Signal::CONT)?;
    }
    // What was asked for behind the visitors counts too.
    sleep(TAKES * 3 / 2).await;
    let reached = origin.order::<u64>("count")?;
    Ok(Storm { reached: Some(reached - before), seen })
}

/// Our aim in a case, and whether it is met.
fn judge(case: Case, storm: &Storm, visitors: usize) -> (bool, String) {
    let Waits { max, .. } = storm.seen.waits;
    let longest = millis(case.longest());
    let asked = match case {
        Case::Killed => true,
        Case::Unstorable | Case::KnownUnstorable => storm.reached.is_some_and(|reached| reached >= visitors as u64),
        Case::Hung => storm.reached.is_some_and(|reached| reached <= 2),
        Case::HungCold | Case::Cold | Case::Expired | Case::Outdated => storm.reached == Some(1),
    };
    let statuses = storm.seen.are_all(case.status());
    let sentence = format!("{}: {}, and nobody waits longer than {longest:.0} ms", case.title(), case.aim());
    (asked && statuses && max <= longest, format!("{sentence}; the longest wait: {max:.0}"))
}
