//! How a pull waits: without asking, and without missing anything.

use std::time::Duration;

use freshen_core::queue::{NewTask, Queue, Settlement};
use freshen_testkit::servers::{Flavour, Server};
use tokio::time::{Instant, sleep, timeout};

use super::{VISIBILITY, builder, name, names, pull, push, queue, shared, task};

/// Longer than any test waits for something to happen.
const LONG: Duration = Duration::from_secs(60);
/// Less than after which anything is looked at again without a reason; far more than a look takes.
const SOON: Duration = Duration::from_secs(4);

/// How often the server was asked to run a script.
async fn looks(server: &Server) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]).await;
    let calls = |name: &str| {
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{name}:calls=")));
        line.map_or(0, |rest| rest.split(',').next().unwrap().parse::<u64>().unwrap())
    };
    calls("evalsha") + calls("eval")
}

/// A read blocks for 10 s, so this one sees the second. With `FRESHEN_LONG` it is a minute.
#[tokio::test]
async fn a_task_that_comes_after_a_long_silence_is_pulled_at_once() {
    let server = Server::redis(Flavour::Redis).start().await;
    let queue = builder(&server, "q").visibility(10 * LONG).build().unwrap();
    let silence = if std::env::var_os("FRESHEN_LONG").is_some() { 60 } else { 12 };
    let waiting = {
        let queue = queue.clone();
        tokio::spawn(async move { (queue.pull(10, 2 * LONG).await.unwrap(), Instant::now()) })
    };
    sleep(Duration::from_secs(1)).await;
    let before = looks(&server).await;
    sleep(Duration::from_secs(silence - 1)).await;
    assert_eq!(looks(&server).await, before, "who waits does not ask");
    let pushed = Instant::now();
    push(&queue, &[task("a")]).await;
    let (batch, pulled) = waiting.await.unwrap();
    let after = pulled - pushed;
    println!("pulled {} ms after the push, {silence} s of silence before", after.as_secs_f64() * 1e3);
    assert_eq!(names(&batch), ["a"]);
    assert!(after < SOON, "{after:?}");
}

#[tokio::test]
async fn a_delay_that_begins_while_somebody_waits_wakes_them_when_it_is_over() {
    let (server, name) = (shared(Flavour::Redis).await, name());
    let queue = builder(server, &name).visibility(LONG).build().unwrap();
    let waiting = {
        let queue = queue.clone();
        tokio::spawn(async move { queue.pull(10, LONG).await.unwrap() })
    };
    sleep(Duration::from_millis(300)).await;
    let pushed = Instant::now();
    let delayed = |name, delay| NewTask { delay, ..task(name) };
    push(&queue, &[delayed("later", Duration::from_secs(3000)), delayed("soon", Duration::from_millis(500))]).await;
    let batch = waiting.await.unwrap();
    assert_eq!(names(&batch), ["soon"]);
    assert!((Duration::from_millis(500)..SOON).contains(&pushed.elapsed()), "{:?}", pushed.elapsed());
}

#[tokio::test]
async fn one_who_waits_gets_what_a_dead_worker_held() {
    let (queue, ..) = queue().await;
    push(&queue, &[task("a")]).await;
    assert_eq!(pull(&queue, 1).await.len(), 1);
    let began = Instant::now();
    let batch = queue.pull(1, LONG).await.unwrap();
    assert_eq!(names(&batch), ["a"]);
    assert!(began.elapsed() < VISIBILITY + SOON, "{:?}", began.elapsed());
}

#[tokio::test]
async fn one_who_began_to_wait_before_a_task_was_taken_gets_it_when_its_holder_dies() {
    let (queue, server, name) = queue().await;
    let waiting = {
        let queue = queue.clone();
        tokio::spawn(async move { queue.pull(1, LONG).await.unwrap() })
    };
    sleep(Duration::from_millis(300)).await;
    // A script of another process that pushes and takes at once: nobody else comes between.
    let line = format!("{{freshen:q:{name}}}:normal");
    let script = "redis.call('XADD', KEYS[1], '*', 'format', '1', 'key', ARGV[1], 'attempts', '0', 'pushed', '1') \
        redis.pcall('XGROUP', 'CREATE', KEYS[1], 'workers', '0') \
        return #redis.call('XREADGROUP', 'GROUP', 'workers', 'dead', 'STREAMS', KEYS[1], '>')[1][2]";
    let began = Instant::now();
    assert_eq!(server.command(&["EVAL", script, "1", &line, "key"]).await, "1");
    let batch = waiting.await.unwrap();
    assert_eq!(&*batch[0].task.key, b"key");
    assert!(began.elapsed() < 2 * VISIBILITY + SOON, "{:?}", began.elapsed());
}

#[tokio::test]
async fn all_who_wait_hear_and_share() {
    let (queue, server, name) = queue().await;
    let other = builder(server, &name).build().unwrap();
    let wait = |queue: &freshen_redis::RedisQueue| {
        let queue = queue.clone();
        tokio::spawn(async move { queue.pull(1, LONG).await.unwrap() })
    };
    let waiting = [wait(&queue), wait(&queue), wait(&other)];
    sleep(Duration::from_millis(300)).await;
    push(&queue, &[task("a"), task("b"), task("c")]).await;
    let mut pulled = Vec::new();
    for one in waiting {
        pulled.extend(names(&timeout(SOON, one).await.expect("nobody waits in vain").unwrap()));
    }
    pulled.sort();
    assert_eq!(pulled, ["a", "b", "c"]);
}

/// A pull may be dropped before its look was sent, on its way there, on its way back, and after. Whatever was taken for
/// somebody who had left by then has to go back at once: the visibility is far too long to help.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_puller_who_leaves_at_any_moment_takes_no_task_with_it() {
    let (server, name) = (shared(Flavour::Redis).await, name());
    let queue = builder(server, &name).visibility(LONG).build().unwrap();
    let mut left = 0;
    for round in 0..400 {
        push(&queue, &[task("first"), task("second")]).await;
        let mut batch = tokio::select! {
            biased;
            () = a_while(round) => Vec::new(),
            batch = queue.pull(1, LONG) => batch.unwrap(),
        };
        left += u32::from(batch.is_empty());
        while batch.len() < 2 {
            let next = timeout(SOON, queue.pull(1, LONG)).await.expect("nothing stays with one who left").unwrap();
            batch.extend(next);
        }
        let mut both = names(&batch);
        both.sort();
        assert_eq!(both, ["first", "second"], "round {round}");
        assert!(batch.iter().all(|delivery| delivery.task.unsettled == 0), "round {round}: nobody ever had them");
        for delivery in &batch {
            assert!(queue.settle(&delivery.receipt, Settlement::Done).await.unwrap());
        }
    }
    println!("{left} of 400 left");
    assert!((1..400).contains(&left), "all left, or nobody");
}

/// Shorter than a timer could tell: from nothing to longer than a look takes.
async fn a_while(round: u32) {
    let until = std::time::Instant::now() + round * Duration::from_micros(5);
    while std::time::Instant::now() < until {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_queue_that_is_dropped_leaves_no_connection_behind() {
    let server = Server::redis(Flavour::Redis).start().await;
    let connections = async || {
        let list = server.command(&["CLIENT", "LIST"]).await;
        list.lines().count()
    };
    let before = connections().await;
    let queue = builder(&server, "q").build().unwrap();
    assert!(queue.pull(1, Duration::from_millis(300)).await.unwrap().is_empty());
    assert_eq!(connections().await, before + 2, "one for what is asked, one for waiting");
    drop(queue);
    let deadline = Instant::now() + LONG;
    while connections().await != before {
        assert!(Instant::now() < deadline);
        sleep(Duration::from_millis(20)).await;
    }
}
