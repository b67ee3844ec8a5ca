//! Processes whose clocks are a quarter of an hour apart.

use std::time::{Duration, Instant};

use freshen_fleet::{Force, Setting, What, until};

use crate::stage::{LIMIT, Stage, fresh, is_fresh};

const TTL: Duration = Duration::from_secs(8);

#[tokio::test]
async fn processes_whose_clocks_are_apart_agree_on_what_is_fresh() {
    let stage = Stage::new().await;
    let source = stage.fleet.source();
    let at = |minutes_ahead| Setting { minutes_ahead, ttl: TTL, ..stage.setting.workers(2) };
    let right = stage.fleet.member(&at(0)).await;
    let (ahead, behind) = (stage.fleet.member(&at(15)).await, stage.fleet.member(&at(-15)).await);
    let all = [&right, &ahead, &behind];

    let loaded = Instant::now();
    for member in all {
        let served = member.get(1).await;
        assert!(is_fresh(&served, 0), "{served:?}");
    }
    assert_eq!(source.reads(1), 1, "what one has loaded is fresh for all");
    source.write(1);
    for member in all {
        // Nobody was told of the write: it shows when the ttl has passed.
        until("the ttl to pass", LIMIT, async || is_fresh(&member.get(1).await, 1)).await;
        println!("fresh again {:?} after the load", loaded.elapsed());
        assert!(loaded.elapsed() >= TTL - Duration::from_millis(500), "{:?}", loaded.elapsed());
    }
    for (writer, force) in all.into_iter().zip([Force::Hard, Force::Soft, Force::Hard]) {
        source.write_all(0..10);
        writer.invalidate_at_last(What::Namespace, force).await;
        for member in all {
            fresh(&stage.fleet, member, 0..10).await;
        }
    }
}

/// The holder's clock is ahead and the heir's behind: a lease ends by the server's.
#[tokio::test]
async fn a_lease_ends_for_a_process_whose_clock_is_behind() {
    let stage = Stage::new().await;
    let source = stage.fleet.source();
    let at = |minutes_ahead| Setting { minutes_ahead, ..stage.setting.clone() };
    let (holder, heir) = (stage.fleet.member(&at(15)).await, stage.fleet.member(&at(-15)).await);
    source.hold(true);
    let held =
        tokio::join!(holder.order(freshen_fleet::Order::Get { keys: vec![3], callers: 1, strict: false }), async {
            until("the holder to load", LIMIT, async || source.is_read(3)).await;
            holder.kill().await;
            source.hold(false);
            heir.get(3).await
        });
    assert!(is_fresh(&held.1, 0), "{:?}", held.1);
    assert!(held.1.waited < Duration::from_secs(20), "{:?}", held.1.waited);
}
