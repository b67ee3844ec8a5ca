//! The engine: the walk of a `get`, one step a file.
//!
//! ```text
//! near      a value found by the job itself: slot, cells, pins judge it
//! obtain    past the near tier: read the store, plan, then serve, refresh or fly
//! plan      the judgement, a pure function
//! refresh   behind the request: ask the record, push a task
//! flight    one load per key in this process
//! passage   the one road in: begin, load, commit
//! dispatcher, worker   tasks down the same road, as the governor lets
//! follow    the bus: what others outdated
//! ```

mod cache;
mod builder;
mod request;
mod answer;
mod peek;
mod put;
mod registry;
mod core;
mod near;
mod slot;
mod cells;
mod pins;
mod obtain;
mod plan;
mod refresh;
mod flight;
mod scope;
mod batch;
mod passage;
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
