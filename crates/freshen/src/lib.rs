//! Freshen serves the value it has, now, and refreshes it behind the request.

pub use freshen_core::*;
#[cfg(feature = "metrics")]
pub use freshen_metrics as metrics;

#[cfg(feature = "macros")]
pub use freshen_macros::{Job, Lookup, cached};

#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private;

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
