//! What is logged. It stands alone in its binary: what one test listens for, others' threads would switch off.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::faults::FaultyStore;
use common::{Act, pass, stage_with};
use freshen_core::Clock;
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};

/// The targets and levels of what was logged, and the names of the spans that were opened.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(&'static str, Level)>>>, Arc<Mutex<Vec<&'static str>>>);

impl Subscriber for Log {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.1.lock().unwrap().push(span.metadata().name());
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.0.lock().unwrap().push((event.metadata().target(), *event.metadata().level()));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn what_happens_behind_the_answers_is_logged_under_one_target() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let stage = stage_with(|builder| builder.workers(0)).await;
    stage.source.script([Act::Fail]);
    stage.get("a").await.unwrap_err();
    stage.value("b").await;
    let told = log.0.lock().unwrap().clone();
    assert!(told.iter().all(|(target, _)| *target == "freshen"), "{told:?}");
    let count = |level| told.iter().filter(|(_, told)| *told == level).count();
    assert_eq!(
        (count(Level::WARN), count(Level::DEBUG)),
        (1, 4),
        "a failed load; two that began, one that ended, a caller refused"
    );
    assert_eq!(*log.1.lock().unwrap(), ["load", "load"], "the jobs' code runs in spans of its own");
}

/// The store is down, and every request fails at it. The log says so once for each step that fails, and again after a while.
#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_told_once_for_each_step_and_then_once_a_while() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let store = FaultyStore::new(Clock::runtime());
    let given = store.clone();
    let stage = stage_with(|builder| builder.workers(0).store(given)).await;
    store.switches.all_down();
    let warnings = || log.0.lock().unwrap().iter().filter(|(_, level)| *level == Level::WARN).count();
    for told in [2, 4] {
        for read in 0..10 {
            stage.value(&read.to_string()).await;
        }
        assert_eq!(warnings(), told, "read, and begin");
        pass(Duration::from_secs(30)).await;
    }
    assert_eq!(stage.events.count("PortFailed"), 40, "observers hear of each");
}
