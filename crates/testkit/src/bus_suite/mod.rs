//! The contract of the bus port, as tests.
//!
//! A bus carries what a store's steps publish, so a fixture has both. An adapter calls [`bus_suite!`](crate::bus_suite!) with
//! an expression that makes a fresh [`BusFixture`] for each test.

#![allow(missing_docs, reason = "the name of a case is its sentence")]

mod cases;
mod fixture;

pub mod hearing;
pub mod losing;

pub use cases::{BusCase, bus_cases};
pub use fixture::BusFixture;
