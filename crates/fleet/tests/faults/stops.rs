//! A server that stops answering, goes away and comes back, as it was, with old data, or with none.

use std::time::Duration;

use freshen_fleet::{Force, What};

use crate::stage::{Stage, Watch, change, connected, fresh};

#[tokio::test]
async fn while_the_server_is_stopped_everybody_is_served_and_then_all_becomes_fresh() {
    let stage = Stage::new().await;
    let (one, other) = (stage.member(2).await, stage.member(2).await);
    fresh(&stage.fleet, &one, 0..20).await;
    fresh(&stage.fleet, &other, 0..20).await;
    stage.server.stop_signal();
    let (mut watch, mut watch_too) = (Watch::default(), Watch::default());
    let span = Duration::from_secs(10);
    let outdating = async {
        let refused = one.invalidate(What::Key(0), Force::Hard).await;
        assert!(refused.is_err(), "nothing can be promised without the store");
    };
    tokio::join!(watch.during(span, &one, 0..20), watch_too.during(span, &other, 0..20), outdating);
    stage.server.continue_signal();
    watch.assert_served("stopped for 10 s");
    watch_too.assert_served("stopped for 10 s, another process");
    change(&stage.fleet, &one, 0..20, Force::Soft).await;
    let took = (fresh(&stage.fleet, &one, 0..20).await, fresh(&stage.fleet, &other, 0..20).await);
    println!("stopped for 10 s: all fresh after {took:?}");
}

#[tokio::test]
async fn a_server_that_comes_back_with_old_data_makes_no_old_value_fresh() {
    let stage = Stage::new().await;
    let (one, other) = (stage.member(2).await, stage.member(2).await);
    fresh(&stage.fleet, &one, 0..20).await;
    stage.server.command(&["SAVE"]).await;
    change(&stage.fleet, &one, 0..10, Force::Soft).await;
    change(&stage.fleet, &one, 10..20, Force::Hard).await;
    fresh(&stage.fleet, &other, 0..20).await;
    stage.server.kill();
    let mut watch = Watch::default();
    watch.during(Duration::from_secs(2), &one, 0..20).await;
    watch.assert_served("without a server");
    stage.server.restart().await;
    for member in [&one, &other] {
        connected(member).await;
        for served in member.get_all(0..20).await {
            let (how, version) = served.how.clone().unwrap();
            assert!(!how.is_fresh() || version == 1, "{served:?}");
            assert!(served.key < 10 || version == 1, "it was outdated hard: {served:?}");
        }
        let took = fresh(&stage.fleet, member, 0..20).await;
        println!("restarted with old data: all fresh after {took:?}");
    }
}

#[tokio::test]
async fn a_server_that_comes_back_empty_is_filled_again() {
    let stage = Stage::new().await;
    let (one, other) = (stage.member(2).await, stage.member(2).await);
    fresh(&stage.fleet, &one, 0..20).await;
    change(&stage.fleet, &one, 0..20, Force::Soft).await;
    one.get_all(0..20).await;
    stage.server.restart_empty().await;
    for member in [&one, &other] {
        let mut watch = Watch::default();
        watch.during(Duration::from_secs(1), member, 0..20).await;
        watch.assert_served("restarted empty");
        fresh(&stage.fleet, member, 0..20).await;
    }
    change(&stage.fleet, &other, 0..20, Force::Hard).await;
    let took = (fresh(&stage.fleet, &one, 0..20).await, fresh(&stage.fleet, &other, 0..20).await);
    println!("restarted empty: all fresh after {took:?}");
}

#[tokio::test]
async fn while_the_source_fails_everybody_is_served_what_is_stale() {
    let stage = Stage::new().await;
    let (one, other) = (stage.member(2).await, stage.member(2).await);
    fresh(&stage.fleet, &one, 0..20).await;
    stage.fleet.source().fail(true);
    change(&stage.fleet, &one, 0..20, Force::Soft).await;
    let (mut watch, mut watch_too) = (Watch::default(), Watch::default());
    let span = Duration::from_secs(3);
    tokio::join!(watch.during(span, &one, 0..20), watch_too.during(span, &other, 0..20));
    watch.assert_served("the source fails");
    watch_too.assert_served("the source fails, another process");
    assert_eq!((watch.stale, watch_too.stale), (watch.reads, watch_too.reads));
    stage.fleet.source().fail(false);
    let took = (fresh(&stage.fleet, &one, 0..20).await, fresh(&stage.fleet, &other, 0..20).await);
    println!("the source failed: all fresh after {took:?}");
}

#[tokio::test]
async fn scripts_that_are_flushed_are_sent_again() {
    let stage = Stage::new().await;
    let one = stage.member(2).await;
    for _ in 0..5 {
        fresh(&stage.fleet, &one, 0..20).await;
        stage.server.command(&["SCRIPT", "FLUSH"]).await;
        stage.fleet.source().write(0);
        assert_eq!(one.invalidate(What::Key(0), Force::Soft).await, Ok(()), "no step fails for it");
        assert!(one.put(1).await.is_ok());
    }
    fresh(&stage.fleet, &one, 0..20).await;
}
