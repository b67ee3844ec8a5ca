//! Invalidation by tag. Softly: what is there goes on being served while it is loaded again. Hard: it is never served again.
//!
//! `cargo run -p freshen-examples --example 02_invalidate`

use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed};
use std::time::Duration;

use freshen::{Cache, Clock, Job, Jobs, Load, Loaded, Strength};
use serde::{Deserialize, Serialize};

/// The price of a product, which somebody changes.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Offer {
    product: u32,
}

impl Job for Offer {
    type Output = u64;
    type Error = Infallible;
    type State = (Arc<AtomicU64>,);
    const NAME: &'static str = "offer";

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Infallible> {
        Ok(load.state().0.load(Relaxed).into())
    }

    fn tags(&self, _value: &u64) -> Vec<String> {
        vec![format!("product:{}", self.product)]
    }
}

/// Time is paused: what is slept takes none.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    run(|line| println!("{line}")).await
}

/// Tells what it shows, line by line.
pub async fn run(mut say: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let (price, offer) = (Arc::new(AtomicU64::new(10)), Offer { product: 7 });
    let builder = Cache::builder().state(price.clone()).jobs(Jobs::new().add::<Offer>());
    let cache = builder.clock(Clock::runtime()).build().await?;
    let mut show = async |when| -> Result<(), Box<dyn Error>> {
        let answer = cache.get(&offer).await?;
        say(format!("{when}: {} ({}, {})", *answer, answer.status().as_str(), answer.rule().as_str()));
        Ok(())
    };
    show("at first").await?;
    // First the source is written, then what was read from it is outdated.
    price.store(12, Relaxed);
    cache.invalidate_tag("product:7", Strength::Soft).await?;
    show("invalidated softly").await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    show("a moment later").await?;
    price.store(15, Relaxed);
    cache.invalidate_tag("product:7", Strength::Hard).await?;
    show("invalidated hard").await
}
