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
    let sentence = "what is stale is served until its window ends, to the second".to_owned();
    println!("\n{}", aims::list(&[(found.is_to_the_second(window), sentence)]));
    Ok(())
}

/// Seconds since the page came.
struct Found {
    last: f64,
    error: f64,
}

impl Found {
    /// A Date tells whole seconds, so the page may be taken for one second older than it is, but for no younger. When it was seen
    /// is known as far as visitors come.
    fn is_to_the_second(&self, window: f64) -> bool {
        let each = EACH.as_secs_f64();
        (window - 1.0 - each..=window + each).contains(&self.last) && self.last < self.error
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_served_up_to_a_second_less_than_its_window_and_no_longer() {
        let judged = |last| Found { last, error: last + 0.1 }.is_to_the_second(4.0);
        assert_eq!([2.8, 2.95, 4.0, 4.2].map(judged), [false, true, true, false]);
    }
}
