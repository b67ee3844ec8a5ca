//! Processes of a fleet that are killed, and revived, and what becomes of requests and loads.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::binary::until;
use crate::fleet::{fleet, gone, member, pids, runs};
use crate::origin::Origin;

/// The demo's lease, and what a loaded machine may take on top of the second that a load may.
const LEASE_MS: f64 = 15_000.0;
const SLACK_MS: f64 = 5000.0;

#[test]
fn a_web_process_that_is_killed_under_200_requests_leaves_none_without_an_answer() {
    let origin = Origin::list(&["old"]);
    let freshen = fleet(&origin);
    let killed = pids(&freshen.state())[0];
    origin.say(200, r#"["new"]"#);
    origin.hold(true);
    freshen.act("invalidate-hard");
    let told = std::thread::scope(|scope| {
        let burst = scope.spawn(|| freshen.act("burst"));
        until("the requests wait for the source", || (origin.asked() > 1).then_some(()));
        freshen.act("kill-web-1");
        assert!(!runs(killed));
        origin.hold(false);
        burst.join().unwrap()
    });
    let burst = &told["burst"];
    let answers = burst["answers"].as_object().unwrap();
    assert_eq!(answers.values().filter_map(Value::as_u64).sum::<u64>(), 200, "{told}");
    assert!(!answers.contains_key("refused"), "{told}");
    assert_eq!((&burst["again"], &burst["by"]), (&json!(100), &json!([["web 2", 200]])), "{told}");
    assert!(
        told["said"].as_str().unwrap().contains("gone or silent before it answered 100, which were asked again"),
        "{told}"
    );
    assert_eq!(member(&freshen.state(), 0)["state"], "killed");
    assert!(!freshen.said().contains("panicked"), "{}", freshen.said());
}

#[test]
fn with_no_web_process_the_page_says_so_and_a_revived_one_serves_at_once() {
    let origin = Origin::list(&["kept"]);
    let freshen = fleet(&origin);
    for place in ["web-1", "web-2"] {
        freshen.act(&format!("kill-{place}"));
        let again = freshen.ask("POST", &format!("/actions/kill-{place}"), &[]);
        assert_eq!(again.status, 409, "{}", again.body);
    }
    for action in ["burst", "get", "invalidate-softly", "invalidate-hard"] {
        let refused = freshen.ask("POST", &format!("/actions/{action}"), &[]);
        assert_eq!(refused.status, 503, "{action}: {}", refused.body);
        assert!(refused.body.contains("no web process is up; revive one"), "{action}: {}", refused.body);
    }
    let page = freshen.get("/");
    assert_eq!(page.status, 503);
    assert!(
        page.body.contains("no web process is up; revive one") && page.body.contains("Revive web 1"),
        "{}",
        page.body
    );
    let state = freshen.state();
    assert_eq!((&state["refused"]["error"], &state["words"]["status"]), (&json!("no-web"), &json!("nobody to ask")));
    assert!(state["in_hand"].is_object(), "the workers still see the store: {state}");
    freshen.act("revive-web-2");
    assert_eq!(freshen.ask("POST", "/actions/revive-web-2", &[]).status, 409);
    let state = freshen.state();
    assert_eq!((&state["served"]["status"], &state["by"]), (&json!("hit"), &json!("web 2")));
    assert_eq!((&freshen.act("burst")["burst"]["answers"], origin.asked()), (&json!({"hit": 200}), 1));
}

#[test]
fn a_revived_process_counts_anew_and_what_the_one_before_did_stays_in_the_whole() {
    let origin = Origin::list(&["kept"]);
    let freshen = fleet(&origin);
    freshen.act("burst");
    let hits = |state: &Value| {
        (member(state, 0)["hit"].as_u64().unwrap(), state["numbers"]["answers"]["hit"].as_u64().unwrap())
    };
    freshen.act("kill-web-1");
    let (dead, whole) = hits(&freshen.state());
    assert!(dead >= 100 && whole >= 200, "{dead} of {whole}");
    freshen.act("revive-web-1");
    let state = freshen.state();
    let (revived, whole_then) = hits(&state);
    assert!(revived < 100 && whole_then >= whole, "{revived} of {whole_then}: {state}");
    assert!(state["fleet"]["requests"].as_u64().unwrap() >= whole, "{state}");
}

#[test]
fn what_a_killed_worker_was_loading_is_fresh_again_within_its_lease_and_a_second() {
    let origin = Origin::list(&["old"]);
    let freshen = fleet(&origin);
    origin.say(200, r#"["new"]"#);
    origin.hold(true);
    freshen.act("invalidate-softly");
    let state = freshen.until("a worker loads", |state| state["loads_under_way"] == 1);
    // It is told of before it has come to the source.
    until("the source is asked", || (origin.asked() > 1).then_some(()));
    let loader = state["loads"][0]["by"].as_str().unwrap().to_owned();
    freshen.act(&format!("kill-{}", loader.replace(' ', "-")));
    origin.hold(false);
    let state = freshen.until("it is told", |state| state["cut"].is_object());
    assert_eq!((&state["cut"]["by"], &state["loads"][0]["end"]), (&json!(loader), &json!("cut off")));
    assert!(state["words"]["cut"].as_str().unwrap().contains("Its lease on the key has "), "{}", state["words"]);
    // Meanwhile nobody waits.
    assert_eq!(freshen.act("burst")["burst"]["answers"], json!({"stale": 200}));
    let state = freshen.until("it is fresh again", |state| state["cut"]["again_ms"].is_f64());
    let (again_ms, by) = (state["cut"]["again_ms"].as_f64().unwrap(), &state["cut"]["again_by"]);
    assert!(again_ms < LEASE_MS + 1000.0 + SLACK_MS, "{again_ms}");
    assert!(by.as_str().unwrap().starts_with("worker ") && *by != json!(loader), "{by}");
    freshen.until("it is served", |state| state["served"]["lines"] == json!(["new"]));
    assert_eq!(origin.asked(), 3);
}

#[test]
fn a_worker_that_is_revived_while_they_are_frozen_is_frozen_too() {
    let origin = Origin::list(&["kept"]);
    let freshen = fleet(&origin);
    for place in ["worker-1", "worker-2"] {
        freshen.act(&format!("kill-{place}"));
    }
    assert_eq!(freshen.state()["words"]["workers"], "all killed");
    freshen.act("freeze");
    freshen.act("invalidate-softly");
    let waits = |state: &Value| state["tasks"]["ready"].as_u64().unwrap() + state["tasks"]["delayed"].as_u64().unwrap();
    freshen.until("a task waits", |state| waits(state) == 1);
    freshen.act("revive-worker-2");
    let burst = &freshen.act("burst")["burst"];
    assert_eq!((burst["answers"].get("refused"), &burst["loads"], origin.asked()), (None, &json!(0), 1));
    freshen.act("unfreeze");
    let state = freshen.until("it is loaded again", |state| state["numbers"]["loads"]["stored"] == 2);
    assert_eq!(state["loads"][0]["by"], "worker 2");
}

#[test]
fn a_process_that_somebody_else_kills_is_told_as_ended() {
    let origin = Origin::list(&["kept"]);
    let freshen = fleet(&origin);
    let killed = pids(&freshen.state())[3];
    kill(Pid::from_raw(killed.try_into().unwrap()), Signal::SIGTERM).unwrap();
    let state = freshen.until("it is noticed", |state| member(state, 3)["state"] == "ended");
    assert!(member(&state, 3)["ended"].as_str().unwrap().contains("15"), "{state}");
    freshen.act("revive-worker-2");
    let state = freshen.state();
    assert_eq!(member(&state, 3)["state"], "alive");
    assert!(pids(&state)[3] != killed);
}

#[test]
fn a_process_that_hangs_holds_up_the_page_for_a_bounded_time_and_is_killed_in_the_end() {
    let origin = Origin::list(&["kept"]);
    let mut freshen = fleet(&origin);
    let pids = pids(&freshen.state());
    for hanging in &pids[2..] {
        kill(Pid::from_raw((*hanging).try_into().unwrap()), Signal::SIGSTOP).unwrap();
    }
    let state = freshen.state();
    assert!(state["in_hand"].is_object() && state["served"]["status"] == "hit", "{state}");
    freshen.act("kill-worker-1");
    assert!(!runs(pids[2]));
    freshen.signal(Signal::SIGTERM);
    assert_eq!(freshen.ended().code(), Some(0), "{}", freshen.said());
    gone(&pids);
    assert!(freshen.said().contains("worker 2 does not end: it is killed"), "{}", freshen.said());
}

/// What a burst may take with one process that hangs: far more than the few seconds after which that is known, and far less
/// than a request may take.
const HANG_WITHIN: Duration = Duration::from_secs(20);

fn send(pid: u64, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
}

#[test]
fn a_web_process_that_hangs_under_200_requests_fails_none_and_is_asked_nothing_until_it_answers() {
    let origin = Origin::list(&["kept"]);
    let freshen = fleet(&origin);
    let pids = pids(&freshen.state());
    send(pids[0], Signal::SIGSTOP);
    let began = Instant::now();
    let told = freshen.act("burst");
    let burst = &told["burst"];
    assert_eq!((&burst["answers"], &burst["by"]), (&json!({"hit": 200}), &json!([["web 2", 200]])), "{told}");
    assert_eq!(burst["again"], 100, "{told}");
    // They waited out its silence, and the page does not say that nobody did.
    assert!(burst["longest_wait_ms"].as_f64().unwrap() > 1000.0, "{told}");
    assert_eq!(member(&freshen.state(), 0)["state"], "silent");
    for _ in 0..4 {
        assert_eq!(freshen.state()["by"], "web 2");
        freshen.act("get");
    }
    freshen.act("invalidate-softly");
    assert!(began.elapsed() < HANG_WITHIN, "{:?}", began.elapsed());
    send(pids[0], Signal::SIGCONT);
    freshen.until("it answers again", |state| state["by"] == "web 1");
    assert_eq!(member(&freshen.state(), 0)["state"], "alive");
}

#[test]
fn where_all_web_processes_hang_the_page_says_that_they_do_not_answer() {
    let origin = Origin::list(&["kept"]);
    let freshen = fleet(&origin);
    let pids = pids(&freshen.state());
    pids[..2].iter().for_each(|pid| send(*pid, Signal::SIGSTOP));
    for action in ["burst", "get", "invalidate-softly", "invalidate-hard"] {
        let refused = freshen.ask("POST", &format!("/actions/{action}"), &[]);
        assert_eq!(refused.status, 503, "{action}: {}", refused.body);
        assert!(refused.body.contains(" does not answer; kill it and revive it"), "{action}: {}", refused.body);
    }
    let state = freshen.state();
    assert_eq!(
        (&state["refused"]["error"], &state["words"]["status"]),
        (&json!("no-answer"), &json!("nobody answers"))
    );
    assert!(state["in_hand"].is_object(), "the workers still see the store: {state}");
    freshen.act("kill-web-1");
    freshen.act("revive-web-1");
    assert_eq!(freshen.state()["by"], "web 1");
}

#[test]
fn each_signal_lets_the_processes_end_in_order() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let origin = Origin::list(&["kept"]);
        let mut freshen = fleet(&origin);
        let pids = pids(&freshen.state());
        freshen.signal(signal);
        assert_eq!(freshen.ended().code(), Some(0), "{signal}: {}", freshen.said());
        gone(&pids);
        assert!(!freshen.said().contains("it is killed"), "{signal}: {}", freshen.said());
    }
}

#[test]
fn no_process_is_left_behind_however_the_demo_ends() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGKILL] {
        let origin = Origin::list(&["kept"]);
        let mut freshen = fleet(&origin);
        freshen.act("kill-web-1");
        freshen.act("revive-web-1");
        // A load that does not end is under way.
        origin.hold(true);
        freshen.act("invalidate-softly");
        freshen.until("a worker loads", |state| state["loads_under_way"] == 1);
        let pids = pids(&freshen.state());
        freshen.signal(signal);
        let ended = freshen.ended();
        gone(&pids);
        assert_eq!(ended.code(), (signal != Signal::SIGKILL).then_some(0), "{signal}: {}", freshen.said());
        assert!(!freshen.said().contains("panicked"), "{signal}: {}", freshen.said());
    }
}
