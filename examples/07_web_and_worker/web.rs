//! The web process: it serves what is there, and leaves refreshing to workers. The worker is beside it.
//!
//! `FRESHEN_STORE=redis://127.0.0.1:6379 cargo run -p freshen-examples --example 07_web`, then open <http://127.0.0.1:7980/7>

mod jobs;

use std::error::Error;

use axum::extract::{Path, State};
use axum::{Router, http::StatusCode, routing::get};
use freshen::{Cache, settings::Settings};

/// Serves until it is ended.
#[tokio::main]
pub async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let backends = Settings::from_env()?.open().await?;
    let cache = backends.builder().jobs(jobs::all()).workers(0).build().await?;
    let port = std::env::var("PORT").unwrap_or("7980".into());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("open http://{}/7", listener.local_addr()?);
    Ok(axum::serve(listener, Router::new().route("/{month}", get(page)).with_state(cache)).await?)
}

async fn page(State(cache): State<Cache>, Path(month): Path<u32>) -> Result<String, (StatusCode, String)> {
    let report = cache.get(&jobs::Report::of(month)).await;
    let report = report.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    Ok(format!("{} ({}, {} s old)\n", *report, report.status().as_str(), report.age().as_secs()))
}
