//! Many keys at once: one load for all that is missing, and a warm-up for which nobody waits.
//!
//! `cargo run -p freshen-examples --example 03_many_and_warm_up`

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use freshen::{Cache, Clock, Job, Jobs, Load, Loaded};
use serde::{Deserialize, Serialize};

/// A square, computed together with others.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Square {
    of: u64,
}

impl Job for Square {
    /// The square, and how many were computed along with it.
    type Output = (u64, usize);
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "square";
    const BATCH: usize = 100;

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<Self::Output>, Infallible> {
        Ok((self.of * self.of, 1).into())
    }

    async fn load_many(squares: &[Self], _load: Load<'_, Self>) -> Vec<Result<Loaded<Self::Output>, Infallible>> {
        squares.iter().map(|square| Ok((square.of * square.of, squares.len()).into())).collect()
    }
}

/// Time is paused: what is slept takes none.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    run(|line| println!("{line}")).await
}

/// Tells what it shows, line by line.
pub async fn run(mut say: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let cache = Cache::builder().jobs(Jobs::new().add::<Square>()).clock(Clock::runtime()).build().await?;
    let squares = |of: std::ops::Range<u64>| -> Vec<Square> { of.map(|of| Square { of }).collect() };
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
