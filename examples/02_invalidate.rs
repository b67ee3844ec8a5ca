//! Invalidation by tag. Softly: what is there goes on being served while it is loaded again. Hard: it is never served again.
//!
//! `cargo run -p freshen-examples --example 02_invalidate`

use std::error::Error;
use std::sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed};
use std::time::Duration;

use freshen::{Cache, Clock, Jobs, Strength, cached};

/// What a product costs, which somebody changes.
#[cached(job = Offer, tags = ["product:{product}"])]
async fn offer(product: u32, #[state] price: &Arc<AtomicU64>) -> String {
    format!("product {product} costs {}", price.load(Relaxed))
}

/// Time is paused: what is slept takes none.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    run(|line| println!("{line}")).await
}

/// Tells what it shows, line by line.
pub async fn run(mut say: impl FnMut(String)) -> Result<(), Box<dyn Error>> {
    let (price, offer) = (Arc::new(AtomicU64::new(10)), Offer::of(7));
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
