//! The last column of a page's tables: the tests that show a row, or why none does.

use crate::root;

/// What may stand there instead of a test.
const WITHOUT_TEST: [&str; 3] = ["*differs*", "*the compiler*", "*by its nature*"];

/// The cells of a table's line.
pub fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// What in the last column names no test and is no reason either.
pub fn unshown(shown: &str, exists: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let known = |item: &str| test(item).map_or(WITHOUT_TEST.contains(&item), |(file, name)| exists(file, name));
    let unknown = shown.split(", ").filter(|item| !known(item));
    unknown.map(|item| format!("no such test, and no reason: {item}")).collect()
}

/// File and name, where an item is `file::name` in backticks.
pub fn test(item: &str) -> Option<(&str, &str)> {
    item.strip_prefix('`')?.strip_suffix('`')?.split_once("::")
}

/// Whether a file, below `crates/` unless it is an example's, has a function of this name.
pub fn exists(file: &str, name: &str) -> bool {
    let path = if file.starts_with("examples/") { root().join(file) } else { root().join("crates").join(file) };
    std::fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("fn {name}(")))
}

#[test]
fn the_name_of_a_test_is_looked_for_in_its_file() {
    assert!(exists("testkit/tests/guide/rows.rs", "a_bad_page_is_found_out"));
    assert!(!exists("testkit/tests/guide/rows.rs", "a_bad_page_is_found"));
    assert!(!exists("testkit/tests/guide/row.rs", "a_bad_page_is_found_out"));
}
