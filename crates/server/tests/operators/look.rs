//! `freshen look`.

use std::time::Duration;

use freshen::Strength;
use freshen::store::{Begin, Begun, Role};

use crate::scene::{ANN, Ran, Scene, Tweets, ann, key, server};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_told_with_its_value_and_why_it_is_fresh() {
    let scene = Scene::new().await;
    scene.cache().await.get(&ann()).await.unwrap();
    let told = scene.run(&["look", ANN, "--json"]).json();
    assert_eq!((&told["key"], &told["state"], &told["namespace"]), (&ANN.into(), &"fresh".into(), &"default".into()));
    let entry = &told["entry"];
    assert_eq!(entry["value"][0], "ann says 2 times \u{1b}[2Jhello");
    assert_eq!((&entry["codec"], &entry["tags"][0]), (&"MessagePack".into(), &"user:ann".into()));
    assert_eq!((&entry["ttl_ms"], &entry["stale_while_revalidate_ms"]), (&3_600_000.into(), &3_600_000.into()));
    assert!(entry["fresh_left_ms"].as_u64().unwrap() > 3_000_000, "{entry}");
    assert_eq!((&told["lease_left_ms"], &told["trouble"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    let text = scene.run(&["look", ANN]).printed();
    assert!(text.starts_with(&format!("key         {ANN}\nstate       fresh: for 59m ")), "{text}");
    assert!(
        text.contains("lease       nobody holds it\n") && text.contains(r#"["ann says 2 times \u001b[2Jhello"]"#),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_outdated_a_value_is_named() {
    let scene = Scene::new().await;
    let cache = scene.cache().await;
    cache.get(&ann()).await.unwrap();
    let state = || {
        let told = scene.run(&["look", ANN, "--json"]).json();
        [&told["state"], &told["because"]].map(|text| text.as_str().unwrap().to_owned())
    };
    cache.invalidate(&ann(), Strength::Soft).await.unwrap();
    assert_eq!(state(), ["stale", "outdated by its key"]);
    cache.load(&ann()).await.unwrap();
    cache.invalidate_tag("user:ann", Strength::Soft).await.unwrap();
    assert_eq!(state(), ["stale", "outdated by the mark of tag user:ann"]);
    // The mark of the tag is soft: it is not why.
    cache.invalidate(&ann(), Strength::Hard).await.unwrap();
    assert_eq!(state(), ["outdated-hard", "outdated by its key"]);
    cache.invalidate_namespace("default", Strength::Hard).await.unwrap();
    assert_eq!(state(), ["outdated-hard", "outdated by the mark of namespace default"]);
    cache.invalidate_tag("user:ann", Strength::Hard).await.unwrap();
    assert_eq!(state(), ["outdated-hard", "outdated by the mark of namespace default and of tag user:ann"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_lease_is_named() {
    let scene = Scene::new().await;
    scene.cache().await;
    let store = scene.settings().shared_store().await.unwrap().unwrap();
    let lease = Duration::from_secs(600);
    let begin = Begin { role: Role::Foreground, lease, at_least: None, heeds_backoff: false };
    let begun = store.begin(&key("tweets"), begin).await.unwrap();
    assert!(matches!(begun, Begun::Granted(_)), "{begun:?}");
    let ran = scene.run(&["look", ANN]);
    let me = format!(":{} holds it for 9m 5", std::process::id());
    assert!(ran.code == 1 && ran.out.contains(&me), "{ran:?}");
    let told: serde_json::Value = serde_json::from_str(&scene.run(&["look", ANN, "--json"]).out).unwrap();
    assert!(told["lease_holder"].as_str().unwrap().ends_with(&format!(":{}", std::process::id())), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stored_is_told_and_ends_with_1() {
    let scene = Scene::new().await;
    scene.cache().await;
    let ran = scene.run(&["look", ANN, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &told["state"], &told["entry"]), (1, &"nothing".into(), &serde_json::Value::Null));
    assert_eq!(ran.err, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_nobody_made_is_named_and_not_made() {
    let scene = Scene::new().await;
    for arguments in [&["look", ANN][..], &["look", "--tag", "a"], &["invalidate", "--tag", "a"]] {
        let err = scene.run(arguments).failed(1);
        assert!(err.contains(&format!("no process has made a store with the prefix `{}`", scene.prefix)), "{err}");
    }
    assert!(scene.names("*").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flag_for_the_prefix_wins_over_the_settings() {
    let (scene, other) = (Scene::new().await, Scene::new().await);
    scene.cache().await.get(&ann()).await.unwrap();
    assert_eq!(other.run(&["look", ANN, "--prefix", &scene.prefix, "--json"]).json()["state"], "fresh");
    other.push(&["tweets"]).await;
    assert_eq!(scene.run(&["queue", "--prefix", &other.prefix, "--json"]).json()["ready"], 1);
    let err = scene.run(&["look", ANN, "--prefix", ""]).failed(2);
    assert!(err.contains("prefix: has 0 bytes"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_told_without_orders_to_the_terminal() {
    let scene = Scene::new().await;
    scene.cache().await.get(&Tweets::of("nobody", 1)).await.unwrap_err();
    let key = r#"default:tweets{page: 1, user: "nobody"}"#;
    let ran = scene.run(&["look", key]);
    assert!(ran.out.contains("trouble") && ran.out.contains("1 failed in a row, next attempt in "), "{ran:?}");
    assert!(ran.out.contains(r"there is \u{1b}[2J\u{9b}nobody"), "{ran:?}");
    let ran = scene.run(&["look", key, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["trouble"]["failures"], ran.code), (&1.into(), 1));
    assert!(told["trouble"]["reason"].as_str().unwrap().contains("\u{1b}[2J\u{9b}nobody"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_marks_of_a_scope_are_told_for_each_partition() {
    let scene = Scene::new().await;
    let mut settings = scene.settings();
    settings.partitions = Some(3);
    settings.open().await.unwrap();
    // The number of partitions is the store's, whatever the settings say.
    let mut other = scene.command(&["look", "--tag", "user:ann", "--json"]);
    other.env("FRESHEN_PARTITIONS", "4");
    assert_eq!(Ran::of(other).json()["partitions"].as_array().unwrap().len(), 3);
    scene.run(&["invalidate", "--tag", "user:ann"]).printed();
    scene.run(&["invalidate", "--namespace", "default", "--hard"]).printed();
    let told = scene.run(&["look", "--tag", "user:ann", "--json"]).json();
    let partitions = told["partitions"].as_array().unwrap();
    assert_eq!((&told["scope"], partitions.len()), (&"tag user:ann".into(), 3));
    for partition in partitions {
        assert!(partition["soft"]["tick"].as_u64().is_some() && partition["hard"].is_null(), "{partition}");
        assert!(partition["soft"]["ago_ms"].as_u64().unwrap() < 600_000, "{partition}");
    }
    let text = scene.run(&["look", "--namespace", "default"]).printed();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines.len()), ("namespace default", 5));
    assert!(lines[1].starts_with("partition  soft   hard") && lines[2].starts_with("0          never  "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_told_as_one_and_never_a_panic() {
    let scene = Scene::new().await;
    scene.cache().await.get(&ann()).await.unwrap();
    let names = scene.names("*default:tweets:*").await;
    let [record] = &names[..] else { panic!("one record was expected: {names:?}") };
    server().await.command(&["HSET", record, "m", "rubbish"]).await;
    let ran = scene.run(&["look", ANN]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("a record is not used") && ran.out.contains("state      nothing"), "{ran:?}");
    server().await.command(&["DEL", record]).await;
    server().await.command(&["SET", record, "rubbish"]).await;
    assert_eq!(scene.run(&["look", ANN]).code, 1);
}
