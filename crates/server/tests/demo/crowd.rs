//! A crowd of callers, and a source that is killed under them.

use serde_json::Value;

use crate::binary::{Freshen, until};
use crate::origin::Origin;

/// The demo's soft timeout, and what a loaded machine may take on top.
const SOFT_TIMEOUT_MS: f64 = 500.0;
const SLACK_MS: f64 = 5000.0;

/// 200 requests over HTTP, each on a connection of its own; `meanwhile` happens while they run.
fn crowd(freshen: &Freshen, meanwhile: impl FnOnce()) -> Vec<Value> {
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..200).map(|_| scope.spawn(|| freshen.state())).collect();
        meanwhile();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

#[test]
fn when_the_source_is_killed_while_200_requests_run_none_fails_and_none_waits_longer_than_the_soft_timeout() {
    let origin = Origin::list(&["kept"]);
    // No stale window: past the ttl each caller would rather have a new list, and waits for it up to the soft timeout.
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1s", "--stale", "0s"]);
    freshen.until("served", |state| state["served"].is_object());
    origin.hold(true);
    freshen.until("past its ttl", |state| state["served"]["rule"] == "soft-timeout");
    let answers = crowd(&freshen, || {
        until("the source is asked and does not answer", || (origin.asked() > 1).then_some(()));
        drop(origin);
    });
    assert_eq!(answers.len(), 200);
    for state in answers {
        assert_eq!(state["served"]["lines"], serde_json::json!(["kept"]), "{state}");
        assert_eq!(state["served"]["status"], "fallback");
        assert!(state["waited_ms"].as_f64().unwrap() < SOFT_TIMEOUT_MS + SLACK_MS, "{state}");
    }
    assert_eq!(freshen.state()["numbers"]["refused"], 0);
}

#[test]
fn within_the_stale_window_a_killed_source_makes_nobody_wait() {
    let origin = Origin::list(&["kept"]);
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1s"]);
    freshen.until("served", |state| state["served"].is_object());
    origin.hold(true);
    freshen.until("a refresh is under way", |state| state["loads_under_way"] == 1);
    for state in crowd(&freshen, || drop(origin)) {
        assert_eq!(state["served"]["status"], "stale", "{state}");
        assert!(state["waited_ms"].as_f64().unwrap() < SOFT_TIMEOUT_MS + SLACK_MS, "{state}");
    }
}
