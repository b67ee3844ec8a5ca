//! Sources of every kind: what is shown of them, and what is refused.

use crate::binary::Freshen;
use crate::origin::Origin;

#[test]
fn what_a_source_says_is_shown_as_text_never_as_markup() {
    for kind in ["text/html", "text/plain", "application/octet-stream"] {
        let origin = Origin::saying(kind, "<h1>Hi</h1>\n\n<script>alert('x')</script>\n");
        let freshen = Freshen::start(Some(&origin.url));
        freshen.until("served", |state| state["served"].is_object());
        let page = freshen.get("/").body;
        assert!(page.contains("&lt;h1&gt;Hi&lt;/h1&gt;") && page.contains("&lt;script&gt;"), "{kind}: {page}");
        assert_eq!(page.matches("<script").count(), 1, "more than the page's own: {kind}: {page}");
    }
}

#[test]
fn what_cannot_be_shown_is_an_error_that_says_so() {
    let huge = format!("[\"{}\"]", "x".repeat(1 << 20));
    for (kind, body, reason) in [
        ("application/json", "<html>", "the source's body is called JSON but is not"),
        ("text/plain", "a\0b", "the source's body is not UTF-8 text"),
        ("application/json", &huge, "the source sent more than 1048576 bytes; give a --source with a shorter list"),
        ("application/json", &*"x".repeat(10 << 20), "the source sent more than 1048576 bytes"),
        ("text/html; charset=utf-8", "\u{fffd}\0", "give a --source that is a list or a text"),
    ] {
        let origin = Origin::saying(kind, body);
        let freshen = Freshen::start(Some(&origin.url));
        let state = freshen.state();
        let said = state["refused"]["reason"].as_str().unwrap_or_default();
        assert!(said.contains(reason), "{reason}: {state}");
    }
}

/// What the page says when there is no list: what happened, and what to do.
fn refusal(source: &str) -> String {
    let freshen = Freshen::start(Some(source));
    let page = freshen.get("/");
    assert_eq!(page.status, 503, "{source}: {}", page.body);
    page.body.split_once("id=\"why\"").unwrap().1.split_once("</p>").unwrap().0.to_owned()
}

#[test]
fn what_is_not_there_is_an_error_that_says_so() {
    let origin = Origin::list(&["one"]);
    let said = refusal(&origin.at("nowhere"));
    assert!(said.contains("the source answered 404 Not Found; check the path of --source"), "{said}");
    origin.say(403, "");
    assert!(refusal(&origin.url).contains("it wants credentials"));
    let gone = origin.url.clone();
    drop(origin);
    let said = refusal(&gone).to_lowercase();
    assert!(said.contains("connection refused") && said.contains("check that it runs"), "{said}");
}

#[test]
fn a_body_that_does_not_end_is_an_error_that_says_so() {
    let origin = Origin::list(&["one"]);
    let said = refusal(&origin.at("flood"));
    assert!(said.contains("the source sent more than 1048576 bytes"), "{said}");
    // It comes so slowly that the time is over first: the load timeout, ten seconds.
    let said = refusal(&origin.at("trickle"));
    assert!(said.contains("the source did not send its whole answer within 10s; check that --source ends"), "{said}");
}

#[test]
fn a_source_that_speaks_no_tls_is_an_error_that_says_so() {
    let origin = Origin::list(&["plain"]);
    let freshen = Freshen::start(Some(&origin.url.replace("http://", "https://")));
    let state = freshen.state();
    assert!(state["refused"]["reason"].to_string().contains("the source cannot be reached: "), "{state}");
}

#[test]
fn an_empty_list_is_a_list() {
    let origin = Origin::list(&[]);
    let freshen = Freshen::start(Some(&origin.url));
    freshen.until("served", |state| state["served"].is_object());
    assert!(freshen.get("/").body.contains("The source sent an empty list"));
}
