//! What records, marks and tasks take of a server's memory: what the guide says of sizing.
//! `cargo test -p freshen-redis --test footprint -- --nocapture` prints it.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::steps::{by_tag, fill, key};
use common::{builder, prefix};
use freshen_core::queue::{NewTask, Priority, Pushed, Queue};
use freshen_core::store::Store;
use freshen_core::{Clock, Strength};
use freshen_redis::Redis;
use freshen_testkit::servers::{Flavour, Server};
use futures_util::{StreamExt, stream};

const COUNT: usize = 4_000;
const AT_ONCE: usize = 64;
/// What servers pack unless they are told.
const DEFAULT: usize = 64;

async fn used_bytes(server: &Server) -> usize {
    let said = server.command(&["INFO", "memory"]).await;
    let used = said.lines().find_map(|line| line.strip_prefix("used_memory:")).expect(&said);
    used.trim().parse().unwrap()
}

/// A server of its own, and a way to it. One that packs keeps hashes with values of up to so many bytes in one piece.
async fn open(flavour: Flavour, packs_bytes: usize) -> (Server, Redis) {
    let server = Server::redis(flavour).arg("--hash-max-listpack-value", packs_bytes).start().await;
    let redis = builder(server.url()).prefix(prefix()).marks_most(COUNT).connect(Clock::coarse()).await.unwrap();
    (server, redis)
}

fn page(number: usize) -> freshen_core::Key {
    key(&format!("page-{number:08}"))
}

/// Fails where one takes more than so many bytes.
fn holds(what: &str, flavour: Flavour, before: usize, after: usize, most: usize) {
    let each = (after - before) / COUNT;
    println!("{flavour:?}: {what}: {each} bytes");
    assert!(each <= most, "{flavour:?}: {what}: {each} bytes, more than {most}");
}

async fn record(flavour: Flavour, packs_bytes: usize, value_bytes: usize, tags: &[&str], most: usize) {
    let (server, redis) = open(flavour, packs_bytes).await;
    let (store, value) = (redis.store(), vec![b'x'; value_bytes]);
    fill(&store, &key("first"), &value, tags).await;
    let before = used_bytes(&server).await;
    let fills = stream::iter(0..COUNT).map(|number| {
        let (store, value) = (store.clone(), &value);
        async move { fill(&store, &page(number), value, tags).await }
    });
    fills.buffer_unordered(AT_ONCE).for_each(async |_lease| {}).await;
    let what = format!("a record with a value of {value_bytes} bytes and {} tags, packed to {packs_bytes}", tags.len());
    holds(&what, flavour, before, used_bytes(&server).await, value_bytes + most);
}

#[tokio::test]
async fn a_record_takes_less_than_three_quarters_of_a_kilobyte_besides_its_value() {
    for flavour in Flavour::ALL {
        record(flavour, DEFAULT, 100, &[], 768).await;
        record(flavour, DEFAULT, 1_000, &["site", "user:0000000001"], 768).await;
    }
}

#[tokio::test]
async fn a_record_that_the_server_packs_takes_less_than_half_a_kilobyte_besides_its_value() {
    for flavour in Flavour::ALL {
        record(flavour, 2_048, 100, &[], 512).await;
        record(flavour, 2_048, 1_000, &["site", "user:0000000001"], 512).await;
    }
}

#[tokio::test]
async fn a_mark_takes_less_than_a_quarter_of_a_kilobyte() {
    for flavour in Flavour::ALL {
        let (server, redis) = open(flavour, DEFAULT).await;
        let before = used_bytes(&server).await;
        let targets: Vec<_> = (0..COUNT).map(|number| by_tag(&format!("user:{number:010}"))).collect();
        redis.store().invalidate(&targets, Strength::Soft).await.unwrap();
        holds("the mark of a tag of 15 bytes", flavour, before, used_bytes(&server).await, 256);
    }
}

#[tokio::test]
async fn a_waiting_task_takes_less_than_a_quarter_of_a_kilobyte() {
    for flavour in Flavour::ALL {
        let (server, redis) = open(flavour, DEFAULT).await;
        let queue = redis.queue().build().unwrap();
        let before = used_bytes(&server).await;
        let task = |number| NewTask { key: page(number), delay: Duration::ZERO, priority: Priority::Normal };
        let tasks: Vec<_> = (0..COUNT).map(task).collect();
        for some in tasks.chunks(1_000) {
            assert_eq!(queue.push(some).await.unwrap(), Pushed::Taken);
        }
        let what = format!("a task with a key of {} bytes", page(0).as_bytes().len());
        holds(&what, flavour, before, used_bytes(&server).await, 256);
    }
}
