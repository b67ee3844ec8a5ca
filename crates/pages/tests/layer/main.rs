//! The layer before a service that the tests write.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod origin;
mod site;

mod freshness;
mod crowds;
mod own;
mod bodies;
mod variants;
mod writes;
mod failures;
mod fleet;
mod stores;
mod sent;
mod counted;
mod whom;
mod chosen;
mod bounds;
mod wire;
