//! A store that takes its time: what has come need not wait for it.

use std::time::Duration;

use freshen_core::store::{
    Asked, Begin, Begun, Committed, Failure, Generations, Lease, Marked, MemoryStore, Scope, Snapshot, Store,
    StoreTraits, Target,
};
use freshen_core::{BoxFuture, Cache, Clock, Entry, Generation, Key, PortError, Strength};
use freshen_pages::Settings;
use tokio::time::Instant;

use crate::origin::written;
use crate::site::{pass, read, settle, site_over};

const SECOND: Duration = Duration::from_secs(1);

/// The store in memory, whose commits take five seconds.
struct SlowStore(MemoryStore);

impl Store for SlowStore {
    fn traits(&self) -> StoreTraits {
        self.0.traits()
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>> {
        self.0.read(keys)
    }

    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>> {
        self.0.marks(scopes)
    }

    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>> {
        self.0.ask(key, deadline, at_least)
    }

    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>> {
        self.0.unask(key)
    }

    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>> {
        self.0.begin(key, request)
    }

    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>> {
        Box::pin(async move {
            tokio::time::sleep(5 * SECOND).await;
            self.0.commit(key, lease, entry).await
        })
    }

    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>> {
        self.0.fail(key, lease, failure)
    }

    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>> {
        self.0.renew(key, lease, span)
    }

    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>> {
        self.0.invalidate(targets, strength)
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>> {
        self.0.remove(key)
    }
}

/// Whoever reads along has the end as soon as it has come. Who comes behind it waits for the one write to the store, by which it is
/// known that nothing was outdated meanwhile, and asks nobody.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_body_waits_for_no_store_and_who_comes_behind_it_asks_nobody() {
    let clock = Clock::runtime();
    let store = SlowStore(MemoryStore::builder(clock.clone()).build().unwrap());
    let site = site_over(Cache::builder().clock(clock).store(store), Settings::default()).await;
    let (writing, response) = written("200 | cache-control: max-age=60");
    site.origin.then(|_| async { Ok(response) });
    let first = site.send("GET /a").await;
    let follower = site.send("GET /a").await;
    writing.write("hello");
    drop(writing);
    let began = Instant::now();
    for response in [first, follower] {
        assert_eq!((read(response).await.text.as_str(), began.elapsed()), ("hello", Duration::ZERO));
    }
    settle().await;
    pass(SECOND).await;
    let behind = site.get("GET /a").await;
    assert_eq!((behind.text.as_str(), site.origin.count()), ("hello", 1));
    assert!(began.elapsed() <= 5 * SECOND + SECOND / 10, "{:?}", began.elapsed());
    assert!(site.get("GET /a").await.is_hit());
}
