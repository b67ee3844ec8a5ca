//! A master that sentinels watch: the suite on it, and its failover.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::{Duration, Instant};

use common::steps::{bytes, fill, grant, key, read, try_read};
use common::{builder, prefix};
use freshen_core::store::Currency;
use freshen_core::{Clock, Strength};
use freshen_redis::RedisBuilder;
use freshen_testkit::servers::{Flavour, Sentinels};
use freshen_testkit::store_suite::store_cases;
use futures_util::{StreamExt, stream};

fn url(sentinels: &Sentinels) -> String {
    let hosts: Vec<String> = sentinels.sentinels().iter().map(|at| format!("127.0.0.1:{}", at.port())).collect();
    format!("redis+sentinel://{}/{}", hosts.join(","), sentinels.master_name())
}

/// In one test, since sentinels take ten seconds to know each other.
#[tokio::test]
async fn the_master_is_found_holds_the_suite_and_is_followed_when_it_fails_over() {
    let sentinels = Sentinels::start(Flavour::Redis).await;
    let wrong = url(&sentinels).replace("/tests", "/nobody");
    let error = builder(wrong).connect(Clock::runtime()).await.unwrap_err();
    assert!(format!("{error:?}").contains("knows no such master"), "{error:?}");

    let master = sentinels.master().await.port();
    let runs = stream::iter(store_cases()).map(async |case| {
        let fixture = common::told_at(url(&sentinels), vec![master], Strength::Hard, |builder| builder).await;
        let run = tokio::spawn(async move { (case.run)(&fixture).await });
        run.await.is_err().then_some(case.name)
    });
    let failed: Vec<_> = runs.buffer_unordered(8).filter_map(async |failed| failed).collect().await;
    assert!(failed.is_empty(), "{failed:?}");

    let redis = builder(url(&sentinels)).prefix(prefix()).lost(Strength::Soft).connect(Clock::runtime()).await.unwrap();
    let store = redis.store();
    fill(&store, &key("k"), b"before", &["a"]).await;
    let held = grant(&store, &key("l")).await;
    sentinels.master().await.command(&["WAIT", "2", "5000"]).await;
    sentinels.fail_over().await;
    let until = Instant::now() + Duration::from_secs(30);
    while let Err(error) = try_read(&store, &key("k")).await {
        assert!(error.retryable && Instant::now() < until, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let found = read(&store, &key("k")).await;
    assert_eq!((bytes(&found).as_deref(), found.currency), (Some(&b"before"[..]), Currency::OutdatedSoft));
    assert_ne!(found.newest_mark.unwrap().epoch, held.generation.epoch);
    fill(&store, &key("k"), b"after", &["a"]).await;
    assert_eq!(read(&store, &key("k")).await.currency, Currency::Current);

    // Last, for the testkit's own client does not know the password.
    let strict = &sentinels.sentinels()[0];
    strict.command(&["ACL", "SETUSER", "default", "resetpass", ">secret"]).await;
    let url = format!("redis+sentinel://127.0.0.1:{}/{}", strict.port(), sentinels.master_name());
    let open = async |password: Option<&str>| {
        let builder = builder(&url).prefix(prefix());
        let builder = password.into_iter().fold(builder, RedisBuilder::sentinel_password);
        builder.connect(Clock::runtime()).await
    };
    for wrong in [None, Some("public")] {
        let error = format!("{:?}", open(wrong).await.unwrap_err());
        assert!(error.contains("retryable: false") && !error.contains("public"), "{error}");
    }
    fill(&open(Some("secret")).await.unwrap().store(), &key("k"), b"with a password", &[]).await;
}
