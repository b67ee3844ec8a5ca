//! What threads share by: the standard library's own, or loom's where every schedule is tried.
//!
//! The near tier and flights take these. `Arc` and `Weak` stay the standard library's: what is tried is the order of marks,
//! counts and locks, not how memory is counted.

#[cfg(all(test, loom))]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

#[cfg(all(test, loom))]
pub(crate) mod schedules;
