//! A model of the record protocol in small numbers, and a search through everything that can happen in it.
//!
//! One key with one tag that is known only from its value, two processes with near tiers, workers, a queue, a bus and a
//! source that is written twice. Each [`Configuration`] switches some parts on and bounds how often each thing may go
//! wrong; within its bounds [`search`] goes through every state. The protocol's rules must hold in all of them, and each
//! [`Mutant`], which changes one rule, must break the [`Invariant`] that the rule is there for.
//!
//! What a store of several partitions adds, and what a failover takes away, are models of their own: [`partitions`] and
//! [`failover`]. In each of them a read, and a load with its commit, is one step, since what may come in between is tried above.

mod configuration;
pub mod reference;
mod rules;
mod search;

mod bus;
mod canonical;
mod drain;
mod flight;
mod invariants;
mod marks;
mod near;
mod queue;
mod reader;
mod state;
mod step;
mod store;
mod worker;
mod world;
mod writer;

pub mod failover;
pub mod partitions;

pub use configuration::Configuration;
pub use rules::{Invariant, MUTANTS, Mutant};
pub use search::{Counterexample, Outcome};
pub use world::{search, search_mutant};
