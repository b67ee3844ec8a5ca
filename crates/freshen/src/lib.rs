//! Freshen serves the value it has, now, and refreshes it behind the request.

pub use freshen_core::*;
#[cfg(feature = "metrics")]
pub use freshen_metrics as metrics;

/// The code in the README, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
