//! Several keys at once: one batch load for what is missing.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::faults::{FaultyStore, Switches};
use common::tuned::{Kind, tuned};
use common::{Act, Down, ERROR, STALE, Source, Stage, TTL, Truth, pass, stage_with, truth};
use freshen_core::store::{Begin, Begun, Failure, Role, Store};
use freshen_core::{
    Answer, Clock, GetError, Job, Jobs, Key, Load, Loaded, Policy, PolicyBuilder, Rule, Status, Strength,
};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

/// The truth times ten, plus its number. Keys above 90 fail; a batch with key 80 gives one result too few; key 70 may load
/// for five minutes, under a lease that is renewed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Item(u64);

impl Job for Item {
    type Output = u64;
    type Error = Down;
    type State = (Source, Orders);
    const NAME: &'static str = "item";
    const NAMESPACE: &'static str = "tests";
    const BATCH: usize = 5;

    fn policy() -> PolicyBuilder {
        common::policy()
    }

    fn policy_for(&self, usual: &Arc<Policy>) -> Arc<Policy> {
        let patient = || common::policy().load_timeout(300 * SECOND).renewing_lease();
        if self.0 == 70 { Arc::new(patient().build().unwrap()) } else { usual.clone() }
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Down> {
        let (source, orders) = load.state();
        orders.0.lock().unwrap().push(vec![self.0]);
        let truth = source.load().await?;
        self.of(truth)
    }

    async fn load_many(jobs: &[Self], load: Load<'_, Self>) -> Vec<Result<Loaded<u64>, Down>> {
        let (source, orders) = load.state();
        orders.0.lock().unwrap().push(jobs.iter().map(|job| job.0).collect());
        let Ok(truth) = source.load().await else { return jobs.iter().map(|_| Err(Down)).collect() };
        jobs.iter().filter(|job| job.0 != 80).map(|job| job.of(truth)).collect()
    }

    fn tags(&self, _value: &u64) -> Vec<String> {
        vec![format!("item:{}", self.0)]
    }
}

impl Item {
    fn of(&self, truth: u64) -> Result<Loaded<u64>, Down> {
        if self.0 > 90 { Err(Down) } else { Ok((truth * 10 + self.0).into()) }
    }
}

/// Which keys were loaded, load by load.
#[derive(Clone, Default)]
struct Orders(Arc<Mutex<Vec<Vec<u64>>>>);

impl Orders {
    fn all(&self) -> Vec<Vec<u64>> {
        self.0.lock().unwrap().clone()
    }
}

struct Shop {
    stage: Stage,
    orders: Orders,
    store: FaultyStore,
    switches: Switches,
}

async fn shop() -> Shop {
    let (clock, orders) = (Clock::runtime(), Orders::default());
    let store = FaultyStore::new(clock.clone());
    let (given, noted) = (store.clone(), orders.clone());
    let jobs = Jobs::new().add::<Truth>().add::<Item>();
    let stage = stage_with(|builder| builder.clock(clock).store(given).state(noted).jobs(jobs)).await;
    let switches = store.switches.clone();
    Shop { stage, orders, store, switches }
}

type Got = Result<Answer<u64>, GetError<Down>>;

impl Shop {
    async fn many(&self, items: &[u64]) -> Vec<Got> {
        self.stage.cache.get_many(&of(items)).await
    }

    fn getting(&self, items: &[u64]) -> tokio::task::JoinHandle<Vec<Got>> {
        let (cache, items) = (self.stage.cache.clone(), of(items));
        tokio::spawn(async move { cache.get_many(&items).await })
    }
}

fn of(items: &[u64]) -> Vec<Item> {
    items.iter().copied().map(Item).collect()
}

/// Values and statuses, where all is well.
fn told(results: Vec<Got>) -> Vec<(u64, Status)> {
    results.into_iter().map(|result| result.map(|answer| (*answer, answer.status())).unwrap()).collect()
}

fn key(item: u64) -> Key {
    Key::new("tests", "item", &Item(item)).unwrap()
}

use Status::{Hit, Loaded as New, Stale};

/// A page needs five items, two of which are there. One batch brings the others, and each answer stands where its key stood.
#[tokio::test(start_paused = true)]
async fn one_batch_loads_what_is_missing_and_each_result_stands_at_its_key() {
    let shop = shop().await;
    shop.many(&[2, 4]).await;
    let results = told(shop.many(&[5, 4, 3, 2, 1]).await);
    assert_eq!(results, [(15, New), (14, Hit), (13, New), (12, Hit), (11, New)]);
    assert_eq!(shop.orders.all(), [vec![2, 4], vec![5, 3, 1]]);
    assert_eq!(told(shop.many(&[]).await), []);
}

/// Everything is fresh and near. No store is asked.
#[tokio::test(start_paused = true)]
async fn when_all_is_fresh_no_store_is_read() {
    let shop = shop().await;
    shop.many(&[1, 2, 3]).await;
    let before = shop.switches.calls("read");
    assert_eq!(told(shop.many(&[3, 1]).await), [(13, Hit), (11, Hit)]);
    assert_eq!(shop.switches.calls("read"), before);
    shop.many(&[1, 4]).await;
    assert_eq!(shop.switches.calls("read"), before + 1, "what is missing is read together");
}

/// A list names an item twice. It is loaded once and answered twice.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_listed_twice_is_loaded_once() {
    let shop = shop().await;
    assert_eq!(told(shop.many(&[1, 2, 1, 1]).await), [(11, New), (12, New), (11, New), (11, New)]);
    assert_eq!(shop.orders.all(), [[1, 2]]);
}

/// Two pages come together and need overlapping items. Each item is loaded once, and neither page waits for more than its own.
#[tokio::test(start_paused = true)]
async fn overlapping_lists_load_each_key_once() {
    let shop = shop().await;
    shop.stage.source.hold();
    let one = shop.getting(&[1, 2, 3]);
    let two = shop.getting(&[3, 4, 2]);
    let single = shop.getting(&[1]);
    shop.stage.source.read_by(2).await;
    shop.stage.settle().await;
    shop.stage.source.open();
    assert_eq!(told(one.await.unwrap()), [(11, New), (12, New), (13, New)]);
    assert_eq!(told(two.await.unwrap()), [(13, New), (14, New), (12, New)]);
    assert_eq!(told(single.await.unwrap()), [(11, New)]);
    assert_eq!(shop.orders.all(), [vec![1, 2, 3], vec![4]]);
}

/// Stale items are served and refreshed by tasks; only what is missing is waited for.
#[tokio::test(start_paused = true)]
async fn stale_items_are_served_and_refreshed_behind() {
    let shop = shop().await;
    shop.many(&[1, 2]).await;
    shop.stage.source.write(2);
    pass(TTL).await;
    assert_eq!(told(shop.many(&[1, 2, 3]).await), [(11, Stale), (12, Stale), (23, New)]);
    pass(SECOND).await;
    assert_eq!(told(shop.many(&[1, 2, 3]).await), [(21, Hit), (22, Hit), (23, Hit)]);
}

/// Another process holds one of the keys. The others are loaded without it, and it is answered when that process lets go.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_held_elsewhere_does_not_hold_the_batch() {
    let shop = shop().await;
    let begin = Begin { role: Role::Foreground, lease: 60 * SECOND, at_least: None, heeds_backoff: false };
    let Begun::Granted(lease) = shop.store.begin(&key(2), begin).await.unwrap() else { panic!("it was free") };
    let waiting = shop.getting(&[1, 2, 3]);
    shop.stage.settle().await;
    assert_eq!(told(shop.many(&[1, 3]).await), [(11, Hit), (13, Hit)]);
    assert!(!waiting.is_finished());
    shop.store.fail(&key(2), &lease, Failure::abandoned()).await.unwrap();
    assert_eq!(told(waiting.await.unwrap()), [(11, New), (12, New), (13, New)]);
    assert_eq!(shop.orders.all(), [vec![1, 3], vec![2]]);
}

/// One item fails. Its error is its own: the others are there, and are kept.
#[tokio::test(start_paused = true)]
async fn the_error_of_one_key_fails_no_other() {
    let shop = shop().await;
    let mut results = shop.many(&[1, 91, 2]).await;
    match results.remove(1) {
        Err(GetError::Load { key: failed, source }) => assert_eq!((failed, &*source), (key(91), &Down)),
        other => panic!("{other:?}"),
    }
    assert_eq!(told(results), [(11, New), (12, New)]);
    assert_eq!(told(shop.many(&[1, 2]).await), [(11, Hit), (12, Hit)]);
    assert!(matches!(shop.many(&[91]).await[..], [Err(GetError::CoolingDown { .. })]));
}

/// The batch panics. Every key of it has that error, and what was fresh is served beside it.
#[tokio::test(start_paused = true)]
async fn a_batch_that_panics_is_an_error_of_each_of_its_keys() {
    let shop = shop().await;
    shop.many(&[1]).await;
    shop.stage.source.script([Act::Panic]);
    let results = shop.many(&[1, 2, 3]).await;
    assert!(matches!(results[..], [Ok(_), Err(GetError::Panicked { .. }), Err(GetError::Panicked { .. })]));
    assert_eq!(shop.stage.cache.loads_under_way(), 0);
    pass(SECOND).await;
    assert_eq!(told(shop.many(&[2, 3]).await), [(12, New), (13, New)]);
}

/// The batch hangs. It ends at the load timeout; a key with a fallback is served that.
#[tokio::test(start_paused = true)]
async fn a_batch_that_hangs_is_timed_out_and_a_fallback_is_served() {
    let shop = shop().await;
    shop.many(&[1]).await;
    pass(TTL + STALE).await;
    shop.stage.source.script([Act::Hang]);
    let began = tokio::time::Instant::now();
    let results = shop.many(&[1, 2]).await;
    assert_eq!(began.elapsed().as_secs(), 50);
    match &results[..] {
        [Ok(fallback), Err(GetError::TimedOut { after, .. })] => {
            assert_eq!((**fallback, fallback.status(), fallback.rule()), (11, Status::Fallback, Rule::LoadFailed));
            assert_eq!(*after, 50 * SECOND);
        }
        other => panic!("{other:?}"),
    }
    pass(ERROR).await;
}

/// The batch gives one result too few, so nobody knows whose is missing. No key takes another's value.
#[tokio::test(start_paused = true)]
async fn a_batch_with_the_wrong_number_of_results_is_refused() {
    let shop = shop().await;
    for result in shop.many(&[79, 80, 81]).await {
        match result {
            Err(GetError::Refused { reason, .. }) => assert_eq!(reason, "load_many gave 2 results for 3 jobs"),
            other => panic!("{other:?}"),
        }
    }
    assert!(shop.stage.cache.peek(&Item(79)).await.unwrap().is_none());
}

/// The source is written and one item invalidated while the batch runs. That item is loaded once more; the others are not.
#[tokio::test(start_paused = true)]
async fn what_is_invalidated_during_its_batch_is_loaded_once_more() {
    for (tag, strength) in
        [(true, Strength::Soft), (true, Strength::Hard), (false, Strength::Soft), (false, Strength::Hard)]
    {
        let shop = shop().await;
        shop.stage.source.hold();
        let waiting = shop.getting(&[1, 2, 3]);
        shop.stage.source.read_by(1).await;
        shop.stage.source.write(2);
        if tag {
            shop.stage.cache.invalidate_tag("item:2", strength).await.unwrap();
        } else {
            shop.stage.cache.invalidate(&Item(2), strength).await.unwrap();
        }
        shop.stage.source.open();
        assert_eq!(told(waiting.await.unwrap()), [(11, New), (22, New), (13, New)]);
        assert_eq!(shop.orders.all(), [vec![1, 2, 3], vec![2]]);
        assert_eq!(told(shop.many(&[1, 2, 3]).await), [(11, Hit), (22, Hit), (13, Hit)]);
    }
}

/// The store is down. The batch is loaded and served all the same, and not kept.
#[tokio::test(start_paused = true)]
async fn a_batch_without_a_store_is_served_and_not_kept() {
    let shop = shop().await;
    shop.switches.all_down();
    assert_eq!(told(shop.many(&[1, 2]).await), [(11, New), (12, New)]);
    assert_eq!(told(shop.many(&[1, 2]).await), [(11, New), (12, New)]);
    assert_eq!(shop.orders.all(), [[1, 2], [1, 2]]);
}

/// A caller of a batch leaves. The batch is everybody's: it goes on and is kept.
#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_does_not_end_the_batch() {
    let shop = shop().await;
    shop.stage.source.hold();
    let leaving = shop.getting(&[1, 2]);
    shop.stage.source.read_by(1).await;
    leaving.abort();
    shop.stage.settle().await;
    shop.stage.source.open();
    shop.stage.settle().await;
    assert_eq!(told(shop.many(&[1, 2]).await), [(11, Hit), (12, Hit)]);
}

/// More keys are missing than one batch takes. They are loaded in several, all at once.
#[tokio::test(start_paused = true)]
async fn a_batch_never_takes_more_keys_than_its_job_says() {
    let shop = shop().await;
    shop.many(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).await;
    let mut sizes: Vec<usize> = shop.orders.all().iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 5, 5]);
}

/// One key alone needs no batch.
#[tokio::test(start_paused = true)]
async fn a_single_missing_key_is_loaded_by_itself() {
    let shop = shop().await;
    shop.many(&[1, 2]).await;
    shop.many(&[1, 3]).await;
    assert_eq!(shop.orders.all(), [vec![1, 2], vec![3]]);
    assert_eq!(*shop.stage.cache.get(&truth("a")).await.unwrap(), 1);
}

/// The job has no batch. Its loads all run at once, each by itself.
#[tokio::test(start_paused = true)]
async fn a_job_without_batches_is_loaded_key_by_key_at_once() {
    let (stage, notes) = common::tuned::tuned_stage().await;
    stage.source.hold();
    let cache = stage.cache.clone();
    let jobs = [Kind::Plain, Kind::Short, Kind::Soft].map(tuned);
    let waiting = tokio::spawn(async move { cache.get_many(&jobs).await });
    stage.source.read_by(3).await;
    stage.source.open();
    assert_eq!(notes.all(), [None, None, None]);
    assert_eq!(told(waiting.await.unwrap()), [(1, New), (1, New), (1, New)]);
}

/// A batch runs longer than a lease, which the policy has renewed. Nobody else may load its keys meanwhile.
#[tokio::test(start_paused = true)]
async fn a_batch_renews_the_leases_of_its_keys() {
    let clock = Clock::runtime();
    let store = FaultyStore::new(clock.clone());
    let (given, jobs) = (store.clone(), Jobs::new().add::<Slow>());
    let stage = stage_with(|builder| builder.clock(clock).store(given).jobs(jobs)).await;
    stage.source.hold();
    let cache = stage.cache.clone();
    let waiting = tokio::spawn(async move { cache.get_many(&[Slow(1), Slow(2)]).await });
    pass(100 * SECOND).await;
    let begin = Begin { role: Role::Foreground, lease: SECOND, at_least: None, heeds_backoff: false };
    for item in [1, 2] {
        let key = Key::new("default", "slow", &Slow(item)).unwrap();
        assert!(matches!(store.begin(&key, begin).await.unwrap(), Begun::Busy { .. }));
    }
    stage.source.open();
    assert!(waiting.await.unwrap().iter().all(Result::is_ok));
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Slow(u64);

impl Job for Slow {
    type Output = u64;
    type Error = Down;
    type State = (Source,);
    const NAME: &'static str = "slow";
    const BATCH: usize = 100;

    fn policy() -> PolicyBuilder {
        common::policy().lease(10 * SECOND).load_timeout(200 * SECOND).renewing_lease()
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Down> {
        load.state().0.load().await.map(Loaded::from)
    }
}

/// Keys of one batch have policies of their own: each waits as long as it may, and holds its key so long.
#[tokio::test(start_paused = true)]
async fn each_key_of_a_batch_keeps_its_own_time_and_renews_its_own_lease() {
    let shop = shop().await;
    shop.stage.source.hold();
    let getting = shop.getting(&[1, 70]);
    shop.stage.source.read_by(1).await;
    pass(200 * SECOND).await;
    let begin = Begin { role: Role::Foreground, lease: SECOND, at_least: None, heeds_backoff: false };
    assert!(matches!(shop.store.inner.begin(&key(70), begin).await.unwrap(), Begun::Busy { .. }));
    shop.stage.source.open();
    let results = getting.await.unwrap();
    assert!(matches!(results[0], Err(GetError::TimedOut { .. })));
    assert_eq!(**results[1].as_ref().unwrap(), 80);
    assert_eq!(shop.orders.all(), [[1, 70]]);
}

/// A table was written, and its rows are known. One step of the store outdates them, and no other row.
#[tokio::test(start_paused = true)]
async fn many_keys_are_invalidated_in_one_step() {
    let shop = shop().await;
    shop.many(&[1, 2, 3]).await;
    shop.stage.cache.invalidate_many(&of(&[1, 3]), Strength::Hard).await.unwrap();
    assert_eq!(shop.switches.calls("invalidate"), 1);
    assert_eq!(told(shop.many(&[1, 2, 3]).await), [(11, New), (12, Hit), (13, New)]);
}
