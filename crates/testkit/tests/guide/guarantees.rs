//! The page of guarantees: each row names a test.

use crate::page;
use crate::shown::{cells, exists, unshown};

const PAGE: &str = "docs/guide/guarantees.md";

/// The rows of a page's tables whose last column names no test that exists, and no reason either.
fn unheld(page: &str, exists: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| ")).map(cells);
    let rows = rows.filter_map(|row| row.last().copied()).filter(|shown| *shown != "shown by");
    rows.flat_map(|shown| unshown(shown, &exists)).collect()
}

#[test]
fn every_guarantee_and_every_limit_has_a_test_that_exists() {
    let page = page(PAGE);
    assert_eq!(unheld(&page, exists), [""; 0]);
    assert!(page.lines().filter(|line| line.contains("::")).count() > 30, "the page has rows");
    let exists = |file: &str, name: &str| file == "a.rs" && name == "so";
    let rows =
        "| promise | shown by |\n|---|---|\n| x | `a.rs::so` |\n| y | *by its nature* |\n| z | `a.rs::so`, trust us |";
    assert_eq!(unheld(rows, exists), ["no such test, and no reason: trust us"]);
}
