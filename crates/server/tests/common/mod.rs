//! What the tests of the binary share: the binary itself, a source of the test's, and a server for several processes.
#![allow(dead_code, reason = "each test target uses its own part of it")]

pub mod binary;
pub mod fleet;
pub mod origin;
