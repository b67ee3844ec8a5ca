//! What an explanation says, held against what a `get` then does.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::faults::FaultyStore;
use common::{Act, ERROR, STALE, Stage, TTL, pass, stage, stage_with, truth};
use freshen_core::explain::{Action, Holder, Stored};
use freshen_core::store::{Begin, Begun, MemoryStore, Role, Store};
use freshen_core::{Clock, Explanation, GetError, Key, Rule, Strength};

const SECOND: Duration = Duration::from_secs(1);

async fn explain(stage: &Stage) -> Explanation {
    stage.settle().await;
    let (before, reads) = (stage.events.all(), stage.source.reads());
    let explanation = stage.cache.explain(&truth("a")).await.unwrap();
    stage.settle().await;
    assert_eq!((stage.events.all(), stage.source.reads()), (before, reads), "a look has no effect");
    explanation
}

/// Explains, and then does it.
async fn foretold(stage: &Stage) -> (Action, Rule) {
    let explanation = explain(stage).await;
    let answer = stage.get("a").await.unwrap();
    assert_eq!(answer.rule(), explanation.rule, "{explanation}");
    (explanation.action, explanation.rule)
}

#[tokio::test(start_paused = true)]
async fn an_explanation_foretells_what_a_get_does_in_each_window() {
    let stage = stage_with(|builder| builder.workers(0)).await;
    assert_eq!(foretold(&stage).await, (Action::Load, Rule::Missing));
    assert_eq!(foretold(&stage).await, (Action::Serve, Rule::Fresh));
    pass(TTL).await;
    assert_eq!(foretold(&stage).await, (Action::ServeAndRefresh, Rule::WithinStale));
    pass(STALE).await;
    assert_eq!(foretold(&stage).await, (Action::Load, Rule::WithinStaleIfError));
    pass(TTL + STALE + ERROR).await;
    assert_eq!(foretold(&stage).await, (Action::Load, Rule::Missing));
    stage.cache.invalidate_tag("all", Strength::Soft).await.unwrap();
    assert_eq!(foretold(&stage).await, (Action::ServeAndRefresh, Rule::Invalidated));
    stage.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
    assert_eq!(foretold(&stage).await, (Action::Load, Rule::InvalidatedHard));
}

#[tokio::test(start_paused = true)]
async fn an_explanation_tells_what_is_held_and_what_outdated_it() {
    let stage = stage_with(|builder| builder.workers(0)).await;
    stage.value("a").await;
    pass(SECOND).await;
    let fresh = explain(&stage).await;
    let near = fresh.near.as_ref().unwrap();
    assert_eq!(Stored::Value(near.clone()), fresh.stored);
    assert_eq!(fresh.now.since(near.facts.loaded_at), SECOND);
    assert_eq!(near.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(), ["all", "key:a"]);
    stage.cache.invalidate_tag("all", Strength::Soft).await.unwrap();
    stage.value("a").await;
    stage.settle().await;
    let stale = explain(&stage).await;
    assert_eq!(stale.asked_for, Some(Duration::from_secs(120)));
    let text = stale.to_string();
    for part in ["invalidated softly", "tag all: soft at", "task    on its way", "would serve it and have it refreshed"]
    {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_explanation_tells_who_holds_the_key() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let given = store.clone();
    let stage = stage_with(|builder| builder.clock(clock).store(given)).await;
    stage.source.hold();
    let waiting = stage.getting("a");
    stage.source.read_by(1).await;
    let here = explain(&stage).await;
    assert_eq!((here.lease, here.action), (Some((60 * SECOND, Holder::ThisProcess)), Action::Follow));
    stage.source.open();
    waiting.await.unwrap().unwrap();
    let key = Key::new("tests", "truth", &truth("a")).unwrap();
    stage.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
    let begin = Begin { role: Role::Foreground, lease: 60 * SECOND, at_least: None, heeds_backoff: true };
    assert!(matches!(store.begin(&key, begin).await.unwrap(), Begun::Granted(_)));
    let elsewhere = explain(&stage).await;
    assert_eq!(
        (elsewhere.lease, elsewhere.action),
        (Some((60 * SECOND, Holder::AnotherProcess(None))), Action::Follow)
    );
}

#[tokio::test(start_paused = true)]
async fn an_explanation_tells_of_failures_and_of_a_store_that_is_down() {
    let store = FaultyStore::new(Clock::runtime());
    let switches = store.switches.clone();
    let stage = stage_with(|builder| builder.store(store)).await;
    stage.source.script([Act::Fail]);
    stage.get("a").await.unwrap_err();
    let cooling = explain(&stage).await;
    assert_eq!((cooling.action, cooling.trouble.as_ref().unwrap().failures), (Action::CoolDown, 1));
    assert!(cooling.to_string().contains("the source is down"), "{cooling}");
    assert!(matches!(stage.get("a").await, Err(GetError::CoolingDown { .. })));
    switches.all_down();
    let explanation = stage.cache.explain(&truth("a")).await.unwrap();
    assert!(matches!(explanation.stored, Stored::Unreachable(_)), "{explanation}");
    assert_eq!((explanation.action, explanation.rule), (Action::Load, Rule::StoreDown));
    assert_eq!(stage.get("a").await.unwrap().rule(), Rule::StoreDown);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_told_that_nothing_is_there() {
    let explanation = explain(&stage().await).await;
    assert_eq!(explanation.stored, Stored::Nothing);
    let text = explanation.to_string();
    assert_eq!(
        text.lines().skip(1).collect::<Vec<_>>(),
        ["near    nothing", "store   nothing", "get     would load it and wait (missing)"]
    );
}
