//! What a store is asked, and what waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use freshen_core::store::{
    Asked, Begin, Begun, Committed, Failure, Generations, Lease, Marked, MemoryStore, Scope, Snapshot, Store,
    StoreTraits, Target,
};
use freshen_core::{BoxFuture, Cache, Clock, Entry, Generation, Key, PortError, Strength};
use freshen_pages::Settings;
use http_body_util::BodyExt;
use tokio::time::Instant;

use crate::origin::{answer, written};
use crate::site::{Site, pass, read, settle, site_over};

const SECOND: Duration = Duration::from_secs(1);

/// The store in memory, whose commits, invalidations and removals take as long. It counts what it is asked to change.
#[derive(Clone)]
struct WatchedStore {
    store: MemoryStore,
    takes: Duration,
    reads_take: Duration,
    commits: Arc<AtomicUsize>,
    invalidations: Arc<AtomicUsize>,
    /// How many removals are under way, and the most there were at a time.
    removing: Arc<[AtomicUsize; 2]>,
}

impl WatchedStore {
    async fn site(takes: Duration) -> (WatchedStore, Site) {
        WatchedStore::site_with(takes, Duration::ZERO, Settings::default()).await
    }

    async fn site_with(takes: Duration, reads_take: Duration, settings: Settings) -> (WatchedStore, Site) {
        let clock = Clock::runtime();
        let store = MemoryStore::builder(clock.clone()).build().unwrap();
        let (commits, invalidations, removing) = (Arc::default(), Arc::default(), Arc::default());
        let watched = WatchedStore { store, takes, reads_take, commits, invalidations, removing };
        let site = site_over(Cache::builder().clock(clock).store(watched.clone()), settings).await;
        (watched, site)
    }
}

impl Store for WatchedStore {
    fn traits(&self) -> StoreTraits {
        self.store.traits()
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>> {
        Box::pin(async move {
            if !self.reads_take.is_zero() {
                tokio::time::sleep(self.reads_take).await;
            }
            self.store.read(keys).await
        })
    }

    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>> {
        self.store.marks(scopes)
    }

    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>> {
        self.store.ask(key, deadline, at_least)
    }

    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>> {
        self.store.unask(key)
    }

    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>> {
        self.store.begin(key, request)
    }

    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>> {
        Box::pin(async move {
            self.commits.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            self.store.commit(key, lease, entry).await
        })
    }

    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>> {
        self.store.fail(key, lease, failure)
    }

    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>> {
        self.store.renew(key, lease, span)
    }

    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>> {
        Box::pin(async move {
            self.invalidations.fetch_add(targets.len(), Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            self.store.invalidate(targets, strength).await
        })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>> {
        Box::pin(async move {
            let [now, most] = &*self.removing;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            now.fetch_sub(1, Ordering::SeqCst);
            self.store.remove(key).await
        })
    }
}

/// Whoever reads along has the end as soon as it has come. Who comes behind it waits for the one write to the store, by which it is
/// known that nothing was outdated meanwhile, and asks nobody.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_body_waits_for_no_store_and_who_comes_behind_it_asks_nobody() {
    let (_, site) = WatchedStore::site(5 * SECOND).await;
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

/// His write is done, and the store that is told of it takes its time.
#[tokio::test(start_paused = true)]
async fn what_a_client_has_changed_is_outdated_though_he_leaves_before_the_store_knows() {
    let (_, site) = WatchedStore::site(SECOND).await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=600 | page"),
        _ => answer("204"),
    });
    site.get("GET /a").await;
    pass(2 * SECOND).await;
    assert!(site.get("GET /a").await.is_hit());
    let left = tokio::time::timeout(SECOND / 2, site.send("POST /a")).await;
    assert!(left.is_err() && site.origin.count() == 2);
    pass(2 * SECOND).await;
    assert!(!site.get("GET /a").await.is_hit());
}

/// The answer has come, and its commit takes its time. Who comes now asked for it after it was made.
#[tokio::test(start_paused = true)]
async fn what_is_validated_at_each_use_is_not_given_to_those_who_come_while_it_is_stored() {
    for (says, asks) in [("no-cache", ""), ("max-age=0", ""), ("max-age=60", " | cache-control: no-cache")] {
        for again in ["304 | etag: \"1\"", "200 | etag: \"1\""] {
            let (_, site) = WatchedStore::site(5 * SECOND).await;
            let mut settings = Settings::default();
            (settings.rules.obeys_reloads, settings.rules.grace) = (true, freshen_http::Grace::default());
            let site = site.beside(settings);
            let was = "200 | etag: \"1\" | cache-control: max-age=1 | old";
            let (is, new) = (answer_of(again, says, "old"), answer_of("200 | etag: \"2\"", says, "new"));
            site.origin.then(move |_| async move { Ok(answer(was)) }).then(move |_| async move { Ok(answer(&is)) });
            site.origin.answers(move |_| answer(&new));
            site.get("GET /a").await;
            pass(10 * SECOND).await;
            let first = site.getting("GET /a");
            pass(SECOND).await;
            let next = site.get(&format!("GET /a{asks}")).await;
            assert_eq!(next.text, "new", "{says} {again}: {}", next.told());
            assert_eq!(first.await.unwrap().text, "old", "{says} {again}");
        }
    }
}

fn answer_of(head: &str, says: &str, text: &str) -> String {
    let text = if head.starts_with("304") { "" } else { text };
    format!("{head} | cache-control: {says} | {text}")
}

/// One client's odd field has the origin say that it is down, and there is always somebody who still looks what may stand in: those who
/// waited for that load are told so, and nobody who comes behind it.
#[tokio::test(start_paused = true)]
async fn what_one_client_brought_about_is_told_to_nobody_who_comes_after_its_load() {
    for takes in [SECOND, 30 * SECOND] {
        let (_, site) = WatchedStore::site_with(Duration::ZERO, SECOND, Settings::default()).await;
        site.origin.then(move |_| async move {
            pass(takes).await;
            Ok(answer("503 | oh no"))
        });
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | good"));
        let odd = site.getting("GET /a | x-odd: 1");
        let mut visitors = Vec::new();
        for _ in 0..500 {
            pass(SECOND / 10).await;
            visitors.push(site.getting("GET /a"));
        }
        assert_eq!(odd.await.unwrap().text, "oh no");
        let mut told = Vec::new();
        for got in visitors {
            told.push(got.await.unwrap().status());
        }
        let down = told.iter().filter(|status| **status == 503).count();
        let load = usize::try_from(takes.as_secs() * 10).unwrap();
        assert!(told[down..].iter().all(|status| *status == 200), "{told:?}");
        assert!((load / 2..load + 20).contains(&down), "{takes:?}: {down}");
        let odd = site.origin.asked().iter().filter(|request| request.headers.contains_key("x-odd")).count();
        assert_eq!((odd, site.origin.count()), (1, 2));
    }
}

/// They leave as others come, behind the requests, and the store takes its time.
#[tokio::test(start_paused = true)]
async fn so_many_variants_are_removed_at_a_time() {
    let mut settings = Settings::default();
    settings.rules.variants.most = 2;
    let (store, site) = WatchedStore::site_with(5 * SECOND, Duration::ZERO, settings).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | vary: x-said | page"));
    site.get("GET /a | x-said: first").await;
    pass(10 * SECOND).await;
    let all: Vec<_> = (0..100).map(|said| site.getting(&format!("GET /a | x-said: {said}"))).collect();
    for got in all {
        assert_eq!(got.await.unwrap().text, "page");
    }
    let [now, most] = store.removing.each_ref().map(|count| count.load(Ordering::SeqCst));
    assert_eq!((now, most), (16, 16));
    pass(10 * SECOND).await;
    let now = store.removing[0].load(Ordering::SeqCst);
    assert_eq!(now, 0);
}

/// Of what is stored nothing is looked at.
#[tokio::test(start_paused = true)]
async fn a_write_costs_the_same_however_many_pages_it_outdates() {
    for pages in [1, 1_000] {
        let (store, site) = WatchedStore::site(Duration::ZERO).await;
        site.origin.answers(|_| answer("200 | cache-control: max-age=600 | surrogate-key: all | page"));
        for page in 0..pages {
            site.get(&format!("GET /{page}")).await;
        }
        let commits = store.commits.load(Ordering::SeqCst);
        site.pages.invalidate(freshen_pages::Pages::Keyed("all"), Strength::Hard).await.unwrap();
        settle().await;
        let asked = [&store.invalidations, &store.commits].map(|count| count.load(Ordering::SeqCst));
        assert_eq!(asked, [1, commits], "{pages}");
        assert!(!site.get("GET /0").await.is_hit(), "{pages}");
    }
}

/// RFC 9111, section 5.2.1.5: of what came to such a request nothing stays, near or far.
#[tokio::test(start_paused = true)]
async fn what_is_not_to_be_stored_leaves_memory_with_its_client_and_reaches_no_store() {
    for line in ["GET /a | cache-control: no-store", "POST /a | text"] {
        let (store, site) = WatchedStore::site(Duration::ZERO).await;
        let held = Arc::new(());
        let owner = Owned("secret".into(), held.clone());
        let body = http_body_util::Full::new(bytes::Bytes::from_owner(owner));
        let secret = answer("200 | cache-control: max-age=60").map(|_| body.map_err(Into::into).boxed_unsync());
        site.origin.then(|_| async { Ok(secret) });
        assert_eq!(site.get(line).await.text, "secret");
        settle().await;
        assert_eq!((Arc::strong_count(&held), store.commits.load(Ordering::SeqCst)), (1, 0), "{line}");
        assert_eq!(site.pages.cache().near_size().0, 0);
    }
}

/// Bytes that are seen to go.
struct Owned(Vec<u8>, #[expect(dead_code, reason = "it counts")] Arc<()>);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
