//! The engine: the walk of a `get`, one step a file.
//!
//! ```text
//! cache       what users call
//! hit         what the near tier answers, at a glance or by the plan: near, slot, its meta, common, cells, pins and
//!             trust judge a value; or_walk is the future of a `get`, without a state machine where there is a hit
//! obtain      past the near tier: read, plan, then serve, refresh or wait for a flight
//! reading     the record, read and judged
//! plan        the judgement, a pure function
//! in_hand     what is in hand, without any effect
//! operation   what whoever runs it asks and tells
//! refresh     behind the request: ask the record, push a task
//! flight      one load per key in this process; caller waits for it
//! passage     the one road in: begin, load, commit; what for is its demand; waiting and notices: until
//!             another process has stored
//! load        one run of the job's code, through work; batch: one run for many keys; spans: what traces show of it
//! explain     what all of these would decide now, without any effect
//! served      the answer, and who is told
//! queues      by their names, with the workers on each; outlook: whether those go on
//! dispatcher  one for each: tasks, pulled ahead, the most wanted first, as the governor lets; worker takes each down the same
//!             road; suspects: one of those at a time
//! follow      the bus: what others outdated
//! core        what all of them share, and the effects that many of them have
//! ```

mod cache;
mod builder;
mod request;
mod answer;
mod peek;
mod in_hand;
mod explain;
pub(crate) mod explanation;
mod put;
mod operation;
mod write_token;
mod registry;
mod core;
mod running;
mod crew;
mod log;
mod hit;
mod or_walk;
mod near;
mod slot;
mod meta;
mod common;
mod cells;
mod pins;
mod reading;
mod obtain;
mod served;
mod plan;
mod refresh;
mod flight;
mod caller;
mod scope;
mod demand;
mod passage;
mod load;
mod batch;
mod spans;
mod waiting;
mod notices;
mod work;
mod fault;
mod queues;
mod outlook;
mod dispatcher;
mod ahead;
mod suspects;
mod worker;
mod heat;
mod governor;
mod schedule;
mod follow;

pub use answer::Answer;
pub use builder::CacheBuilder;
pub use cache::Cache;
pub use explanation::Explanation;
pub use governor::{Limit, Limits};
pub use peek::Peek;
pub use put::Put;
pub use queues::{QUEUES_MAX, Workers};
pub use registry::Jobs;
pub use request::Request;
pub use schedule::Schedule;
pub use write_token::{TokenError, WriteToken};
