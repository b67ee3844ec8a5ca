//! Output whose reader leaves, and a look that goes on.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use freshen_testkit::servers::{Flavour, Server};

use crate::scene::{Scene, command};

/// The exit code, and what was said on stderr.
fn ended(mut child: Child) -> (i32, String) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it did not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn watching(scene: &Scene) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command = scene.command(&["queue", "--watch", "--every", "10ms", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_leaves_ends_it_well_and_quietly() {
    let scene = Scene::new().await;
    scene.cache().await;
    let (child, mut out) = watching(&scene);
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    assert_eq!(ended(child), (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_looks_again_and_ends_well_by_a_signal() {
    let scene = Scene::new().await;
    scene.cache().await;
    let (child, out) = watching(&scene);
    let mut lines = out.lines().map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    assert_eq!(lines.next().unwrap()["ready"], 0);
    scene.push(&["tweets"]).await;
    assert!(lines.by_ref().take(10_000).any(|line| line["ready"] == 1));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    lines.for_each(drop);
    assert_eq!(ended(child), (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_of_a_queue_that_nobody_has_yet_says_so_and_goes_on() {
    let scene = Scene::new().await;
    let (child, out) = watching(&scene);
    let mut lines = out.lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("\"ready\":0"));
    scene.push(&["tweets"]).await;
    assert!(lines.by_ref().take(100_000).any(|line| line.contains("\"ready\":1")));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    lines.for_each(drop);
    let (code, err) = ended(child);
    assert!(code == 0 && err.lines().count() == 1 && err.contains("no process has made a store"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_while_the_server_is_away() {
    let server = Server::redis(Flavour::Redis).start().await;
    let scene = Scene::at(server.url());
    scene.cache().await;
    let (mut child, out) = watching(&scene);
    let mut lines = out.lines().map(Result::unwrap);
    let first: serde_json::Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    assert!(first["ready"] == 0 && first["at_ms"].as_u64().unwrap() > 1_700_000_000_000, "{first}");
    server.kill();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(err.by_ref().take(10_000).any(|line| line.starts_with("freshen: ")));
    // A look that failed is a line too, with its time.
    let mut failed = lines.by_ref().take(100_000).filter(|line| line.contains("\"error\":\""));
    assert!(failed.next().unwrap().contains("\"at_ms\":"));
    server.restart().await;
    // Whatever was printed before it went down is read first, and the pipe holds less than is waited for.
    let queue = scene.queue().await;
    scene.push(&["tweets"]).await;
    assert_eq!(queue.depth().await.unwrap().ready, 1);
    assert!(lines.by_ref().take(100_000).any(|line| line.contains("\"ready\":1")));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    lines.for_each(drop);
    assert_eq!(ended(child).0, 0);
}

#[test]
fn a_signal_ends_a_watch_that_has_not_connected_yet() {
    // It takes the connection, and never answers.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let store = format!("redis://{}", deaf.local_addr().unwrap());
    let mut command = command(&["queue", "--watch", "--store", &store]);
    command.env("FRESHEN_CONNECT_TIMEOUT", "30m").stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let _held = deaf.accept().unwrap();
    kill(pid, Signal::SIGTERM).unwrap();
    assert_eq!(ended(child), (0, String::new()));
}

#[test]
fn a_reader_who_leaves_does_not_hide_that_the_servers_do_not_answer() {
    let mut command = command(&["check", "--connect"]);
    command.env("FRESHEN_STORE", "redis://127.0.0.1:1").stdout(Stdio::from(left_pipe())).stderr(Stdio::piped());
    let (code, err) = ended(command.spawn().unwrap());
    assert!(code == 1 && err.contains("refused"), "{code}: {err}");
}

/// The writing end of a pipe whose reader has left.
fn left_pipe() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}
