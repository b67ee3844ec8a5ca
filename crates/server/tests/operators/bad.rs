//! What is wrong with servers and URLs.

use freshen_testkit::servers::{Flavour, Relay, Server};

use crate::scene::{ANN, Ran, Scene, ann, command, server};

#[test]
fn a_scheme_that_nobody_knows_is_a_mistake_in_usage() {
    let err = Ran::of(command(&["look", ANN, "--store", "reddis://h"])).failed(2);
    assert!(err.contains("has the unknown scheme `reddis`: did you mean `redis`?"), "{err}");
    let err = Ran::of(command(&["look", ANN, "--store", "mongodb://ann:secret@h"])).failed(2);
    assert!(err.contains("--store: the URL has the unknown scheme `mongodb`") && !err.contains("secret"), "{err}");
    for url in ["redis://ann:secret@h/x", "redis://ann:se/secret@h"] {
        let err = Ran::of(command(&["queue", "--queue", url])).failed(2);
        assert!(!err.contains("secret"), "{err}");
    }
}

#[test]
fn what_only_the_servers_of_the_settings_need_does_not_keep_from_looking_at_others() {
    let look = |url: &str, variables: &[(&str, &str)]| {
        let mut command = command(&["look", ANN, "--store", url]);
        command.env("FRESHEN_CONNECT_TIMEOUT", "200ms").envs(variables.iter().copied());
        Ran::of(command).failed(1)
    };
    let sentinels = ("FRESHEN_STORE", "redis+sentinel://127.0.0.1:1/main");
    let (password, ca_file) = (("FRESHEN_SENTINEL_PASSWORD", "secret"), ("FRESHEN_CA_FILE", "ca.pem"));
    for (url, variables) in [
        ("redis://127.0.0.1:1", &[sentinels, password][..]),
        ("redis+sentinel://127.0.0.1:1/main", &[password]),
        ("redis://127.0.0.1:1", &[("FRESHEN_STORE", "rediss://127.0.0.1:1"), ca_file]),
    ] {
        let err = look(url, variables);
        assert!(err.contains("127.0.0.1:1") && err.contains("refused"), "{err}");
    }
}

#[test]
fn what_is_in_memory_cannot_be_looked_at() {
    let err = Ran::of(command(&["look", ANN])).failed(2);
    assert!(err.contains("the store is in the memory of each process") && err.contains("FRESHEN_STORE"), "{err}");
    let err = Ran::of(command(&["queue"])).failed(2);
    assert!(err.contains("the queue is in the memory of each process"), "{err}");
}

#[test]
fn a_server_that_is_not_there_ends_with_1() {
    for arguments in [&["look", ANN][..], &["invalidate", "--tag", "a"], &["queue"], &["quarantine", "list"]] {
        let err = Ran::of(command(&[arguments, &["--store", "redis://127.0.0.1:1"]].concat())).failed(1);
        assert!(err.contains("redis://127.0.0.1:1") && err.contains("refused"), "{err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_ends_with_1_and_is_not_shown() {
    let server = Server::redis(Flavour::Redis).password("right").start().await;
    let url = format!("redis://:secret@127.0.0.1:{}", server.port());
    for arguments in [&["look", ANN][..], &["queue"], &["check", "--connect"]] {
        let mut command = command(arguments);
        command.env("FRESHEN_STORE", &url);
        let ran = Ran::of(command);
        assert!(!ran.err.contains("secret") && !ran.out.contains("secret"), "{ran:?}");
        let err = ran.failed(1);
        assert!(err.contains(":***@127.0.0.1") && err.to_lowercase().contains("password"), "{err}");
    }
    let right = Scene::at(server.url());
    right.cache().await;
    assert_eq!(right.run(&["queue", "--json"]).json()["ready"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_too_old_ends_with_1() {
    let server = server().await;
    let version = server.version().await;
    let old = format!("6{}", &version[1..]);
    let relay = Relay::saying(server.port(), &version, &old).await;
    for arguments in [&["look", ANN][..], &["invalidate", "--tag", "a"], &["queue"], &["check", "--connect"]] {
        let err = Scene::at(relay.url()).run(arguments).failed(1);
        assert!(err.contains(&format!("is version {old}; at least 7.0 is needed")), "{err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_of_partitions_ends_with_1() {
    let scene = Scene::new().await;
    scene.cache().await.get(&ann()).await.unwrap();
    // Who looks takes the store's number; a process that would use the store does not.
    let mut command = scene.command(&["check", "--connect"]);
    command.env("FRESHEN_PARTITIONS", "2");
    let err = Ran::of(command).failed(1);
    assert!(err.contains("1 partitions, this process expects format 1 and 2"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_ends_with_1_in_bounded_time() {
    let server = Server::redis(Flavour::Redis).start().await;
    server.stop_signal();
    let mut command = command(&["look", ANN, "--store", &server.url()]);
    command
        .env("FRESHEN_CONNECT_TIMEOUT", "200ms")
        .env("FRESHEN_RESPONSE_TIMEOUT", "200ms")
        .env("FRESHEN_PATIENCE", "200ms");
    let began = std::time::Instant::now();
    Ran::of(command).failed(1);
    // Far above what it takes, and far below for ever.
    assert!(began.elapsed() < std::time::Duration::from_secs(60), "{:?}", began.elapsed());
    server.continue_signal();
}
