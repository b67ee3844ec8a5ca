//! The contract of the store port, as tests.
//!
//! An adapter calls [`store_suite!`](crate::store_suite!) with an expression that makes a fresh [`StoreFixture`] for each test.

#![allow(missing_docs, reason = "the name of a case is its sentence")]

mod cases;
mod fixture;
mod walk;

pub mod asking;
pub mod beginning;
pub mod bounds;
pub mod clock;
pub mod committing;
pub mod failing;
pub mod outdating;
pub mod overtaking;
pub mod partitions;
pub mod publishing;
pub mod racing;
pub mod reading;
pub mod tasks;

pub use cases::{StoreCase, store_cases};
pub use fixture::{Bounds, StoreFixture, TestTime};
