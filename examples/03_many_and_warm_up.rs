//! Many keys at once: one load for all that is missing, and a warm-up for which nobody waits.
//!
//! `cargo run -p freshen-examples --example 03_many_and_warm_up`

use std::error::Error;
use std::time::Duration;

use freshen::{Cache, Clock, Jobs, cached};

/// A square, and how many were computed along with it.
#[cached(job = Square, batch = squares)]
async fn square(of: u64) -> (u64, usize) {
    (of * of, 1)
}

/// Squares that are missing together.
async fn squares(jobs: &[Square]) -> Vec<(u64, usize)> {
    jobs.iter().map(|job| (job.of * job.of, jobs.len())).collect()
}

/// Time is paused: what is slept takes none.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    run(|line| println!("{line}")).await
}

/// Tells what it shows, line by line.
pub async fn run(mut say: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let cache = Cache::builder().jobs(Jobs::new().add::<Square>()).clock(Clock::runtime()).build().await?;
    let squares = |of: std::ops::Range<u64>| -> Vec<Square> { of.map(Square::of).collect() };
    let asked = cache.warm_up(&squares(1..3)).await?;
    say(format!("asked for {asked} refreshes"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    for answer in cache.get_many(&squares(1..6)).await {
        let answer = answer?;
        let (square, together) = *answer;
        say(format!("{square}: {}, computed with {} others", answer.status().as_str(), together - 1));
    }
    Ok(())
}
