//! Two versions of a value's type in one fleet, as during a deploy.

use std::time::{Duration, Instant};

use freshen_fleet::{Force, Setting};

use crate::stage::{Stage, change, fresh};

#[tokio::test]
async fn two_versions_of_a_type_are_each_served_what_is_true() {
    let stage = Stage::new().await;
    let older = stage.member(1).await;
    let newer = stage.fleet.member(&Setting { newer: true, ..stage.setting.workers(1) }).await;
    for force in [Force::Soft, Force::Hard, Force::Soft, Force::Hard] {
        for member in [&older, &newer] {
            let took = fresh(&stage.fleet, member, 0..10).await;
            println!("{force:?}: all fresh after {took:?}");
        }
        change(&stage.fleet, &older, 0..5, force).await;
        change(&stage.fleet, &newer, 5..10, force).await;
    }
}

/// The bytes of the other version stay while they are fresh, so neither version drives the other out again and again.
#[tokio::test]
async fn two_versions_of_a_type_do_not_load_in_turns() {
    let stage = Stage::new().await;
    let near_bound = Duration::from_secs(60);
    let at = |newer| Setting { newer, near_bound, ..stage.setting.workers(1) };
    let (older, newer) = (stage.fleet.member(&at(false)).await, stage.fleet.member(&at(true)).await);
    fresh(&stage.fleet, &older, 0..10).await;
    fresh(&stage.fleet, &newer, 0..10).await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        for member in [&older, &newer] {
            assert!(member.get_all(0..10).await.iter().all(|served| served.how.is_ok()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("two versions: {} reads of 10 keys in 2 s", stage.fleet.source().all_reads());
    assert!(stage.fleet.source().all_reads() <= 60, "{}", stage.fleet.source().all_reads());
}
