//! Arguments of the attribute.
#![allow(unused)]

use freshen::cached;

#[cached(tll = "15m")]
async fn nearly(user: &str) -> u64 {
    1
}

#[cached(retries = 3)]
async fn unknown(user: &str) -> u64 {
    1
}

#[cached(ttl = "15m", jitter = 0.1, ttl = "20m")]
async fn twice(user: &str) -> u64 {
    1
}

#[cached(ttl)]
async fn no_value(user: &str) -> u64 {
    1
}

#[cached(ttl = 15)]
async fn no_unit(user: &str) -> u64 {
    1
}

#[cached(ttl = 1.5)]
async fn fraction(user: &str) -> u64 {
    1
}

#[cached(ttl = "15 minutes")]
async fn unknown_unit(user: &str) -> u64 {
    1
}

#[cached(backoff = ("1s", "60"))]
async fn unit_missing_in_pair(user: &str) -> u64 {
    1
}

#[cached(backoff = "1s")]
async fn no_pair(user: &str) -> u64 {
    1
}

#[cached(on_miss = wait)]
async fn no_choice(user: &str) -> u64 {
    1
}

#[cached(on_miss = empty)]
async fn without_empty(user: &str) -> u64 {
    1
}

#[cached(empty = 0)]
async fn only_empty(user: &str) -> u64 {
    1
}

#[cached(negative_ttl = "5s")]
async fn nothing_absent(user: &str) -> u64 {
    1
}

#[cached(batch_max = 5)]
async fn without_batch(user: &str) -> u64 {
    1
}

#[cached(batch = many, batch_max = 1)]
async fn small_batch(user: &str) -> u64 {
    1
}

#[cached(name = "")]
async fn empty_name(user: &str) -> u64 {
    1
}

#[cached(namespace = "a namespace that is much longer than the sixty-four bytes it may have")]
async fn long_namespace(user: &str) -> u64 {
    1
}

#[cached(queue = "Slow queries")]
async fn capital_in_queue(user: &str) -> u64 {
    1
}

#[cached(queue = "")]
async fn empty_queue(user: &str) -> u64 {
    1
}

#[cached(queue = "a-queue-whose-name-is-much-longer-than-the-sixty-four-bytes-it-may-have")]
async fn long_queue(user: &str) -> u64 {
    1
}

#[cached(quueue = "slow")]
async fn nearly_queue(user: &str) -> u64 {
    1
}

#[cached(name = 7)]
async fn number_as_name(user: &str) -> u64 {
    1
}

#[cached(jitter = "a lot")]
async fn text_as_number(user: &str) -> u64 {
    1
}

#[cached(jitter = 1e999)]
async fn large_number(user: &str) -> u64 {
    1
}

#[cached(attempts = 5000000000)]
async fn large_count(user: &str) -> u64 {
    1
}

#[cached(job = "Name")]
async fn text_as_type(user: &str) -> u64 {
    1
}

#[cached(validate = "check")]
async fn text_as_path(user: &str) -> u64 {
    1
}

#[cached(tags = ["a"] ttl = "1s")]
async fn no_comma(user: &str) -> u64 {
    1
}

fn main() {}
