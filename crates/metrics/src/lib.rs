//! What a cache does, for Prometheus: counts, waits and what is there at the moment, on one page of text.
//!
//! [`Metrics`] observes a cache and counts; [`Metrics::render`] asks the cache for what cannot be counted and writes the
//! page. Serve it at `/metrics` under [`METRICS_CONTENT_TYPE`], with whatever serves your other pages.
//!
//! ```
//! use freshen_core::{Cache, Job, Jobs, Load, Loaded};
//! use freshen_metrics::Metrics;
//! # #[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
//! # struct Square { of: u64 }
//! # impl Job for Square {
//! #     type Output = u64;
//! #     type Error = std::convert::Infallible;
//! #     type State = ();
//! #     const NAME: &'static str = "square";
//! #     async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> { Ok((self.of * self.of).into()) }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let metrics = Metrics::new();
//! let cache = Cache::builder().jobs(Jobs::new().add::<Square>()).observer(metrics.clone()).build().await?;
//! cache.get(&Square { of: 3 }).await?;
//! cache.get(&Square { of: 3 }).await?;
//!
//! let page = metrics.render(&cache).await;
//! assert!(page.contains(r#"freshen_answers_total{job_name="square",status="loaded",rule="missing"} 1"#));
//! assert!(page.contains(r#"freshen_answers_total{job_name="square",status="hit",rule="fresh"} 1"#));
//! assert!(page.contains("freshen_near_entries 1"));
//! # Ok(())
//! # }
//! ```
//!
//! For several caches on one page see [`render_all`]. To put the page before the one of another library that writes
//! OpenMetrics, take off its last line, `# EOF`.
//!
#![doc = include_str!("table.md")]

mod metrics;
mod page;
mod family;
mod gauges;
mod text;
mod counts;
mod job;
mod known;
mod bounded;
mod histogram;
mod shards;

pub use bounded::LABELS_MAX;
pub use metrics::Metrics;
pub use page::{METRICS_CONTENT_TYPE, RepeatedName, render_all};
