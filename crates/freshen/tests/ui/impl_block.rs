//! Functions inside of an `impl`.
#![allow(unused)]

use freshen::cached;

struct Service;

impl Service {
    #[cached]
    async fn by_itself(user: &str) -> Vec<Self> {
        Vec::new()
    }
}

#[cached]
impl Service {
    async fn unmarked(user: &str) -> u64 {
        1
    }
}

#[cached(ttl = "15m")]
impl Service {
    #[cached]
    async fn arguments_of_the_block(user: &str) -> u64 {
        1
    }
}

#[cached]
impl Service {
    #[cached]
    async fn with_self(&self, user: &str) -> u64 {
        1
    }
}

struct Of<T>(T);

#[cached]
impl<T> Of<T> {
    #[cached]
    async fn generic(user: &str) -> u64 {
        1
    }
}

#[cached]
impl std::ops::Drop for Service {
    #[cached]
    fn drop(&mut self) {}
}

fn main() {}
