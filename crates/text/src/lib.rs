//! How people write what Freshen is told: durations, sizes and rates, each with its unit, and words that are nearly right.
//!
//! The macros read these at compile time, settings and the binary when a program starts.

pub mod duration;
mod nearest;
pub mod rate;
pub mod size;

pub use nearest::{distance, nearest};
