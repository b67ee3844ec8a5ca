//! A case that is written but not entered in its suite's list would never run.

use std::path::Path;

fn unlisted(suite: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(suite);
    let list = std::fs::read_to_string(folder.join("cases.rs")).expect("the sources are there");
    let mut unlisted = Vec::new();
    for file in std::fs::read_dir(folder).expect("the sources are there") {
        let path = file.expect("the sources are there").path();
        let module = path.file_stem().and_then(|stem| stem.to_str()).expect("a source has a name").to_owned();
        for line in std::fs::read_to_string(&path).expect("the sources are there").lines() {
            let name = line.strip_prefix("pub async fn ").and_then(|rest| rest.split('(').next());
            let entered = name.is_none_or(|name| list.contains(&format!(" {module}::{name},")));
            if !entered {
                unlisted.push(format!("{module}::{}", name.unwrap_or_default()));
            }
        }
    }
    unlisted
}

#[test]
fn every_case_is_in_its_suites_list() {
    assert_eq!(unlisted("store_suite"), [""; 0]);
    assert_eq!(unlisted("bus_suite"), [""; 0]);
}
