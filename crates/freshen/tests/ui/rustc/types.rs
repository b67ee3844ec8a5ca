//! Types that a job cannot be made of: rustc's own errors, at the user's own types.
#![allow(unused)]

use std::collections::HashMap;

use freshen::cached;

#[cached]
async fn unordered(filter: HashMap<String, String>) -> u64 {
    1
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct NotSerialize;

#[cached(job = A)]
async fn not_serialize(filter: &NotSerialize) -> u64 {
    1
}

#[derive(Clone)]
struct NotStored;

#[cached(job = B)]
async fn not_stored(user: &str) -> NotStored {
    NotStored
}

#[derive(Debug)]
struct NoError;

#[cached(job = C)]
async fn no_error(user: &str) -> Result<u64, NoError> {
    Ok(1)
}

struct NotClone;

#[cached]
async fn state_not_clone(#[state] client: &NotClone) -> u64 {
    1
}

#[cached(tags = ["{list}"])]
async fn no_text(list: &[u8]) -> u64 {
    1
}

#[cached(ttl = 15 * 60)]
async fn no_duration(user: &str) -> u64 {
    1
}

#[cached(validate = check)]
async fn wrong_hook(user: &str) -> u64 {
    1
}

fn check(value: &String) -> Result<(), String> {
    Ok(())
}

fn main() {}
