//! Functions that cannot be cached.
#![allow(unused)]

use freshen::cached;

#[cached]
fn not_async(user: &str) -> u64 {
    1
}

#[cached]
async fn with_self(&self, user: &str) -> u64 {
    1
}

#[cached]
async fn generic<T: Clone>(value: T) -> u64 {
    1
}

#[cached]
async fn lifetimes<'a>(user: &'a str) -> u64 {
    1
}

#[cached]
async fn constrained(user: &str) -> u64
where
    u64: Clone,
{
    1
}

#[cached]
async fn no_output(user: &str) {}

#[cached]
async fn unit(user: &str) -> () {}

#[cached]
async fn hidden_output(user: &str) -> impl Clone {
    1
}

#[cached]
async fn borrowed_output() -> Result<&'static str, std::fmt::Error> {
    Ok("")
}

#[cached]
async fn alias(user: &str) -> std::io::Result<u64> {
    Ok(1)
}

#[cached(error = std::fmt::Error)]
async fn two_errors(user: &str) -> Result<u64, std::fmt::Error> {
    Ok(1)
}

#[cached(error = std::fmt::Error)]
async fn no_alias(user: &str) -> u64 {
    1
}

#[cached]
async fn __() -> u64 {
    1
}

#[cached]
async fn self_() -> u64 {
    1
}

#[cached]
struct NoFunction;

fn main() {}
