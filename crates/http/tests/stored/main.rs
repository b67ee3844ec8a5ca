//! What is kept of a response, what a request gets of it, and what it looks like as bytes.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod admitted;
mod answers;
mod bodies;
mod content;
mod fields;
mod following;
mod made;
mod missing;
mod parts;
mod properties;
mod snapshots;
