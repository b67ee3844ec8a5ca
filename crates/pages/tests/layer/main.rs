//! The layer before a service that the tests write.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod origin;
mod site;

mod freshness;
mod crowds;
mod bodies;
mod variants;
mod writes;
mod failures;
mod memory;
mod fleet;
