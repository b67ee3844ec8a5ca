//! A process that hears nothing of the bus any more, while another invalidates hard.

use std::time::{Duration, Instant};

use freshen_fleet::{Force, How, Member, Setting, What};
use freshen_testkit::servers::Relay;

use crate::stage::{Stage, fresh, near};

/// How long the near tier may answer by itself; what is more is the machine's.
const BOUND: Duration = Duration::from_secs(1);
const SLACK: Duration = Duration::from_secs(2);

/// Writes what is covered and outdates it hard, and then asks the other until it serves no old version; answers how long after the
/// invalidation had returned it was last asked when it did.
async fn old_for(stage: &Stage, writer: &Member, victim: &Member, what: What) -> Duration {
    let covers = |key: &u32| what != What::Key(1) || *key == 1;
    stage.fleet.source().write_all((0..5).filter(covers));
    writer.invalidate_at_last(what.clone(), Force::Hard).await;
    let (returned, mut old) = (Instant::now(), Duration::ZERO);
    while returned.elapsed() < BOUND + SLACK {
        let asked = returned.elapsed();
        for served in victim.get_all(0..5).await {
            let (how, version) = served.how.clone().expect("somebody is served");
            if version < stage.fleet.source().version(served.key) {
                assert_ne!(how, How::Loaded, "{served:?}");
                old = asked;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    old
}

fn assert_within_bound(what: &str, old: Duration) {
    println!("{what}: the old value was served for {old:?}");
    assert!(old <= BOUND + SLACK / 2, "{old:?}");
}

#[tokio::test]
async fn a_process_whose_network_is_silent_serves_no_outdated_value_beyond_its_bound() {
    let stage = Stage::new().await;
    let relay = Relay::to(stage.server.port()).await;
    let writer = stage.member(0).await;
    let victim = stage.fleet.member(&Setting { url: relay.url(), ..stage.setting.clone() }).await;
    for what in [What::Key(1), What::Tag("small-0".into()), What::Namespace] {
        fresh(&stage.fleet, &victim, 0..5).await;
        near(&victim, 0..5).await;
        relay.hold();
        let old = old_for(&stage, &writer, &victim, what.clone()).await;
        relay.mend();
        assert_within_bound(&format!("held, {what:?}"), old);
    }
    near(&victim, 0..5).await;
    relay.cut();
    let old = old_for(&stage, &writer, &victim, What::Namespace).await;
    assert_within_bound("cut", old);
    relay.mend();
    fresh(&stage.fleet, &victim, 0..5).await;
}

#[tokio::test]
async fn a_process_whose_subscription_is_killed_again_and_again_serves_no_outdated_value_beyond_its_bound() {
    let stage = Stage::new().await;
    let (writer, victim) = (stage.member(0).await, stage.member(0).await);
    let killing = async {
        loop {
            stage.server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let outdating = async {
        for _ in 0..2 {
            victim.get_all(0..5).await;
            let old = old_for(&stage, &writer, &victim, What::Tag("small-0".into())).await;
            assert_within_bound("subscriptions killed", old);
        }
    };
    tokio::select! {
        () = killing => {}
        () = outdating => {}
    }
    fresh(&stage.fleet, &victim, 0..5).await;
}
