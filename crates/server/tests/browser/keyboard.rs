//! All that can be done with a pointer can be done with keys.

use serde_json::json;

use crate::chromium::Chromium;
use crate::page::{Page, demo};

pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";
pub const SPACE: &str = "\u{e00d}";
const LEFT: &str = "\u{e012}";
const RIGHT: &str = "\u{e014}";
const HOME: &str = "\u{e011}";
const ESCAPE: &str = "\u{e00c}";

/// What has the focus, by what it does, and whether that can be seen.
pub const FOCUSED: &str = "const element = document.activeElement, style = getComputedStyle(element);
    const name = element.dataset.action || element.id || element.getAttribute('href') || element.tagName;
    return [name, style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2];";

pub async fn tab_goes_through_all_that_can_be_pressed_in_the_order_of_the_page(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    let stops = [
        "burst",
        "get",
        "invalidate-softly",
        "invalidate-hard",
        "slow",
        "break",
        "bring-back",
        "freeze",
        "unfreeze",
        "marks",
        "SUMMARY",
        "/list.html",
        "page",
        "/state.json",
    ];
    for stop in stops {
        page.key(TAB).await;
        assert_eq!(page.run(FOCUSED, vec![]).await, json!([stop, true]));
    }
    page.is_content().await;
}

pub async fn enter_and_space_press_the_focused_button(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    page.key(TAB).await;
    page.key(ENTER).await;
    page.says("said", "200 requests at once").await;
    page.key(TAB).await;
    page.key(SPACE).await;
    page.says("said", "One request: hit.").await;
    // The focus stays where it was, though the page has changed.
    assert_eq!(page.run(FOCUSED, vec![]).await, json!(["get", true]));
    page.is_content().await;
}

pub async fn the_arrows_tell_one_answer_after_the_other(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    page.says("mark", "The newest, at ").await;
    page.run("document.getElementById('marks').focus()", vec![]).await;
    let chosen = "const chosen = document.querySelectorAll('#marks [aria-selected=true]');
        const active = document.getElementById('marks').getAttribute('aria-activedescendant');
        return [chosen.length, chosen[0]?.id === active, chosen[0] === chosen[0]?.parentElement.firstChild]";
    page.key(HOME).await;
    let first = page.says("mark", "At ").await;
    assert!(first.contains(", by the rule ") && first.contains(" old, "), "{first}");
    assert_eq!(page.run(chosen, vec![]).await, json!([1, true, true]));
    page.key(LEFT).await;
    assert_eq!(page.run(chosen, vec![]).await, json!([1, true, true]), "there is none before the first");
    page.key(RIGHT).await;
    let second = page.says("mark", "hit, by the rule fresh").await;
    assert!(second.starts_with("At "), "{second}");
    assert_eq!(page.run(chosen, vec![]).await, json!([1, true, false]));
    page.key(RIGHT).await;
    page.key(LEFT).await;
    assert_eq!(page.text("mark").await, second);
    page.key(ESCAPE).await;
    page.says("mark", "The newest, at ").await;
    page.is_content().await;
}
