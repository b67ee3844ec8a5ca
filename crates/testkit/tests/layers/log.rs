//! The log: every line that the library writes has the one target, by which its users choose what they see.

use std::path::Path;

use crate::root;

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// The lines of a text on which something is logged under another target.
fn off_target(text: &str) -> Vec<usize> {
    let logged = LEVELS.iter().flat_map(|level| text.match_indices(&format!("tracing::{level}!(")).collect::<Vec<_>>());
    let off = logged.filter(|(at, call)| !text[at + call.len()..].trim_start().starts_with("target: \"freshen\""));
    off.map(|(at, _)| text[..at].matches('\n').count() + 1).collect()
}

fn faults(folder: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            faults.extend(self::faults(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("the file can be read");
            faults.extend(off_target(&text).iter().map(|line| format!("{}:{line}", path.display())));
        }
    }
    faults
}

#[test]
fn every_line_of_the_libraries_log_has_its_one_target() {
    let libraries = ["core", "freshen", "metrics", "redis", "sql", "worker"];
    let faults: Vec<String> =
        libraries.iter().flat_map(|name| faults(&root().join("crates").join(name).join("src"))).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_line_with_another_target_is_found() {
    assert_eq!(off_target("fn f() {\n    tracing::warn!(%error, \"x\");\n}"), [2]);
    assert_eq!(off_target("tracing::debug!(\n target: \"freshen_redis\", \"x\")"), [1]);
    assert!(off_target("tracing::warn!(\n    target: \"freshen\", \"x\"); tracing::info_span!(\"y\")").is_empty());
}
