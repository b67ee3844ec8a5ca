//! The layer before a service that the tests write.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod origin;
mod site;

mod freshness;
mod crowds;
mod own;
mod whom;
mod bodies;
mod variants;
mod writes;
mod failures;
mod bounds;
mod memory;
mod fleet;
mod stores;
mod sent;
mod served;
mod stacked;
mod wire;
mod counted;
mod chosen;
