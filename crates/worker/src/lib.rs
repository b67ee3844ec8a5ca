//! A process that refreshes for others: a cache whose workers do nothing else, until the process is told to end.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use freshen_core::{Cache, Jobs};
//! use freshen_worker::Worker;
//! # use freshen_core::{Job, Load, Loaded};
//! # #[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
//! # struct Report { month: u32 }
//! # impl Job for Report {
//! #     type Output = u32;
//! #     type Error = std::convert::Infallible;
//! #     type State = ();
//! #     const NAME: &'static str = "report";
//! #     async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u32>, Self::Error> { Ok(self.month.into()) }
//! # }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let cache = Cache::builder().jobs(Jobs::new().add::<Report>()).build().await?; // with a store and queues that are shared
//!     Worker::new(cache).health("127.0.0.1:7982").drain(Duration::from_secs(30)).run().await?; // until SIGTERM or SIGINT
//!     Ok(())
//! }
//! ```
//!
//! How many tasks it takes at once, of which queue and at which rate, is said to the builder of the cache: `workers`,
//! `workers_on` and `limits`.
//!
#![doc = include_str!("health.md")]

mod worker;
mod error;
mod signals;
mod standing;
mod health;
mod answer;

pub use error::WorkerError;
pub use worker::Worker;
