//! The worker process: it loads what web processes have asked for, until it is told to end. Start as many as are needed.
//!
//! `FRESHEN_STORE=redis://127.0.0.1:6379 cargo run -p freshen-examples --example 07_worker`; its health checks are at
//! <http://127.0.0.1:7982/health/ready>

mod jobs;

use std::error::Error;

use freshen::settings::Settings;
use freshen::worker::Worker;

/// Works until it is told to end.
#[tokio::main]
pub async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let backends = Settings::from_env()?.open().await?;
    let cache = backends.builder().jobs(jobs::all()).workers(8).build().await?;
    let port = std::env::var("PORT").unwrap_or("7982".into());
    Ok(Worker::new(cache).health(port).run().await?)
}
