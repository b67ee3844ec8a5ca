//! Output whose reader leaves, and a look that goes on.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::scene::Scene;

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
    let (child, mut out) = watching(&scene);
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    assert_eq!(ended(child), (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_looks_again_and_ends_well_by_a_signal() {
    let scene = Scene::new().await;
    let (child, out) = watching(&scene);
    let mut lines = out.lines().map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    assert_eq!(lines.next().unwrap()["ready"], 0);
    scene.push(&["tweets"]).await;
    assert!(lines.by_ref().take(10_000).any(|line| line["ready"] == 1));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    lines.for_each(drop);
    assert_eq!(ended(child), (0, String::new()));
}
