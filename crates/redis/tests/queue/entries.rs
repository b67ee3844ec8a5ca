//! What lies on the server: as it was promised, and whatever somebody else put there.

use std::time::Duration;

use freshen_core::queue::{NewTask, Priority, Queue, Settlement, TASK_FORMAT};
use freshen_testkit::servers::Server;
use tokio::time::{Instant, sleep};

use super::{SPAN, VISIBILITY, builder, key, names, pull, push, queue, task};

/// A key of the queue, by its last part.
fn line(name: &str, part: &str) -> String {
    format!("{{freshen:q:{name}}}:{part}")
}

async fn lines_of(server: &Server, command: &[&str]) -> Vec<String> {
    server.command(command).await.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_layout_is_what_the_documentation_says() {
    let (queue, server, name) = queue().await;
    push(&queue, &[task("n"), NewTask { priority: Priority::High, delay: Duration::from_secs(60), ..task("d") }]).await;
    let held = pull(&queue, 1).await.remove(0);
    let entry = server.command(&["XRANGE", &line(&name, "normal"), "-", "+"]).await;
    let (id, rest) = entry.split_once('\n').unwrap();
    let (_, micros) = rest.rsplit_once('\n').unwrap();
    let bytes = key("n");
    let bytes = std::str::from_utf8(bytes.as_bytes()).unwrap();
    assert_eq!(rest, format!("format\n1\nkey\n{bytes}\nattempts\n0\npushed\n{micros}"));
    let pushed_millis = micros.parse::<u64>().unwrap() / 1000;
    let id_millis: u64 = id.split('-').next().unwrap().parse().unwrap();
    assert!(id_millis.abs_diff(pushed_millis) < 1000, "{id} {micros}");
    let due = lines_of(server, &["ZRANGE", &line(&name, "due"), "0", "-1", "WITHSCORES"]).await;
    let later = lines_of(server, &["XRANGE", &line(&name, "later"), "-", "+"]).await;
    assert_eq!(due[0], format!("1 {}", later[0]));
    assert!(due[1].parse::<f64>().unwrap() > (pushed_millis * 1000 + 59_000_000) as f64);
    let groups = lines_of(server, &["XINFO", "GROUPS", &line(&name, "normal")]).await;
    assert_eq!(&groups[..2], ["name", "workers"]);
    queue.settle(&held.receipt, Settlement::Quarantine("broken".into())).await.unwrap();
    let aside = lines_of(server, &["XRANGE", &line(&name, "quarantine"), "-", "+"]).await;
    assert_eq!(aside[aside.len() - 4..], ["priority", "2", "reason", "broken"]);
    assert_eq!(server.command(&["XLEN", &line(&name, "normal")]).await, "0");
    let mut keys = lines_of(server, &["KEYS", &line(&name, "*")]).await;
    keys.sort();
    let parts = ["bell", "due", "later", "normal", "quarantine", "state"];
    assert_eq!(keys, parts.map(|part| line(&name, part)));
}

#[tokio::test]
async fn an_entry_that_somebody_else_wrote_is_delivered_and_can_be_set_aside() {
    let (queue, server, name) = queue().await;
    server.command(&["XADD", &line(&name, "normal"), "*", "foo", "bar"]).await;
    server
        .command(&["XADD", &line(&name, "normal"), "*", "format", "x", "key", "k", "attempts", "-", "pushed", ""])
        .await;
    server.command(&["XADD", &line(&name, "normal"), "*", "format", "70000", "key", "k"]).await;
    push(&queue, &[task("a")]).await;
    let batch = pull(&queue, 10).await;
    let read: Vec<_> = batch.iter().map(|one| (one.task.format, &*one.task.key, one.task.attempts)).collect();
    assert_eq!(read[..3], [(0, &b"foo bar"[..], 0), (0, b"k", 0), (u16::MAX, b"k", 0)]);
    assert_eq!(read[3].0, TASK_FORMAT);
    let foreign = &batch[0].receipt;
    assert!(queue.settle(foreign, Settlement::Quarantine("no key".into())).await.unwrap());
    let aside = queue.quarantined(10).await.unwrap();
    assert_eq!((aside.len(), &*aside[0].task.key, &*aside[0].reason), (1, &b"foo bar"[..], "no key"));
    assert!(queue.settle(&batch[1].receipt, Settlement::RetryAfter(Duration::ZERO)).await.unwrap());
    assert_eq!(pull(&queue, 10).await[0].task.attempts, 1);
    assert!(queue.release(aside[0].id).await.unwrap());
    assert_eq!(pull(&queue, 10).await[0].task.key, Box::from(&b"foo bar"[..]));
}

/// More than a script can take in its hands.
#[tokio::test]
async fn an_entry_of_ten_thousand_fields_can_be_put_back_and_set_aside() {
    let (queue, server, name) = queue().await;
    let (line, fields) = (line(&name, "normal"), "x".repeat(20_000));
    let fields: Vec<&str> = fields.split("").filter(|field| !field.is_empty()).collect();
    server.command(&[&["XADD", &line, "*", "key", "huge"], &fields[..]].concat()).await;
    let huge = pull(&queue, 1).await.remove(0);
    assert!(queue.settle(&huge.receipt, Settlement::PutBack(Duration::ZERO)).await.unwrap());
    let huge = pull(&queue, 1).await.remove(0);
    assert!(queue.settle(&huge.receipt, Settlement::Quarantine("huge".into())).await.unwrap());
    let aside = queue.quarantined(1).await.unwrap().remove(0);
    assert_eq!((&*aside.task.key, &*aside.reason), (&b"huge"[..], "huge"));
    assert!(queue.release(aside.id).await.unwrap());
    assert_eq!(&*pull(&queue, 1).await[0].task.key, b"huge");
}

#[tokio::test]
async fn fields_of_a_newer_version_stay_with_their_task() {
    let (queue, server, name) = queue().await;
    let fields = ["format", "9", "key", "k", "attempts", "2", "pushed", "17", "new", "kept"];
    server.command(&[&["XADD", &line(&name, "low"), "*"], &fields[..]].concat()).await;
    for settlement in [Settlement::RetryAfter(Duration::ZERO), Settlement::PutBack(SPAN)] {
        let held = pull(&queue, 1).await.remove(0);
        assert_eq!((held.task.format, held.task.priority), (9, Priority::Low));
        assert!(queue.settle(&held.receipt, settlement).await.unwrap());
    }
    let held = queue.pull(1, 20 * SPAN).await.unwrap().remove(0);
    assert!(queue.settle(&held.receipt, Settlement::Quarantine("newer".into())).await.unwrap());
    let id = queue.quarantined(1).await.unwrap()[0].id;
    assert!(queue.release(id).await.unwrap());
    let stream = lines_of(server, &["XRANGE", &line(&name, "low"), "-", "+"]).await;
    assert_eq!(stream[1..5], ["format", "9", "key", "k"]);
    assert_eq!(stream[9..], ["new", "kept"]);
}

#[tokio::test]
async fn what_somebody_trimmed_or_deleted_is_gone_and_the_rest_goes_on() {
    let (queue, server, name) = queue().await;
    push(&queue, &[task("a"), task("b"), task("c")]).await;
    let held = pull(&queue, 2).await;
    server.command(&["XTRIM", &line(&name, "normal"), "MAXLEN", "0"]).await;
    assert!(!queue.settle(&held[0].receipt, Settlement::PutBack(Duration::ZERO)).await.unwrap());
    push(&queue, &[task("d")]).await;
    sleep(VISIBILITY + SPAN).await;
    assert_eq!(names(&pull(&queue, 10).await), ["d"]);
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.ready, depth.held), (0, 1), "what is gone is held by nobody");
    server.command(&["DEL", &line(&name, "normal")]).await;
    push(&queue, &[task("e"), NewTask { delay: SPAN, ..task("f") }]).await;
    assert_eq!(names(&pull(&queue, 10).await), ["e"]);
    server.command(&["DEL", &line(&name, "later")]).await;
    sleep(2 * SPAN).await;
    assert!(pull(&queue, 10).await.is_empty());
    assert_eq!(queue.depth().await.unwrap().delayed, 0);
}

#[tokio::test]
async fn a_sorted_set_that_somebody_wrote_to_does_not_stop_the_queue() {
    let (queue, server, name) = queue().await;
    server.command(&["ZADD", &line(&name, "due"), "1", "nonsense", "2", "2 nonsense", "3", "7 1-1"]).await;
    push(&queue, &[task("a")]).await;
    assert_eq!(names(&pull(&queue, 10).await), ["a"]);
    assert_eq!(queue.depth().await.unwrap().delayed, 0);
}

/// What cannot be brought back or set aside is not ended either.
#[tokio::test]
async fn a_task_whose_settlement_fails_is_still_held_and_comes_back() {
    for (part, settlement) in [
        ("quarantine", Settlement::Quarantine("broken".into())),
        ("due", Settlement::PutBack(SPAN)),
        ("bell", Settlement::RetryAfter(SPAN)),
    ] {
        let (queue, server, name) = queue().await;
        let foreign = line(&name, part);
        push(&queue, &[task("a")]).await;
        let held = pull(&queue, 1).await.remove(0);
        server.command(&["DEL", &foreign]).await;
        server.command(&["SET", &foreign, "foreign"]).await;
        let error = queue.settle(&held.receipt, settlement).await.unwrap_err();
        assert!(error.to_string().contains("WRONGTYPE"), "{error}");
        server.command(&["DEL", &foreign]).await;
        let depth = queue.depth().await.unwrap();
        assert_eq!((depth.ready, depth.delayed, depth.held, depth.quarantined), (0, 0, 1, 0), "{part}");
        let batch = queue.pull(2, 20 * VISIBILITY).await.unwrap();
        assert_eq!((names(&batch), batch[0].task.unsettled), (vec!["a".to_owned()], 1), "{part}");
        assert!(queue.settle(&batch[0].receipt, Settlement::Done).await.unwrap());
        assert_eq!(server.command(&["EXISTS", &line(&name, "later")]).await, "0", "{part}: nothing is left behind");
    }
}

/// Each process that dies leaves a consumer behind.
#[tokio::test]
async fn consumers_that_are_gone_are_forgotten_a_hundred_at_a_time() {
    let (queue, server, name) = queue().await;
    let line = line(&name, "normal");
    push(&queue, &[task("held")]).await;
    let dead = builder(server, &name).build().unwrap();
    assert_eq!(pull(&dead, 1).await.len(), 1);
    let create = "for i = 1, 150 do redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], 'workers', 'dead' .. i) end";
    server.command(&["EVAL", create, "1", &line]).await;
    let count = async || {
        let list = lines_of(server, &["XINFO", "CONSUMERS", &line, "workers"]).await;
        list.iter().filter(|part| *part == "name").count()
    };
    assert_eq!(count().await, 151);
    sleep(VISIBILITY + SPAN).await;
    // The dead one's task is taken over by the first look, and then nothing of it is left to keep.
    let held = pull(&queue, 2).await.remove(0);
    assert_eq!(names(std::slice::from_ref(&held)), ["held"]);
    assert_eq!(count().await, 52, "a hundred went");
    assert!(queue.settle(&held.receipt, Settlement::Done).await.unwrap());
    sleep(VISIBILITY + SPAN).await;
    pull(&queue, 1).await;
    assert!(count().await <= 1, "{}", count().await);
}

#[tokio::test]
async fn a_push_of_too_many_is_an_error_that_will_repeat() {
    let (queue, ..) = queue().await;
    let many = vec![task("a"); 10_001];
    let error = queue.push(&many).await.unwrap_err();
    assert!(!error.retryable && error.to_string().contains("10001 tasks in one push"), "{error}");
    push(&queue, &many[1..]).await;
    assert_eq!(queue.depth().await.unwrap().ready, 10_000);
    assert_eq!(pull(&queue, 5_000).await.len(), 1_000, "one pull has a bound of its own");
}

#[tokio::test]
async fn many_that_are_due_at_once_enter_their_line_in_parts_and_in_order() {
    let (queue, ..) = queue().await;
    let tasks: Vec<NewTask> = (0..1_100).map(|n| NewTask { delay: SPAN, ..task(&format!("{n:04}")) }).collect();
    push(&queue, &tasks).await;
    sleep(2 * SPAN).await;
    let mut pulled = Vec::new();
    let mut sizes = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    while pulled.len() < 1_100 {
        assert!(Instant::now() < deadline);
        let batch = pull(&queue, 1_000).await;
        sizes.push(batch.len());
        pulled.extend(names(&batch));
    }
    assert_eq!(sizes, [500, 500, 100]);
    assert!(pulled.is_sorted(), "what was delayed together comes in its order");
}

#[tokio::test]
async fn an_empty_push_is_taken_and_a_pull_of_nothing_takes_nothing() {
    let (queue, ..) = queue().await;
    push(&queue, &[]).await;
    push(&queue, &[task("a")]).await;
    assert!(pull(&queue, 0).await.is_empty());
    assert_eq!(pull(&queue, 1).await.len(), 1);
}

#[tokio::test]
async fn queues_of_different_names_share_nothing() {
    let (queue, server, name) = queue().await;
    let other = builder(server, &format!("{name}-other")).build().unwrap();
    push(&queue, &[task("a")]).await;
    assert!(pull(&other, 1).await.is_empty());
    assert_eq!(pull(&queue, 1).await.len(), 1);
}

#[tokio::test]
async fn what_is_out_of_range_is_refused_by_name() {
    let (_, server, name) = queue().await;
    let refused = |builder: freshen_redis::RedisQueueBuilder| builder.build().err().unwrap().to_string();
    let builder = || builder(server, &name);
    assert_eq!(refused(builder().bound(0)), "redis: bound is zero, or too long");
    assert_eq!(refused(builder().quarantine_bound(0)), "redis: quarantine_bound is zero, or too long");
    assert_eq!(refused(builder().visibility(Duration::ZERO)), "redis: visibility is zero, or too long");
    assert_eq!(refused(builder().visibility(Duration::MAX)), "redis: visibility is zero, or too long");
}

#[tokio::test]
async fn a_delay_without_end_is_taken_and_waits() {
    let (queue, ..) = queue().await;
    push(&queue, &[NewTask { delay: Duration::MAX, ..task("never") }]).await;
    assert!(pull(&queue, 1).await.is_empty());
    assert_eq!(queue.depth().await.unwrap().delayed, 1);
}
