//! Tests that every store, queue and bus must pass, and what tests of code that uses Freshen need.

pub mod model;
