//! Freshness, staleness and failure, as the page tells of them.

use serde_json::json;

use crate::binary::{Freshen, until};
use crate::origin::Origin;

#[test]
fn the_page_shows_the_list_of_its_own_slow_source() {
    let freshen = Freshen::start(None);
    // One load in ten fails, so the first look may meet an error.
    let page = until("the list is there", || Some(freshen.get("/")).filter(|page| page.status == 200));
    assert!(page.body.contains("poll for the tree of the year"), "{}", page.body);
    assert!(page.body.contains("Linden: "), "{}", page.body);
    assert!(page.head.contains("content-type: text/html; charset=utf-8") && page.head.contains("no-store"));
    assert_eq!(page.body.matches("src=").count(), 1, "something from outside");
    assert!(page.body.contains("<script src=\"/page.js\" defer></script>"));
    assert!(page.body.contains("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>"));
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";
    assert!(page.head.contains(policy) && !page.head.contains("unsafe"), "{}", page.head);
    assert!(freshen.state()["numbers"]["load_times"]["max_ms"].as_f64().unwrap() > 500.0);
    assert_eq!(freshen.get("/healthz").status, 200);
    assert_eq!(freshen.get("/nothing").status, 404);
}

#[test]
fn the_state_has_the_documented_fields() {
    let origin = Origin::list(&["one", "two"]);
    let freshen = Freshen::start(Some(&format!("{}?key=secret", origin.url)));
    let state = freshen.until("served", |state| state["served"].is_object());
    assert_eq!(state["source"], format!("{}?…", origin.url));
    assert_eq!(state["source_is_own"], false);
    let policy = json!({"ttl_ms": 5000.0, "stale_while_revalidate_ms": 600_000.0, "stale_if_error_ms": 3_600_000.0,
        "soft_timeout_ms": 500.0, "load_timeout_ms": 10_000.0});
    assert_eq!(state["policy"], policy);
    let hit = freshen.state();
    assert!(hit.get("refused").is_none() && hit["waited_ms"].is_f64() && hit["loads_under_way"] == 0);
    let served = &hit["served"];
    assert_eq!([&served["status"], &served["rule"]], ["hit", "fresh"]);
    assert_eq!((&served["lines"], &served["more"]), (&json!(["one", "two"]), &json!(0)));
    assert!(served["age_ms"].is_f64() && served["why"].is_string());
    let numbers = &hit["numbers"];
    for status in ["hit", "stale", "loaded", "fallback", "empty"] {
        assert!(numbers["answers"][status].is_u64(), "{status}");
    }
    assert_eq!(numbers["loads"], json!({"begun": 1, "stored": 1, "failed": 0}));
    for spread in ["waits", "load_times"] {
        for field in ["median_ms", "p99_ms", "max_ms"] {
            assert!(numbers[spread][field].is_f64(), "{spread} {field}");
        }
        assert!(numbers[spread]["count"].as_u64() >= Some(1), "{spread}");
    }
    assert!(numbers["refused"].is_u64() && numbers["up_ms"].is_f64() && numbers["trouble"].is_null());
}

#[test]
fn nobody_waits_while_the_source_takes_its_time() {
    let origin = Origin::list(&["old"]);
    let freshen = Freshen::start(Some(&origin.url));
    freshen.until("served", |state| state["served"].is_object());
    origin.hold(true);
    origin.say(200, r#"["new"]"#);
    freshen.until("a refresh is under way", |state| state["loads_under_way"] == 1);
    // The source says nothing, so every one of these would hang if it waited for it.
    for _ in 0..20 {
        let state = freshen.state();
        assert_eq!(state["served"]["status"], "stale");
        assert_eq!(state["served"]["rule"], "within-stale");
        assert_eq!(state["served"]["lines"], json!(["old"]));
        assert_eq!(state["numbers"]["loads"], json!({"begun": 2, "stored": 1, "failed": 0}));
    }
    origin.hold(false);
    let state = freshen.until("the new list is served", |state| state["served"]["lines"] == json!(["new"]));
    assert_eq!(state["served"]["status"], "hit");
    assert_eq!(state["numbers"]["loads"], json!({"begun": 2, "stored": 2, "failed": 0}));
}

#[test]
fn the_page_stays_up_when_the_source_is_gone() {
    let origin = Origin::list(&["kept"]);
    let freshen = Freshen::start(Some(&origin.url));
    freshen.until("served", |state| state["served"].is_object());
    drop(origin);
    let state = freshen.until("a load has failed", |state| state["numbers"]["trouble"].is_object());
    assert_eq!(state["served"]["status"], "stale");
    assert_eq!(state["numbers"]["refused"], 0);
    let page = freshen.get("/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("kept") && page.body.contains("The last load failed"), "{}", page.body);
    assert!(page.body.to_lowercase().contains("connection refused"), "{}", page.body);
    until("stderr tells of it", || freshen.said().to_lowercase().contains("connection refused").then_some(()));
}

#[test]
fn with_nothing_in_hand_the_page_says_why_and_looks_again() {
    let origin = Origin::list(&["at last"]);
    origin.say(500, "");
    let with_secrets = format!("{}?key=s3cret", origin.url.replace("http://", "http://ann:s3cret@"));
    let freshen = Freshen::start(Some(&with_secrets));
    let page = freshen.get("/");
    assert_eq!(page.status, 503);
    assert!(page.head.contains("\r\nretry-after: "), "{}", page.head);
    assert!(page.body.contains("the source answered 500 Internal Server Error"), "{}", page.body);
    assert!(page.body.contains("http-equiv=\"refresh\""), "{}", page.body);
    let state = freshen.until("it cools down", |state| state["refused"]["error"] == "cooling-down");
    assert!(state.get("served").is_none() && state["refused"]["retry_after_ms"].is_f64());
    origin.say(200, r#"["at last"]"#);
    // The task for the first load is tried again by itself.
    let state = freshen.until("the source is tried again", |state| state["served"].is_object());
    assert_eq!(state["served"]["lines"], json!(["at last"]));
    assert!(state["numbers"]["trouble"].is_null());
    let told = [page.body, state.to_string(), freshen.said()].concat();
    assert!(told.contains("500") && !told.contains("s3cret"), "{told}");
}
