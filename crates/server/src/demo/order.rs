//! What a process of the demo is told to do, and what it answers.

use std::collections::BTreeMap;
use std::time::Duration;

use freshen::Strength;
use serde::{Deserialize, Serialize};

use crate::demo::hand::InHand;
use crate::demo::names;
use crate::demo::place::Place;
use crate::demo::questions::QUESTIONS_MAX;
use crate::demo::tasks::Tasks;
use crate::demo::view::Outcome;

/// Something to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// One `get`.
    Get,
    /// So many at once.
    Crowd {
        /// How many.
        callers: usize,
    },
    /// Outdates the list.
    Invalidate(#[serde(with = "names::strength")] Strength),
    /// Lets its workers take no task, or tasks again.
    Freeze(bool),
    /// How it stands.
    Stand,
    /// Its page for Prometheus.
    Metrics,
    /// No more than an answer, at once and from itself alone: whether it hears.
    Nod,
}

/// Orders that may wait for their answers before requests, and before looks at how it stands, find no room: however many of
/// them come, there is room for the buttons and the signs of life.
pub const REQUESTS_MAX: usize = QUESTIONS_MAX / 2;
const LOOKS_MAX: usize = REQUESTS_MAX + QUESTIONS_MAX / 4;

impl Order {
    /// How many orders may wait for their answers before this one finds no room.
    pub fn room(&self) -> usize {
        match self {
            Order::Get | Order::Crowd { .. } => REQUESTS_MAX,
            Order::Stand | Order::Metrics => LOOKS_MAX,
            Order::Invalidate(_) | Order::Freeze(_) | Order::Nod => QUESTIONS_MAX,
        }
    }
}

/// What came of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Reply {
    Look(Look),
    Share(Share),
    Done(Result<(), String>),
    Standing(Box<Standing>),
    Metrics(String),
}

/// One `get`, as a visitor is told of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Look {
    pub outcome: Outcome,
    pub waited: Duration,
    /// Where; known to whoever asked.
    pub by: Option<Place>,
}

/// How one process answered its share of many requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// By their status; `refused` for those who got an error.
    pub answers: BTreeMap<String, usize>,
}

/// How a process stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Standing {
    /// The record's value; nothing where there is none, or the store cannot be read.
    pub in_hand: Option<InHand>,
    /// Whether the store could be read; nothing where nobody told.
    pub store_answers: Option<bool>,
    /// What is in the queue; nothing where it cannot be reached.
    pub tasks: Option<Tasks>,
    pub loads_under_way: usize,
    pub near_values: usize,
    pub near_bytes: u64,
}

impl Standing {
    /// Adds another one's: the list and the queue are the same, all else is each one's own.
    pub fn add(&mut self, other: Standing) {
        self.in_hand = self.in_hand.take().or(other.in_hand);
        // One who reaches it is enough: then it is there.
        self.store_answers = self.store_answers.max(other.store_answers);
        self.tasks = self.tasks.take().or(other.tasks);
        self.loads_under_way += other.loads_under_way;
        self.near_values += other.near_values;
        self.near_bytes += other.near_bytes;
    }
}

impl Share {
    /// Counts one more.
    pub fn count(&mut self, look: &Look) {
        *self.answers.entry(look.outcome.status().to_owned()).or_default() += 1;
    }

    /// Adds another one's.
    pub fn add(&mut self, other: Share) {
        for (status, count) in other.answers {
            *self.answers.entry(status).or_default() += count;
        }
    }
}
