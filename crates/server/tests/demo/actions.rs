//! The page's buttons, pressed by a program: what each does, and who may not press them.

use serde_json::{Value, json};

use crate::binary::{Freshen, until};
use crate::origin::Origin;

/// A demo whose list stays fresh unless a button outdates it.
fn calm(origin: &Origin) -> Freshen {
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1h"]);
    freshen.until("served", |state| state["served"]["status"] == "hit");
    freshen
}

fn lines(state: &Value) -> &Value {
    &state["served"]["lines"]
}

#[test]
fn a_burst_is_200_requests_and_says_how_they_were_answered() {
    let origin = Origin::list(&["one"]);
    let freshen = calm(&origin);
    let before = freshen.state();
    let burst = &freshen.act("burst")["burst"];
    assert_eq!((&burst["callers"], &burst["answers"]), (&json!(200), &json!({"hit": 200})));
    assert_eq!((&burst["loads"], &burst["n"]), (&json!(0), &json!(1)));
    assert!(burst["longest_wait_ms"].is_f64());
    let after = freshen.state();
    let hits = |state: &Value| state["numbers"]["answers"]["hit"].as_u64().unwrap();
    // The look itself is one more.
    assert_eq!(hits(&after) - hits(&before), 201);
    assert_eq!(&after["burst"], burst);
    assert_eq!(after["timeline"].as_array().unwrap().len(), 100);
}

#[test]
fn of_200_requests_for_an_outdated_list_none_waits_and_one_load_runs() {
    let origin = Origin::list(&["one"]);
    let freshen = calm(&origin);
    origin.hold(true);
    freshen.act("invalidate-softly");
    let told = freshen.act("burst");
    let burst = &told["burst"];
    // The source says nothing, so whoever waited for it would wait still.
    assert_eq!((&burst["answers"], &burst["loads"]), (&json!({"stale": 200}), &json!(1)), "{told}");
    assert!(told["said"].as_str().unwrap().contains("One load ran for all of them."), "{told}");
    // The load has begun; its request may still be on its way.
    until("the source is asked", || (origin.asked() > 1).then_some(()));
    assert_eq!(origin.asked(), 2);
}

#[test]
fn one_burst_runs_at_a_time() {
    let origin = Origin::list(&["one"]);
    let freshen = calm(&origin);
    origin.hold(true);
    freshen.act("invalidate-hard");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| freshen.act("burst"));
        until("the first burst waits for its load", || (origin.asked() > 1).then_some(()));
        let second = freshen.ask("POST", "/actions/burst", &[]);
        assert_eq!(second.status, 409, "{}", second.body);
        assert!(second.body.contains("200 requests are under way already; wait"), "{}", second.body);
        origin.hold(false);
        let burst = &first.join().unwrap()["burst"];
        assert_eq!((&burst["answers"], &burst["loads"]), (&json!({"loaded": 200}), &json!(1)));
    });
    freshen.act("burst");
}

#[test]
fn one_request_is_one_answer() {
    let origin = Origin::list(&["one"]);
    let freshen = calm(&origin);
    let said = freshen.act("get")["said"].to_string();
    assert!(said.contains("One request: hit."), "{said}");
}

#[test]
fn a_soft_invalidation_serves_the_old_list_and_a_hard_one_never_again() {
    let origin = Origin::list(&["old"]);
    let freshen = calm(&origin);
    origin.hold(true);
    origin.say(200, r#"["new"]"#);
    freshen.act("invalidate-softly");
    let state = freshen.state();
    assert_eq!((&state["served"]["status"], lines(&state)), (&json!("stale"), &json!(["old"])));
    assert_eq!((&state["served"]["rule"], &state["in_hand"]["invalidated"]), (&json!("invalidated"), &json!("soft")));
    freshen.act("invalidate-hard");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| freshen.state());
        origin.hold(false);
        let state = waiting.join().unwrap();
        assert_eq!(lines(&state), &json!(["new"]), "{state}");
    });
}

#[test]
fn a_broken_source_fails_until_it_is_brought_back() {
    let origin = Origin::list(&["kept"]);
    let freshen = calm(&origin);
    freshen.act("break");
    freshen.act("invalidate-softly");
    let state = freshen.until("a load has failed", |state| state["numbers"]["loads"]["failed"] != 0);
    assert_eq!((&state["switches"]["broken"], lines(&state)), (&json!(true), &json!(["kept"])));
    let trouble = state["words"]["trouble"].as_str().unwrap();
    assert!(trouble.contains("the source was broken on this page; bring it back there"), "{trouble}");
    assert_eq!(origin.asked(), 1);
    freshen.act("bring-back");
    let state = freshen.until("it is loaded again", |state| state["served"]["status"] == "hit");
    assert_eq!(state["switches"], json!({"slow": false, "broken": false}));
}

#[test]
fn a_slowed_source_takes_3_s_longer_and_nobody_waits() {
    let origin = Origin::list(&["kept"]);
    let freshen = calm(&origin);
    let waited = |state: &Value| {
        let numbers = &state["numbers"];
        [&numbers["answers"]["loaded"], &numbers["answers"]["fallback"], &numbers["refused"]].map(Value::clone)
    };
    let before = freshen.state();
    freshen.act("slow");
    freshen.act("invalidate-softly");
    let after = freshen.until("it is loaded again", |state| state["numbers"]["loads"]["stored"] == 2);
    assert_eq!(after["words"]["source"], "slowed by 3 s");
    assert!(after["numbers"]["load_times"]["max_ms"].as_f64().unwrap() >= 3000.0, "{after}");
    assert_eq!(waited(&before), waited(&after));
}

#[test]
fn frozen_workers_refresh_nothing_until_they_are_unfrozen() {
    let origin = Origin::list(&["kept"]);
    let freshen = calm(&origin);
    freshen.act("freeze");
    freshen.act("invalidate-softly");
    let waits = |state: &Value| state["tasks"]["ready"].as_u64().unwrap() + state["tasks"]["delayed"].as_u64().unwrap();
    let state = freshen.until("a task waits", |state| waits(state) == 1);
    assert_eq!((&state["workers_frozen"], &state["words"]["workers"]), (&json!(true), &json!("frozen")));
    let burst = &freshen.act("burst")["burst"];
    assert_eq!((&burst["answers"], &burst["loads"]), (&json!({"stale": 200}), &json!(0)));
    assert_eq!(origin.asked(), 1);
    freshen.act("unfreeze");
    let state = freshen.until("it is loaded again", |state| state["served"]["status"] == "hit");
    assert_eq!((&state["workers_frozen"], waits(&state), origin.asked()), (&json!(false), 0, 2));
}

#[test]
fn an_action_that_there_is_not_is_named_with_those_that_there_are() {
    let freshen = Freshen::start(None);
    let answer = freshen.ask("POST", "/actions/explode", &[]);
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("there is no action") && answer.body.contains("invalidate-softly"), "{}", answer.body);
    assert_eq!(freshen.get("/actions/break").status, 405);
    assert_eq!(freshen.state()["switches"]["broken"], false);
}

#[test]
fn a_page_of_another_site_presses_no_button() {
    let freshen = Freshen::start(None);
    for headers in [
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", "http://evil.example")][..],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", "http://127.0.0.1:3000")],
        &[("Origin", "http://evil.example")],
        &[("Origin", "null")],
    ] {
        let answer = freshen.ask("POST", "/actions/break", headers);
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.body.contains("actions are taken from the demo's own page only"), "{}", answer.body);
    }
    assert_eq!(freshen.state()["switches"]["broken"], false);
    let own = format!("http://{}", freshen.address());
    let answer = freshen.ask("POST", "/actions/break", &[("Sec-Fetch-Site", "same-origin"), ("Origin", &own)]);
    assert_eq!(answer.status, 200);
    assert_eq!(freshen.state()["switches"]["broken"], true);
}

#[test]
fn on_loopback_a_name_that_is_not_localhost_is_let_in_nowhere() {
    let freshen = Freshen::start(None);
    for (method, path) in [("GET", "/"), ("GET", "/state.json"), ("GET", "/events"), ("POST", "/actions/break")] {
        let answer = freshen.ask(method, path, &[("Host", "evil.example:7979")]);
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains("evil.example:7979") && answer.body.contains("localhost"), "{}", answer.body);
    }
    assert_eq!(freshen.ask("GET", "/healthz", &[("Host", "localhost:7979")]).status, 200);
    assert_eq!(freshen.state()["switches"]["broken"], false);
}
