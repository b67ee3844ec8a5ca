//! A process that is stopped and goes on, as when its machine is put to sleep.

use std::time::Duration;

use freshen_fleet::{Force, What};

use crate::stage::{Stage, fresh, near};

const BOUND: Duration = Duration::from_secs(1);

/// It wakes up with values near that were fresh when it fell asleep, messages that it has not heard, a clock that has not been
/// advanced, and callers who came meanwhile.
#[tokio::test]
async fn a_process_that_wakes_up_serves_nothing_that_was_outdated_long_before() {
    let stage = Stage::new().await;
    let (writer, sleeper) = (stage.member(0).await, stage.member(0).await);
    let mut old = 0;
    for _ in 0..8 {
        fresh(&stage.fleet, &sleeper, 0..50).await;
        near(&sleeper, 0..50).await;
        sleeper.pause(true);
        stage.fleet.source().write_all(0..50);
        writer.invalidate_at_last(What::Namespace, Force::Hard).await;
        tokio::time::sleep(BOUND + BOUND / 2).await;
        let (all, ()) = tokio::join!(sleeper.get_all(0..50), async {
            tokio::time::sleep(BOUND / 10).await;
            sleeper.pause(false);
        });
        let is_old = |served: &&freshen_fleet::Served| {
            served.how.as_ref().is_ok_and(|(_, version)| *version < stage.fleet.source().version(served.key))
        };
        old += all.iter().filter(is_old).count();
    }
    println!("woken up 8 times: {old} of 400 were served what was outdated");
    assert_eq!(old, 0);
}
