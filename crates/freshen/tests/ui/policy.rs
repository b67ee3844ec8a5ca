//! Policies that contradict themselves.
#![allow(unused)]

use freshen::cached;

#[cached(ttl = "0s")]
async fn no_ttl(user: &str) -> u64 {
    1
}

#[cached(stale_if_error = "600w")]
async fn too_long(user: &str) -> u64 {
    1
}

#[cached(ttl = "1h", stale_while_revalidate = "600w")]
async fn too_long_when_stale(user: &str) -> u64 {
    1
}

#[cached(lease = "30s", load_timeout = "40s")]
async fn outlives(user: &str) -> u64 {
    1
}

#[cached(lease = "30s")]
async fn usual_timeout_outlives(user: &str) -> u64 {
    1
}

#[cached(load_timeout = "10s", soft_timeout = "20s")]
async fn soft(user: &str) -> u64 {
    1
}

#[cached(jitter = 0.75)]
async fn jitter(user: &str) -> u64 {
    1
}

#[cached(early_refresh = -1.0)]
async fn early(user: &str) -> u64 {
    1
}

#[cached(backoff = ("60s", "1s"))]
async fn backoff(user: &str) -> u64 {
    1
}

#[cached(attempts = 0)]
async fn attempts(user: &str) -> u64 {
    1
}

fn main() {}
