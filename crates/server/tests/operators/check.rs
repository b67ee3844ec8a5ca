//! `freshen check`.

use std::io::Write;

use crate::scene::{Ran, Scene, command};

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn check(text: &str, more: &[&str]) -> (Ran, String) {
    let file = file(text);
    let path = file.path().to_str().unwrap();
    (Ran::of(command(&[&["check", path], more].concat())), path.to_owned())
}

#[test]
fn what_settings_mean_is_told_with_where_they_were_set() {
    let (ran, path) = check("store = \"redis://ann:secret@h\"\n[near]\nbound = \"3s\"\n", &[]);
    let text = ran.printed();
    assert!(text.starts_with("field "), "{text}");
    assert!(text.contains(&format!("\"redis://ann:***@h\"  {path}:1:9")) && !text.contains("secret"), "{text}");
    let (ran, path) = check("[near]\nbound = \"3s\"\n", &["--json"]);
    let told = ran.json();
    let bound = told["fields"].as_array().unwrap().iter().find(|field| field["field"] == "near.bound").unwrap();
    assert_eq!((&bound["value"], &bound["from"]), (&"\"3s\"".into(), &format!("{path}:2:9").into()));
    assert_eq!(told["connected"], serde_json::Value::Null);
}

#[test]
fn a_variable_that_is_no_text_is_a_mistake_and_not_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let mut command = command(&["check"]);
    command.env("FRESHEN_HEARTBEAT", std::ffi::OsStr::from_bytes(b"1\xffs"));
    let err = Ran::of(command).failed(2);
    assert!(err.starts_with("freshen: FRESHEN_HEARTBEAT: "), "{err}");
}

#[test]
fn mistakes_are_told_together_with_their_lines_and_end_with_2() {
    let (ran, path) = check("stroe = \"memory:\"\nheartbeat = 30\nworkers = \"x\"\n", &[]);
    let err = ran.failed(2);
    let lines: Vec<&str> = err.lines().collect();
    assert_eq!(lines[0], format!("freshen: {path}:1:1: there is no `stroe`: did you mean `store`?"));
    assert_eq!(lines[1], format!("{path}:2:13: heartbeat: is a number without a unit: write \"30s\" or \"30ms\""));
    assert!(lines[2].starts_with(&format!("{path}:3:11: workers: is \"x\", where")) && lines.len() == 3, "{err}");
}

#[test]
fn a_file_that_is_not_there_ends_with_2() {
    let err = Ran::of(command(&["check", "/nowhere/f.toml"])).failed(2);
    assert!(err.starts_with("freshen: /nowhere/f.toml: cannot be read: "), "{err}");
}

#[test]
fn variables_are_read_and_their_mistakes_named() {
    let mut right = command(&["check", "--json"]);
    right.env("FRESHEN_WORKERS", "9").env("FRESHEN_SERVICE_HOST", "10.0.0.1");
    let told = Ran::of(right).json();
    let workers = told["fields"].as_array().unwrap().iter().find(|field| field["field"] == "workers").unwrap();
    assert_eq!((&workers["value"], &workers["from"]), (&"9".into(), &"FRESHEN_WORKERS".into()));
    let mut wrong = command(&["check"]);
    wrong.env("FRESHEN_WORKER", "9");
    assert!(Ran::of(wrong).failed(2).contains("did you mean FRESHEN_WORKERS?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_servers_answer_is_told_where_that_is_asked() {
    let scene = Scene::new().await;
    assert!(scene.run(&["check", "--connect"]).printed().ends_with("\nthe servers answer\n"));
    assert_eq!(scene.run(&["check", "--connect", "--json"]).json()["connected"], true);
    let (ran, _) = check("store = \"redis://127.0.0.1:1\"\ndegraded = true", &["--connect", "--json"]);
    assert!(ran.out.contains("\"connected\":false"), "{ran:?}");
    let err = ran.failed(1);
    assert!(err.starts_with("freshen: cannot open the store at redis://127.0.0.1:1: "), "{err}");
}
