//! Tasks and those who carry them out.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::faults::FaultyQueue;
use common::foreign::Foreign;
use common::queued::{faulty_queue, key, leave_unsettled, task};
use common::tuned::{Kind, Told, Tuned, tuned};
use common::{Act, ERROR, STALE, Stage, TTL, Truth, pass, stage, stage_with, truth};
use freshen_core::queue::{Depth, MemoryQueue, NewTask, Priority, Queue, Settlement};
use freshen_core::store::{Begin, Begun, Failure, MemoryStore, Role, Store};
use freshen_core::{
    Cache, Clock, Job, Jobs, Key, Limit, Limits, Load, Loaded, Policy, PolicyBuilder, Status, Strength,
};

const SECOND: Duration = Duration::from_secs(1);

/// A stage whose store and queue the test holds too.
async fn open_stage(workers: usize) -> (Stage, MemoryStore, MemoryQueue) {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let queue = MemoryQueue::builder(clock.clone()).build().unwrap();
    let (given, pushed) = (store.clone(), queue.clone());
    let stage = stage_with(|builder| builder.clock(clock).store(given).queue(pushed).workers(workers)).await;
    (stage, store, queue)
}

/// Makes a key stale, and writes a new truth.
async fn age(stage: &Stage, key: &str) {
    stage.value(key).await;
    stage.source.write(2);
    pass(TTL).await;
}

async fn hit(stage: &Stage, key: &str) -> (u64, Status) {
    let answer = stage.get(key).await.unwrap();
    (*answer, answer.status())
}

/// A popular key turns stale, and a thousand readers come at once. All are served, and one task brings one load.
#[tokio::test(start_paused = true)]
async fn a_thousand_stale_readers_ask_once() {
    let stage = stage().await;
    age(&stage, "a").await;
    stage.source.hold();
    let readers: Vec<_> = (0..1000).map(|_| stage.getting("a")).collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap().status(), Status::Stale);
    }
    stage.source.read_by(2).await;
    pass(5 * SECOND).await;
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    stage.source.open();
    stage.settle().await;
    assert_eq!(hit(&stage, "a").await, (2, Status::Hit));
    assert_eq!(stage.source.reads(), 2);
    assert_eq!(stage.events.count("TaskEnded"), 1);
    assert_eq!(stage.events.count("granted: true"), 1);
}

/// The source must be spared for a while: no worker loads, readers are served what is stale, and nothing is forgotten.
#[tokio::test(start_paused = true)]
async fn paused_workers_take_no_task_and_forget_none() {
    let (stage, _store, queue) = open_stage(2).await;
    age(&stage, "a").await;
    stage.cache.pause_workers();
    assert!(stage.cache.workers_paused());
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    pass(10 * SECOND).await;
    assert_eq!((stage.source.reads(), hit(&stage, "a").await), (1, (1, Status::Stale)));
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.ready + depth.delayed, depth.held), (1, 0), "pulled tasks go back: {depth:?}");
    stage.cache.resume_workers();
    stage.settle().await;
    assert_eq!((stage.source.reads(), hit(&stage, "a").await), (2, (2, Status::Hit)));
}

/// All places are taken by loads that hang, and more tasks are pulled. A pause gives those back at once, for other processes.
#[tokio::test(start_paused = true)]
async fn a_pause_gives_back_what_was_pulled_though_no_place_is_free() {
    let (stage, _store, queue) = open_stage(1).await;
    for key in ["a", "b"] {
        stage.value(key).await;
    }
    pass(TTL).await;
    stage.source.hold();
    for key in ["a", "b"] {
        assert_eq!(hit(&stage, key).await, (1, Status::Stale));
    }
    stage.source.read_by(3).await;
    pass(SECOND).await;
    stage.cache.pause_workers();
    stage.settle().await;
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.ready + depth.delayed, depth.held), (1, 1), "{depth:?}");
    stage.source.open();
}

/// The reasons of what is quarantined.
async fn reasons(cache: &Cache) -> Vec<String> {
    cache.quarantined(10).await.unwrap().into_iter().map(|set_aside| set_aside.reason.into()).collect()
}

/// During a deploy tasks arrive that this version cannot carry out. Each is set aside with its reason, and none stops the workers.
#[tokio::test(start_paused = true)]
async fn a_task_that_cannot_be_carried_out_is_quarantined_with_the_reason() {
    let unknown = Key::new("tests", "unknown", &truth("a")).unwrap();
    let unfit = Key::new("tests", "truth", &7).unwrap();
    let fit = key("a");
    let cases: [(u16, &[u8], &str); 4] = [
        (1, unknown.as_bytes(), "nobody registered job tests:unknown here"),
        (2, fit.as_bytes(), "task format 2 is newer than 1, the newest that this version reads"),
        (1, b"\x01nonsense", "key: the namespace has 110 bytes, more than 64"),
        (1, unfit.as_bytes(), "key: the arguments do not fit the job"),
    ];
    for (format, bytes, reason) in cases {
        let clock = Clock::runtime();
        let inner = MemoryQueue::builder(clock.clone()).build().unwrap();
        inner.push(&[task(key("any"))]).await.unwrap();
        let queue = Foreign::new(inner, format, bytes);
        let stage = stage_with(|builder| builder.clock(clock).queue(queue)).await;
        stage.settle().await;
        let told = reasons(&stage.cache).await;
        assert!(told.len() == 1 && told[0].starts_with(reason), "{told:?}");
        assert_eq!(stage.events.count("end: Quarantined"), 1);
        assert_eq!(stage.source.reads(), 0);
        age(&stage, "a").await;
        stage.value("a").await;
        stage.settle().await;
        assert_eq!(hit(&stage, "a").await, (2, Status::Hit), "the workers go on");
    }
}

/// A web process pushes a task, and the worker that pulls it does not know the job. Once it is set aside, the next stale reader may ask again.
#[tokio::test(start_paused = true)]
async fn a_task_of_an_unregistered_job_lets_others_ask_again() {
    let (stage, store, queue) = open_stage(0).await;
    age(&stage, "a").await;
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    stage.settle().await;
    assert!(stage.cache.peek(&truth("a")).await.unwrap().unwrap().is_asked_for());
    let ignorant = Cache::builder().clock(Clock::runtime()).store(store).queue(queue).build().await.unwrap();
    stage.settle().await;
    assert_eq!(reasons(&ignorant).await, ["nobody registered job tests:truth here"]);
    assert!(!stage.cache.peek(&truth("a")).await.unwrap().unwrap().is_asked_for());
}

/// The source stays down. The task is tried with growing pauses, then set aside, and from then on a stale reader asks anew.
#[tokio::test(start_paused = true)]
async fn a_failing_task_is_retried_with_growing_pauses_and_then_quarantined() {
    let jobs = Jobs::new().add::<Tuned>();
    let stage = stage_with(|builder| builder.state(Told::default()).jobs(jobs)).await;
    let job = tuned(Kind::ThreeAttempts);
    stage.cache.get(&job).await.unwrap();
    pass(TTL).await;
    stage.source.script([Act::Fail; 3]);
    assert_eq!(stage.cache.get(&job).await.unwrap().status(), Status::Stale);
    let began = tokio::time::Instant::now();
    let mut at = Vec::new();
    for attempt in 2..=4 {
        stage.source.read_by(attempt).await;
        at.push(began.elapsed());
    }
    stage.settle().await;
    assert!(at[1] - at[0] >= SECOND * 9 / 10 && at[1] - at[0] < SECOND * 3 / 2, "{at:?}");
    assert!(at[2] - at[1] >= SECOND * 9 / 5 && at[2] - at[1] < SECOND * 3, "{at:?}");
    assert_eq!(reasons(&stage.cache).await, ["gave up after 3 attempts: the source is down"]);
    assert!(!stage.cache.peek(&job).await.unwrap().unwrap().is_asked_for());
    assert_eq!(stage.events.count("end: Retried"), 2);
    pass(5 * SECOND).await;
    stage.source.write(2);
    assert_eq!(stage.cache.get(&job).await.unwrap().status(), Status::Stale, "asks again");
    pass(5 * SECOND).await;
    assert_eq!(*stage.cache.get(&job).await.unwrap(), 2);
}

/// The opposite: a task that fails once brings its refresh at the second attempt, and nothing is set aside.
#[tokio::test(start_paused = true)]
async fn a_task_that_fails_once_brings_its_refresh_without_a_reader() {
    let stage = stage().await;
    age(&stage, "a").await;
    stage.source.script([Act::Fail]);
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    pass(2 * SECOND).await;
    assert_eq!(hit(&stage, "a").await, (2, Status::Hit));
    assert_eq!(stage.cache.queue_depth().await.unwrap(), Depth::default());
}

/// A task was repeated by the queue, and its key has been refreshed long since. It ends without a load.
#[tokio::test(start_paused = true)]
async fn a_task_whose_key_is_fresh_ends_without_a_load() {
    let (stage, _store, queue) = open_stage(1).await;
    stage.value("a").await;
    queue.push(&[task(key("a"))]).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.events.count("end: Done"), 1);
    assert_eq!(stage.source.reads(), 1);
    assert_eq!(stage.cache.queue_depth().await.unwrap(), Depth::default());
}

/// Another process holds the key and then dies. The task goes back again and again, and brings the refresh when the lease has ended.
#[tokio::test(start_paused = true)]
async fn a_task_whose_key_is_held_elsewhere_goes_back_and_is_never_dropped() {
    let (stage, store, queue) = open_stage(1).await;
    age(&stage, "a").await;
    let begin = Begin { role: Role::Foreground, lease: 30 * SECOND, at_least: None, heeds_backoff: false };
    let Begun::Granted(_dead) = store.begin(&key("a"), begin).await.unwrap() else { panic!("it was free") };
    queue.push(&[task(key("a"))]).await.unwrap();
    pass(29 * SECOND).await;
    assert_eq!(stage.source.reads(), 1);
    assert!(stage.events.count("end: PutBack") > 1);
    assert_eq!(stage.events.count("end: Retried") + stage.events.count("end: Quarantined"), 0, "no attempt is counted");
    pass(2 * SECOND).await;
    assert_eq!(hit(&stage, "a").await, (2, Status::Hit));
    assert_eq!(stage.events.count("end: Done"), 1);
}

/// The other process lets go of the key without a value. The task does not wait for the end of a lease that is no more.
#[tokio::test(start_paused = true)]
async fn a_task_that_went_back_comes_soon_after_the_key_is_let_go_of() {
    let (stage, store, queue) = open_stage(1).await;
    age(&stage, "a").await;
    let begin = Begin { role: Role::Foreground, lease: 30 * SECOND, at_least: None, heeds_backoff: false };
    let Begun::Granted(lease) = store.begin(&key("a"), begin).await.unwrap() else { panic!("it was free") };
    queue.push(&[task(key("a"))]).await.unwrap();
    pass(SECOND).await;
    store.fail(&key("a"), &lease, Failure::abandoned()).await.unwrap();
    pass(SECOND).await;
    assert_eq!(hit(&stage, "a").await, (2, Status::Hit));
}

/// While a task loads, a value is put over it. The task has no lease any more, and leaves no marker behind: what is outdated
/// next is refreshed at once.
#[tokio::test(start_paused = true)]
async fn a_task_whose_lease_is_taken_over_leaves_no_marker() {
    let (stage, _store, _queue) = open_stage(1).await;
    age(&stage, "a").await;
    stage.source.hold();
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    stage.settle().await;
    stage.cache.put(&truth("a"), 7).await.unwrap();
    stage.source.open();
    stage.settle().await;
    assert_eq!(stage.events.count("end: Done"), 1, "it came back, and had nothing to do");
    stage.source.write(8);
    stage.cache.invalidate(&truth("a"), Strength::Soft).await.unwrap();
    assert_eq!(hit(&stage, "a").await, (7, Status::Stale));
    stage.settle().await;
    assert_eq!(hit(&stage, "a").await, (8, Status::Hit));
}

/// The queue loses the task. Until the marker's deadline nobody asks; then the next stale reader does, and not before.
#[tokio::test(start_paused = true)]
async fn a_lost_task_is_asked_for_again_after_the_markers_deadline() {
    let (stage, _store, queue) = open_stage(0).await;
    age(&stage, "a").await;
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    stage.settle().await;
    for delivery in queue.pull(10, Duration::ZERO).await.unwrap() {
        queue.settle(&delivery.receipt, Settlement::Done).await.unwrap();
    }
    pass(119 * SECOND).await;
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    stage.settle().await;
    assert_eq!(queue.depth().await.unwrap(), Depth::default(), "it may still be on its way");
    pass(SECOND).await;
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    stage.settle().await;
    assert_eq!(queue.depth().await.unwrap().ready, 1);
}

/// The queue delivers a task three times, and the last one an hour late. One load is made, and the key is none the worse.
#[tokio::test(start_paused = true)]
async fn a_task_that_is_repeated_or_late_loads_nothing_twice() {
    let (stage, _store, queue) = open_stage(2).await;
    age(&stage, "a").await;
    queue.push(&[task(key("a")), task(key("a"))]).await.unwrap();
    queue.push(&[NewTask { delay: TTL / 2, ..task(key("a")) }]).await.unwrap();
    stage.settle().await;
    pass(TTL - SECOND).await;
    assert_eq!(stage.events.count("end: Done"), 3);
    assert_eq!(stage.source.reads(), 2);
    assert_eq!(hit(&stage, "a").await, (2, Status::Hit));
}

/// A task was repeated after its key was removed. It loads the key, for somebody asked for it.
#[tokio::test(start_paused = true)]
async fn a_task_of_a_missing_record_loads_it() {
    let (stage, _store, queue) = open_stage(1).await;
    queue.push(&[task(key("a"))]).await.unwrap();
    stage.settle().await;
    assert_eq!(hit(&stage, "a").await, (1, Status::Hit));
    assert_eq!(stage.source.reads(), 1);
}

/// A web process has no workers. Its tasks wait for the one that has.
#[tokio::test(start_paused = true)]
async fn a_cache_without_workers_leaves_its_tasks_to_others() {
    let (web, store, queue) = open_stage(0).await;
    age(&web, "a").await;
    assert_eq!(hit(&web, "a").await, (1, Status::Stale));
    pass(5 * SECOND).await;
    assert_eq!((web.source.reads(), queue.depth().await.unwrap().ready), (1, 1));
    let worker = stage_with(|builder| builder.store(store).queue(queue.clone())).await;
    worker.source.write(3);
    pass(SECOND).await;
    assert_eq!((web.source.reads(), worker.source.reads()), (1, 1));
    pass(10 * SECOND).await;
    assert_eq!(hit(&web, "a").await, (3, Status::Hit));
}

/// A load is under way when the process is to stop. It is waited for, and what was pulled ahead is another process's at once.
#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_what_runs_and_puts_back_what_waits() {
    let (stage, _store, queue) = open_stage(1).await;
    stage.source.hold();
    queue.push(&["a", "b", "c"].map(|of| task(key(of)))).await.unwrap();
    stage.source.read_by(1).await;
    let cache = stage.cache.clone();
    let stopping = tokio::spawn(async move { cache.shut_down(30 * SECOND).await });
    stage.settle().await;
    assert_eq!(
        queue.depth().await.unwrap(),
        Depth { ready: 2, held: 1, oldest: Some(Duration::ZERO), ..Depth::default() }
    );
    assert!(!stopping.is_finished());
    stage.source.open();
    assert!(stopping.await.unwrap());
    assert_eq!(stage.source.reads(), 1, "nothing new was begun");
    assert_eq!(queue.depth().await.unwrap().ready, 2);
}

/// The load hangs. The shutdown ends at its deadline and says so.
#[tokio::test(start_paused = true)]
async fn a_shutdown_whose_deadline_comes_first_is_told() {
    let stage = stage().await;
    stage.source.script([Act::Hang]);
    let _waiting = stage.getting("a");
    stage.source.read_by(1).await;
    let began = tokio::time::Instant::now();
    assert!(!stage.cache.shut_down(10 * SECOND).await);
    assert_eq!(began.elapsed().as_secs(), 10);
}

/// A cache that was shut down still answers, and says that it asks for nothing any more.
#[tokio::test(start_paused = true)]
async fn after_a_shutdown_stale_values_are_served_without_a_refresh() {
    let stage = stage().await;
    age(&stage, "a").await;
    assert!(stage.cache.shut_down(SECOND).await);
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    stage.settle().await;
    assert_eq!(stage.events.count("dropped: Closing"), 1);
    assert_eq!(stage.source.reads(), 1);
}

/// The program drops the cache and forgets to shut it down. Its workers pull no more tasks.
#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_stops_the_workers() {
    let clock = Clock::runtime();
    let queue = FaultyQueue::new(clock.clone());
    let given = queue.clone();
    let stage = stage_with(|builder| builder.clock(clock).queue(given)).await;
    let Stage { cache, source, .. } = stage;
    pass(20 * SECOND).await;
    let before = queue.switches.calls("pull");
    assert!(before > 1, "idle workers go on asking");
    let second = cache.clone();
    drop(cache);
    pass(20 * SECOND).await;
    assert!(queue.switches.calls("pull") > before, "one handle is left");
    drop(second);
    tokio::task::yield_now().await;
    let last = queue.switches.calls("pull");
    queue.push(&[task(key("a"))]).await.unwrap();
    pass(20 * SECOND).await;
    assert_eq!((queue.switches.calls("pull"), source.reads()), (last, 0));
}

fn limits(total: usize, job: usize) -> Limits {
    Limits { total: Limit::at_once(total), job: Limit::at_once(job), ..Limits::default() }
}

/// A hundred keys turn stale at once. No more loads run than the bound says, whether of the job or in all, and readers never wait.
#[tokio::test(start_paused = true)]
async fn no_more_refreshes_run_at_once_than_the_limits_say() {
    for (limits, most) in [(limits(3, 16), 3), (limits(16, 2), 2), (limits(16, 16), 8)] {
        let stage = stage_with(|builder| builder.workers(8).limits(limits)).await;
        let keys: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        for key in &keys {
            stage.value(key).await;
        }
        pass(TTL).await;
        stage.source.hold();
        for key in &keys {
            assert_eq!(hit(&stage, key).await, (1, Status::Stale));
        }
        pass(SECOND).await;
        assert_eq!(stage.source.reads(), 100 + most);
        let began = tokio::time::Instant::now();
        let fresh = stage.getting("nothing in hand");
        stage.source.read_by(101 + most).await;
        assert_eq!(began.elapsed(), Duration::ZERO, "a get finds room at once");
        stage.source.open();
        fresh.await.unwrap().unwrap();
        pass(10 * SECOND).await;
        assert_eq!(stage.source.reads(), 201);
    }
}

/// A whole namespace is invalidated. Refreshing begins with one load at a time and doubles each second, so that the source is not overrun.
#[tokio::test(start_paused = true)]
async fn after_a_namespace_was_invalidated_refreshing_ramps_up() {
    let stage = stage_with(|builder| builder.workers(16)).await;
    let keys: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    for key in &keys {
        stage.value(key).await;
    }
    stage.cache.invalidate_namespace("tests", Strength::Soft).await.unwrap();
    stage.source.hold();
    for key in &keys {
        assert_eq!(stage.get(key).await.unwrap().status(), Status::Stale);
    }
    let mut running = Vec::new();
    for _ in 0..5 {
        pass(SECOND - Duration::from_millis(50)).await;
        running.push(stage.source.reads() - 40);
        pass(Duration::from_millis(50)).await;
    }
    assert_eq!(running, [1, 2, 4, 8, 16]);
}

/// One worker is busy while many keys turn stale, one of which is read a lot. That one is refreshed first.
#[tokio::test(start_paused = true)]
async fn what_is_read_most_is_refreshed_first() {
    let stage = stage_with(|builder| builder.workers(1)).await;
    for key in ["busy", "cold", "cool", "hot"] {
        stage.value(key).await;
    }
    pass(TTL).await;
    stage.source.hold();
    stage.value("busy").await;
    stage.source.read_by(5).await;
    for key in ["cold", "cool", "hot"] {
        stage.value(key).await;
        stage.settle().await;
    }
    for _ in 0..30 {
        stage.value("hot").await;
    }
    let ended = |key: &str| stage.events.all().iter().any(|event| event.contains("TaskEnded") && event.contains(key));
    stage.source.release(2);
    stage.source.read_by(7).await;
    stage.settle().await;
    assert!(ended("busy") && ended("hot") && !ended("cold") && !ended("cool"));
    stage.source.open();
    stage.settle().await;
    assert!(ended("cold") && ended("cool"));
}

/// A stage with one place, held by a load, and a hundred tasks behind it, of which the worker has pulled ahead what it may.
async fn stage_with_a_backlog() -> (Stage, FaultyQueue) {
    let queue = FaultyQueue::new(Clock::runtime());
    let given = queue.clone();
    let stage = stage_with(|builder| builder.queue(given).workers(1)).await;
    stage.source.hold();
    let tasks: Vec<NewTask> = (0..100).map(|n| task(key(&format!("cold {n}")))).collect();
    queue.push(&tasks).await.unwrap();
    stage.source.read_by(1).await;
    (stage, queue)
}

#[tokio::test(start_paused = true)]
async fn while_enough_is_in_hand_the_queue_is_not_asked_for_each_place_that_is_free() {
    let (stage, queue) = stage_with_a_backlog().await;
    let pulls = queue.switches.calls("pull");
    for read in 2..=30 {
        stage.source.release(1);
        stage.source.read_by(read).await;
    }
    assert_eq!(queue.switches.calls("pull"), pulls);
    stage.source.open();
    pass(10 * SECOND).await;
    assert_eq!(stage.source.reads(), 100);
}

/// A worker has enough in hand when a task comes that is wanted more. It goes first all the same, once a moment has passed.
#[tokio::test(start_paused = true)]
async fn what_is_wanted_more_is_looked_for_though_enough_is_in_hand() {
    let (stage, queue) = stage_with_a_backlog().await;
    queue.push(&[NewTask { priority: Priority::High, ..task(key("hot")) }]).await.unwrap();
    pass(Duration::from_millis(10)).await;
    stage.source.release(2);
    stage.source.read_by(3).await;
    stage.settle().await;
    let ended = |key: &str| stage.events.all().iter().any(|event| event.contains("TaskEnded") && event.contains(key));
    assert!(ended("hot"));
}

/// A batch of warm-ups waits when a reader's key turns stale. The reader's is refreshed first.
#[tokio::test(start_paused = true)]
async fn a_warm_up_is_overtaken_by_what_is_read() {
    let stage = stage_with(|builder| builder.workers(1)).await;
    stage.value("read").await;
    pass(TTL).await;
    stage.source.hold();
    let cold: Vec<Truth> = (0..10).map(|n| truth(&format!("cold {n}"))).collect();
    assert_eq!(stage.cache.warm_up(&cold).await.unwrap(), 10);
    stage.source.read_by(2).await;
    stage.value("read").await;
    stage.settle().await;
    stage.source.release(2);
    stage.source.read_by(4).await;
    stage.settle().await;
    assert_eq!(hit(&stage, "read").await.1, Status::Hit);
    assert_eq!(stage.source.reads(), 4);
}

/// A program warms its cache up at its start. It waits for no load, and what is fresh is left alone.
#[tokio::test(start_paused = true)]
async fn a_warm_up_enqueues_what_is_not_fresh_and_loads_nothing_itself() {
    let (stage, _store, queue) = open_stage(0).await;
    stage.value("fresh").await;
    let jobs = [truth("fresh"), truth("a"), truth("b")];
    assert_eq!(stage.cache.warm_up(&jobs).await.unwrap(), 2);
    assert_eq!((stage.source.reads(), queue.depth().await.unwrap().ready), (1, 2));
    assert_eq!(stage.cache.warm_up(&jobs).await.unwrap(), 0, "asked for already");
    assert_eq!(hit(&stage, "fresh").await, (1, Status::Hit));
}

/// A list is kept warm by a schedule. Nobody reads it, and whenever somebody does it is fresh; without the schedule it goes stale.
#[tokio::test(start_paused = true)]
async fn a_schedule_keeps_what_it_lists_fresh_until_it_is_dropped() {
    let stage = stage().await;
    let schedule = stage.cache.schedule(20 * SECOND, || vec![truth("a")]).unwrap();
    for round in 1..20 {
        stage.source.write(round);
        pass(17 * SECOND).await;
        let peek = stage.cache.peek(&truth("a")).await.unwrap().unwrap();
        assert!(peek.is_fresh() && round - *peek <= 4, "round {round}: {}", *peek);
    }
    let loads = stage.source.reads();
    assert!((4..=10).contains(&loads), "{loads}");
    drop(schedule);
    pass(2 * TTL).await;
    assert_eq!(hit(&stage, "a").await.1, Status::Stale);
    assert_eq!(stage.source.reads(), loads);
    assert!(stage.cache.schedule(Duration::ZERO, || vec![truth("a")]).is_err());
}

/// The worker finds the source down and the value past its windows. Its task fails as any load, and no marker stands in the way of a reader.
#[tokio::test(start_paused = true)]
async fn a_reader_with_nothing_in_hand_does_not_wait_for_a_queued_task() {
    let (stage, _store, queue) = open_stage(0).await;
    age(&stage, "a").await;
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    stage.settle().await;
    pass(STALE + ERROR).await;
    queue.push(&[task(key("b"))]).await.unwrap();
    assert_eq!(hit(&stage, "a").await, (2, Status::Loaded));
    assert_eq!(hit(&stage, "b").await, (2, Status::Loaded));
}

/// The queue cannot be reached when the task is done. It is delivered again after the queue's visibility, finds its key fresh and ends.
#[tokio::test(start_paused = true)]
async fn a_task_that_could_not_be_settled_comes_again_and_loads_nothing() {
    let clock = Clock::runtime();
    let queue = FaultyQueue::new(clock.clone());
    let given = queue.clone();
    let stage = stage_with(|builder| builder.clock(clock).queue(given)).await;
    queue.switches.down(["settle"]);
    queue.push(&[task(key("a"))]).await.unwrap();
    pass(SECOND).await;
    assert_eq!((stage.source.reads(), stage.events.count("PortFailed")), (1, 1));
    queue.switches.up();
    stage.cache.refresh(&truth("a")).await.unwrap();
    pass(SECOND).await;
    assert_eq!(stage.source.reads(), 2, "the lost settlement stops nobody");
    pass(TTL - 2 * SECOND).await;
    stage.cache.load(&truth("a")).await.unwrap();
    pass(TTL).await;
    stage.cache.load(&truth("a")).await.unwrap();
    pass(10 * SECOND).await;
    assert_eq!(stage.source.reads(), 4);
    assert_eq!(stage.cache.queue_depth().await.unwrap(), Depth::default());
}

/// The queue is away for a while. The workers go on asking, and take their tasks when it is back.
#[tokio::test(start_paused = true)]
async fn workers_outlast_a_queue_that_is_down() {
    let clock = Clock::runtime();
    let queue = FaultyQueue::new(clock.clone());
    let given = queue.clone();
    let stage = stage_with(|builder| builder.clock(clock).queue(given)).await;
    queue.switches.all_down();
    pass(60 * SECOND).await;
    let failed = stage.events.count("PortFailed");
    assert!(failed > 10 && failed <= 61, "{failed}: a pause lies between two attempts");
    queue.switches.up();
    queue.push(&[task(key("a"))]).await.unwrap();
    pass(2 * SECOND).await;
    assert_eq!(hit(&stage, "a").await, (1, Status::Hit));
}

/// A task names arguments for which the job's own code panics. It is set aside like any other that cannot be carried out, and the workers go on.
#[tokio::test(start_paused = true)]
async fn a_task_whose_job_panics_when_it_is_opened_is_quarantined() {
    let jobs = Jobs::new().add::<Truth>().add::<Tuned>();
    let stage = stage_with(|builder| builder.workers(1).state(Told::default()).jobs(jobs)).await;
    let broken = Key::new("tests", "tuned", &tuned(Kind::Broken)).unwrap();
    stage.cache.queue().push(&[task(broken), task(key("a"))]).await.unwrap();
    stage.settle().await;
    assert_eq!(reasons(&stage.cache).await, ["key: the arguments do not fit the job: panicked: no policy"]);
    assert_eq!(hit(&stage, "a").await, (1, Status::Hit));
    stage.cache.queue().push(&[task(key("b"))]).await.unwrap();
    stage.settle().await;
    assert_eq!(hit(&stage, "b").await, (1, Status::Hit));
}

/// A list of what to warm comes from a database, which is down once; and once somebody names what makes no key.
#[tokio::test(start_paused = true)]
async fn a_schedule_survives_a_list_that_cannot_be_had() {
    let stage = stage().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let list = move || match counted.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("no list today"),
        1 => vec![truth("a"), truth(&"long".repeat(100_000))],
        _ => vec![truth("a")],
    };
    let _schedule = stage.cache.schedule(20 * SECOND, list).unwrap();
    pass(19 * SECOND).await;
    assert_eq!((stage.events.count("no list today"), stage.source.reads()), (1, 0));
    pass(20 * SECOND).await;
    assert_eq!((stage.events.count("WarmUpFailed"), stage.source.reads()), (2, 0));
    pass(20 * SECOND).await;
    assert_eq!(stage.source.reads(), 1);
    let long = [truth("b"), truth(&"long".repeat(100_000))];
    let error = stage.cache.warm_up(&long).await.unwrap_err();
    assert!(error.to_string().contains("key"), "{error}");
    stage.settle().await;
    assert_eq!(stage.source.reads(), 1, "all or nothing");
}

/// A task waits for its turn, and meanwhile somebody's load of the key fails. The task finds the back-off, and must come again after it.
#[tokio::test(start_paused = true)]
async fn a_task_that_finds_a_back_off_comes_again_after_it() {
    let stage = stage().await;
    stage.cache.pause_workers();
    age(&stage, "a").await;
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    stage.settle().await;
    stage.source.script([Act::Fail]);
    stage.cache.load(&truth("a")).await.unwrap_err();
    stage.cache.resume_workers();
    pass(5 * SECOND).await;
    assert_eq!(hit(&stage, "a").await, (2, Status::Hit), "without another reader");
}

/// A refresh is overtaken, and again when it has read once more. Nobody reads any more, and the key becomes fresh all the same.
#[tokio::test(start_paused = true)]
async fn a_task_that_was_overtaken_in_every_round_comes_again() {
    let stage = stage().await;
    age(&stage, "a").await;
    stage.source.hold();
    assert_eq!(hit(&stage, "a").await, (1, Status::Stale));
    for reads in [2, 3] {
        stage.source.read_by(reads).await;
        stage.cache.invalidate(&truth("a"), Strength::Soft).await.unwrap();
        stage.source.release(1);
    }
    stage.source.open();
    pass(5 * SECOND).await;
    assert_eq!(stage.source.reads(), 4);
    assert!(stage.cache.peek(&truth("a")).await.unwrap().unwrap().is_fresh());
}

/// Takes longer than what it gives is fresh.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
struct Slow;

impl Job for Slow {
    type Output = u64;
    type Error = std::convert::Infallible;
    type State = (Arc<AtomicUsize>,);
    const NAME: &'static str = "slow";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(SECOND).jitter(0.0)
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> {
        load.state().0.fetch_add(1, Ordering::SeqCst);
        pass(2 * SECOND).await;
        Ok(1.into())
    }
}

/// What a task stored is stale already. The store keeps its marker then, which would keep readers from asking for two minutes.
#[tokio::test(start_paused = true)]
async fn a_task_whose_value_is_stale_when_it_is_stored_leaves_no_marker() {
    let loads = Arc::new(AtomicUsize::new(0));
    let builder = Cache::builder().jobs(Jobs::new().add::<Slow>()).state(loads.clone());
    let cache = builder.clock(Clock::runtime()).build().await.unwrap();
    cache.get(&Slow).await.unwrap();
    for tasks in 1..=3 {
        assert_eq!(cache.get(&Slow).await.unwrap().status(), Status::Stale);
        pass(5 * SECOND).await;
        assert_eq!(loads.load(Ordering::SeqCst), 1 + tasks);
    }
}

/// Whoever carries the task out dies of it: it is delivered again, and takes the next one with it.
#[tokio::test(start_paused = true)]
async fn a_task_that_five_holders_did_not_settle_is_set_aside_and_not_carried_out() {
    for (holders, loads, aside) in [(4, 1, 0), (5, 0, 1)] {
        let clock = Clock::runtime();
        let queue = MemoryQueue::builder(clock.clone()).build().unwrap();
        let given = queue.clone();
        let stage = stage_with(|builder| builder.clock(clock).queue(given).task_deadline(3600 * SECOND)).await;
        stage.cache.pause_workers();
        stage.settle().await;
        assert!(stage.cache.refresh(&truth("a")).await.unwrap());
        leave_unsettled(&queue, 1, holders).await;
        stage.cache.resume_workers();
        pass(SECOND).await;
        let reasons: Vec<_> = queue.quarantined(9).await.unwrap().into_iter().map(|aside| aside.reason).collect();
        assert_eq!((stage.source.reads(), reasons.len()), (loads, aside));
        assert!(reasons.iter().all(|reason| &**reason == "its holder did not settle it 5 times"), "{reasons:?}");
        assert_eq!(stage.cache.refresh(&truth("a")).await.unwrap(), aside == 0, "who asks at once would end more");
    }
}

/// Twenty tasks are delivered again, one of which has ended two processes that held them all. Whichever it is, it runs beside no other.
#[tokio::test(start_paused = true)]
async fn what_two_holders_did_not_settle_is_carried_out_alone() {
    let (stage, _store, queue) = open_stage(4).await;
    stage.cache.pause_workers();
    stage.settle().await;
    for n in 0..20 {
        assert!(stage.cache.refresh(&truth(&n.to_string())).await.unwrap());
    }
    leave_unsettled(&queue, 20, 2).await;
    stage.source.hold();
    assert!(stage.cache.refresh(&truth("innocent")).await.unwrap());
    stage.cache.resume_workers();
    stage.source.read_by(1).await;
    pass(SECOND).await;
    // The next one is in hand, and waits for the end of the one that nobody suspects.
    assert_eq!((stage.source.reads(), queue.depth().await.unwrap().held), (1, 2));
    for reads in 2..=21 {
        stage.source.release(1);
        stage.source.read_by(reads).await;
        stage.settle().await;
        assert_eq!((stage.source.reads(), queue.depth().await.unwrap().held), (reads, 1));
    }
    stage.source.open();
    stage.settle().await;
    assert_eq!(queue.depth().await.unwrap(), Depth::default());
}

/// One worker was killed, and what it held is delivered again. One killing makes no suspects.
#[tokio::test(start_paused = true)]
async fn what_one_holder_did_not_settle_runs_beside_others() {
    let (stage, _store, queue) = open_stage(4).await;
    stage.cache.pause_workers();
    stage.settle().await;
    let tasks: Vec<NewTask> = (0..4).map(|n| task(key(&n.to_string()))).collect();
    queue.push(&tasks).await.unwrap();
    leave_unsettled(&queue, 4, 1).await;
    stage.source.hold();
    stage.cache.resume_workers();
    stage.settle().await;
    assert_eq!(stage.source.reads(), 4);
    stage.source.open();
}

/// More tasks come than the limits let run, so there is always one that nobody suspects.
#[tokio::test(start_paused = true)]
async fn a_suspect_runs_though_other_tasks_keep_coming() {
    let clock = Clock::runtime();
    let queue = MemoryQueue::builder(clock.clone()).build().unwrap();
    let (given, total) = (queue.clone(), Limit { per_second: Some(10.0), ..Limit::at_once(16) });
    let limits = Limits { total, ..Limits::default() };
    let stage = stage_with(|builder| builder.clock(clock).queue(given).limits(limits)).await;
    stage.cache.pause_workers();
    stage.settle().await;
    queue.push(&[task(key("suspect"))]).await.unwrap();
    leave_unsettled(&queue, 1, 2).await;
    let others = |of: usize| -> Vec<NewTask> { (0..20).map(|n| task(key(&format!("{of} {n}")))).collect() };
    queue.push(&others(0)).await.unwrap();
    stage.cache.resume_workers();
    let ended = || stage.events.all().iter().any(|event| event.contains("TaskEnded") && event.contains("suspect"));
    for second in 1..=6 {
        assert!(!ended() || second > 5, "others go first for a while");
        queue.push(&others(second)).await.unwrap();
        pass(SECOND).await;
    }
    assert!(ended());
    let depth = queue.depth().await.unwrap();
    assert!(depth.ready + depth.delayed + depth.held > 20, "{depth:?}");
}

/// A rate so low that the tenth task waits a quarter of an hour, many times the visibility. Waiting is nobody's fault.
#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_room_beyond_the_visibility_is_neither_counted_nor_set_aside() {
    for visibility_secs in [120, 4] {
        let queue = faulty_queue(visibility_secs);
        let (given, total) = (queue.clone(), Limit { per_second: Some(0.01), ..Limit::at_once(16) });
        let stage = stage_with(|builder| builder.queue(given).limits(Limits { total, ..Limits::default() })).await;
        let tasks: Vec<NewTask> = (0..10).map(|n| task(key(&n.to_string()))).collect();
        queue.push(&tasks).await.unwrap();
        pass(3600 * SECOND).await;
        assert_eq!((stage.source.reads(), queue.switches.most_unsettled()), (10, 0));
        assert_eq!(queue.depth().await.unwrap(), Depth::default());
        let (settled, stays) = (queue.switches.calls("settle"), 1000 * 4 / visibility_secs as usize);
        assert!(settled <= 10 * (1 + stays), "a task goes back no more often than it has to: {settled}");
    }
}

/// A load takes longer than the visibility, and has the only place. Its own task is delivered again, and no other.
#[tokio::test(start_paused = true)]
async fn what_waits_behind_a_load_that_takes_too_long_goes_back_in_time() {
    let queue = faulty_queue(20);
    let given = queue.clone();
    let stage = stage_with(|builder| builder.queue(given).workers(1)).await;
    stage.source.hold();
    let tasks: Vec<NewTask> = (0..4).map(|n| task(key(&n.to_string()))).collect();
    queue.push(&tasks).await.unwrap();
    stage.source.read_by(1).await;
    pass(25 * SECOND).await;
    let waiting = queue.waiting(10).await.unwrap();
    let mut unsettled: Vec<u32> = waiting.iter().map(|task| task.unsettled).collect();
    unsettled.sort_unstable();
    assert_eq!(unsettled, [0, 0, 0, 1]);
    stage.source.open();
}

/// One place, and loads of five seconds: the tenth task waits more than twice the visibility.
#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_a_place_beyond_the_visibility_is_not_counted() {
    let queue = faulty_queue(20);
    let given = queue.clone();
    let stage = stage_with(|builder| builder.queue(given).workers(1)).await;
    stage.source.hold();
    let tasks: Vec<NewTask> = (0..10).map(|n| task(key(&n.to_string()))).collect();
    queue.push(&tasks).await.unwrap();
    for read in 1..=10 {
        stage.source.read_by(read).await;
        pass(5 * SECOND).await;
        stage.source.release(1);
    }
    stage.settle().await;
    assert_eq!((stage.source.reads(), queue.switches.most_unsettled()), (10, 0));
    assert_eq!(queue.depth().await.unwrap(), Depth::default());
}
