//! A fleet for tests: processes with a cache over one Redis, the source that they read, and the faults that befall them.
//!
//! The parent serves the [`Source`] and starts each [`Member`] as a process of its own, which it tells what to do. One clock, the
//! parent's, orders what was told and answered: what an order was answered before another was given happened before it.
//! These are functions of tests: what goes wrong panics and says why.

mod fleet;
mod member;
mod order;
mod setting;
mod source;
mod seen;
mod wire;
mod process;
mod job;
mod clock;
mod witness;
mod deaf;
pub mod audit;

pub use fleet::{Fleet, prefix};
pub use member::{Member, Program};
pub use order::{Force, How, Order, Reply, Served, What};
pub use process::run;
pub use setting::{Defect, Setting};
pub use source::{Source, until};
pub use wire::Gone;
