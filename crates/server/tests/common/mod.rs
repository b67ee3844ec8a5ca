//! What the tests of the binary share: the binary itself, and a source of the test's.
#![allow(dead_code, reason = "each test target uses its own part of it")]

pub mod binary;
pub mod origin;
