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
        ("application/json", &huge, "the source sent more than 1048576 bytes"),
    ] {
        let origin = Origin::saying(kind, body);
        let freshen = Freshen::start(Some(&origin.url));
        let state = freshen.state();
        let said = state["refused"]["reason"].as_str().unwrap_or_default();
        assert!(said.contains(reason), "{reason}: {state}");
    }
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
