//! From settings to a cache, on real servers.
#![cfg(all(feature = "macros", feature = "redis", feature = "settings"))]
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use freshen::settings::{OpenError, Settings, Url};
use freshen::{Cache, Jobs, Status, Strength, cached};
use freshen_testkit::servers::{Cluster, Flavour, Sentinels, Server};

static LOADS: AtomicU64 = AtomicU64::new(0);

/// Tells how often any number was loaded.
#[cached(ttl = "1h", jitter = 0.0, tags = ["counted"])]
async fn counted(_number: u32) -> u64 {
    LOADS.fetch_add(1, Ordering::Relaxed)
}

/// Generous, for a machine that is busy.
fn settings(url: &str) -> Settings {
    let mut settings = Settings::default();
    settings.store = Url::parse(url).unwrap();
    let patience = Duration::from_secs(20);
    (settings.connect_timeout, settings.response_timeout, settings.patience) = (patience, patience, patience);
    settings
}

async fn cache(settings: &Settings) -> Cache {
    let backends = settings.open().await.unwrap();
    backends.builder().jobs(Jobs::new().add::<Counted>()).build().await.unwrap()
}

async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !so().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn processes_of_one_url_share_values_invalidations_and_refreshes() {
    let server = Server::redis(Flavour::Redis).start().await;
    let mut settings = settings(&server.url());
    settings.workers = 0;
    let reads = cache(&settings).await;
    settings.workers = 2;
    let works = cache(&settings).await;
    let job = Counted::of(1);
    assert_eq!(reads.get(&job).await.unwrap().status(), Status::Loaded);
    assert_eq!(works.get(&job).await.unwrap().status(), Status::Hit);
    let first = *reads.get(&job).await.unwrap();
    works.invalidate_tag("counted", Strength::Soft).await.unwrap();
    // What one outdated is heard by the other, whose task the first one's workers load.
    until("the value is refreshed elsewhere", async || *reads.get(&job).await.unwrap() != first).await;
}

static OTHERS: AtomicU64 = AtomicU64::new(0);

#[cached(ttl = "1h", jitter = 0.0)]
async fn other(_number: u32) -> u64 {
    OTHERS.fetch_add(1, Ordering::Relaxed)
}

/// Two caches in one process, each with jobs of its own and nothing on any server.
#[tokio::test]
async fn two_caches_in_memory_take_none_of_each_others_tasks() {
    let backends = settings("memory:").open().await.unwrap();
    let idle = backends.builder().jobs(Jobs::new().add::<Counted>()).workers(8).build().await.unwrap();
    let cache = backends.builder().jobs(Jobs::new().add::<Other>()).workers(1).build().await.unwrap();
    for number in 0..20 {
        assert!(cache.refresh(&Other::of(number)).await.unwrap());
    }
    until("all are loaded", async || OTHERS.load(Ordering::Relaxed) == 20).await;
    assert!(idle.quarantined(100).await.unwrap().is_empty());
}

/// Where the store is on a server, a queue in memory is shared as well: both caches can do what either asks for.
#[tokio::test]
async fn two_caches_on_one_server_share_a_queue_in_memory() {
    let server = Server::redis(Flavour::Redis).start().await;
    let mut settings = settings(&server.url());
    settings.queue = Some(Url::memory());
    let backends = settings.open().await.unwrap();
    let begin = || backends.builder().jobs(Jobs::new().add::<Counted>());
    let asks = begin().workers(0).build().await.unwrap();
    let works = begin().build().await.unwrap();
    assert!(asks.refresh(&Counted::of(7)).await.unwrap());
    until("the other has loaded it", async || works.get_ready(&Counted::of(7)).is_some()).await;
}

/// How many connections the server has of others than the one who asks.
async fn connections(server: &Server, kind: &str) -> usize {
    let list = server.command(&["CLIENT", "LIST", "TYPE", kind]).await;
    list.lines().filter(|line| line.contains("id=") && !line.contains("cmd=client")).count()
}

#[tokio::test]
async fn where_store_and_queue_have_one_url_they_share_connections() {
    let server = Server::redis(Flavour::Redis).start().await;
    let one = settings(&server.url()).open().await.unwrap();
    let shared = connections(&server, "normal").await;
    drop(one);
    until("the connections are closed", async || connections(&server, "normal").await == 0).await;
    let mut two = settings(&server.url());
    two.queue = Some(Url::parse(&format!("{}/0", server.url())).unwrap());
    let _two = two.open().await.unwrap();
    assert!(connections(&server, "normal").await > shared, "of {shared}");
}

#[tokio::test]
async fn without_a_bus_nobody_listens() {
    let server = Server::redis(Flavour::Redis).start().await;
    let mut settings = settings(&server.url());
    settings.bus = false;
    let _deaf = cache(&settings).await;
    assert_eq!(connections(&server, "pubsub").await, 0);
    settings.bus = true;
    let _hears = cache(&settings).await;
    until("one listens", async || connections(&server, "pubsub").await > 0).await;
}

#[tokio::test]
async fn a_server_that_is_down_is_an_error_and_degraded_starts_and_recovers() {
    let server = Server::redis(Flavour::Redis).start().await;
    server.kill();
    let mut settings = settings(&server.url());
    settings.connect_timeout = Duration::from_secs(1);
    settings.patience = Duration::from_millis(100);
    let error = settings.open().await.unwrap_err();
    assert!(matches!(error, OpenError::Server { what: "store", .. }), "{error}");
    assert!(error.to_string().contains(&server.url()), "{error}");
    // What a `main` prints that returns it: in words, with each cause once.
    let printed = format!("{error:?}");
    assert!(printed.starts_with("cannot open the store at redis://127.0.0.1:"), "{printed}");
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    let told: Vec<usize> = causes.map(|cause| printed.matches(&cause.to_string()).count()).collect();
    assert!(!told.is_empty() && told.iter().all(|times| *times == 1), "{printed}: {told:?}");
    settings.degraded = true;
    let cache = cache(&settings).await;
    let job = Counted::of(2);
    assert_eq!(cache.get(&job).await.unwrap().status(), Status::Loaded);
    server.restart().await;
    until("values are kept", async || {
        let _served = cache.load(&job).await;
        matches!(cache.peek(&job).await, Ok(Some(_)))
    })
    .await;
}

#[tokio::test]
async fn a_password_that_is_refused_is_an_error_that_does_not_show_it() {
    let server = Server::redis(Flavour::Redis).password("right").start().await;
    let error = settings(&format!("redis://:wrong-one@127.0.0.1:{}", server.port())).open().await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains(":***@127.0.0.1") && !shown.contains("wrong-one"), "{shown}");
}

#[tokio::test]
async fn tls_is_spoken_with_the_certificates_that_the_settings_name() {
    let server = Server::redis(Flavour::Redis).tls().start().await;
    let mut trusting = settings(&server.url());
    trusting.ca_file = Some(server.certificates().unwrap().authority().to_owned());
    assert_eq!(cache(&trusting).await.get(&Counted::of(3)).await.unwrap().status(), Status::Loaded);
    trusting.ca_file = None;
    assert!(matches!(trusting.open().await, Err(OpenError::Server { .. })));
}

#[tokio::test]
async fn a_cluster_is_opened_by_its_url() {
    let cluster = Cluster::start(Flavour::Redis).await;
    let nodes: Vec<String> = cluster.nodes().iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
    let settings = settings(&format!("redis+cluster://{}", nodes[..2].join(",")));
    let cache = cache(&settings).await;
    for number in 0..20 {
        assert_eq!(cache.get(&Counted::of(number)).await.unwrap().status(), Status::Loaded);
    }
    let token = cache.invalidate_tag("counted", Strength::Hard).await.unwrap();
    // What fits a Cluster is 64 partitions, each with a generation of its own.
    assert_eq!(token.to_string().split('.').count(), 64);
}

#[tokio::test]
async fn sentinels_are_asked_for_the_master_by_their_url() {
    let sentinels = Sentinels::start(Flavour::Redis).await;
    let hosts: Vec<String> = sentinels.sentinels().iter().map(|one| format!("127.0.0.1:{}", one.port())).collect();
    let url = format!("redis+sentinel://{}/{}", hosts.join(","), sentinels.master_name());
    assert_eq!(cache(&settings(&url)).await.get(&Counted::of(4)).await.unwrap().status(), Status::Loaded);
}

#[test]
fn a_file_names_the_servers() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "store = \"redis://ann:secret@h\"\nworkers = 7\n").unwrap();
    let settings = Settings::read(file.path() as &Path).unwrap();
    assert_eq!((settings.store.to_string(), settings.workers), ("redis://ann:***@h".to_owned(), 7));
}
