//! Users' code that misbehaves: what it may harm, and what it may not.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::{TTL, pass, stage_with, truth};
use freshen_core::{Event, Observer, Status};

struct Panics;

impl Observer for Panics {
    fn observe(&self, _event: &Event<'_>) {
        panic!("an observer");
    }
}

/// An observer that panics harms nobody: neither the caller, nor the load, nor the workers.
#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_harms_nobody() {
    let stage = stage_with(|builder| builder.observer(Panics)).await;
    assert_eq!(stage.value("a").await, 1);
    assert_eq!(stage.value("a").await, 1);
    pass(TTL).await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
    stage.settle().await;
    assert_eq!(stage.get("a").await.unwrap().status(), Status::Hit);
}

/// A closure that reads the same key in the middle of a read.
#[tokio::test(start_paused = true)]
async fn a_reader_may_read_the_same_key_while_it_reads() {
    let stage = stage_with(|builder| builder).await;
    stage.value("a").await;
    let read = |value: &u64| *value + *stage.cache.get_ready(&truth("a")).unwrap();
    assert_eq!(stage.cache.get_with(&truth("a"), read).await.unwrap(), 2);
}
