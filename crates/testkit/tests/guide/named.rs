//! Tests that pages name outside of tables.

use std::path::PathBuf;

use crate::root;
use crate::shown::exists;

/// The tests that a page names, as `file.rs::name` in backticks.
pub fn named(page: &str) -> Vec<(&str, &str)> {
    let spans = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    spans.filter_map(|span| span.split_once("::")).filter(|(file, _)| file.ends_with(".rs")).collect()
}

/// The pages in a folder.
fn pages(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

#[test]
fn every_test_that_is_named_elsewhere_exists() {
    let pages: Vec<PathBuf> = [".", "docs/guide", "docs/decisions"].into_iter().flat_map(pages).collect();
    assert!(pages.len() > 30, "{pages:?}");
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("the page is there");
        let missing: Vec<_> = named(&text).into_iter().filter(|(file, name)| !exists(file, name)).collect();
        assert!(missing.is_empty(), "{}: {missing:#?}", page.display());
    }
    assert_eq!(named("see `a/b.rs::so`, `std::mem` and `c.rs::not` here"), [("a/b.rs", "so"), ("c.rs", "not")]);
}
