//! A master that fails while it is used, and its follower in its place.

use std::time::{Duration, Instant};

use freshen_fleet::{Fleet, Force, Member, Setting, What, prefix};
use freshen_testkit::servers::{Cluster, Flavour, Sentinels, Server};

use crate::stage::{LIMIT, Watch, change, fleet, fresh};

fn hosts(servers: &[Server]) -> String {
    servers.iter().map(|at| format!("127.0.0.1:{}", at.port())).collect::<Vec<_>>().join(",")
}

/// Two members who are asked all the time, and a writer, until the fault is over and some more.
async fn through(fleet: &Fleet, one: &Member, other: &Member, what: &str, fault: impl Future<Output = ()>) {
    for member in [one, other] {
        fresh(fleet, member, 0..20).await;
    }
    let (mut watch, mut watch_too) = (Watch::default(), Watch::default());
    let span = Duration::from_secs(8);
    let writing = async {
        let ends = Instant::now() + span;
        while Instant::now() < ends {
            change(fleet, one, 0..5, Force::Soft).await;
            fleet.source().write_all(5..10);
            other.invalidate_at_last(What::Tag("small-1".into()), Force::Hard).await;
        }
    };
    tokio::join!(watch.during(span, one, 0..20), watch_too.during(span, other, 0..20), writing, fault);
    watch.assert_served(what);
    watch_too.assert_served(what);
    change(fleet, other, 0..20, Force::Soft).await;
    let began = Instant::now();
    fresh(fleet, one, 0..20).await;
    fresh(fleet, other, 0..20).await;
    println!("{what}: all fresh after {:?}", began.elapsed());
    assert!(began.elapsed() < LIMIT);
}

#[tokio::test]
async fn a_master_that_sentinels_replace_costs_nobody_an_answer() {
    let sentinels = Sentinels::start(Flavour::Redis).await;
    let url = format!("redis+sentinel://{}/{}", hosts(sentinels.sentinels()), sentinels.master_name());
    let (fleet, setting) = (fleet().await, Setting::new(url, prefix()).workers(2));
    let (one, other) = (fleet.member(&setting).await, fleet.member(&setting).await);
    let fault = async {
        sentinels.fail_over().await;
    };
    through(&fleet, &one, &other, "sentinels", fault).await;
}

#[tokio::test]
async fn a_master_of_a_cluster_that_fails_and_slots_that_move_cost_nobody_an_answer() {
    let cluster = Cluster::start(Flavour::Redis).await;
    let url = format!("redis+cluster://{}", hosts(cluster.nodes()));
    let setting = Setting::new(url, prefix()).workers(2);
    let fleet = fleet().await;
    let (one, other) = (fleet.member(&setting).await, fleet.member(&setting).await);
    let slot = cluster.slot_of(&format!("{{{}:7}}", setting.prefix)).await;
    let fault = async {
        let from = cluster.master_of(slot).await.port();
        for node in cluster.nodes() {
            let is_master = node.command(&["ROLE"]).await.starts_with("master");
            if is_master && node.port() != from {
                cluster.move_slot(slot, node).await;
                break;
            }
        }
        cluster.fail_over(slot).await;
    };
    through(&fleet, &one, &other, "cluster", fault).await;
}
