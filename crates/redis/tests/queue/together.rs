//! Settlements that come together go by one script, and each is answered by itself.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use freshen_core::queue::{Queue, Settlement};
use freshen_testkit::servers::{Flavour, Server};
use futures_util::FutureExt;
use futures_util::future::{join, join_all};

use super::at_once::at_once;
use super::{builder, name, names, pull, push, task};

/// A queue on a server of its own, with a piece of its scripts replaced.
async fn hold(patch: Option<(&'static str, &'static str)>, spoilt: bool) {
    let (server, name) = (Server::redis(Flavour::Redis).start().await, name());
    let builder = builder(&server, &name);
    let builder = patch.into_iter().fold(builder, |builder, (from, to)| builder.patch(from, to));
    let queue = builder.build().unwrap();
    push(&queue, &["known", "done", "late", "retried", "back", "aside", "ahead"].map(task)).await;
    let held = pull(&queue, 7).await;
    assert!(queue.settle(&held[0].receipt, Settlement::Done).await.unwrap());
    assert!(queue.settle(&held[2].receipt, Settlement::Done).await.unwrap());
    if spoilt {
        server.command(&["SET", &format!("{{freshen:q:{name}}}:quarantine"), "no stream"]).await;
    }
    let before = scripts(&server).await;
    let how = [
        Settlement::Done,
        Settlement::Done,
        Settlement::RetryAfter(Duration::ZERO),
        Settlement::PutBack(Duration::ZERO),
        Settlement::Quarantine("why".into()),
    ];
    let settled = held[1..6].iter().zip(how).map(|(held, how)| queue.settle(&held.receipt, how));
    let (_, settled) = at_once(join(queue.settle(&held[6].receipt, Settlement::Done), join_all(settled))).await;
    let settled: Vec<Option<bool>> = settled.into_iter().map(Result::ok).collect();
    assert_eq!(scripts(&server).await - before, 2, "they went together, behind the one that was alone");
    let aside = (!spoilt).then_some(true);
    assert_eq!(settled, [Some(true), Some(false), Some(true), Some(true), aside]);
    let again = pull(&queue, 6).await;
    assert_eq!(names(&again), ["retried", "back"]);
    assert_eq!(again.iter().map(|held| held.task.attempts).collect::<Vec<_>>(), [1, 0]);
    if !spoilt {
        assert_eq!(&*queue.quarantined(6).await.unwrap()[0].reason, "why");
    }
}

/// How many scripts have run.
async fn scripts(server: &Server) -> usize {
    let said = server.command(&["INFO", "commandstats"]).await;
    let line = said.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls=")).expect(&said);
    line.split(',').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn settlements_that_come_together_are_answered_each_by_itself() {
    hold(None, false).await;
}

/// Somebody has put something else where the quarantine is: what is to be set aside there is refused, the others are not.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_one_settlement_raises_is_its_own_answer() {
    hold(None, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_script_that_mixes_settlements_up_is_found() {
    let mutants = [
        ("unpack(ARGV, i + 1, i + 5)", "unpack(ARGV, 3, 7)", false),
        (
            "local well, answer = pcall(settle, tonumber(ARGV[i]),",
            "local well, answer = true, settle(tonumber(ARGV[i]),",
            true,
        ),
    ];
    for (from, to, spoilt) in mutants {
        let trial = AssertUnwindSafe(hold(Some((from, to)), spoilt)).catch_unwind().await;
        assert!(trial.is_err(), "it holds, though {from:?} became {to:?}");
    }
}
