//! `freshen invalidate`.

use freshen::{Status, WriteToken};

use crate::scene::{ANN, Scene, Tweets, ann};

#[tokio::test(flavor = "multi_thread")]
async fn the_token_that_is_printed_is_seen_by_whoever_brings_it() {
    let scene = Scene::new().await;
    let cache = scene.cache().await;
    cache.get(&ann()).await.unwrap();
    let told = scene.run(&["invalidate", "--key", ANN, "--json"]).json();
    let token: WriteToken = told["token"].as_str().unwrap().parse().unwrap();
    let answer = cache.request(&ann()).after(&token).get().await.unwrap();
    assert_eq!(answer.status(), Status::Loaded);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_tags_and_namespaces_are_outdated_together_soft_or_hard() {
    let scene = Scene::new().await;
    let cache = scene.cache().await;
    for job in [ann(), Tweets::of("bob", 1).into()] {
        cache.get(&job).await.unwrap();
    }
    let told = scene
        .run(&["invalidate", "--tag", "user:ann", "other", "--key", r#"default:tweets{page:1,user:"bob"}"#, "--json"])
        .json();
    assert_eq!(told["strength"], "soft");
    assert_eq!(told["targets"][0], r#"key default:tweets{page: 1, user: "bob"}"#);
    assert_eq!(told["targets"][2], "tag other");
    assert!(told["token"].as_str().unwrap().parse::<WriteToken>().is_ok());
    let state = |key: &str| scene.run(&["look", key, "--json"]).json()["state"].as_str().unwrap().to_owned();
    assert_eq!([state(ANN), state(r#"default:tweets{page: 1, user: "bob"}"#)], ["stale", "stale"]);
    scene.run(&["invalidate", "--namespace", "default", "--hard"]).printed();
    assert_eq!(state(ANN), "outdated-hard");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_what_was_outdated_how_and_where() {
    let scene = Scene::new().await;
    scene.cache().await;
    let at = format!("store     {}\nprefix    {}\n", scene.url, scene.prefix);
    let soft = scene.run(&["invalidate", "--tag", "a", "b\u{1b}[2J", "--key", ANN]).printed();
    let targets = format!("outdated  key {ANN}\noutdated  tag a\noutdated  tag b\\u{{1b}}[2J\n");
    assert_eq!(soft, format!("{targets}strength  soft: served while it is refreshed\n{at}"));
    let hard = scene.run(&["invalidate", "--namespace", "default", "--hard"]).printed();
    assert_eq!(hard, format!("outdated  namespace default\nstrength  hard: never served again\n{at}"));
}

#[test]
fn what_is_no_key_tag_or_namespace_is_a_mistake_in_usage() {
    let scene = Scene::at("redis://127.0.0.1:1".into());
    for (arguments, said) in [
        (&["invalidate"][..], "--key"),
        (&["invalidate", "--key", "default:tweets{page: 2"], "the text cannot be read at character 23"),
        (&["invalidate", "--key", "default:tweets{user: \"an…"], "it was cut short"),
        (&["invalidate", "--tag", ""], "0 bytes"),
        (&["invalidate", "--namespace", ""], "a namespace has 1 to 64 bytes"),
        (&["look"], "--tag"),
        (&["look", ANN, "--tag", "a"], "cannot be used with"),
    ] {
        let err = scene.run(arguments).failed(2);
        assert!(err.contains(said), "{arguments:?}: {err}");
    }
}
