//! A function that is cached: it stays a function, and its job stands beside it. The first caller waits for the load, the
//! second is served what is there.
//!
//! `cargo run -p freshen-examples --example 01_cached_function`

use std::error::Error;
use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering::Relaxed};

use freshen::{Cache, Jobs, cached};

/// The job is called `Greeting`, and `user` is its key. What a load needs besides, it is given as state.
#[cached(job = Greeting, ttl = "15m", stale_while_revalidate = "1h")]
async fn greeting(user: &str, #[state] loads: &Arc<AtomicU32>) -> String {
    // A query, a request: whatever is too slow to be done at each call.
    format!("hello, {user}, for the {}. time", loads.fetch_add(1, Relaxed) + 1)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    run(|line| println!("{line}")).await
}

/// Tells what it shows, line by line.
pub async fn run(mut say: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let loads = Arc::new(AtomicU32::new(0));
    let cache = Cache::builder().state(loads.clone()).jobs(Jobs::new().add::<Greeting>()).build().await?;
    for _ in 0..2 {
        let answer = cache.get(&Greeting::of("ann")).await?;
        say(format!("{}: {}", answer.status().as_str(), *answer));
    }
    say(format!("called: {}", greeting("bob", &loads).await));
    Ok(())
}
