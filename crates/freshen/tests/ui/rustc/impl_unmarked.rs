//! A function inside of an `impl` that is not marked itself, where nothing but rustc can tell.
#![allow(unused)]

use freshen::cached;

struct Service;

impl Service {
    #[cached]
    async fn tweets(user: &str) -> u64 {
        1
    }
}

fn main() {}
