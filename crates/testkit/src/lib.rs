//! Tests that every store, queue and bus must pass, and what tests of code that uses Freshen need.
//!
//! A suite has one test per sentence of a port's contract, of the same name. An adapter runs all of them with one line, and
//! says in its fixture where it differs. The mutants break one rule each, and show that the suites notice. The model is the
//! protocol itself, without any store, searched through. Adapters are tested against real `servers`. Tests of code that uses Freshen want the [`Recorder`], and a clock that
//! they move: `Clock::runtime` under a paused runtime, or `Clock::manual`.

mod recorder;
mod partition;
pub mod bus_suite;
pub mod model;
pub mod mutants;
pub mod queue_suite;
#[cfg(feature = "servers")]
pub mod servers;
pub mod store_suite;

#[cfg(test)]
mod queue_mutants;

pub use recorder::Recorder;
