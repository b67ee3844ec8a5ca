//! `freshen queue`.

use std::time::Duration;

use freshen::queue::NewTask;

use crate::scene::{Ran, Scene, key, server};

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
    scene.cache().await;
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
    assert_eq!(Ran::of(command).json()["ready"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_under_a_prefix_that_nobody_has_is_no_empty_queue() {
    let scene = Scene::new().await;
    let absent = format!("no process has made a store with the prefix `{}` at {} yet", scene.prefix, scene.url);
    for arguments in [
        &["queue"][..],
        &["queue", "--json"],
        &["quarantine", "list"],
        &["quarantine", "show", "7"],
        &["quarantine", "release", "--all", "--yes"],
    ] {
        let ran = scene.run(arguments);
        assert!(ran.code == 1 && ran.out.is_empty() && ran.err.contains(&absent), "{ran:?}");
    }
    // Whoever names the queue's server alone may have the store elsewhere.
    let mut command = crate::scene::command(&["queue", "--queue", &scene.url, "--json"]);
    command.env("FRESHEN_PREFIX", &scene.prefix);
    assert_eq!(Ran::of(command).json()["ready"], 0);
    scene.cache().await;
    let ran = scene.run(&["queue", "--json"]);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert_eq!(scene.run(&["quarantine", "list", "--json"]).printed(), "[]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_queue_that_the_settings_do_not_name_is_doubted() {
    let scene = Scene::new().await;
    scene.cache().await;
    let told = |arguments: &[&str]| {
        let mut command = scene.command(arguments);
        command.env("FRESHEN_QUEUES", "mail=2");
        let ran = Ran::of(command);
        assert!(ran.code == 0 && !ran.out.is_empty(), "{ran:?}");
        ran.err
    };
    let doubt = "freshen: nothing is in the queue `mial`, which the settings do not name: they have mail, default\n";
    assert_eq!(told(&["queue", "mial"]), doubt);
    assert_eq!(told(&["quarantine", "list", "--of", "mial"]), doubt);
    assert_eq!([told(&["queue", "mail"]), told(&["queue"])], ["", ""]);
    let task = NewTask { key: key("tweets"), delay: Duration::ZERO, priority: Default::default() };
    scene.settings().shared_queue("mial").await.unwrap().unwrap().push(&[task]).await.unwrap();
    assert_eq!(told(&["queue", "mial"]), "");
}
