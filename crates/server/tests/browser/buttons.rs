//! Every button does what it says: on the page, and in the state that programs read.

use fantoccini::Locator;
use serde_json::json;

use crate::chromium::Chromium;
use crate::page::{Page, demo, until};

pub async fn a_burst_is_told_and_drawn(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    let told = page.pressed("burst", "200 requests at once: 200 hit.").await;
    assert!(told.contains("The longest waited ") && told.ends_with("No load ran."), "{told}");
    let marks = "return document.querySelectorAll('#marks .hit').length";
    until("a hundred marks are drawn", async || (page.run(marks, vec![]).await == json!(100)).then_some(())).await;
    let state = freshen.state();
    assert_eq!((&state["burst"]["answers"], &state["burst"]["n"]), (&json!({"hit": 200}), &json!(1)));
    page.is_content().await;
}

pub async fn one_request_is_told(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    page.pressed("get", "One request: hit.").await;
    page.lists(&["one"]).await;
    assert_eq!(page.text("status").await, "hit");
    page.is_content().await;
}

pub async fn the_lists_own_page_is_asked_for_and_told_of(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    assert_eq!(page.text("cache-status").await, "–");
    page.pressed("page", "fwd=uri-miss").await;
    page.pressed("page", "Cache-Status: freshen;hit").await;
    page.says("cache-status", "freshen;hit;ttl=").await;
    page.says("list-page", "Answered last with 200 after ").await;
    chromium.client.find(Locator::Css("a[href='/list.html']")).await.unwrap().click().await.unwrap();
    page.lists(&["one"]).await;
    page.is_content().await;
}

pub async fn a_soft_invalidation_shows_the_old_list_as_stale_and_a_hard_one_waits_for_the_new(chromium: &Chromium) {
    let (origin, freshen) = demo(&["old"]);
    let page = Page::open(chromium, &freshen).await;
    origin.hold(true);
    origin.say(200, r#"["new"]"#);
    page.pressed("invalidate-softly", "invalidated softly").await;
    page.says("status", "stale").await;
    page.says("why", "it was invalidated: it was served at once").await;
    page.says("under-way", "1").await;
    page.says("in-hand", "stale before its time").await;
    page.lists(&["old"]).await;
    assert_eq!(freshen.state()["in_hand"]["invalidated"], "soft");
    page.pressed("invalidate-hard", "invalidated hard").await;
    page.says("in-hand", "invalidated hard, so it is served to nobody").await;
    origin.hold(false);
    page.lists(&["new"]).await;
    page.says("status", "hit").await;
    assert_eq!(freshen.state()["served"]["lines"], json!(["new"]));
    page.is_content().await;
}

pub async fn the_source_is_slowed_broken_and_brought_back(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["kept"]);
    let page = Page::open(chromium, &freshen).await;
    assert_eq!(page.text("source-state").await, "as it is");
    page.pressed("slow", "the source takes 3 s longer").await;
    page.says("source-state", "slowed by 3 s").await;
    assert_eq!(freshen.state()["switches"], json!({"slow": true, "broken": false}));
    page.pressed("bring-back", "the source is as it was").await;
    page.says("source-state", "as it is").await;
    page.pressed("break", "the source fails").await;
    page.says("source-state", "broken").await;
    assert_eq!(freshen.state()["switches"], json!({"slow": false, "broken": true}));
    page.pressed("invalidate-softly", "invalidated softly").await;
    page.says("trouble", "the source was broken on this page; bring it back there. Readers still get the list.").await;
    page.lists(&["kept"]).await;
    page.press("bring-back").await;
    page.says("status", "hit").await;
    until("the trouble is over", async || page.text("trouble").await.is_empty().then_some(())).await;
    assert_eq!(freshen.state()["switches"], json!({"slow": false, "broken": false}));
    page.is_content().await;
}

pub async fn the_workers_are_frozen_and_unfrozen(chromium: &Chromium) {
    let (origin, freshen) = demo(&["kept"]);
    let page = Page::open(chromium, &freshen).await;
    page.pressed("freeze", "the workers take no task").await;
    page.says("workers-state", "frozen").await;
    assert_eq!(freshen.state()["workers_frozen"], true);
    page.press("invalidate-softly").await;
    page.says("status", "stale").await;
    let told = page.pressed("burst", "200 requests at once: 200 stale.").await;
    assert!(told.ends_with("No load ran."), "{told}");
    assert_eq!(origin.asked(), 1);
    page.pressed("unfreeze", "the workers take tasks again").await;
    page.says("workers-state", "working").await;
    page.says("status", "hit").await;
    assert_eq!((freshen.state()["workers_frozen"].clone(), origin.asked()), (json!(false), 2));
    page.is_content().await;
}

pub async fn what_a_source_says_is_text_and_never_markup(chromium: &Chromium) {
    let markup = "<img src=x onerror=\"document.title='taken over'\"><b>bold</b>";
    let (origin, freshen) = demo(&[markup]);
    let page = Page::open(chromium, &freshen).await;
    page.lists(&[markup]).await;
    // The first came with the page, the second by its script.
    let second = "</li><script>document.title = 'taken over'</script>";
    origin.say(200, &json!([second]).to_string());
    page.press("invalidate-hard").await;
    page.lists(&[second]).await;
    let made = page.run("return document.querySelectorAll('#lines *:not(li)').length", vec![]).await;
    assert_eq!((made, chromium.client.title().await.unwrap()), (json!(0), "Freshen demo".to_owned()));
    page.is_content().await;
}
