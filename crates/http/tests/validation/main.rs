//! Tables of conditions and validation, over what the crate offers.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod conditions;
mod freshened;
mod head;
mod validated;
mod validating;
mod wire;
