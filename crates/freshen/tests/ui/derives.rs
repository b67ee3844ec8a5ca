//! Structs that are no jobs.
#![allow(unused)]

use freshen::{Job, Lookup};

#[derive(Job)]
struct NothingSaid;

#[derive(Job)]
#[job(output = u64)]
struct NoLoad;

#[derive(Job)]
#[job(output = u64, load = load, job = Other)]
struct ArgumentOfTheAttribute;

#[derive(Job)]
#[job(output = u64, load = load, tags = ["{user}"])]
struct NoSuchField {
    page: u32,
}

#[derive(Job)]
#[job(output = u64)]
#[job(load = load)]
struct Twice;

#[derive(Job)]
#[job]
struct NoArguments;

#[derive(Job)]
#[job(output = u64, load = load, queue = "slow!")]
struct StrangerInQueue;

#[derive(Job)]
#[job(output = u64, load = load)]
struct Generic<T>(T);

#[derive(Lookup)]
struct Nameless(String);

#[derive(Lookup)]
enum NoStruct {}

fn main() {}
