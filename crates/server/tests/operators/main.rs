//! The operators' commands, run as the built binary against real servers, and against what is wrong.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.
#![cfg(unix)]

mod bad;
mod check;
mod guide;
mod invalidate;
mod look;
mod pipes;
mod quarantine;
mod queue;
mod scene;
