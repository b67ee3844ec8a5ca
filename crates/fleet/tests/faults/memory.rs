//! A server that has reached its limit of memory, under each policy of eviction.

use freshen_fleet::{Force, Order, Setting, What};
use freshen_testkit::servers::{Flavour, Server};

use crate::stage::{Stage, fresh};

const KEYS: u32 = 2500;
const FILLER_BYTES: usize = 3000;

#[tokio::test]
async fn without_eviction_what_outdates_still_works_and_everybody_is_served() {
    full("noeviction").await;
}

#[tokio::test]
async fn when_the_least_recently_used_is_evicted_nothing_old_is_served() {
    tokio::join!(full("allkeys-lru"), full("volatile-lru"));
}

#[tokio::test]
async fn when_anything_is_evicted_nothing_old_is_served() {
    full("allkeys-random").await;
}

#[tokio::test]
async fn when_what_ends_first_is_evicted_nothing_old_is_served() {
    full("volatile-ttl").await;
}

async fn full(policy: &str) {
    let server = Server::redis(Flavour::Redis).arg("--maxmemory", "6mb").arg("--maxmemory-policy", policy);
    let stage = Stage::on(server).await;
    let setting = Setting { filler_bytes: FILLER_BYTES, ..stage.setting.workers(2) };
    let (one, other) = (stage.fleet.member(&setting).await, stage.fleet.member(&setting).await);
    for first in (0..KEYS).step_by(100) {
        for served in one.get_all(first..first + 100).await {
            assert_eq!(served.how.as_ref().map(|(_, version)| *version), Ok(0), "{policy}");
        }
    }
    let (evicted, refused) =
        (said(&stage, "stats", "evicted_keys"), said(&stage, "errorstats", "errorstat_OOM:count="));
    let (evicted, refused) = tokio::join!(evicted, refused);
    println!("{policy}: {evicted} evicted, {refused} steps refused");
    assert!(evicted + refused > 0, "{policy}: the limit was not reached");
    outdate_by_each(&stage, &one, policy).await;
    for served in one.get_all(0..30).await {
        assert_eq!(served.how.map(|(_, version)| version), Ok(1), "{policy}");
    }
    stage.server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    fresh(&stage.fleet, &one, 0..30).await;
    fresh(&stage.fleet, &other, 0..30).await;
}

/// What only outdates or frees must be promised at once, whatever the memory is.
async fn outdate_by_each(stage: &Stage, member: &freshen_fleet::Member, policy: &str) {
    stage.fleet.source().write_all(0..30);
    for what in [What::Key(0), What::Tag("small-0".into()), What::Namespace] {
        for force in [Force::Soft, Force::Hard] {
            assert_eq!(member.invalidate(what.clone(), force).await, Ok(()), "{policy}, {what:?}");
        }
    }
    assert_eq!(member.done(Order::Remove(1)).await, Ok(()), "{policy}");
}

/// A number of the server's own account; zero where it is not told.
async fn said(stage: &Stage, section: &str, name: &str) -> u64 {
    let about = stage.server.command(&["INFO", section]).await;
    let line = about.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|value| value.trim_matches(|other: char| !other.is_ascii_digit()).parse().ok()).unwrap_or(0)
}
