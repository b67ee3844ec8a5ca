//! How long what is stale is served: a visitor each 100 ms, on a page whose origin has died.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, interval};

use super::child::Child;
use super::storms::crowd;
use super::storms::front::{Front, Kind};
use crate::{Failure, aims};

const FRESH: Duration = Duration::from_secs(1);
const STALE: Duration = Duration::from_secs(3);
/// How often is asked.
const EACH: Duration = Duration::from_millis(100);

/// Measures and prints.
pub fn measure() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(watch())?;
    let window = (FRESH + STALE).as_secs_f64();
    println!(
        "A page that is fresh for {} s and may be served stale for {} s more, its origin killed: a visitor each {} ms\n",
        FRESH.as_secs(),
        STALE.as_secs(),
        EACH.as_millis()
    );
    println!(
        "its window ends {window:.1} s after it came; the last answer {:.1} s, the first error {:.1} s after it",
        found.last, found.error
    );
    // Its Date says whole seconds: the page may be one older than we know.
    let to_the_second = (window - found.last).abs() <= 1.0 && found.last < found.error;
    println!(
        "\n{}",
        aims::list(&[(to_the_second, "what is stale is served until its window ends, to the second".to_owned())])
    );
    Ok(())
}

/// Seconds since the page came.
struct Found {
    last: f64,
    error: f64,
}

async fn watch() -> Result<Found, Failure> {
    let origin = Child::start(&["origin", "0"])?;
    let front = Front::start(Kind::Freshen, origin.address)?;
    let stale = STALE.as_secs();
    let path = format!("/max-age={},stale-while-revalidate={stale},stale-if-error={stale}", FRESH.as_secs());
    // What is warm is the client to the origin, and not this page.
    crowd::ask_alone(front.address(), "/no-store").await?;
    let came = Instant::now();
    if crowd::ask_alone(front.address(), &path).await?.status != Some(200) {
        return Err("the page did not come".into());
    }
    let pid = i32::try_from(origin.id()).ok().and_then(Pid::from_raw).ok_or("a process has a number")?;
    kill_process(pid, Signal::KILL)?;
    let (mut last, mut each) = (came, interval(EACH));
    let ends = came + FRESH + STALE * 2;
    while Instant::now() < ends {
        each.tick().await;
        let asked = Instant::now();
        match crowd::ask_alone(front.address(), &path).await?.status {
            Some(200) => last = asked,
            _ => return Ok(Found { last: (last - came).as_secs_f64(), error: (asked - came).as_secs_f64() }),
        }
    }
    Err("what is stale is served long after its window".into())
}
