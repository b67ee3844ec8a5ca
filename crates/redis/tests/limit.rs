//! A server that is at its limit of memory and evicts nothing: what frees or only marks goes on, what stores is refused whole.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::steps::{by_tag, entry, fill, grant, key, read, request};
use common::{builder, prefix};
use freshen_core::store::{Asked, Committed, Currency, Failure, Role, Store, Target};
use freshen_core::{Clock, Strength};
use freshen_testkit::servers::{Flavour, Server};

/// Everything that the server has, record by record.
async fn all(server: &Server, prefix: &str) -> String {
    let dump = "local all = {} for _, name in ipairs(redis.call('KEYS', ARGV[1])) do \
                all[#all + 1] = name .. table.concat(redis.call('HGETALL', name), ' ') end \
                table.sort(all) return redis.sha1hex(table.concat(all, ' '))";
    server.command(&["EVAL", dump, "0", &format!("{{{prefix}:*")]).await
}

#[tokio::test]
async fn at_the_limit_of_memory_what_frees_or_marks_goes_on_and_what_stores_is_refused_whole() {
    for flavour in Flavour::ALL {
        let server = Server::redis(flavour).start().await;
        let prefix = prefix();
        let open = || builder(server.url()).prefix(&prefix).lost(Strength::Hard).connect(Clock::runtime());
        let store = open().await.unwrap().store();
        fill(&store, &key("kept"), b"old", &["a"]).await;
        let (held, failed) = (grant(&store, &key("held")).await, grant(&store, &key("failed")).await);
        assert_eq!(store.ask(&key("asked"), Duration::from_secs(60), None).await.unwrap(), Asked::Asked);
        server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;

        let before = all(&server, &prefix).await;
        let refused = store.commit(&key("held"), &held, entry(&held, b"new", &["a"])).await.unwrap_err();
        assert!(refused.retryable, "{refused}");
        assert!(store.ask(&key("kept"), Duration::from_secs(60), held.generation.into()).await.unwrap_err().retryable);
        let again = request(Role::TakeOver);
        assert!(store.begin(&key("kept"), again).await.unwrap_err().retryable);
        assert_eq!(all(&server, &prefix).await, before, "{flavour:?}: nothing is done by half");

        assert!(store.renew(&key("held"), &held, Duration::from_secs(60)).await.unwrap());
        let failure = Failure::failed(Duration::from_secs(60), "why");
        store.fail(&key("failed"), &failed, failure).await.unwrap();
        assert_eq!(read(&store, &key("failed")).await.trouble.unwrap().failures, 1);
        store.unask(&key("asked")).await.unwrap();
        assert_eq!(read(&store, &key("asked")).await.asked_until, None);
        let targets = [by_tag("a"), Target::Namespace("tests".into()), Target::Key(key("kept"))];
        store.invalidate(&targets, Strength::Soft).await.unwrap();
        assert_eq!(read(&store, &key("kept")).await.currency, Currency::OutdatedSoft);
        store.remove(&key("kept")).await.unwrap();
        assert!(read(&store, &key("kept")).await.entry.is_none());
        // A lost clock is made anew, or nobody could read.
        common::delete(vec![server.port()], format!("{{{prefix}:*}}")).await;
        assert!(read(&open().await.unwrap().store(), &key("kept")).await.newest_mark.is_some());

        server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
        let late = store.commit(&key("held"), &held, entry(&held, b"new", &["a"])).await.unwrap();
        assert!(matches!(late, Committed::Invalidated(_)), "{late:?}");
        fill(&store, &key("kept"), b"new", &["a"]).await;
        assert_eq!(read(&store, &key("kept")).await.currency, Currency::Current);
    }
}
