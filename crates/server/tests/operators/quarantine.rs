//! `freshen quarantine`.

use serde_json::Value;

use crate::scene::{ANN, Scene};

fn ids(listed: &Value) -> Vec<String> {
    listed.as_array().unwrap().iter().map(|aside| aside["id"].to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_is_listed_shown_released_and_dropped() {
    let scene = Scene::new().await;
    scene.set_aside(&["first", "\u{1b}[2Jsecond"]).await;
    let listed = scene.run(&["quarantine", "list", "--json"]).json();
    assert_eq!((&listed[0]["reason"], &listed[0]["key"]), (&"\u{1b}[2Jsecond".into(), &ANN.into()));
    let ids = ids(&listed);
    let text = scene.run(&["quarantine", "list"]).printed();
    assert!(text.contains(r"\u{1b}[2Jsecond") && text.lines().count() == 3, "{text}");
    let shown = scene.run(&["quarantine", "show", &ids[1]]).printed();
    assert!(shown.contains("reason     first\n") && shown.contains("format     1\n"), "{shown}");
    assert_eq!(scene.run(&["quarantine", "release", &ids[1]]).printed(), "released 1 task\n");
    let told = scene.run(&["quarantine", "drop", &ids[0], "--json"]).json();
    assert_eq!(told["dropped"][0].to_string(), ids[0]);
    let told = scene.run(&["queue", "--json"]).json();
    assert_eq!((&told["ready"], &told["quarantined"]), (&1.into(), &0.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_ends_with_1_and_the_rest_is_done() {
    let scene = Scene::new().await;
    scene.cache().await;
    scene.set_aside(&["broken"]).await;
    let id = ids(&scene.run(&["quarantine", "list", "--json"]).json()).remove(0);
    let ran = scene.run(&["quarantine", "drop", "7", &id]);
    assert_eq!((ran.code, &*ran.out, &*ran.err), (1, "dropped 1 task\n", "freshen: there is no task 7\n"));
    assert!(scene.run(&["quarantine", "show", "7"]).failed(1).contains("there is no task 7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_ended_only_by_who_says_yes() {
    let scene = Scene::new().await;
    scene.cache().await;
    scene.set_aside(&["a", "b", "c"]).await;
    assert!(scene.run(&["quarantine", "drop", "--all"]).failed(2).contains("--yes"));
    assert!(scene.run(&["quarantine", "drop"]).failed(2).contains("ID"));
    assert!(scene.run(&["quarantine", "release", "1", "--all", "--yes"]).failed(2).contains("cannot be used with"));
    assert_eq!(scene.run(&["queue", "--json"]).json()["quarantined"], 3);
    assert_eq!(scene.run(&["quarantine", "drop", "--all", "--yes"]).printed(), "dropped 3 tasks\n");
    assert_eq!(scene.run(&["quarantine", "list", "--json"]).json(), Value::Array(Vec::new()));
    assert_eq!(scene.run(&["quarantine", "release", "--all", "--yes"]).printed(), "released 0 tasks\n");
}
