//! The page of the guide: its commands are run, and what it says of JSON is all that there is.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::scene::{ANN, Scene, ann};

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/operating.md");
    std::fs::read_to_string(path).unwrap()
}

/// The lines of all blocks of one language.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let opening = format!("```{language}\n");
    page.split(&*opening).skip(1).flat_map(|rest| rest.split("```").next().unwrap().lines()).collect()
}

/// The words of a command line; single quotes hold one together.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    let quoted = |(at, part): (usize, &str)| {
        if at % 2 == 1 { vec![part.to_owned()] } else { part.split_whitespace().map(str::to_owned).collect() }
    };
    parts.flat_map(quoted).collect()
}

async fn filled() -> Scene {
    let scene = Scene::new().await;
    scene.cache().await.get(&ann()).await.unwrap();
    scene.set_aside(&["broken", "broken too"]).await;
    scene.push(&["tweets"]).await;
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_page_runs() {
    let scene = filled().await;
    let page = page();
    let lines = blocks(&page, "sh");
    assert!(lines.len() > 8, "{lines:?}");
    for line in lines {
        let words = words(line.strip_prefix("freshen ").unwrap());
        scene.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).printed();
    }
}

/// Every name in a document, at any depth, but those of jobs.
fn names(document: &Value, into: &mut BTreeSet<String>) {
    match document {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !name.contains(':')) {
                into.insert(name.clone());
                if name != "value" {
                    names(value, into);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_json_is_on_the_page_and_no_other() {
    let scene = filled().await;
    scene.cache().await.get(&crate::scene::Tweets::of("nobody", 1)).await.unwrap_err();
    let mut found = BTreeSet::new();
    let nobody = r#"default:tweets{page: 1, user: "nobody"}"#;
    for arguments in [
        &["look", ANN][..],
        &["look", nobody],
        &["invalidate", "--tag", "user:ann"],
        &["invalidate", "--tag", "user:ann", "--hard"],
        &["look", "--tag", "user:ann"],
        &["queue"],
        &["quarantine", "list"],
        &["quarantine", "release", "7"],
        &["quarantine", "drop", "7"],
        &["check"],
    ] {
        let ran = scene.run(&[arguments, &["--json"]].concat());
        names(&serde_json::from_str(&ran.out).unwrap(), &mut found);
    }
    let page = page();
    let tables = page.split("| command | fields |").nth(1).unwrap();
    let rows = tables.lines().filter(|line| line.starts_with('|')).filter_map(|line| line.splitn(3, '|').nth(2));
    let told: BTreeSet<String> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    assert_eq!(found, told);
}

#[test]
fn the_settings_of_the_page_are_right() {
    let page = page();
    let file = tempfile::NamedTempFile::new().unwrap();
    // The file of certificates is the only thing that this machine does not have.
    let authority = tempfile::NamedTempFile::new().unwrap();
    let text = blocks(&page, "toml").join("\n").replace("/etc/ssl/cache.pem", authority.path().to_str().unwrap());
    std::fs::write(&file, text).unwrap();
    let ran = crate::scene::Ran::of(crate::scene::command(&["check", file.path().to_str().unwrap()]));
    assert!(ran.printed().contains("rediss://app:***@cache.example:6379"));
}
