//! Tags with places.
#![allow(unused)]

use freshen::cached;

#[cached(tags = ["user:{usr}"])]
async fn unknown(user: &str, page: u32) -> u64 {
    1
}

#[cached(tags = ["user:{client}"])]
async fn state(#[state] client: &String) -> u64 {
    1
}

#[cached(tags = ["user:{user"])]
async fn unpaired(user: &str) -> u64 {
    1
}

#[cached(tags = ["user:{user:?}"])]
async fn formatted(user: &str) -> u64 {
    1
}

#[cached(tags = ["user:{user.}"])]
async fn no_field(user: &str) -> u64 {
    1
}

#[cached(tags = ["user:{user}"])]
async fn optional(user: Option<&str>) -> u64 {
    1
}

#[cached(tags = [""])]
async fn empty() -> u64 {
    1
}

#[cached(tags = "user:{user}")]
async fn no_list(user: &str) -> u64 {
    1
}

fn main() {}
