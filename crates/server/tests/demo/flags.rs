//! The flags that say how much is kept, and for how long.

use serde_json::json;

use crate::binary::{Freshen, run};
use crate::origin::Origin;

#[test]
fn the_windows_are_those_of_the_flags() {
    let origin = Origin::list(&["one"]);
    let flags = ["--ttl", "2h", "--stale", "90s", "--stale-if-error", "250ms", "--capacity", "3MiB"];
    let freshen = Freshen::start_with(&origin.url, &flags);
    let state = freshen.until("served", |state| state["served"]["status"] == "hit");
    let policy = json!({"ttl_ms": 7_200_000.0, "stale_while_revalidate_ms": 90_000.0, "stale_if_error_ms": 250.0,
        "soft_timeout_ms": 500.0, "load_timeout_ms": 10_000.0});
    assert_eq!(state["policy"], policy);
    // Jitter takes a little off the ttl, and never more than a twentieth.
    let ttl = state["in_hand"]["ttl_ms"].as_f64().unwrap();
    assert!((6_840_000.0..=7_200_000.0).contains(&ttl), "{ttl}");
}

#[test]
fn what_does_not_fit_into_the_capacity_is_served_and_told() {
    let line = "x".repeat(400);
    let origin = Origin::list(&vec![&*line; 100]);
    let freshen = Freshen::start_with(&origin.url, &["--capacity", "2KiB"]);
    let state = freshen.until("a load was not kept", |state| state["numbers"]["trouble"].is_object());
    assert_eq!(state["served"]["lines"].as_array().map(Vec::len), Some(100), "{state}");
    assert!(state["words"]["trouble"].as_str().unwrap().contains("give a higher --capacity"), "{}", state["words"]);
}

#[test]
fn a_number_without_its_unit_is_named() {
    for flag in ["--ttl", "--stale", "--stale-if-error"] {
        let output = run(&[flag, "5"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(flag) && said.contains("needs a unit after 5") && said.contains("5s"), "{said}");
    }
}

#[test]
fn a_duration_or_a_size_that_cannot_be_read_is_named() {
    for (flag, value, reason) in [
        ("--ttl", "soon", "has no number before"),
        ("--stale", "-1s", "has no number before"),
        ("--capacity", "0", "needs a unit"),
        ("--capacity", "0B", "must be above zero"),
        ("--capacity", "64MB", "has the unknown unit `MB`"),
    ] {
        let output = run(&[&format!("{flag}={value}")]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag} {value}: {said}");
        assert!(said.contains(flag) && said.contains(reason), "{flag} {value}: {said}");
    }
}

#[test]
fn windows_that_contradict_each_other_are_the_policys_error() {
    for (flags, reason) in [
        (&["--ttl", "0s"][..], "policy: ttl must be longer than zero"),
        (&["--stale", "3000d", "--stale-if-error", "3000d"], "policy: stale_if_error ends more than ten years"),
    ] {
        let output = run(flags);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(reason) && said.contains("--ttl, --stale and --stale-if-error"), "{said}");
        assert_eq!(output.stdout, b"");
    }
}
