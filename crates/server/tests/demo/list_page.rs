//! The list's own page, which the HTTP layer answers.

use serde_json::Value;

use crate::binary::{Freshen, Response, until};
use crate::origin::Origin;

const PAGE: &str = "/list.html";

/// What the layer says of an answer.
fn cache_status(answer: &Response) -> &str {
    answer.head.lines().find_map(|line| line.strip_prefix("cache-status: ")).unwrap_or_default()
}

fn last(freshen: &Freshen) -> Value {
    freshen.state()["list_page"].clone()
}

#[test]
fn the_page_is_made_once_and_then_served_from_the_layer() {
    let origin = Origin::list(&["one", "<two>"]);
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1h"]);
    freshen.until("served", |state| state["served"].is_object());
    assert_eq!((last(&freshen), origin.asked()), (Value::Null, 1));

    let made = freshen.get(PAGE);
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(cache_status(&made).contains("fwd=uri-miss") && cache_status(&made).contains("stored"), "{}", made.head);
    assert!(made.head.contains("content-security-policy: default-src 'none'"), "{}", made.head);
    assert!(made.body.contains("<li dir=\"auto\">&lt;two&gt;</li>"), "{}", made.body);

    // Whatever a visitor calls this machine, and whatever stands behind the path, it is the same page.
    let again = freshen.ask("GET", "/list.html?n=1", &[("Host", "localhost:1")]);
    assert_eq!(again.body, made.body);
    assert!(cache_status(&again).contains("freshen;hit"), "{}", again.head);
    assert_eq!(origin.asked(), 2);
    let told = last(&freshen);
    assert_eq!((&told["status"], &told["cache_status"]), (&200.into(), &cache_status(&again).into()));
    assert!(freshen.get("/").body.contains(cache_status(&again)), "the page does not tell it");
}

#[test]
fn the_old_page_is_served_while_it_is_made_again_and_where_that_fails() {
    let origin = Origin::list(&["old"]);
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1h"]);
    freshen.until("served", |state| state["served"].is_object());
    freshen.act("page");
    origin.hold(true);
    origin.say(200, r#"["new"]"#);
    freshen.act("invalidate-softly");
    // The source says nothing, so whoever waited for it would wait still.
    let stale = freshen.get(PAGE);
    assert!(stale.body.contains("old") && cache_status(&stale).contains("hit"), "{}{}", stale.head, stale.body);
    origin.hold(false);
    until("it is made again", || freshen.get(PAGE).body.contains("new").then_some(()));

    freshen.act("break");
    freshen.act("invalidate-softly");
    for _ in 0..3 {
        let kept = freshen.get(PAGE);
        assert!(kept.status == 200 && kept.body.contains("new"), "{}{}", kept.head, kept.body);
    }
    freshen.act("invalidate-hard");
    // The source has failed just now: it is spared for a moment, and then the handler says why there is no page.
    until("the handler says why", || {
        let refused = freshen.get(PAGE);
        assert!(
            [502, 503].contains(&refused.status) && !refused.body.contains("new"),
            "{}{}",
            refused.head,
            refused.body
        );
        refused.body.contains("the source was broken on this page").then_some(())
    });
}

#[test]
fn the_button_asks_for_it_and_tells_its_cache_status() {
    let origin = Origin::list(&["one"]);
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1h"]);
    let first = freshen.act("page")["said"].to_string();
    assert!(first.contains("The list's page: 200, Cache-Status: freshen;fwd=uri-miss"), "{first}");
    let second = freshen.act("page")["said"].to_string();
    assert!(second.contains("Cache-Status: freshen;hit;ttl="), "{second}");
}
