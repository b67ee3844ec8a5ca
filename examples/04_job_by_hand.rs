//! A job without the attribute: what `#[cached]` writes, written by hand. For jobs that need what it does not offer, such as
//! a policy that depends on the arguments.
//!
//! `cargo run -p freshen-examples --example 04_job_by_hand`

use std::convert::Infallible;
use std::error::Error;

use freshen::{Cache, Job, Jobs, Load, Loaded};
use serde::{Deserialize, Serialize};

/// A job is its arguments; with its name they are the key.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Greeting {
    name: String,
}

impl Job for Greeting {
    type Output = String;
    type Error = Infallible;
    type State = ();
    const NAME: &'static str = "greeting";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<String>, Infallible> {
        // A query, a request: whatever is too slow to be done at each call.
        Ok(format!("hello, {}", self.name).into())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    run(|line| println!("{line}")).await
}

/// Tells what it shows, line by line.
pub async fn run(mut say: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let cache = Cache::builder().jobs(Jobs::new().add::<Greeting>()).build().await?;
    let ann = Greeting { name: "ann".into() };
    for _ in 0..2 {
        let answer = cache.get(&ann).await?;
        say(format!("{}: {}", answer.status().as_str(), *answer));
    }
    Ok(())
}
