//! Records that are not what they should be, and what becomes of records.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::at_once::{Halt, at_once};
use common::steps::{LEASE, TTL, by_tag, bytes, entry, fill, grant, invalidate, key, read, request};
use common::{builder, calls, prefix, shared};
use freshen_core::store::{Asked, Begun, Committed, Currency, Failure, Role, Store, Target};
use freshen_core::{Clock, Key, Strength};
use freshen_redis::{RedisBuilder, RedisStore};
use freshen_testkit::servers::{Flavour, Server};

/// A store, and its server's own client on the record of a key.
struct Bench {
    store: RedisStore,
    server: &'static Server,
    prefix: String,
}

impl Bench {
    async fn new() -> Bench {
        Bench::with(|builder| builder).await
    }

    async fn with(change: impl Fn(RedisBuilder) -> RedisBuilder) -> Bench {
        let (server, prefix) = (shared(Flavour::Redis).await, prefix());
        let builder = change(builder(server.url()).prefix(&prefix));
        let store = builder.connect(Clock::runtime()).await.unwrap().store();
        Bench { store, server, prefix }
    }

    fn record(&self, key: &Key) -> String {
        format!("{{{}:0}}:tests:job:{:032x}", self.prefix, key.hash().0)
    }

    async fn ask(&self, key: &Key, command: &str, more: &[&str]) -> String {
        let record = self.record(key);
        let command: Vec<&str> = [command, &record].into_iter().chain(more.iter().copied()).collect();
        self.server.command(&command).await
    }

    /// A key whose record is no use is a miss, can be loaded, and is then as any other.
    async fn is_absent_and_can_be_loaded(&self, key: &Key, how: &str) {
        assert_eq!(bytes(&read(&self.store, key).await), None, "{how}");
        assert_eq!(self.store.ask(key, LEASE, None).await.unwrap(), Asked::Asked, "{how}");
        invalidate(&self.store, Target::Key(key.clone()), Strength::Soft).await;
        fill(&self.store, key, b"new", &["a"]).await;
        let found = read(&self.store, key).await;
        assert_eq!((bytes(&found).as_deref(), found.currency), (Some(&b"new"[..]), Currency::Current), "{how}");
        assert!(matches!(self.store.begin(key, request(Role::Foreground)).await.unwrap(), Begun::Fresh), "{how}");
    }
}

#[tokio::test]
async fn a_key_of_another_kind_is_a_miss_and_is_replaced() {
    let bench = Bench::new().await;
    let key = key("k");
    bench.ask(&key, "SET", &["something else"]).await;
    bench.is_absent_and_can_be_loaded(&key, "a string").await;
}

#[tokio::test]
async fn another_keys_record_is_a_miss_and_is_replaced() {
    let bench = Bench::new().await;
    let key = key("k");
    fill(&bench.store, &key, b"old", &[]).await;
    bench.ask(&key, "HSET", &["k", "another key"]).await;
    bench.is_absent_and_can_be_loaded(&key, "another key's").await;
}

#[tokio::test]
async fn a_damaged_record_is_a_miss_and_is_replaced() {
    let bench = Bench::new().await;
    for (field, damaged) in [("m", "x"), ("m", "ff 1 2 3 4 5 6 0 7 1\n9"), ("r", "x"), ("r", "0;;;x"), ("v", "")] {
        let key = key(&format!("{field} {damaged}"));
        fill(&bench.store, &key, b"old", &["a"]).await;
        bench.ask(&key, "HSET", &[field, damaged]).await;
        if field == "v" {
            // The scripts do not look at values: only who opens it finds out, and loads.
            assert_eq!(bytes(&read(&bench.store, &key).await).as_deref(), Some(&b""[..]));
            fill(&bench.store, &key, b"new", &[]).await;
            assert_eq!(bytes(&read(&bench.store, &key).await).as_deref(), Some(&b"new"[..]));
        } else {
            bench.is_absent_and_can_be_loaded(&key, field).await;
        }
    }
}

/// What cannot be a mark stands in a mark's place. A script that failed at it would have outdated half of what it was told.
#[tokio::test]
async fn a_damaged_mark_counts_as_the_newest_and_is_mended_by_the_next_step() {
    for (lost, currency) in [(Strength::Soft, Currency::OutdatedSoft), (Strength::Hard, Currency::OutdatedHard)] {
        for damaged in ["", "x", "7", "-1 0", "0 1e3", "9999999999999999 0", "0 99999999999999999999999"] {
            let bench = Bench::with(|builder| builder.lost(lost)).await;
            let (marked, plain) = (key("marked"), key("plain"));
            let state = format!("{{{}:0}}", bench.prefix);
            fill(&bench.store, &marked, b"old", &["a"]).await;
            fill(&bench.store, &plain, b"old", &[]).await;
            bench.server.command(&["HSET", &state, "t:a", damaged]).await;
            assert_eq!(read(&bench.store, &marked).await.currency, currency, "{damaged:?}");
            let begun = bench.store.begin(&marked, request(Role::Foreground)).await.unwrap();
            let Begun::Granted(lease) = begun else { panic!("{damaged:?}: {begun:?}") };
            let stored = bench.store.commit(&marked, &lease, entry(&lease, b"new", &["a"])).await.unwrap();
            assert_eq!(stored, Committed::Stored, "{damaged:?}");
            assert_eq!(read(&bench.store, &marked).await.currency, Currency::Current, "{damaged:?}");

            bench.server.command(&["HSET", &state, "t:a", damaged]).await;
            let targets = [Target::Key(plain.clone()), by_tag("b"), by_tag("a")];
            bench.store.invalidate(&targets, Strength::Soft).await.unwrap();
            for key in [&marked, &plain] {
                assert!(read(&bench.store, key).await.currency >= Currency::OutdatedSoft, "{damaged:?}");
                fill(&bench.store, key, b"newer", &["a"]).await;
                assert_eq!(read(&bench.store, key).await.currency, Currency::Current, "{damaged:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_damaged_clock_is_as_good_as_lost() {
    for (field, damaged) in [("e", "x"), ("e", ""), ("l", "x"), ("s", "-1"), ("h", "1e3"), ("m", "x")] {
        let bench = Bench::new().await;
        let lease = fill(&bench.store, &key("k"), b"old", &[]).await;
        bench.server.command(&["HSET", &format!("{{{}:0}}", bench.prefix), field, damaged]).await;
        bench.store.invalidate(&[by_tag("a")], Strength::Soft).await.unwrap();
        let found = read(&bench.store, &key("k")).await;
        assert_eq!(found.currency, Currency::OutdatedSoft, "{field} {damaged:?}");
        assert_ne!(found.newest_mark.unwrap().epoch, lease.generation.epoch);
        bench.server.command(&["HSET", &format!("{{{}:0}}", bench.prefix), field, damaged]).await;
        assert_eq!(read(&bench.store, &key("k")).await.currency, Currency::OutdatedSoft, "a reader finds it");
        fill(&bench.store, &key("k"), b"new", &[]).await;
        assert_eq!(read(&bench.store, &key("k")).await.currency, Currency::Current, "{field} {damaged:?}");
    }
}

#[tokio::test]
async fn scripts_that_the_server_forgets_are_sent_again() {
    let bench = Bench::new().await;
    fill(&bench.store, &key("k"), b"one", &[]).await;
    bench.server.command(&["SCRIPT", "FLUSH"]).await;
    fill(&bench.store, &key("k"), b"two", &[]).await;
    assert_eq!(bytes(&read(&bench.store, &key("k")).await).as_deref(), Some(&b"two"[..]));
}

/// Whatever a step leaves behind ends by itself.
#[tokio::test]
async fn no_record_lives_for_ever() {
    let bench = Bench::new().await;
    let (asked, held, failed, filled) = (key("asked"), key("held"), key("failed"), key("filled"));
    bench.store.ask(&asked, LEASE, None).await.unwrap();
    grant(&bench.store, &held).await;
    let lease = grant(&bench.store, &failed).await;
    bench.store.fail(&failed, &lease, Failure::failed(LEASE, "no route")).await.unwrap();
    fill(&bench.store, &filled, b"one", &[]).await;
    let hour = Duration::from_secs(3600);
    for (key, ends) in [(asked, LEASE), (held, LEASE + hour), (failed, LEASE + hour), (filled.clone(), 3 * TTL)] {
        let left: u64 = bench.ask(&key, "PTTL", &[]).await.parse().unwrap();
        let left = Duration::from_millis(left);
        assert!(left <= ends + Duration::from_millis(1) && left > ends - Duration::from_secs(30), "{key}: {left:?}");
    }
    bench.store.remove(&filled).await.unwrap();
    assert_eq!(bench.ask(&filled, "EXISTS", &[]).await, "0");
}

#[tokio::test]
async fn a_record_of_which_nothing_is_left_is_deleted() {
    let bench = Bench::new().await;
    let (asked, given_up) = (key("asked"), key("given up"));
    bench.store.ask(&asked, LEASE, None).await.unwrap();
    bench.store.unask(&asked).await.unwrap();
    let lease = grant(&bench.store, &given_up).await;
    bench.store.fail(&given_up, &lease, Failure::abandoned()).await.unwrap();
    invalidate(&bench.store, Target::Key(key("absent")), Strength::Hard).await;
    for key in [asked, given_up, key("absent")] {
        assert_eq!(bench.ask(&key, "EXISTS", &[]).await, "0", "{key}");
    }
}

#[tokio::test]
async fn a_large_value_is_compressed_and_comes_back_as_it_was() {
    let bench = Bench::with(|builder| builder.compress_from_bytes(1000)).await;
    let large = vec![7; 8000];
    fill(&bench.store, &key("k"), &large, &[]).await;
    assert!(bench.ask(&key("k"), "HSTRLEN", &["v"]).await.parse::<usize>().unwrap() < 200);
    assert_eq!(bytes(&read(&bench.store, &key("k")).await).as_deref(), Some(&large[..]));
}

#[tokio::test]
async fn a_value_over_the_bound_is_refused_by_key_and_bytes() {
    let bench = Bench::new().await;
    let lease = grant(&bench.store, &key("k")).await;
    let heavy = entry(&lease, &vec![7; common::VALUE + 1], &[]);
    let error = bench.store.commit(&key("k"), &lease, heavy).await.unwrap_err();
    let expected = "the value of tests:job{\"k\"} has 8193 bytes, more than 8192";
    assert!(!error.retryable && format!("{error:?}").contains("8193 bytes, more than 8192"), "{error:?} {expected}");
}

/// More marks than a sample holds: some old one is dropped, and the floor keeps what it outdated.
#[tokio::test]
async fn marks_are_bounded_and_what_a_dropped_one_outdated_stays_so() {
    const MOST: usize = 200;
    let bench = Bench::with(|builder| builder.marks_most(MOST).lost(Strength::Hard)).await;
    let tags: Vec<String> = (0..MOST + 100).map(|n| n.to_string()).collect();
    fill(&bench.store, &key("k"), b"old", &["0", "250"]).await;
    let targets: Vec<Target> = tags.iter().map(|name| by_tag(name)).collect();
    let (first, rest) = targets.split_at(1);
    bench.store.invalidate(first, Strength::Hard).await.unwrap();
    for targets in rest.chunks(10) {
        bench.store.invalidate(targets, Strength::Soft).await.unwrap();
    }
    let state = format!("{{{}:0}}", bench.prefix);
    assert_eq!(bench.server.command(&["HLEN", &state]).await.parse::<usize>().unwrap(), MOST + 9);
    assert_eq!(read(&bench.store, &key("k")).await.currency, Currency::OutdatedHard);
}

#[tokio::test]
async fn more_targets_than_one_script_takes_are_all_outdated() {
    let bench = Bench::new().await;
    let keys: Vec<Key> = (0..600).map(|n| key(&n.to_string())).collect();
    for key in keys.iter().step_by(50) {
        fill(&bench.store, key, b"old", &[]).await;
    }
    let targets: Vec<Target> = keys.iter().cloned().map(Target::Key).collect();
    bench.store.invalidate(&targets, Strength::Soft).await.unwrap();
    for key in keys.iter().step_by(50) {
        assert_eq!(read(&bench.store, key).await.currency, Currency::OutdatedSoft);
    }
}

#[tokio::test]
async fn a_hit_is_one_round_trip_once_its_tags_are_known() {
    let server = Server::redis(Flavour::Redis).start().await;
    let open = || builder(server.url()).prefix("counted").connect(Clock::runtime());
    let (writer, store) = (open().await.unwrap().store(), open().await.unwrap().store());
    fill(&writer, &key("k"), b"one", &["a", "b"]).await;
    let counted = ["time", "hmget", "evalsha"];
    for (hmgets, which) in [(3, "the first"), (2, "the second")] {
        let before = calls(&server, counted).await;
        assert_eq!(read(&store, &key("k")).await.currency, Currency::Current);
        let after = calls(&server, counted).await;
        let made: Vec<u64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(made, [1, hmgets, 0], "{which}");
    }
    invalidate(&writer, by_tag("b"), Strength::Soft).await;
    assert_eq!(read(&store, &key("k")).await.currency, Currency::OutdatedSoft);
    fill(&writer, &key("k"), b"two", &["c"]).await;
    invalidate(&writer, by_tag("c"), Strength::Soft).await;
    assert_eq!(read(&store, &key("k")).await.currency, Currency::OutdatedSoft, "its tags were guessed wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn many_reads_at_once_are_all_answered_and_share_their_round_trips() {
    const READS: usize = 500;
    let server = Server::redis(Flavour::Redis).start().await;
    let store = builder(server.url()).connect(Clock::runtime()).await.unwrap().store();
    let keys: Vec<Key> = (0..READS).map(|n| key(&n.to_string())).collect();
    for (n, key) in keys.iter().enumerate() {
        fill(&store, key, n.to_string().as_bytes(), &[]).await;
    }
    let before = calls(&server, ["time", "hmget", "evalsha"]).await;
    let reads = keys.iter().map(|key| read(&store, key));
    for (n, found) in at_once(futures_util::future::join_all(reads)).await.iter().enumerate() {
        assert_eq!(bytes(found).as_deref(), Some(n.to_string().as_bytes()));
    }
    let after = calls(&server, ["time", "hmget", "evalsha"]).await;
    let round_trips = after[0] - before[0];
    assert!((4..READS as u64 / 4).contains(&round_trips), "at most 128 go together: {round_trips}");
}

/// While one reads, several come who wait to go together, and the first of them leaves before he has set off for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn when_the_first_of_many_readers_leaves_the_others_are_answered() {
    let bench = Bench::new().await;
    fill(&bench.store, &key("k"), b"one", &[]).await;
    let (alone, first) = (key("alone"), key("first"));
    let halt = Halt::begin().await;
    let mut under_way = Box::pin(read(&bench.store, &alone));
    assert!(glance(under_way.as_mut()).is_pending());
    let mut leaving = Box::pin(read(&bench.store, &first));
    assert!(glance(leaving.as_mut()).is_pending());
    let (one, other) = (key("k"), key("k"));
    let mut others = Box::pin(futures_util::future::join(read(&bench.store, &one), read(&bench.store, &other)));
    assert!(glance(others.as_mut()).is_pending());
    drop((leaving, halt));
    let (one, other) = tokio::time::timeout(Duration::from_secs(20), others).await.expect("they are answered");
    assert_eq!((bytes(&one).as_deref(), bytes(&other).as_deref()), (Some(&b"one"[..]), Some(&b"one"[..])));
    assert_eq!(bytes(&read(&bench.store, &key("k")).await).as_deref(), Some(&b"one"[..]), "and so is who comes after");
    assert_eq!(bytes(&under_way.await), None);
}

/// The first to come sets off at once. He leaves, and those who wait behind him do not wait for him.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reader_who_leaves_on_his_way_keeps_nobody_from_reading() {
    let bench = Bench::new().await;
    fill(&bench.store, &key("k"), b"one", &[]).await;
    let (alone, one) = (key("alone"), key("k"));
    let halt = Halt::begin().await;
    let mut leaving = Box::pin(read(&bench.store, &alone));
    assert!(glance(leaving.as_mut()).is_pending());
    let mut waiting = Box::pin(read(&bench.store, &one));
    assert!(glance(waiting.as_mut()).is_pending());
    drop((leaving, halt));
    let found = tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("he is answered");
    assert_eq!(bytes(&found).as_deref(), Some(&b"one"[..]));
    assert_eq!(bytes(&read(&bench.store, &one).await).as_deref(), Some(&b"one"[..]), "and so is who comes after");
}

/// Polls once.
fn glance<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
