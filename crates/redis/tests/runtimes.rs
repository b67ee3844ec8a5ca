//! What callers share goes on, whatever becomes of the runtime of one of them.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use common::steps::{LEASE, by_tag, fill, key, read, request};
use common::{builder, shared};
use freshen_core::bus::{Bus, Heard};
use freshen_core::queue::{Delivery, NewTask, Priority, Pushed, Queue};
use freshen_core::store::{Begun, Role, Store};
use freshen_core::{Clock, Strength};
use freshen_redis::{Redis, RedisQueue, RedisStore};
use freshen_testkit::servers::{Flavour, Server};
use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, yield_now};

/// Longer than anything takes that is not held up.
const LONG: Duration = Duration::from_secs(60);

/// A caller whose runtime has one thread, and drives nothing any more once he is stuck. Dropped, he goes on, and ends.
struct Stuck {
    _release: Sender<()>,
}

/// Where a caller gets stuck.
struct Mud<T> {
    told: Sender<T>,
    release: Receiver<()>,
}

impl<T> Mud<T> {
    /// Tells something, and blocks the thread.
    fn sink(&self, with: T) {
        self.told.send(with).unwrap();
        let _released = self.release.recv();
    }
}

/// A caller who does his part until he is stuck.
fn stuck<T: Send + 'static>(part: impl AsyncFnOnce(Mud<T>) + Send + 'static) -> (T, Stuck) {
    let ((told, heard), (release, released)) = (mpsc::channel(), mpsc::channel());
    let mud = Mud { told, release: released };
    thread::spawn(move || one_thread().block_on(part(mud)));
    (heard.recv_timeout(LONG).expect("he does his part"), Stuck { _release: release })
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// What is not held up by others.
async fn soon<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, answer).await.expect("nobody is waited for")
}

async fn url() -> String {
    shared(Flavour::Redis).await.url()
}

async fn connect(url: String) -> Redis {
    builder(url).connect(Clock::runtime()).await.unwrap()
}

/// Everything that goes alone or together, and nothing of which fails.
async fn steps_are_taken(store: &RedisStore, name: &str) {
    // This one is never repeated where a connection breaks under it.
    let begun = soon(store.begin(&key(name), request(Role::Foreground))).await;
    assert!(matches!(begun, Ok(Begun::Granted(_))), "{begun:?}");
    soon(fill(store, &key(name), b"one", &["a"])).await;
    let known = key(name);
    let reads = (0..20).map(|_| read(store, &known));
    assert!(soon(join_all(reads)).await.iter().all(|read| read.entry.is_some()));
    soon(store.invalidate(&[by_tag("a")], Strength::Soft)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sets_a_party_off_and_is_stuck_holds_up_nobody() {
    let store = connect(url().await).await.store();
    fill(&store, &key("k"), b"one", &[]).await;
    let his = store.clone();
    let ((), _stuck) = stuck(async move |mud| {
        let (known, unknown) = ([key("k")], key("l"));
        // The first of each goes alone, and the second has a party set off.
        let mut reads: Vec<_> = (0..4).map(|_| his.read(&known)).collect();
        let mut asks: Vec<_> = (0..4).map(|_| his.ask(&unknown, LEASE, None)).collect();
        assert!(reads.iter_mut().filter_map(|read| read.now_or_never()).count() < 2);
        assert!(asks.iter_mut().filter_map(|ask| ask.now_or_never()).count() < 2);
        mud.sink(());
    });
    steps_are_taken(&store, "other").await;
    soon(store.ask(&key("m"), LEASE, None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_the_first_to_want_the_connection_and_is_stuck_holds_up_nobody() {
    let store = builder(url().await).open(Clock::runtime()).unwrap().store();
    let his = store.clone();
    let ((), _stuck) = stuck(async move |mud| {
        assert!(his.read(&[key("k")]).await[0].is_ok());
        mud.sink(());
    });
    steps_are_taken(&store, "k").await;
}

#[tokio::test]
async fn who_connected_for_others_and_is_stuck_holds_up_nobody() {
    let url = url().await;
    let (store, _stuck) = stuck(async move |mud| mud.sink(connect(url).await.store()));
    steps_are_taken(&store, "k").await;
}

/// While the server does not answer, the map and the connection to ask it over are on their way for everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_learns_the_map_of_a_cluster_and_is_stuck_holds_up_nobody() {
    let server = Server::redis(Flavour::Redis).arg("--cluster-enabled", "yes").start().await;
    server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
    let url = format!("redis+cluster://127.0.0.1:{}", server.port());
    let store = builder(url).partitions(4).open(Clock::runtime()).unwrap().store();
    server.stop_signal();
    let his = store.clone();
    let ((), _stuck) = stuck(async move |mud| {
        let keys = [key("k")];
        let mut read = his.read(&keys);
        for _ in 0..10 {
            assert!((&mut read).now_or_never().is_none());
            yield_now().await;
        }
        mud.sink(());
    });
    server.continue_signal();
    steps_are_taken(&store, "k").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_replicas_and_is_stuck_holds_up_nobody() {
    let server = Server::redis(Flavour::Redis).start().await;
    let builder = builder(server.url()).replicas(1).response_timeout(Duration::from_secs(2));
    let store = builder.connect(Clock::runtime()).await.unwrap().store();
    let (his, url) = (store.clone(), server.url());
    let ((), _stuck) = stuck(async move |mud| {
        let targets = [by_tag("a")];
        tokio::select! {
            _ = his.invalidate(&targets, Strength::Soft) => panic!("no replica hears of it"),
            () = somebody_is_blocked(url) => mud.sink(()),
        }
    });
    let error = soon(store.invalidate(&[by_tag("b")], Strength::Soft)).await.unwrap_err();
    assert!(error.retryable && format!("{error:?}").contains("heard: 0"), "{error:?}");
}

/// Waits until a client of the server waits for replicas.
async fn somebody_is_blocked(url: String) {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let until = Instant::now() + LONG;
    loop {
        let about: String = redis::cmd("INFO").arg("clients").query_async(&mut connection).await.unwrap();
        if about.contains("blocked_clients:1") {
            return;
        }
        assert!(Instant::now() < until, "{about}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_hears_though_who_subscribed_is_stuck() {
    let redis = connect(url().await).await;
    let bus = redis.bus();
    let (mut heard, _stuck) = stuck(async move |mud| mud.sink(bus.subscribe().await.unwrap()));
    soon(redis.bus().beat(&[0])).await.unwrap();
    assert!(matches!(soon(heard.next()).await, Heard::Message(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waited_for_tasks_and_is_stuck_holds_up_nobody() {
    let (server, queue) = queue().await;
    let his = queue.clone();
    let ((), _stuck) = stuck(async move |mud| {
        assert!(his.pull(1, Duration::from_millis(300)).await.unwrap().is_empty());
        mud.sink(());
    });
    let waiting = wait_for_a_task(&server, &queue).await;
    push(&queue).await;
    assert_eq!(soon(waiting).await.unwrap().len(), 1);
}

#[test]
fn links_outlive_the_runtime_in_which_they_were_made() {
    for ends in [one_thread(), threads()] {
        let store = ends.block_on(async { connect(url().await).await.store() });
        drop(ends);
        threads().block_on(steps_are_taken(&store, "k"));
        one_thread().block_on(steps_are_taken(&store, "l"));
    }
}

#[test]
fn who_waits_for_tasks_hears_of_them_though_the_runtime_of_the_links_ends() {
    let (ends, stays) = (threads(), threads());
    let (server, queue) = ends.block_on(queue());
    let waiting = stays.block_on(wait_for_a_task(&server, &queue));
    drop(ends);
    stays.block_on(push(&queue));
    assert_eq!(stays.block_on(soon(waiting)).unwrap().len(), 1);
}

fn threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A queue on a server of its own, where nothing comes back that somebody holds.
async fn queue() -> (Server, RedisQueue) {
    let server = Server::redis(Flavour::Redis).start().await;
    let redis = builder(server.url()).open(Clock::runtime()).unwrap();
    let queue = redis.queue().visibility(60 * LONG).build().unwrap();
    (server, queue)
}

/// Somebody who has looked in vain and waits.
async fn wait_for_a_task(server: &Server, queue: &RedisQueue) -> JoinHandle<Vec<Delivery>> {
    let (before, queue) = (looks(server).await, queue.clone());
    let waiting = tokio::spawn(async move { queue.pull(1, 60 * LONG).await.unwrap() });
    let until = Instant::now() + LONG;
    while looks(server).await == before {
        assert!(Instant::now() < until, "he looks before he waits");
    }
    waiting
}

/// How many scripts have run.
async fn looks(server: &Server) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]).await;
    let calls = |name: &str| {
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{name}:calls=")));
        line.map_or(0, |rest| rest.split(',').next().unwrap().parse::<u64>().unwrap())
    };
    calls("evalsha") + calls("eval")
}

async fn push(queue: &RedisQueue) {
    let task = NewTask { key: key("k"), delay: Duration::ZERO, priority: Priority::default() };
    assert_eq!(soon(queue.push(&[task])).await.unwrap(), Pushed::Taken);
}
