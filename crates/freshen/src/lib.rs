//! Freshen serves the value it has, now, and refreshes it behind the request.
//!
//! With the feature `sql` (Rust 1.94, as sqlx 0.9) it has read jobs: queries whose rows are cached.

pub use freshen_core::*;
#[cfg(feature = "metrics")]
pub use freshen_metrics as metrics;

#[cfg(feature = "macros")]
pub use freshen_macros::{Job, Lookup, cached};

#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private;

/// The rules of HTTP caching.
#[cfg(feature = "pages")]
#[doc(inline)]
pub use freshen_http as http;

/// Pages of a site, as a tower layer.
#[cfg(feature = "pages")]
#[doc(inline)]
pub use freshen_pages as pages;

/// Store, queue and bus on Redis and Valkey.
#[cfg(feature = "redis")]
#[doc(inline)]
pub use freshen_redis as redis;

#[cfg(feature = "settings")]
pub mod settings;

#[cfg(feature = "sql")]
#[doc(inline)]
pub use freshen_sql as sql;

#[cfg(feature = "worker")]
#[doc(inline)]
pub use freshen_worker as worker;

/// The code in the README, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The examples of the macros, which need this crate.
#[cfg(all(doctest, feature = "macros"))]
mod macros {
    #[doc = include_str!("../../macros/docs/cached.md")]
    struct Cached;

    #[doc = include_str!("../../macros/docs/job.md")]
    struct Job;

    #[doc = include_str!("../../macros/docs/lookup.md")]
    struct Lookup;
}
