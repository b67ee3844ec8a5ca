//! Steps that come together go to the server by one script, and each is answered by itself.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use common::at_once::at_once;
use common::steps::{LEASE, by_tag, bytes, entry, fill, grant, invalidate, key, read, request};
use common::{builder, prefix};
use freshen_core::store::{Asked, Begun, Committed, Currency, Failure, Role, Store, Target};
use freshen_core::{Clock, Key, Strength};
use freshen_redis::RedisStore;
use freshen_testkit::servers::{Flavour, Server};
use futures_util::FutureExt;
use futures_util::future::{join, join_all, join3};

/// A piece of the scripts, and what stands there instead.
type Patch = (&'static str, &'static str);

const TASK: Role = Role::Task { deadline: LEASE };

/// A store on a server of its own, with some text of its scripts replaced.
struct Bench {
    store: RedisStore,
    server: Server,
}

impl Bench {
    async fn new(patches: &[Patch]) -> Bench {
        let server = Server::redis(Flavour::Redis).start().await;
        let builder = builder(server.url()).prefix(prefix());
        let builder = patches.iter().fold(builder, |builder, (from, to)| builder.patch(from, to));
        let store = builder.connect(Clock::runtime()).await.unwrap().store();
        // The scripts are known from now on.
        let known = fill(&store, &key("known"), b"known", &[]).await;
        store.ask(&key("known"), LEASE, known.generation.into()).await.unwrap();
        Bench { store, server }
    }

    /// How many scripts have run.
    async fn scripts(&self) -> usize {
        let said = self.server.command(&["INFO", "commandstats"]).await;
        let line = said.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls=")).expect(&said);
        line.split(',').next().unwrap().parse().unwrap()
    }
}

fn elsewhere(name: &str) -> Key {
    Key::new("elsewhere", "job", &name).unwrap()
}

/// Begins of all kinds at once.
async fn begins_are_answered_each_by_itself(bench: &Bench) {
    let store = &bench.store;
    for filled in [key("fresh"), key("outdated"), elsewhere("fresh")] {
        fill(store, &filled, b"old", &["a"]).await;
    }
    invalidate(store, Target::Key(key("outdated")), Strength::Soft).await;
    grant(store, &key("held")).await;
    let failed = grant(store, &key("failed")).await;
    store.fail(&key("failed"), &failed, Failure::failed(LEASE, "why")).await.unwrap();

    let before = bench.scripts().await;
    let keys = [key("fresh"), key("outdated"), key("held"), key("failed"), elsewhere("fresh"), key("absent")];
    let heeding = freshen_core::store::Begin { heeds_backoff: true, ..request(Role::Foreground) };
    let ahead = key("ahead");
    let begins = join_all(keys.iter().map(|key| store.begin(key, heeding)));
    let (_, begun) = at_once(join(store.begin(&ahead, heeding), begins)).await;
    assert_eq!(bench.scripts().await - before, 2, "they went together, behind the one who was alone");
    let begun: Vec<Begun> = begun.into_iter().map(Result::unwrap).collect();
    let [Begun::Fresh, Begun::Granted(outdated), Begun::Busy { .. }, cooling, Begun::Fresh, absent] = &begun[..] else {
        panic!("{begun:?}");
    };
    assert!(matches!(cooling, Begun::Cooling { trouble, .. } if &*trouble.reason == "why"), "{cooling:?}");
    let Begun::Granted(absent) = absent else { panic!("{absent:?}") };
    assert!(absent.generation.number > outdated.generation.number, "each has a tick of its own");
    assert!(absent.token != outdated.token);
}

/// Tasks are asked for together, some of them needlessly.
async fn asks_are_answered_each_by_itself(bench: &Bench) {
    let store = &bench.store;
    for filled in [key("fresh"), elsewhere("outdated")] {
        fill(store, &filled, b"old", &[]).await;
    }
    invalidate(store, Target::Namespace("elsewhere".into()), Strength::Soft).await;
    let before = bench.scripts().await;
    let keys = [key("fresh"), elsewhere("outdated"), key("absent"), key("absent")];
    let (ahead, asked) = (key("ahead"), join_all(keys.iter().map(|key| store.ask(key, LEASE, None))));
    let (_, asked) = at_once(join(store.ask(&ahead, LEASE, None), asked)).await;
    assert_eq!(bench.scripts().await - before, 2, "they went together, behind the one who was alone");
    let asked: Vec<Asked> = asked.into_iter().map(Result::unwrap).collect();
    assert_eq!(asked, [Asked::Fresh, Asked::Asked, Asked::Asked, Asked::Busy]);
}

/// Loads end together; some of them were overtaken, each in its own way.
async fn commits_end_each_by_itself(bench: &Bench) {
    let store = &bench.store;
    let keys = ["stored", "lost", "soft", "hard", "outdated"].map(key).into_iter().chain([elsewhere("stored")]);
    let keys: Vec<Key> = keys.collect();
    let leases = join_all(keys.iter().map(|key| grant(store, key))).await;
    let (ahead, lease_ahead) = (key("ahead"), grant(store, &key("ahead")).await);
    store.remove(&key("lost")).await.unwrap();
    invalidate(store, by_tag("soft"), Strength::Soft).await;
    invalidate(store, by_tag("hard"), Strength::Hard).await;
    invalidate(store, Target::Key(key("outdated")), Strength::Soft).await;

    let before = bench.scripts().await;
    let tags: [&[&str]; 6] = [&["a"], &[], &["a", "soft"], &["b", "hard"], &[], &["a"]];
    let ends = keys.iter().zip(&leases).zip(tags).enumerate();
    let ends = ends.map(|(at, ((key, lease), tags))| store.commit(key, lease, entry(lease, &[b'0' + at as u8], tags)));
    let alone = store.commit(&ahead, &lease_ahead, entry(&lease_ahead, b"ahead", &[]));
    let (_, committed) = at_once(join(alone, join_all(ends))).await;
    assert_eq!(bench.scripts().await - before, 2, "they went together, behind the one who was alone");
    let committed: Vec<Committed> = committed.into_iter().map(Result::unwrap).collect();
    let [Committed::Stored, Committed::Lost, soft, hard, outdated, Committed::Stored] = &committed[..] else {
        panic!("{committed:?}");
    };
    let again = [soft, hard, outdated].map(|committed| match committed {
        Committed::Invalidated(lease) => lease.generation.number,
        other => panic!("{other:?}"),
    });
    assert!(again.is_sorted() && again[0] < again[1] && again[1] < again[2], "each has a tick of its own: {again:?}");
    let found = join_all(keys.iter().map(|key| read(store, key))).await;
    let found: Vec<_> = found.iter().map(|found| (bytes(found), found.currency)).collect();
    let value = |at: u8| Some(bytes::Bytes::copy_from_slice(&[b'0' + at]));
    let soft = Currency::OutdatedSoft;
    assert_eq!((&found[0], &found[5]), (&(value(0), Currency::Current), &(value(5), Currency::Current)));
    assert_eq!((&found[2], &found[4]), (&(value(2), soft), &(value(4), soft)));
    assert_eq!((&found[1].0, &found[3].0), (&None, &None));
}

/// Two begin the same key at once: one of them waits for the other.
async fn of_two_that_begin_a_key_together_one_is_granted(bench: &Bench) {
    let (ahead, first, second) = (key("ahead"), key("same"), key("same"));
    let begin = |key| bench.store.begin(key, request(Role::Foreground));
    let (_, first, second) = at_once(join3(begin(&ahead), begin(&first), begin(&second))).await;
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(matches!((&first, &second), (Begun::Granted(_), Begun::Busy { .. })), "{first:?} {second:?}");
}

/// The script raises at one key: its step is refused, and the others are not.
async fn what_one_step_raises_is_its_own_answer(bench: &Bench) {
    let (store, keys) = (&bench.store, ["one", "spoilt", "other"].map(key));
    let [one, spoilt, other] = &keys;
    fill(store, one, b"old", &["a"]).await;
    fill(store, other, b"old", &["a"]).await;
    let begin = |key| store.begin(key, request(TASK));
    let ahead = key("ahead");
    let three = join3(begin(one), begin(spoilt), begin(other));
    let (_, (one, spoilt, other)) = at_once(join(begin(&ahead), three)).await;
    assert!(matches!((&one, &other), (Ok(Begun::Fresh), Ok(Begun::Fresh))), "{one:?} {other:?}");
    assert!(!spoilt.unwrap_err().retryable);
}

const PROMISES: [&str; 5] = [
    "begins_are_answered_each_by_itself",
    "asks_are_answered_each_by_itself",
    "commits_end_each_by_itself",
    "of_two_that_begin_a_key_together_one_is_granted",
    "what_one_step_raises_is_its_own_answer",
];

/// Makes the script raise at one key.
const SPOILS: Patch = (
    "local answer = begin(record, told)",
    "if string.find(key, 'spoilt', 1, true) then error('spoilt') end local answer = begin(record, told)",
);

async fn hold(promise: &str, patches: &[Patch]) {
    let spoils = (promise == "what_one_step_raises_is_its_own_answer").then_some(SPOILS);
    let patches: Vec<Patch> = patches.iter().copied().chain(spoils).collect();
    let bench = Bench::new(&patches).await;
    match promise {
        "begins_are_answered_each_by_itself" => begins_are_answered_each_by_itself(&bench).await,
        "asks_are_answered_each_by_itself" => asks_are_answered_each_by_itself(&bench).await,
        "commits_end_each_by_itself" => commits_end_each_by_itself(&bench).await,
        "of_two_that_begin_a_key_together_one_is_granted" => {
            of_two_that_begin_a_key_together_one_is_granted(&bench).await;
        }
        "what_one_step_raises_is_its_own_answer" => what_one_step_raises_is_its_own_answer(&bench).await,
        other => panic!("{other} is no promise"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn steps_that_come_together_are_answered_each_by_itself() {
    for promise in PROMISES {
        println!("{promise}");
        hold(promise, &[]).await;
    }
}

/// What is replaced, by what, and the promise that no longer holds.
const MUTANTS: [(&str, &str, &str); 7] = [
    ("local last = 6 + (n - 1) * arguments", "local last = 6 + arguments", "begins_are_answered_each_by_itself"),
    ("local last = 6 + (n - 1) * arguments", "local last = 6 + arguments", "commits_end_each_by_itself"),
    ("judge(namespace, entry.epoch", "judge(ARGV[8], entry.epoch", "asks_are_answered_each_by_itself"),
    ("mark_of(found[n])", "mark_of(found[1])", "commits_end_each_by_itself"),
    ("step, KEYS[n], {", "step, KEYS[2], {", "begins_are_answered_each_by_itself"),
    (
        "if role == 't' or answer[1] == 'granted' then save",
        "if role == 't' then save",
        "of_two_that_begin_a_key_together_one_is_granted",
    ),
    (
        "pcall(step, KEYS[n], { unpack(ARGV, last - arguments + 1, last) })",
        "true, step(KEYS[n], { unpack(ARGV, last - arguments + 1, last) })",
        "what_one_step_raises_is_its_own_answer",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_script_that_mixes_steps_up_is_found() {
    for (from, to, promise) in MUTANTS {
        let patches = [(from, to)];
        let trial = AssertUnwindSafe(hold(promise, &patches)).catch_unwind().await;
        assert!(trial.is_err(), "{promise} holds, though {from:?} became {to:?}");
    }
}

/// A server is a replica for a moment, as while masters change. What it may not write is tried again where it may be, though
/// only a part of what went together has to be written.
#[tokio::test]
async fn what_a_replica_refuses_within_a_script_is_tried_again() {
    let bench = Bench::new(&[]).await;
    let (store, fresh) = (&bench.store, key("fresh"));
    fill(store, &fresh, b"old", &[]).await;
    bench.server.command(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let promoted = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        bench.server.command(&["REPLICAOF", "NO", "ONE"]).await;
    };
    let (begun, ()) = join(store.begin(&fresh, request(TASK)), promoted).await;
    assert!(matches!(begun, Ok(Begun::Fresh | Begun::Granted(_))), "{begun:?}");
}
