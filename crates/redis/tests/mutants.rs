//! The suite notices when a script breaks a rule: each of these replaces a piece of one, and some case must fail.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::steps::{by_tag, fill, invalidate, key, read, request};
use freshen_core::store::{Begun, Currency, Role, Store};
use freshen_core::{Clock, Strength};
use freshen_redis::RedisBuilder;
use freshen_testkit::servers::{Flavour, Server};
use freshen_testkit::store_suite::store_cases;
use futures_util::{StreamExt, stream};

/// A rule that is broken: its name, what the scripts say, and what they are made to say.
type Mutant = (&'static str, &'static [(&'static str, &'static str)]);

const MUTANTS: &[Mutant] = &[
    // A value includes every invalidation that had returned before it was read.
    ("begin does not tick", &[("number = tick(), begun", "number = clock.last, begun")]),
    ("no check at commit", &[("local overtaken = math.max(lease.dirty, judge", "local overtaken = math.min(0, judge")]),
    (
        "commit judges by the flag alone",
        &[("local overtaken = math.max(lease.dirty, judge", "local overtaken = math.min(lease.dirty, 3 + judge")],
    ),
    (
        "commit judges by the marks alone",
        &[("local overtaken = math.max(lease.dirty, judge", "local overtaken = math.max(0, judge")],
    ),
    ("another epoch is current", &[("if epoch ~= clock.epoch then return hard > 0 and 2 or LOST end", "")]),
    ("a new clock has no floor", &[("raise_floor(LOST, tick())", "tick()")]),
    ("a dropped soft mark keeps the floor", &[("if oldest_soft > 0 then raise_floor(1, oldest_soft) end", "")]),
    ("a dropped hard mark keeps the floor", &[("if oldest_hard > 0 then raise_floor(2, oldest_hard) end", "")]),
    ("the newest mark is dropped", &[("< math.max(oldest_soft, oldest_hard)", "> math.max(oldest_soft, oldest_hard)")]),
    ("marks are not bounded and the floor is not raised", &[("do drop_oldest() end", "do end")]),
    ("an invalidation does not tick", &[("local number = tick()\n\n", "local number = clock.last\n\n")]),
    (
        "an equal tick is current",
        &[
            ("local number = tick()\n\n", "local number = clock.last\n\n"),
            ("if hard >= number then return 2 end", "if hard > number then return 2 end"),
            ("if soft >= number then return 1 end", "if soft > number then return 1 end"),
        ],
    ),
    ("a counter for a clock", &[("clock.epoch = EPOCH", "clock.epoch = '0000000000000001'")]),
    ("ticks are behind the time", &[("math.max(clock.last + 1, now)", "clock.last + 1")]),
    ("ticks follow a time that is set back", &[("math.max(clock.last + 1, now)", "now")]),
    ("an entry takes the epoch of its commit", &[("local facts = lease.epoch ..", "local facts = clock.epoch ..")]),
    (
        "an entry takes the generation of its commit",
        &[("' ' .. text(lease.number) .. ' '", "' ' .. text(tick()) .. ' '")],
    ),
    ("a retry keeps its generation", &[("clock.epoch, tick(), now, 0", "lease.epoch, lease.number, now, 0")]),
    (
        "a late commit installs",
        &[("if lease.epoch ~= told[4] or text(lease.number) ~= told[5] then return invalidated(lease) end", "")],
    ),
    ("namespaces carry no marks", &[("local names = { 'n:' .. namespace }", "local names = { 'n:' }")]),
    ("tags carry no marks", &[("names[n + 1] = 't:' .. tags[n]", "names[n + 1] = 't:'")]),
    ("at_least is not heeded", &[("if at_least ~= '' then", "if false then")]),
    (
        "fresh by the record alone",
        &[("return judge(namespace, entry.epoch, entry.number, entry.tags) == 0", "return true")],
    ),
    ("the record's flag is not heeded", &[("or record.flag > 0 then return false end", "then return false end")]),
    // One load holds a live lease, and installed values do not go backwards.
    ("never busy", &[("if ends then return { 'busy'", "if false then return { 'busy'")]),
    ("no token check at commit", &[("if not lease or lease.token ~= told[3] then", "if not lease then")]),
    ("no token check at fail", &[("if record.lease and record.lease.token == ARGV[9] then", "if record.lease then")]),
    ("no token check at renew", &[("record.lease and record.lease.token == ARGV[9]\n", "record.lease\n")]),
    ("a put waits for the lease", &[("if told[3] == 'o' then", "if told[3] == 'o' and not alive(record) then")]),
    ("remove keeps the record", &[("redis.call('DEL', RECORD)", "")]),
    (
        "an invalidation frees the lease",
        &[("record.lease.dirty, changed = STRENGTH, true", "record.lease, changed = nil, true")],
    ),
    // From every state the key can become fresh again.
    ("a lease never expires", &[("now < record.lease.ends and record.lease.ends or nil", "record.lease.ends")]),
    ("a lease ends late", &[("now < record.lease.ends and", "now <= record.lease.ends and")]),
    ("a value is fresh at its end", &[("now >= entry.fresh_until", "now > entry.fresh_until")]),
    ("a marker never ends", &[("now < record.asked and record.asked or nil", "record.asked")]),
    ("back-off never ends", &[("trouble and now < trouble.retry_at and", "trouble and")]),
    ("a stored commit keeps the lease", &[("record.lease, record.trouble = nil, nil", "record.trouble = nil")]),
    ("an expired lease does not commit", &[("if not lease or lease.token", "if not alive(record) or lease.token")]),
    // What was invalidated hard is not served.
    ("a soft mark hides a hard one", &[("else soft = math.max(soft, to) end", "else soft, hard = to, 0 end")]),
    ("a soft flag hides a hard one", &[("if record.entry and record.flag < STRENGTH then", "if record.entry then")]),
    (
        "a soft invalidation hides a hard one from the load",
        &[("if record.lease and record.lease.dirty < STRENGTH then", "if record.lease then")],
    ),
    ("what is lost reads as soft", &[("tonumber(ARGV[3])", "1")]),
    (
        "what was overtaken hard is installed",
        &[("record) end\n  if overtaken == 1", "record, install(record, told, 2)) end\n  if overtaken == 1")],
    ),
    ("what was overtaken softly is discarded", &[("record, install(record, told, lease.dirty)) end", "record) end")]),
    (
        "a retry keeps the flag of its lease",
        &[("clock.epoch, tick(), now, 0", "clock.epoch, tick(), now, lease.dirty")],
    ),
    // Tasks.
    (
        "a foreground waits for the marker",
        &[("local ends = alive(record)", "local ends = alive(record) or asked(record)")],
    ),
    (
        "a grant clears the marker",
        &[("if answer[1] == 'fresh' then", "if answer[1] ~= 'busy' and answer[1] ~= 'cooling' then")],
    ),
    ("busy clears the marker", &[("if answer[1] == 'fresh' then", "if answer[1] ~= 'granted' then")]),
    ("fresh leaves the marker", &[("if answer[1] == 'fresh' then", "if false then")]),
    ("a foreground's begin clears the marker", &[("if role == 't' then", "if role ~= 'o' then")]),
    ("any commit clears the marker", &[("if lease.task and now <", "if now <")]),
    (
        "a stale commit clears the marker",
        &[("if lease.task and now < record.entry.fresh_until then", "if lease.task then")],
    ),
    ("no commit clears the marker", &[("if lease.task and now <", "if false and now <")]),
    (
        "an overtaken commit clears the marker",
        &[("tick(), now, 0\n  save", "tick(), now, 0\n  record.asked = nil\n  save")],
    ),
    (
        "a failed load clears the marker",
        &[("  record.lease = nil\n  if ARGV", "  record.lease, record.asked = nil, nil\n  if ARGV")],
    ),
    ("a second task is asked for", &[("if asked(record) or alive(record) then", "if alive(record) then")]),
    ("a task is asked for under a lease", &[("if asked(record) or alive(record) then", "if asked(record) then")]),
    ("unask does nothing", &[("  record.asked = nil\n  save", "  save")]),
    // Back-off.
    ("a failure is not counted", &[("record.trouble.failures or 0) + 1", "record.trouble.failures or 0) + 0")]),
    ("an abandoned load counts as a failure", &[("if ARGV[11] == '1' then", "if true then")]),
    ("a stored commit keeps the back-off", &[("record.lease, record.trouble = nil, nil", "record.lease = nil")]),
    ("back-off is not heeded", &[("and told[7] == '1' then", "and false then")]),
    ("back-off is always heeded", &[("and told[7] == '1' then", "then")]),
    ("renew does nothing", &[("record.lease.ends = now + tonumber(ARGV[10])", "")]),
    // Publishing.
    ("a commit is not published", &[("publish('S' .. key)", "")]),
    ("a key's invalidation is not published", &[("publish('K' .. STRENGTH .. key)", "")]),
    ("a mark is not published", &[("publish('M' .. strength .. text(to) .. ' ' .. name)", "")]),
    ("a floor is not published", &[("publish('F' .. strength .. text(to))", "")]),
    ("a removal is not published", &[("publish('R' .. KEY)", "")]),
    ("message numbers are given twice", &[("clock.message = clock.message + 1", "clock.message = clock.message + 0")]),
];

fn mutated(builder: RedisBuilder, patches: &[(&'static str, &'static str)]) -> RedisBuilder {
    patches.iter().fold(builder, |builder, (from, to)| builder.patch(from, to))
}

/// The first case found that rejects a mutant, in a store whose losses read so.
async fn rejecting(server: &Server, lost: Strength, mutant: &Mutant) -> Option<&'static str> {
    let runs = store_cases().iter().map(async |case| {
        let change = |builder| mutated(builder, mutant.1);
        let run = async move {
            let fixture = common::told_at(server.url(), vec![server.port()], lost, change).await;
            let run = tokio::spawn(async move { (case.run)(&fixture).await });
            run.await.is_err()
        };
        tokio::time::timeout(Duration::from_secs(60), run).await.unwrap_or(true).then_some(case.name)
    });
    let failed = stream::iter(runs).buffer_unordered(8).filter_map(async |failed| failed);
    std::pin::pin!(failed).next().await
}

#[tokio::test]
async fn every_mutant_of_a_script_is_rejected_by_a_case() {
    std::panic::set_hook(Box::new(|_| {}));
    let server = Server::redis(Flavour::Redis).start().await;
    let mut missed = Vec::new();
    for mutant in MUTANTS {
        let mut rejected = rejecting(&server, Strength::Hard, mutant).await;
        if rejected.is_none() {
            rejected = rejecting(&server, Strength::Soft, mutant).await;
        }
        println!("{}: {}", mutant.0, rejected.unwrap_or("MISSED"));
        if rejected.is_none() {
            missed.push(mutant.0);
        }
    }
    let _the_own = std::panic::take_hook();
    assert!(missed.is_empty(), "no case rejects {missed:?}");
}

/// What the tests of restarts hold: without looking who kept the clock, old data would come back as current.
#[tokio::test]
async fn a_store_that_does_not_look_who_kept_its_clock_takes_old_data_for_current() {
    let server = Server::redis(Flavour::Redis).start().await;
    let builder = common::builder(server.url())
        .patch("found[8] ~= clock.replication", "false")
        .patch("clock.run ~= line('server', 'run_id')", "false");
    let store = builder.connect(Clock::runtime()).await.unwrap().store();
    fill(&store, &key("k"), b"old", &["a"]).await;
    server.command(&["SAVE"]).await;
    invalidate(&store, by_tag("a"), Strength::Hard).await;
    server.restart().await;
    assert_eq!(read(&store, &key("k")).await.currency, Currency::Current);
    let _used = store.traits();
}

/// What the tests of damaged marks hold: taken for none, a mark that was lost in the damage would leave its entries current.
#[tokio::test]
async fn a_store_that_takes_a_damaged_mark_for_none_takes_what_it_outdated_for_fresh() {
    let server = Server::redis(Flavour::Redis).start().await;
    let prefix = common::prefix();
    let builder =
        common::builder(server.url()).prefix(&prefix).patch("return clock.last, 0, true", "return 0, 0, true");
    let store = builder.connect(Clock::runtime()).await.unwrap().store();
    fill(&store, &key("k"), b"old", &["a"]).await;
    invalidate(&store, by_tag("a"), Strength::Soft).await;
    server.command(&["HSET", &format!("{{{prefix}:0}}"), "t:a", "x"]).await;
    assert_eq!(store.begin(&key("k"), request(Role::Foreground)).await.unwrap(), Begun::Fresh);
}
