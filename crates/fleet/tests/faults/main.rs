//! A fleet of processes under faults, a file for each kind: each ends with nothing lost and no key in limbo.

mod stage;

mod kills;
mod pauses;
mod stops;
mod cuts;
mod failovers;
mod memory;
mod clocks;
mod versions;
mod tasks;
