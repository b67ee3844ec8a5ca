//! The demo as people meet it: the real binary, over HTTP and by signals.
//!
//! These run in real time, since the binary does: they look again until a deadline, and judge by statuses and counts.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "../common/mod.rs"]
mod common;

use common::{binary, fleet, origin};

mod actions;
mod crowd;
mod ends;
mod events;
mod fleets;
mod flags;
mod kills;
mod life;
mod list_page;
mod metrics;
mod sources;
