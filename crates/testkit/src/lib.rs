//! Tests that every store, queue and bus must pass, and what tests of code that uses Freshen need.
//! Freshen serves the value it has, now, and refreshes it behind the request.

pub mod queue_suite;

#[cfg(test)]
mod queue_mutants;

pub use freshen_core::*;
