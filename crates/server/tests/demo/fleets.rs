//! Two web processes and two workers over one store: what they share, and what the page tells of each.

use std::process::Command;

use serde_json::{Value, json};

use crate::binary::{Freshen, run, until};
use crate::fleet::{fleet, member, pids, redis, runs};
use crate::origin::Origin;

#[test]
fn four_processes_serve_one_key_with_one_load() {
    let origin = Origin::list(&["one"]);
    let freshen = fleet(&origin);
    let state = freshen.state();
    let pids = pids(&state);
    assert!(pids.iter().all(|pid| runs(*pid) && *pid != u64::from(freshen.id())), "{pids:?}");
    for (n, name) in ["web 1", "web 2", "worker 1", "worker 2"].into_iter().enumerate() {
        assert_eq!((&member(&state, n)["name"], &member(&state, n)["state"]), (&json!(name), &json!("alive")));
        assert!(!pids[..n].contains(&pids[n]), "{pids:?}");
    }
    assert_eq!((&state["numbers"]["loads"]["begun"], origin.asked()), (&json!(1), 1));
    let answers = &freshen.act("burst")["burst"];
    assert_eq!((&answers["answers"], &answers["loads"]), (&json!({"hit": 200}), &json!(0)));
    let after = freshen.state();
    for web in [0, 1] {
        let hits = |state: &Value| member(state, web)["hit"].as_u64().unwrap();
        assert!(hits(&after) - hits(&state) >= 100, "{after}");
    }
    let words = after["words"]["fleet"].as_str().unwrap();
    assert!(words.ends_with(" requests and 1 load of one key, in 4 processes."), "{words}");
    let loader = after["loads"][0]["by"].as_str().unwrap();
    for mark in after["timeline"].as_array().unwrap() {
        assert!(["web 1", "web 2"].contains(&mark["by"].as_str().unwrap()) && mark["loaded_by"] == loader, "{mark}");
    }
}

/// Its source has a query.
#[test]
fn the_page_shows_the_command_that_looks_at_its_list() {
    let origin = Origin::list(&["one"]);
    let url = format!("{}?key=secret", origin.url);
    let freshen = Freshen::start_with(&url, &["--ttl", "1h", "--store", &redis().url()]);
    let state = freshen.until("served", |state| state["served"].is_object());
    let look = state["fleet"]["look"].as_str().unwrap();
    assert!(look.starts_with("freshen look ") && !look.contains("secret"), "{look}");
    let shown = freshen.get("/").body;
    assert!(shown.contains("<code data-text=\"fleet.look\">freshen look "), "{shown}");
    let script = format!("\"$0\" {} --json", look.strip_prefix("freshen ").unwrap());
    let looked = Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_freshen")]).output().unwrap();
    let told: Value = serde_json::from_slice(&looked.stdout).unwrap();
    assert_eq!(
        (&told["state"], &told["entry"]["value"]["list"]["lines"]),
        (&json!("fresh"), &json!(["one"])),
        "{told}"
    );
}

#[test]
fn no_list_of_processes_shows_where_the_children_find_the_store() {
    let origin = Origin::list(&["one"]);
    let freshen = fleet(&origin);
    for pid in pids(&freshen.state()) {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        assert!(line.ends_with("\0demo-member\0") && !line.contains("redis://"), "{line:?}");
    }
}

#[test]
fn two_demos_of_one_list_on_one_store_share_nothing() {
    let origin = Origin::list(&["one"]);
    let (first, second) = (fleet(&origin), fleet(&origin));
    for freshen in [&first, &second] {
        assert_eq!(freshen.state()["numbers"]["loads"]["begun"], 1);
    }
    assert_eq!(origin.asked(), 2);
    first.act("invalidate-softly");
    first.until("the first loads again", |state| state["numbers"]["loads"]["stored"] == 2);
    assert_eq!((&second.state()["numbers"]["loads"]["begun"], origin.asked()), (&json!(1), 3));
    assert!(first.state()["fleet"]["prefix"] != second.state()["fleet"]["prefix"]);
}

#[test]
fn of_200_requests_for_an_outdated_list_to_two_processes_none_waits_and_one_load_runs() {
    let origin = Origin::list(&["one"]);
    let freshen = fleet(&origin);
    // Nothing refreshes what is outdated while both web processes hear of it.
    freshen.act("freeze");
    freshen.act("invalidate-softly");
    heard_by_both(&freshen);
    origin.hold(true);
    freshen.act("unfreeze");
    let told = freshen.act("burst");
    let burst = &told["burst"];
    // The source says nothing, so whoever waited for it would wait still.
    assert_eq!(burst["answers"], json!({"stale": 200}), "{told}");
    freshen.until("a load is under way", |state| state["loads_under_way"] == 1);
    assert_eq!(origin.asked(), 2);
    let mut by = burst["by"].as_array().unwrap().clone();
    by.sort_by_key(Value::to_string);
    assert_eq!(by, [json!(["web 1", 100]), json!(["web 2", 100])]);
    origin.hold(false);
    let state = freshen.until("it is loaded", |state| state["numbers"]["loads"]["stored"] == 2);
    let loader = state["loads"][0]["by"].as_str().unwrap();
    assert!(loader.starts_with("worker "), "{loader}");
}

/// Waits until each web process has served the list as stale.
fn heard_by_both(freshen: &Freshen) {
    let heard = |state: &Value| (0..2).all(|web| member(state, web)["stale"].as_u64() > Some(0));
    freshen.until("both have heard", heard);
}

#[test]
fn a_hard_invalidation_is_waited_for_by_both_processes_and_loaded_once() {
    let origin = Origin::list(&["old"]);
    let freshen = fleet(&origin);
    origin.say(200, r#"["new"]"#);
    origin.hold(true);
    freshen.act("invalidate-hard");
    let burst = std::thread::scope(|scope| {
        let burst = scope.spawn(|| freshen.act("burst")["burst"].clone());
        until("the source is asked", || (origin.asked() > 1).then_some(()));
        origin.hold(false);
        burst.join().unwrap()
    });
    let answers = burst["answers"].as_object().unwrap();
    assert_eq!(answers.values().filter_map(Value::as_u64).sum::<u64>(), 200, "{burst}");
    assert!(!answers.contains_key("refused"), "{burst}");
    assert_eq!(origin.asked(), 2, "{burst}");
    let state = freshen.until("both have it", |state| state["served"]["lines"] == json!(["new"]));
    assert_eq!(state["numbers"]["refused"], 0);
}

#[test]
fn the_switches_stand_before_the_source_for_every_process() {
    let origin = Origin::list(&["kept"]);
    let freshen = fleet(&origin);
    freshen.act("break");
    freshen.act("invalidate-softly");
    let state = freshen.until("a load has failed", |state| state["numbers"]["loads"]["failed"] != 0);
    let trouble = state["words"]["trouble"].as_str().unwrap();
    assert!(trouble.contains("the source was broken on this page; bring it back there"), "{trouble}");
    assert_eq!(origin.asked(), 1);
    let warned = |said: &str| {
        said.lines().any(|line| line.contains("process{place=\"worker ") && line.contains("load ended without"))
    };
    until("a warning names its process", || warned(&freshen.said()).then_some(()));
    freshen.act("bring-back");
    freshen.until("it is loaded again", |state| state["numbers"]["loads"]["stored"] == 2);
    freshen.act("slow");
    freshen.act("invalidate-softly");
    let state = freshen.until("it is loaded slowly", |state| state["numbers"]["loads"]["stored"] == 3);
    assert!(state["numbers"]["load_times"]["max_ms"].as_f64().unwrap() >= 3000.0, "{state}");
}

#[test]
fn what_the_source_says_wrong_is_told_as_by_one_process() {
    let origin = Origin::list(&["kept"]);
    let freshen = fleet(&origin);
    origin.say(404, "");
    freshen.act("invalidate-softly");
    let state = freshen.until("a load has failed", |state| state["numbers"]["trouble"].is_object());
    let trouble = state["words"]["trouble"].as_str().unwrap();
    assert!(trouble.contains("the source answered 404 Not Found; check the path of --source"), "{trouble}");
    assert!(state["served"]["lines"] == json!(["kept"]), "{state}");
}

#[test]
fn each_process_has_its_own_metrics() {
    let origin = Origin::list(&["one"]);
    let freshen = fleet(&origin);
    let all = freshen.get("/metrics");
    assert_eq!(all.status, 404);
    assert!(all.body.contains("/metrics/web-1, /metrics/web-2, /metrics/worker-1, /metrics/worker-2"), "{}", all.body);
    for (slug, answers) in [("web-1", true), ("web-2", true), ("worker-1", false)] {
        let page = freshen.get(&format!("/metrics/{slug}"));
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.ends_with("# EOF\n") && page.body.contains("status=\"hit\"") == answers, "{}", page.body);
    }
    freshen.act("kill-web-2");
    assert_eq!(freshen.get("/metrics/web-2").status, 503);
}

#[test]
fn settings_give_a_fleet_too_and_without_them_there_is_one_process() {
    let origin = Origin::list(&["one"]);
    let url = redis().url();
    let freshen = Freshen::start_in(&[("FRESHEN_STORE", &url)], &["--listen", "127.0.0.1:0", "--source", &origin.url]);
    assert_eq!(pids(&freshen.state()).len(), 4);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("freshen.toml");
    std::fs::write(&file, format!("store = \"{url}\"\nprefix = \"shop\"\n")).unwrap();
    let freshen = Freshen::start_with(&origin.url, &["--config", file.to_str().unwrap()]);
    let state = freshen.state();
    assert_eq!(pids(&state).len(), 4);
    assert!(state["fleet"]["prefix"].as_str().unwrap().starts_with("shop-demo-"), "{}", state["fleet"]);
    let freshen = Freshen::start(Some(&origin.url));
    assert!(freshen.state()["fleet"].is_null());
    assert!(!freshen.get("/").body.contains("The fleet"));
    let refused = freshen.ask("POST", "/actions/kill-web-1", &[]);
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("start it with --store redis://127.0.0.1:6379 for four"), "{}", refused.body);
}

#[test]
fn servers_that_cannot_be_shared_or_reached_are_an_error_that_says_so() {
    let url = redis().url();
    for (arguments, code, reason) in [
        (
            &["--store", "memory:"][..],
            2,
            "processes cannot share a store in memory: name one on a server, such as --store",
        ),
        (&["--store", &url, "--queue", "memory:"], 2, "processes cannot share a queue in memory"),
        (&["--store", "reddis://h"], 2, "did you mean `redis`?"),
        (&["--store", "redis://ann:secret@127.0.0.1:1"], 1, "cannot open the store at redis://ann:***@127.0.0.1:1"),
    ] {
        let output = run(&[&["--listen", "127.0.0.1:0"], arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(
            said.contains(reason) && !said.contains("secret") && !said.contains("panicked"),
            "{arguments:?}: {said}"
        );
        assert_eq!(output.stdout, b"");
    }
}

#[test]
fn while_the_store_is_down_the_page_is_served_and_a_process_can_be_revived() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server =
        runtime.block_on(freshen_testkit::servers::Server::redis(freshen_testkit::servers::Flavour::Redis).start());
    let origin = Origin::list(&["one"]);
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1h", "--store", &server.url()]);
    freshen.until("served", |state| state["served"].is_object());
    server.kill();
    let state = freshen.until("it is noticed", |state| state["store_answers"] == false);
    let words = "The store cannot be reached: each process loads for itself.";
    assert_eq!((&state["words"]["in_hand"], &state["tasks"]), (&json!(words), &Value::Null), "{state}");
    assert!(freshen.get("/").body.contains(words));
    freshen.act("kill-web-1");
    freshen.act("revive-web-1");
    freshen.act("kill-web-2");
    let state = freshen.until("the new process loads for itself", |state| state["served"]["rule"] == "store-down");
    assert_eq!((&state["served"]["lines"], &state["by"]), (&json!(["one"]), &json!("web 1")));
    let why = "Served because the store cannot be reached and this process had none";
    assert!(state["words"]["why"].as_str().unwrap().starts_with(why), "{state}");
    let trouble = state["words"]["trouble"].as_str().unwrap();
    assert!(trouble.contains("the list came, and the store, which cannot be reached, does not have it"), "{trouble}");
    let refused = freshen.ask("POST", "/actions/invalidate-softly", &[]);
    assert_eq!(refused.status, 500, "{}", refused.body);
    assert!(!freshen.said().contains("panicked"), "{}", freshen.said());
}
