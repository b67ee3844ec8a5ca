//! The engine: the walk of a `get`, one step a file.
//!
//! ```text
//! cache       what users call; `get` looks here for a hit at a glance, without a state machine
//! near        the near tier that it finds: slot, its meta, common, cells, pins and trust judge a value
//! obtain      past the glance: ask the near tier, read, plan, then serve, refresh or wait for a flight
//! core        what all steps share: reading and judging a record, telling what happened
//! plan        the judgement, a pure function
//! refresh     behind the request: ask the record, push a task
//! flight      one load per key in this process
//! passage     the one road in: begin, load, commit; work runs the job's code, batch that of many keys,
//!             waiting and notices: until another process has stored
//! dispatcher  tasks, the most wanted first, as the governor lets; worker takes each down the same road
//! follow      the bus: what others outdated
//! ```

mod cache;
mod glance;
mod builder;
mod request;
mod answer;
mod peek;
mod put;
mod registry;
mod core;
mod near;
mod slot;
mod meta;
mod common;
mod cells;
mod pins;
mod obtain;
mod plan;
mod refresh;
mod flight;
mod scope;
mod batch;
mod passage;
mod waiting;
mod notices;
mod work;
mod fault;
mod dispatcher;
mod worker;
mod heat;
mod governor;
mod schedule;
mod follow;

pub use answer::Answer;
pub use builder::CacheBuilder;
pub use cache::{Cache, CacheError, PeekError, WriteToken};
pub use governor::{Limit, Limits};
pub use peek::Peek;
pub use put::Put;
pub use registry::Jobs;
pub use request::Request;
pub use schedule::Schedule;
