//! Servers that are not the ones they were: restarted with old data, restarted empty, and gone for a while.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::{Duration, Instant};

use common::steps::{TTL, by_tag, bytes, entry, fill, grant, invalidate, key, read, try_read};
use common::{builder, prefix};
use freshen_core::store::{Asked, Begin, Begun, Committed, Currency, Failure, Role, Store};
use freshen_core::{Clock, Strength};
use freshen_redis::RedisStore;
use freshen_testkit::servers::{Flavour, Server};

async fn store(server: &Server, lost: Strength) -> RedisStore {
    let builder = builder(server.url()).prefix(prefix()).lost(lost);
    builder.connect(Clock::runtime()).await.unwrap().store()
}

/// A tag is invalidated, and then the server comes back with what it had saved before. The mark is gone, and nothing in the
/// record says that it is outdated.
#[tokio::test]
async fn what_a_restart_with_old_data_brings_back_is_outdated() {
    for flavour in Flavour::ALL {
        for lost in Strength::ALL {
            let server = Server::redis(flavour).start().await;
            let store = store(&server, lost).await;
            fill(&store, &key("k"), b"old", &["a"]).await;
            assert_eq!(read(&store, &key("k")).await.currency, Currency::Current);
            server.command(&["SAVE"]).await;
            invalidate(&store, by_tag("a"), Strength::Soft).await;
            server.restart().await;
            let found = read(&store, &key("k")).await;
            assert_eq!(bytes(&found).as_deref(), Some(&b"old"[..]));
            assert_eq!(found.currency, Currency::from(lost), "{flavour:?}");
            fill(&store, &key("k"), b"new", &["a"]).await;
            assert_eq!(read(&store, &key("k")).await.currency, Currency::Current);
        }
    }
}

/// A tag was invalidated hard, and that was saved. After the restart the mark is of another epoch than the clock; what it covers
/// must not be served all the same, though what was lost counts as stale.
#[tokio::test]
async fn a_hard_mark_that_a_restart_brings_back_still_counts() {
    for flavour in Flavour::ALL {
        let server = Server::redis(flavour).start().await;
        let store = store(&server, Strength::Soft).await;
        for name in ["covered", "not covered"] {
            fill(&store, &key(name), b"old", &[name]).await;
        }
        invalidate(&store, by_tag("covered"), Strength::Hard).await;
        server.command(&["SAVE"]).await;
        server.restart().await;
        assert_eq!(read(&store, &key("not covered")).await.currency, Currency::OutdatedSoft);
        assert_eq!(read(&store, &key("covered")).await.currency, Currency::OutdatedHard, "{flavour:?}");
    }
}

/// A lease was granted and saved; what outdated it afterwards was not. Its holder may not install what it has loaded.
#[tokio::test]
async fn a_load_that_began_before_a_restart_is_read_again() {
    let server = Server::redis(Flavour::Redis).start().await;
    let store = store(&server, Strength::Hard).await;
    let lease = grant(&store, &key("k")).await;
    server.command(&["SAVE"]).await;
    invalidate(&store, by_tag("a"), Strength::Soft).await;
    server.restart().await;
    let stale = entry(&lease, b"old", &["a"]);
    let Committed::Invalidated(lease) = store.commit(&key("k"), &lease, stale).await.unwrap() else {
        panic!("it was installed")
    };
    assert_eq!(bytes(&read(&store, &key("k")).await), None);
    let again = entry(&lease, b"new", &["a"]);
    assert_eq!(store.commit(&key("k"), &lease, again).await.unwrap(), Committed::Stored);
}

#[tokio::test]
async fn after_a_restart_without_data_everything_begins_anew() {
    let server = Server::redis(Flavour::Redis).start().await;
    let store = store(&server, Strength::Hard).await;
    let before = fill(&store, &key("k"), b"old", &[]).await;
    let under_way = grant(&store, &key("l")).await;
    server.restart_empty().await;
    let found = read(&store, &key("k")).await;
    assert_eq!(bytes(&found), None);
    assert_ne!(found.newest_mark.unwrap().epoch, before.generation.epoch);
    let late = entry(&under_way, b"late", &[]);
    assert_eq!(store.commit(&key("l"), &under_way, late).await.unwrap(), Committed::Lost);
    fill(&store, &key("k"), b"new", &[]).await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_that_may_pass_until_it_is_back() {
    let server = Server::redis(Flavour::Redis).start().await;
    let store = store(&server, Strength::Hard).await;
    fill(&store, &key("k"), b"old", &[]).await;
    server.kill();
    for _ in 0..3 {
        let error = try_read(&store, &key("k")).await.unwrap_err();
        assert!(error.retryable, "{error}");
        assert!(store.invalidate(&[by_tag("a")], Strength::Soft).await.unwrap_err().retryable);
    }
    server.restart().await;
    let until = Instant::now() + Duration::from_secs(20);
    while let Err(error) = try_read(&store, &key("k")).await {
        assert!(Instant::now() < until, "{error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    fill(&store, &key("k"), b"new", &[]).await;
}

/// A server is stopped, so that it answers nothing: whoever asks first waits for one time-out, and nobody after him.
#[tokio::test]
async fn a_server_that_stops_answering_costs_one_time_out() {
    let server = Server::redis(Flavour::Redis).start().await;
    let builder = builder(server.url()).prefix(prefix()).response_timeout(Duration::from_secs(3));
    let store = builder.connect_timeout(Duration::from_secs(3)).connect(Clock::runtime()).await.unwrap().store();
    fill(&store, &key("k"), b"one", &[]).await;
    server.stop_signal();
    let began = Instant::now();
    for _ in 0..50 {
        assert!(try_read(&store, &key("k")).await.unwrap_err().retryable);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    server.continue_signal();
    let until = Instant::now() + Duration::from_secs(20);
    while try_read(&store, &key("k")).await.is_err() {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(read(&store, &key("k")).await.currency, Currency::Current, "it is the same server");
}

/// A server is stopped and goes on: it carries out what it was told, and nobody hears of it. An ask and a begin that were answered
/// by an error hold nobody up, nor does a load that could not say that it had failed.
#[tokio::test]
async fn steps_whose_answer_did_not_come_are_taken_back() {
    let server = Server::redis(Flavour::Redis).start().await;
    let builder = builder(server.url()).prefix(prefix()).response_timeout(Duration::from_millis(500));
    let store = builder.connect(Clock::runtime()).await.unwrap().store();
    let hour = Duration::from_secs(3600);
    let begin = Begin { role: Role::Foreground, lease: hour, at_least: None, heeds_backoff: true };
    // So that the server knows the scripts.
    assert_eq!(store.ask(&key("other"), hour, None).await.unwrap(), Asked::Asked);
    let Begun::Granted(lease) = store.begin(&key("failed"), begin).await.unwrap() else { panic!("it was free") };
    server.stop_signal();
    let (asked, begun) = (key("asked"), key("begun"));
    let (asked, begun) = tokio::join!(store.ask(&asked, hour, None), store.begin(&begun, begin));
    assert!(asked.unwrap_err().retryable && begun.unwrap_err().retryable);
    assert!(store.fail(&key("failed"), &lease, Failure::abandoned()).await.is_err());
    server.continue_signal();
    let until = Instant::now() + Duration::from_secs(60);
    while store.ask(&key("asked"), hour, None).await.ok() != Some(Asked::Asked) {
        assert!(Instant::now() < until, "the marker stays");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for held in ["begun", "failed"] {
        while !matches!(store.begin(&key(held), begin).await, Ok(Begun::Granted(_))) {
            assert!(Instant::now() < until, "{held} stays");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn without_a_server_a_store_opens_and_finds_it_when_it_is_there() {
    let server = Server::redis(Flavour::Redis).start().await;
    server.kill();
    assert!(builder(server.url()).connect(Clock::runtime()).await.is_err());
    let store = builder(server.url()).open(Clock::runtime()).unwrap().store();
    assert!(try_read(&store, &key("k")).await.unwrap_err().retryable);
    server.restart().await;
    let until = Instant::now() + Duration::from_secs(20);
    while try_read(&store, &key("k")).await.is_err() {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    fill(&store, &key("k"), b"one", &[]).await;
}

/// The clocks of two processes are a quarter of an hour apart, and neither is the server's.
#[tokio::test]
async fn processes_whose_clocks_differ_agree_on_ages() {
    let server = Server::redis(Flavour::Redis).start().await;
    let (prefix, apart) = (prefix(), Duration::from_secs(900));
    let here = common::ahead();
    let there = Clock::manual(here.now() + apart);
    let open = |clock: Clock| builder(server.url()).prefix(&prefix).connect(clock);
    let (one, other) = (open(here.clone()).await.unwrap().store(), open(there.clone()).await.unwrap().store());
    let lease = fill(&one, &key("k"), b"one", &[]).await;
    assert!(here.now().since(lease.begun_at) < Duration::from_secs(30));
    let found = read(&other, &key("k")).await;
    let facts = found.entry.unwrap().facts;
    assert_eq!(found.now, there.now());
    let age = found.now.since(facts.loaded_at).max(facts.loaded_at.since(found.now));
    assert!(age < Duration::from_secs(30), "{age:?}");
    assert!(found.now < facts.fresh_until() && facts.windows.ttl == TTL);
    let held = grant(&other, &key("k")).await;
    let seen = read(&one, &key("k")).await;
    let left = seen.now.until(seen.lease_until.unwrap());
    // The clocks of this test stand, and the server's does not.
    let whole = held.begun_at.until(held.until) + Duration::from_secs(20);
    assert!(left > Duration::from_secs(20) && left < whole, "{left:?}");
}
