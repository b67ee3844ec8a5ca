//! Two caches on one store, with a bus between them, as two processes would be.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::faults::FaultyStore;
use common::{ERROR, STALE, Source, Stage, TTL, pass, stage_on, truth};
use freshen_core::bus::{Bus, Heard, MemoryBus, Subscription};
use freshen_core::queue::{Depth, MemoryQueue, Queue};
use freshen_core::store::MemoryStore;
use freshen_core::{BoxFuture, Clock, PortError, Status, Strength};
use tokio::sync::watch;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Two caches with one source, and what they share.
struct Pair {
    one: Stage,
    two: Stage,
    source: Source,
    bus: MemoryBus,
    queue: MemoryQueue,
}

struct Shared {
    clock: Clock,
    source: Source,
    store: MemoryStore,
    queue: MemoryQueue,
    bus: MemoryBus,
}

impl Shared {
    fn new(encoded: bool) -> Self {
        let (clock, bus) = (Clock::runtime(), MemoryBus::new());
        let store = MemoryStore::builder(clock.clone()).bus(bus.clone());
        let store = if encoded { store.encoded() } else { store }.build().unwrap();
        let queue = MemoryQueue::builder(clock.clone()).build().unwrap();
        Shared { clock, source: Source::new(), store, queue, bus }
    }

    /// A cache that does not hear the bus, if it is not `on_bus`.
    async fn stage(&self, on_bus: bool) -> Stage {
        let Shared { clock, source, store, queue, bus } = self;
        let stage = stage_on(source.clone(), |builder| {
            let builder = builder.clock(clock.clone()).store(store.clone()).queue(queue.clone());
            if on_bus { builder.bus(bus.clone()) } else { builder }
        })
        .await;
        stage.settle().await;
        stage
    }

    async fn pair(self) -> Pair {
        let (one, two) = (self.stage(true).await, self.stage(true).await);
        Pair { one, two, source: self.source, bus: self.bus, queue: self.queue }
    }
}

impl Pair {
    async fn new(encoded: bool) -> Self {
        Shared::new(encoded).pair().await
    }

    /// Both have the value near and fresh.
    async fn filled(encoded: bool) -> Self {
        let pair = Pair::new(encoded).await;
        pair.one.value("a").await;
        pair.two.value("a").await;
        pair.two.settle().await;
        assert_eq!((pair.one.cache.near_size().0, pair.two.cache.near_size().0), (1, 1));
        assert_eq!(pair.source.reads(), 1);
        pair
    }
}

async fn get(stage: &Stage, key: &str) -> (u64, Status) {
    let answer = stage.get(key).await.unwrap();
    (*answer, answer.status())
}

/// A cache in a runtime of its own, which is loading a key.
struct Process {
    killed: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Process {
    /// Waits until it has read the source.
    fn leading(shared: &Shared) -> Process {
        let Shared { clock, source, store, bus, .. } = shared;
        let (clock, source, store, bus) = (clock.clone(), source.clone(), store.clone(), bus.clone());
        let ((leads, leading), (killed, kill)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let stage = stage_on(source.clone(), |builder| builder.clock(clock).store(store).bus(bus));
            let stage = runtime.block_on(stage);
            runtime.block_on(async {
                stage.getting("a");
                source.read_by(1).await;
            });
            leads.send(()).unwrap();
            kill.recv().unwrap();
        });
        leading.recv().unwrap();
        Process { killed, thread }
    }

    /// Ends its runtime, and with it all its tasks wherever they stand.
    fn kill(self) {
        self.killed.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

/// Whether two caches share values, or exchange bytes.
const BOTH: [bool; 2] = [false, true];

/// Two processes miss the same key together. One loads, and the other waits for its word and does not poll.
#[tokio::test(start_paused = true)]
async fn one_process_loads_and_the_other_waits_for_its_notice() {
    for encoded in BOTH {
        let pair = Pair::new(encoded).await;
        pair.source.hold();
        let one = pair.one.getting("a");
        pair.source.read_by(1).await;
        let two = pair.two.getting("a");
        pass(3 * SECOND + Duration::from_millis(1)).await;
        let began = tokio::time::Instant::now();
        pair.source.open();
        assert_eq!(*two.await.unwrap().unwrap(), 1);
        assert_eq!(began.elapsed(), Duration::ZERO, "the notice wakes it, not a poll");
        assert_eq!(*one.await.unwrap().unwrap(), 1);
        assert_eq!(pair.source.reads(), 1);
    }
}

/// A hundred keys, twenty callers in each of two processes. Each key is loaded once.
#[tokio::test(start_paused = true)]
async fn a_crowd_in_two_processes_loads_each_key_once() {
    for encoded in BOTH {
        let pair = Pair::new(encoded).await;
        let keys: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let crowd: Vec<_> =
            keys.iter().flat_map(|key| (0..20).flat_map(|_| [pair.one.getting(key), pair.two.getting(key)])).collect();
        for caller in crowd {
            assert_eq!(*caller.await.unwrap().unwrap(), 1);
        }
        assert_eq!(pair.source.reads(), 100);
    }
}

/// One process invalidates what the other has near. Once the other has heard, it serves it as stale, or not at all.
#[tokio::test(start_paused = true)]
async fn an_invalidation_in_one_process_is_heard_by_the_other() {
    for encoded in BOTH {
        for strength in [Strength::Soft, Strength::Hard] {
            for what in ["key", "tag", "namespace"] {
                let pair = Pair::filled(encoded).await;
                pair.source.write(2);
                match what {
                    "key" => pair.one.cache.invalidate(&truth("a"), strength).await.unwrap(),
                    "tag" => pair.one.cache.invalidate_tag("key:a", strength).await.unwrap(),
                    _ => pair.one.cache.invalidate_namespace("tests", strength).await.unwrap(),
                };
                pair.two.settle().await;
                let expected = if strength == Strength::Soft { (1, Status::Stale) } else { (2, Status::Loaded) };
                assert_eq!(get(&pair.two, "a").await, expected, "{what}, {strength:?}, encoded: {encoded}");
                pass(SECOND).await;
                assert_eq!(get(&pair.one, "a").await, (2, Status::Hit));
                assert_eq!(get(&pair.two, "a").await, (2, Status::Hit));
                assert_eq!(pair.source.reads(), 2);
            }
        }
    }
}

/// The opposite: what the invalidation does not cover stays near and fresh in both.
#[tokio::test(start_paused = true)]
async fn what_an_invalidation_does_not_cover_stays_a_hit_in_the_other() {
    let pair = Pair::filled(true).await;
    pair.source.write(2);
    pair.one.cache.invalidate(&truth("b"), Strength::Hard).await.unwrap();
    pair.one.cache.invalidate_tag("key:b", Strength::Hard).await.unwrap();
    pair.one.cache.invalidate_namespace("other", Strength::Hard).await.unwrap();
    pair.two.settle().await;
    assert_eq!(get(&pair.two, "a").await, (1, Status::Hit));
    assert_eq!(get(&pair.one, "a").await, (1, Status::Hit));
}

/// One process removes a record that the other has near. The other loads, as if it had never had it.
#[tokio::test(start_paused = true)]
async fn what_is_removed_in_one_process_is_loaded_by_the_other() {
    for encoded in BOTH {
        let pair = Pair::filled(encoded).await;
        pair.source.write(2);
        pair.one.cache.remove(&truth("a")).await.unwrap();
        pair.two.settle().await;
        assert_eq!(get(&pair.two, "a").await, (2, Status::Loaded));
    }
}

/// One process puts a value while the other has the older one near and fresh. Once it has heard, the other serves the new one.
#[tokio::test(start_paused = true)]
async fn what_is_put_in_one_process_is_served_by_the_other() {
    for encoded in BOTH {
        let pair = Pair::filled(encoded).await;
        pair.source.write(2);
        pair.one.cache.put(&truth("a"), 2).await.unwrap();
        pair.two.settle().await;
        assert_eq!(get(&pair.two, "a").await, (2, Status::Hit), "encoded: {encoded}");
        assert_eq!(get(&pair.one, "a").await, (2, Status::Hit));
        assert_eq!(pair.source.reads(), 1);
    }
}

/// A put is under way and the source may have been written. Neither process may call the old value fresh any more.
#[tokio::test(start_paused = true)]
async fn while_a_put_is_under_way_the_old_value_is_stale_in_both() {
    for encoded in BOTH {
        let pair = Pair::filled(encoded).await;
        let put = pair.one.cache.begin_put(&truth("a")).await.unwrap();
        pair.two.settle().await;
        for stage in [&pair.one, &pair.two] {
            assert_eq!(get(stage, "a").await, (1, Status::Stale));
        }
        pair.source.write(2);
        put.commit(2).await.unwrap();
        pair.two.settle().await;
        for stage in [&pair.one, &pair.two] {
            assert_eq!(get(stage, "a").await, (2, Status::Hit));
        }
        assert_eq!(pair.source.reads(), 1);
    }
}

/// The message of an invalidation is lost, and the next one shows the gap. What the near tier held before it answers no
/// more.
#[tokio::test(start_paused = true)]
async fn a_lost_message_shows_as_a_gap_and_ends_the_trust_in_what_is_near() {
    for encoded in BOTH {
        let pair = Pair::filled(encoded).await;
        pair.source.write(2);
        pair.bus.lose_next();
        pair.one.cache.invalidate(&truth("a"), Strength::Soft).await.unwrap();
        pair.two.settle().await;
        assert_eq!(get(&pair.two, "a").await, (1, Status::Hit), "it has not heard");
        assert!(pair.two.cache.near_is_trusted());
        pair.one.cache.invalidate(&truth("another"), Strength::Soft).await.unwrap();
        pair.two.settle().await;
        assert_eq!(pair.two.events.count("NearDistrusted"), 1);
        assert_eq!(get(&pair.two, "a").await, (1, Status::Stale), "what it held is gone, and the store knows better");
        assert_eq!(
            pair.two.events.count("NearTrusted"),
            2,
            "once at the start, once from the message after the gap on"
        );
        assert!(pair.two.cache.near_is_trusted());
        pass(2 * SECOND).await;
        assert_eq!(get(&pair.two, "a").await, (2, Status::Hit));
    }
}

/// The last message is lost and nothing follows. The next heartbeat shows it.
#[tokio::test(start_paused = true)]
async fn a_lost_last_message_shows_at_the_next_heartbeat() {
    for encoded in BOTH {
        let pair = Pair::filled(encoded).await;
        pair.source.write(2);
        pair.bus.lose_next();
        pair.one.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
        pass(2 * SECOND).await;
        assert_eq!(get(&pair.two, "a").await, (2, Status::Loaded));
    }
}

/// A bus that counts the heartbeats that it is asked for.
#[derive(Clone)]
struct Counting(MemoryBus, Arc<AtomicUsize>);

impl Bus for Counting {
    fn subscribe(&self) -> BoxFuture<'_, Result<Box<dyn Subscription>, PortError>> {
        self.0.subscribe()
    }

    fn beat<'a>(&'a self, partitions: &'a [u32]) -> BoxFuture<'a, Result<(), PortError>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.beat(partitions)
    }
}

/// Twenty processes on one bus, and nothing happens. The heartbeat that one of them sends serves all; twenty times as many would
/// come back to each of twenty.
#[tokio::test(start_paused = true)]
async fn one_heartbeat_serves_all_who_listen() {
    let bus = Counting(MemoryBus::new(), Arc::default());
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).bus(bus.0.clone()).build().unwrap();
    let mut stages = Vec::new();
    for seed in 0..20 {
        let (clock, store, bus) = (clock.clone(), store.clone(), bus.clone());
        stages.push(stage_on(Source::new(), |cache| cache.clock(clock).store(store).bus(bus).seed(seed)).await);
    }
    let started = bus.1.load(Ordering::SeqCst);
    pass(60 * SECOND).await;
    let beats = bus.1.load(Ordering::SeqCst) - started;
    assert!((40..=120).contains(&beats), "{beats} in a minute");
    assert!(stages.iter().all(|stage| stage.cache.near_is_trusted() && stage.events.count("NearDistrusted") == 0));
}

/// A bus that cuts all off at once when it goes down, and notes when it is tried again.
#[derive(Clone, Default)]
struct Gone {
    down: watch::Sender<bool>,
    tried: Arc<Mutex<Vec<Instant>>>,
}

impl Bus for Gone {
    fn subscribe(&self) -> BoxFuture<'_, Result<Box<dyn Subscription>, PortError>> {
        if *self.down.borrow() {
            self.tried.lock().unwrap().push(Instant::now());
            return Box::pin(async { Err(PortError::passing("bus", "subscribe", "gone")) });
        }
        let ear = Cut(self.down.subscribe());
        Box::pin(async { Ok(Box::new(ear) as Box<dyn Subscription>) })
    }

    fn beat<'a>(&'a self, _partitions: &'a [u32]) -> BoxFuture<'a, Result<(), PortError>> {
        Box::pin(async { Ok(()) })
    }
}

struct Cut(watch::Receiver<bool>);

impl Subscription for Cut {
    fn next(&mut self) -> BoxFuture<'_, Heard> {
        Box::pin(async {
            self.0.wait_for(|down| *down).await.unwrap();
            Heard::Lost
        })
    }
}

/// A bus restarts under two hundred processes, which lose it at the same moment. They come back one after the other.
#[tokio::test(start_paused = true)]
async fn processes_that_lose_their_bus_together_do_not_come_back_together() {
    let bus = Gone::default();
    let mut stages = Vec::new();
    for seed in 0..200 {
        let bus = bus.clone();
        stages.push(stage_on(Source::new(), |cache| cache.bus(bus).seed(seed)).await);
    }
    bus.down.send_replace(true);
    pass(5 * SECOND).await;
    let tried = bus.tried.lock().unwrap().clone();
    let first = tried.iter().min().unwrap();
    let within = |span| tried.iter().filter(|at| at.duration_since(*first) < span).count();
    assert!(tried.len() >= 200, "{}", tried.len());
    assert!(within(SECOND / 10) < 60, "{} of 200 in the first tenth of a second", within(SECOND / 10));
}

/// The very first message after the start is lost. It shows like any other.
#[tokio::test(start_paused = true)]
async fn a_lost_first_message_shows_too() {
    let shared = Shared::new(true);
    let one = shared.stage(true).await;
    one.value("a").await;
    let two = shared.stage(true).await;
    two.value("a").await;
    shared.source.write(2);
    shared.bus.lose_next();
    one.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
    pass(2 * SECOND).await;
    assert_eq!(get(&two, "a").await, (2, Status::Loaded));
}

/// After it has resynchronised the near tier answers again, and hears again.
#[tokio::test(start_paused = true)]
async fn a_near_tier_that_has_resynchronised_answers_and_hears() {
    let pair = Pair::filled(true).await;
    pair.bus.lose_next();
    pair.one.cache.invalidate(&truth("another"), Strength::Soft).await.unwrap();
    pass(5 * SECOND).await;
    assert_eq!(pair.two.events.count("NearTrusted"), 2);
    assert_eq!(get(&pair.two, "a").await, (1, Status::Hit));
    pair.two.settle().await;
    pair.source.write(2);
    pair.one.cache.invalidate_tag("all", Strength::Hard).await.unwrap();
    pair.two.settle().await;
    assert_eq!(get(&pair.two, "a").await, (2, Status::Loaded));
}

/// The bus is gone for good. The near tier answers nothing, and each read goes to the store, which knows better.
#[tokio::test(start_paused = true)]
async fn without_its_bus_a_near_tier_answers_nothing() {
    let pair = Pair::filled(true).await;
    pair.bus.close();
    pass(5 * SECOND).await;
    assert!(pair.two.events.count("NearDistrusted") >= 1);
    pair.source.write(2);
    assert_eq!(get(&pair.two, "a").await, (1, Status::Hit), "from the store");
    pair.one.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
    assert_eq!(get(&pair.two, "a").await, (2, Status::Loaded));
}

/// A cache was given no bus. What others do reaches it when its near bound has passed, counted from its look at the store, and not before.
#[tokio::test(start_paused = true)]
async fn without_a_bus_the_near_bound_is_the_limit() {
    for encoded in BOTH {
        let shared = Shared::new(encoded);
        let (one, deaf) = (shared.stage(true).await, shared.stage(false).await);
        one.value("a").await;
        deaf.value("a").await;
        shared.source.write(2);
        one.cache.invalidate(&truth("a"), Strength::Hard).await.unwrap();
        pass(10 * SECOND - Duration::from_millis(1)).await;
        assert_eq!(get(&deaf, "a").await, (1, Status::Hit));
        pass(Duration::from_millis(1)).await;
        assert_eq!(get(&deaf, "a").await, (2, Status::Loaded));
    }
}

/// Both are read when the value turns stale. They ask for one task between them, and one load refreshes both.
#[tokio::test(start_paused = true)]
async fn two_processes_ask_for_one_refresh_between_them() {
    for encoded in BOTH {
        let pair = Pair::filled(encoded).await;
        pair.source.write(2);
        pass(TTL).await;
        for stage in [&pair.one, &pair.two, &pair.one, &pair.two] {
            assert_eq!(stage.get("a").await.unwrap().status(), Status::Stale);
        }
        pass(SECOND).await;
        for stage in [&pair.one, &pair.two] {
            assert_eq!(get(stage, "a").await, (2, Status::Hit), "encoded: {encoded}");
        }
        assert_eq!((pair.source.reads(), pair.queue.depth().await.unwrap()), (2, Depth::default()));
    }
}

/// A process leads a load and is killed, while another waits for it. The other waits its load timeout and then loads by itself; once the dead one's lease has ended, the key is kept again.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_process_that_was_killed_loads_by_itself() {
    let shared = Shared::new(true);
    let other = shared.stage(true).await;
    shared.source.hold();
    let process = Process::leading(&shared);
    let waiting = other.getting("a");
    other.settle().await;
    process.kill();
    shared.source.write(2);
    shared.source.open();
    let began = tokio::time::Instant::now();
    assert_eq!(*waiting.await.unwrap().unwrap(), 2);
    assert_eq!(began.elapsed().as_secs(), 50);
    pass(11 * SECOND).await;
    assert_eq!(get(&other, "a").await, (2, Status::Loaded));
    assert_eq!(get(&other, "a").await, (2, Status::Hit));
}

/// The one who leads fails. The other finds the key free, sees that it cools down, and does not storm the source.
#[tokio::test(start_paused = true)]
async fn a_failure_in_one_process_cools_the_key_down_for_both() {
    let pair = Pair::new(true).await;
    pair.source.hold();
    pair.source.script([common::Act::Fail]);
    let one = pair.one.getting("a");
    pair.source.read_by(1).await;
    let two = pair.two.getting("a");
    pair.two.settle().await;
    pair.source.open();
    assert!(matches!(one.await.unwrap(), Err(freshen_core::GetError::Load { .. })));
    assert!(matches!(two.await.unwrap(), Err(freshen_core::GetError::CoolingDown { .. })));
    assert_eq!(pair.source.reads(), 1);
}

/// One process has a fallback, and the other is loading. The fallback's holder waits no longer than its own load would have taken.
#[tokio::test(start_paused = true)]
async fn a_fallback_is_served_where_the_other_process_fails() {
    let pair = Pair::filled(true).await;
    pass(TTL + STALE + ERROR - 100 * SECOND).await;
    pair.source.hold();
    pair.source.script([common::Act::Fail]);
    let one = pair.one.getting("a");
    pair.source.read_by(2).await;
    let two = pair.two.getting("a");
    pair.two.settle().await;
    pair.source.open();
    for caller in [one, two] {
        let answer = caller.await.unwrap().unwrap();
        assert_eq!((*answer, answer.status()), (1, Status::Fallback));
    }
    assert_eq!(pair.source.reads(), 2);
}

/// A put outdates the key, and before it has taken it over the other process loads what is about to be replaced. That process must
/// not go on calling it fresh after the put.
#[tokio::test(start_paused = true)]
async fn a_load_between_the_two_steps_of_a_put_is_not_fresh_after_it() {
    let shared = Shared::new(false);
    let slow = FaultyStore::around(shared.store.clone());
    let Shared { clock, source, queue, bus, .. } = &shared;
    let parts = (clock.clone(), slow.clone(), queue.clone(), bus.clone());
    let one = stage_on(source.clone(), |builder| {
        builder.clock(parts.0).store(parts.1).queue(parts.2).bus(parts.3).workers(0)
    });
    let (one, two) = (one.await, shared.stage(true).await);
    assert_eq!(two.value("a").await, 1);
    let outdated = slow.switches.answer_late("invalidate");
    let cache = one.cache.clone();
    let putting = tokio::spawn(async move { cache.begin_put(&truth("a")).await });
    two.settle().await;
    assert_eq!(*two.cache.load(&truth("a")).await.unwrap(), 1);
    assert_eq!(get(&two, "a").await, (1, Status::Hit));
    outdated.arrive();
    let put = putting.await.unwrap().unwrap();
    shared.source.write(2);
    put.commit(2).await.unwrap();
    two.settle().await;
    assert_eq!(two.value("a").await, 2);
}

/// It happens each time, because the store is slower than the lease. The put gives up with an error, and lets go of the key.
#[tokio::test(start_paused = true)]
async fn a_put_that_never_gets_ahead_is_an_error_and_lets_go_of_the_key() {
    let shared = Shared::new(false);
    let slow = FaultyStore::around(shared.store.clone());
    let Shared { clock, source, queue, bus, .. } = &shared;
    let parts = (clock.clone(), slow.clone(), queue.clone(), bus.clone());
    let one = stage_on(source.clone(), |builder| {
        builder.clock(parts.0).store(parts.1).queue(parts.2).bus(parts.3).workers(0)
    });
    let (one, two) = (one.await, shared.stage(true).await);
    let (cache, mut outdated) = (one.cache.clone(), slow.switches.answer_late("invalidate"));
    let putting = tokio::spawn(async move { cache.begin_put(&truth("a")).await.map(drop) });
    for attempt in 1..=8 {
        pass(61 * SECOND).await;
        assert_eq!(slow.switches.calls("invalidate"), attempt);
        two.cache.load(&truth("a")).await.unwrap();
        let next = slow.switches.answer_late("invalidate");
        std::mem::replace(&mut outdated, next).arrive();
    }
    let error = putting.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("others store faster than the key can be taken over"), "{error}");
    outdated.arrive();
    two.settle().await;
    let record = two.cache.peek(&truth("a")).await.unwrap().unwrap();
    assert_eq!((record.lease(), record.is_fresh()), (None, false));
}
