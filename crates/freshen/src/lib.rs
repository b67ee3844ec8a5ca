//! Freshen serves the value it has, now, and refreshes it behind the request.
//!
//! With the feature `sql` (Rust 1.94, as sqlx 0.9) it has read jobs: queries whose rows are cached.

pub use freshen_core::*;

#[cfg(feature = "sql")]
#[doc(inline)]
pub use freshen_sql as sql;

/// The code in the README, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
