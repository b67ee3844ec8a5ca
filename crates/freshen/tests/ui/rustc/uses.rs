//! Jobs that are used as they cannot be.
#![allow(unused)]

use std::rc::Rc;

use freshen::{Cache, Job, Load, Loaded, cached};

async fn read() -> u64 {
    1
}

#[cached]
async fn forgotten_await(user: &str) -> u64 {
    read()
}

#[cached]
async fn not_send(user: &str) -> u64 {
    let shared = Rc::new(1);
    read().await + *shared
}

#[cached]
async fn given(user: &str) -> u64 {
    1
}

async fn wrong_argument(cache: &Cache) {
    let _ = cache.get(&Given::of(7)).await;
}

#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
struct Untupled;

impl Job for Untupled {
    type Output = u64;
    type Error = std::convert::Infallible;
    type State = String;
    const NAME: &'static str = "untupled";

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> {
        Ok(1.into())
    }
}

fn main() {}
