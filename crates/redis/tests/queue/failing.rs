//! What happens when the server does.

use std::time::Duration;

use freshen_core::queue::{Delivery, NewTask, Pushed, Queue, Settlement};
use freshen_core::{Key, PortError};
use freshen_redis::RedisQueue;
use freshen_testkit::servers::{Cluster, Flavour, Sentinels, Server};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::{builder, names, pull, push, redis, task};

/// Longer than any test waits for something to happen.
const LONG: Duration = Duration::from_secs(40);
/// As good as without end: what comes after it came for another reason than it should.
const NEVER: Duration = Duration::from_secs(600);

/// A worker: it pulls until there is something, whatever happens meanwhile.
fn worker(queue: &RedisQueue) -> JoinHandle<Vec<Delivery>> {
    let queue = queue.clone();
    tokio::spawn(async move { timeout(LONG, works(&queue)).await.expect("something comes") })
}

async fn works(queue: &RedisQueue) -> Vec<Delivery> {
    loop {
        match queue.pull(10, NEVER).await {
            Ok(batch) if batch.is_empty() => {}
            Ok(batch) => return batch,
            Err(error) => {
                assert!(error.retryable, "{error}");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Pushes as soon as that is possible again.
async fn push_again(queue: &RedisQueue, task: NewTask) {
    let deadline = Instant::now() + LONG;
    loop {
        match queue.push(std::slice::from_ref(&task)).await {
            Ok(pushed) => return assert_eq!(pushed, Pushed::Taken),
            Err(error) => assert!(error.retryable && Instant::now() < deadline, "{error}"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_server_that_comes_back_empty_under_one_who_waits_is_used_on() {
    for flavour in Flavour::ALL {
        let server = Server::redis(flavour).start().await;
        let queue = builder(&server, "q").visibility(NEVER).build().unwrap();
        push(&queue, &[task("held"), task("lost")]).await;
        let held = pull(&queue, 1).await.remove(0);
        pull(&queue, 1).await;
        let waiting = worker(&queue);
        sleep(Duration::from_millis(300)).await;
        server.restart_empty().await;
        push_again(&queue, task("new")).await;
        assert_eq!(names(&waiting.await.unwrap()), ["new"]);
        assert!(!queue.settle(&held.receipt, Settlement::PutBack(Duration::ZERO)).await.unwrap());
    }
}

/// Nothing breaks here: who waits only hears of what enters next.
#[tokio::test]
async fn a_queue_that_is_deleted_under_one_who_waits_is_used_on() {
    let server = Server::redis(Flavour::Redis).start().await;
    let queue = builder(&server, "q").visibility(NEVER).build().unwrap();
    push(&queue, &[task("held")]).await;
    let held = pull(&queue, 1).await.remove(0);
    let waiting = worker(&queue);
    sleep(Duration::from_millis(300)).await;
    server.command(&["FLUSHALL"]).await;
    assert!(!queue.settle(&held.receipt, Settlement::Done).await.unwrap(), "no group, no delivery");
    push(&queue, &[task("new")]).await;
    assert_eq!(names(&waiting.await.unwrap()), ["new"]);
    assert!(!queue.settle(&held.receipt, Settlement::Done).await.unwrap());
}

#[tokio::test]
async fn what_the_server_kept_is_there_after_a_restart() {
    let server = Server::redis(Flavour::Redis).arg("--appendonly", "yes").arg("--appendfsync", "always").start().await;
    let queue = builder(&server, "q").visibility(NEVER).build().unwrap();
    push(&queue, &[task("held"), task("ready"), NewTask { delay: NEVER, ..task("delayed") }]).await;
    let held = pull(&queue, 1).await.remove(0);
    server.kill();
    server.restart().await;
    assert_eq!(names(&worker(&queue).await.unwrap()), ["ready"]);
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.ready, depth.delayed, depth.held), (0, 1, 2));
    assert!(queue.settle(&held.receipt, Settlement::Done).await.unwrap(), "it is still held by the same");
}

#[tokio::test]
async fn a_connection_that_is_cut_under_one_who_waits_is_made_anew() {
    let server = Server::redis(Flavour::Redis).start().await;
    let queue = builder(&server, "q").visibility(NEVER).build().unwrap();
    let waiting = worker(&queue);
    for _ in 0..3 {
        sleep(Duration::from_millis(300)).await;
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]).await;
    }
    push_again(&queue, task("a")).await;
    assert_eq!(names(&waiting.await.unwrap()), ["a"]);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_an_error_and_used_when_it_does() {
    let server = Server::redis(Flavour::Redis).start().await;
    let redis = freshen_redis::Redis::builder(server.url()).response_timeout(Duration::from_millis(500));
    let queue = redis.open(freshen_core::Clock::runtime()).unwrap().queue().visibility(NEVER).build().unwrap();
    push(&queue, &[task("a")]).await;
    server.stop_signal();
    let error: PortError = queue.pull(1, Duration::ZERO).await.unwrap_err();
    assert!(error.retryable, "{error}");
    server.continue_signal();
    // What it took while nobody waited for the answer any more is not lost, but held.
    push_again(&queue, task("b")).await;
    let batch = worker(&queue).await.unwrap();
    assert_eq!(names(&batch).last().map(String::as_str), Some("b"));
    assert_eq!(queue.depth().await.unwrap().held, 2);
}

#[tokio::test]
async fn a_server_without_memory_takes_no_push_and_is_drained() {
    let server = Server::redis(Flavour::Redis).arg("--maxmemory", "6mb").arg("--maxmemory-policy", "noeviction");
    let server = server.start().await;
    let queue = builder(&server, "q").visibility(NEVER).build().unwrap();
    let large = Key::new("test", "job", &"x".repeat(20_000)).unwrap();
    let large = NewTask { key: large, ..task("") };
    let mut pushed = 0;
    let error = loop {
        assert!(pushed < 2_000, "the server has more memory than it was given");
        match queue.push(std::slice::from_ref(&large)).await {
            Ok(_) => pushed += 1,
            Err(error) => break error,
        }
    };
    assert!(error.retryable && error.to_string().contains("OOM"), "{error}");
    assert!(pushed > 10, "{pushed}");
    for _ in 0..pushed / 2 {
        let held = pull(&queue, 1).await.remove(0);
        assert!(
            queue.settle(&held.receipt, Settlement::RetryAfter(Duration::ZERO)).await.unwrap(),
            "no task is dropped"
        );
    }
    for _ in 0..pushed {
        let held = pull(&queue, 1).await.remove(0);
        assert!(queue.settle(&held.receipt, Settlement::Done).await.unwrap());
    }
    push(&queue, &[large]).await;
}

/// Works until all of these tasks have come. Some may come twice, and others beside them.
fn drained(queue: &RedisQueue, wanted: &[&'static str]) -> JoinHandle<()> {
    let (queue, mut missing) = (queue.clone(), wanted.to_vec());
    tokio::spawn(async move {
        while !missing.is_empty() {
            let batch = worker(&queue).await.unwrap();
            for (name, delivery) in names(&batch).iter().zip(&batch) {
                missing.retain(|missing| missing != name);
                // Where the way is lost just now, it comes again.
                let _ = queue.settle(&delivery.receipt, Settlement::Done).await;
            }
        }
    })
}

#[tokio::test]
async fn behind_sentinels_the_queue_follows_its_master() {
    let watched = Sentinels::start(Flavour::Redis).await;
    let hosts: Vec<String> = watched.sentinels().iter().map(|one| format!("127.0.0.1:{}", one.port())).collect();
    let url = format!("redis+sentinel://{}/{}", hosts.join(","), watched.master_name());
    let queue = redis(url).queue().visibility(super::VISIBILITY).build().unwrap();
    push(&queue, &[task("held")]).await;
    let held = pull(&queue, 1).await.remove(0);
    watched.master().await.command(&["WAIT", "2", "0"]).await;
    let waiting = drained(&queue, &["held", "new"]);
    sleep(Duration::from_millis(300)).await;
    watched.fail_over().await;
    push_again(&queue, task("new")).await;
    waiting.await.unwrap();
    assert!(!queue.settle(&held.receipt, Settlement::Done).await.unwrap(), "it was delivered to another");
}

#[tokio::test]
async fn in_a_cluster_the_queue_follows_its_slot() {
    let cluster = Cluster::start(Flavour::Valkey).await;
    let hosts: Vec<String> = cluster.nodes().iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
    let queue = redis(format!("redis+cluster://{}", hosts.join(",")));
    let queue = queue.queue().visibility(super::VISIBILITY).build().unwrap();
    push(&queue, &[task("a"), task("held")]).await;
    let held = pull(&queue, 2).await.remove(1);
    let slot = cluster.slot_of("{freshen:q:default}").await;
    let to = cluster.master_of((slot + 8192) % 16384).await;
    let waiting = drained(&queue, &["a", "b"]);
    sleep(Duration::from_millis(300)).await;
    let mut moving = cluster.begin_move(slot, to).await;
    // Some keys are here and some there: what is asked now is tried again until the slot has moved.
    moving.carry(1).await;
    let asked = queue.clone();
    let settling = tokio::spawn(async move { asked.settle(&held.receipt, Settlement::Done).await });
    sleep(Duration::from_millis(300)).await;
    while moving.carry(10).await > 0 {}
    moving.finish().await;
    settling.await.unwrap().expect("it was tried long enough");
    push_again(&queue, task("b")).await;
    waiting.await.unwrap();
    let waiting = drained(&queue, &["c"]);
    sleep(Duration::from_millis(300)).await;
    to.command(&["WAIT", "1", "0"]).await;
    cluster.fail_over(slot).await;
    push_again(&queue, task("c")).await;
    waiting.await.unwrap();
}
