//! Freshen serves the value it has, now, and refreshes it behind the request.

pub use freshen_core::*;
