//! `freshen queue`.

use std::time::Duration;

use freshen::queue::NewTask;

use crate::scene::{Scene, key, server};

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_counted_by_its_job() {
    let scene = Scene::new().await;
    scene.set_aside(&["broken"]).await;
    scene.push(&["tweets", "likes", "tweets"]).await;
    let told = scene.run(&["queue", "--json"]).json();
    assert_eq!([&told["ready"], &told["delayed"], &told["held"], &told["quarantined"]], [3, 0, 0, 1]);
    assert_eq!((&told["jobs"]["default:tweets"], &told["jobs"]["default:likes"]), (&2.into(), &1.into()));
    assert!(told["oldest_ms"].as_u64().unwrap() < 600_000, "{told}");
    let text = scene.run(&["queue"]).printed();
    assert!(text.starts_with("ready  delayed  held  quarantined  oldest\n3      0        0     1  "), "{text}");
    assert!(text.ends_with("1        default:likes\n2        default:tweets\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_cannot_be_read_is_counted_as_one() {
    let scene = Scene::new().await;
    scene.push(&["tweets"]).await;
    let line = format!("{{{}:q:default}}:normal", scene.prefix);
    server().await.command(&["XADD", &line, "*", "rubbish", "\u{1b}[2J"]).await;
    let told = scene.run(&["queue", "--json"]).json();
    assert_eq!((&told["ready"], &told["jobs"]["(unreadable)"]), (&2.into(), &1.into()));
    scene.run(&["queue"]).printed();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_queue_is_looked_at_by_its_name() {
    let scene = Scene::new().await;
    let mail = scene.settings().shared_queue("mail").await.unwrap().unwrap();
    let task = NewTask { key: key("tweets"), delay: Duration::ZERO, priority: Default::default() };
    mail.push(&[task]).await.unwrap();
    let ready = |arguments: &[&str]| scene.run(&[arguments, &["--json"]].concat()).json()["ready"].clone();
    assert_eq!([ready(&["queue", "mail"]), ready(&["queue"])], [1, 0]);
    assert_eq!(scene.run(&["quarantine", "list", "--of", "mail", "--json"]).json(), serde_json::json!([]));
    assert!(scene.run(&["queue", "Mail"]).failed(2).contains("a queue's name is 1 to 64 of a to z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_may_be_looked_at_without_its_store() {
    let scene = Scene::new().await;
    scene.push(&["tweets"]).await;
    let mut command = crate::scene::command(&["queue", "--queue", &scene.url, "--json"]);
    command.env("FRESHEN_PREFIX", &scene.prefix);
    assert_eq!(crate::scene::Ran::of(command).json()["ready"], 1);
}
