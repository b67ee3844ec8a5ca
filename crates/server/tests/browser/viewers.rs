//! Several viewers, and a demo that goes and comes back.

use std::io::{BufRead, BufReader};

use serde_json::json;

use crate::binary::Freshen;
use crate::chromium::Chromium;
use crate::page::{Page, demo, until};

/// What all who watch have to see alike.
const SEEN: &str = "return ['source-state', 'workers-state', 'viewers', 'lines'].map((id) =>
    document.getElementById(id).textContent.trim())";
/// The mark before all that came later.
const FIRST_MARK: &str = "return document.getElementById('marks').firstChild?.id";

pub async fn two_viewers_see_the_same(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["one"]);
    let one = Page::open(chromium, &freshen).await;
    let other = Page::open(chromium, &freshen).await;
    other.pressed("break", "the source fails").await;
    other.pressed("freeze", "the workers take no task").await;
    other.press("burst").await;
    for page in [&one, &other] {
        page.turn_to().await;
        page.says("source-state", "broken").await;
        page.says("workers-state", "frozen").await;
        page.says("viewers", "2").await;
        let marks = "return document.querySelectorAll('#marks > *').length";
        until("the burst is drawn", async || (page.run(marks, vec![]).await == json!(100)).then_some(())).await;
    }
    one.turn_to().await;
    let seen = one.run(SEEN, vec![]).await;
    let first = one.run(FIRST_MARK, vec![]).await;
    other.turn_to().await;
    assert_eq!(other.run(SEEN, vec![]).await, seen);
    let number = |id: &serde_json::Value| id.as_str().unwrap().trim_start_matches("mark-").parse::<i64>().unwrap();
    // Both go on by one answer a second.
    let apart = (number(&other.run(FIRST_MARK, vec![]).await) - number(&first)).abs();
    assert!(apart < 30, "{apart} answers apart");
    one.is_content().await;
}

pub async fn the_page_survives_a_restart_of_the_binary(chromium: &Chromium) {
    let (origin, freshen) = demo(&["before"]);
    let page = Page::open(chromium, &freshen).await;
    page.lists(&["before"]).await;
    page.pressed("freeze", "the workers take no task").await;
    page.says("workers-state", "frozen").await;
    page.press("burst").await;
    until("the first marks are gone", async || (page.run(FIRST_MARK, vec![]).await != "mark-0").then_some(())).await;
    page.is_content().await;
    let address = freshen.address().to_owned();
    drop(freshen);
    page.says("connection", "connection lost, trying again").await;
    page.pressed("get", "The demo does not answer. Is it still running?").await;
    // What it showed last is still there to be read.
    page.lists(&["before"]).await;
    origin.say(200, r#"["after"]"#);
    let freshen = Freshen::start_at(&address, &["--source", &origin.url]);
    page.says("connection", "live").await;
    page.lists(&["after"]).await;
    page.says("workers-state", "working").await;
    page.pressed("get", "One request: ").await;
    // Of the answers of the run before none is left.
    until("the first mark is the new run's first", async || {
        (page.run(FIRST_MARK, vec![]).await == "mark-0").then_some(())
    })
    .await;
    assert_eq!(freshen.state()["viewers"], 1);
}

pub async fn the_hundred_and_first_viewer_reads_why(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["one"]);
    let crowd: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = BufReader::new(freshen.connect("GET", "/events", &[]));
            let mut status = String::new();
            stream.read_line(&mut status).unwrap();
            assert!(status.contains("200"), "{status}");
            stream
        })
        .collect();
    chromium.window().await;
    chromium.client.goto(&format!("http://{}/", freshen.address())).await.unwrap();
    let said = "return document.getElementById('connection').textContent";
    let says = async |words: &str| {
        until(words, async || {
            let text = chromium.client.execute(said, vec![]).await.unwrap();
            text.as_str().filter(|text| text.contains(words)).map(|_| ())
        })
        .await
    };
    says("100 pages are open").await;
    drop(crowd);
    says("live").await;
}
