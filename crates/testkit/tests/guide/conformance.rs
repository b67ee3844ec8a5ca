//! The page of HTTP conformance: it has all that a cache should do, and each row names its files and the tests that show it.

use std::collections::{BTreeSet, HashSet};

use crate::named::named;
use crate::shown::cells;
use crate::source::tests;
use crate::{page, root};

const PAGE: &str = "docs/guide/http-conformance.md";
/// The section whose rows are named by what a cache should do, and how many there are of each name.
const SHOULD: &str = "## What a cache should do";
const LINES: [(&str, usize); 11] = [
    ("ST", 8),
    ("FR", 8),
    ("SW", 3),
    ("SE", 5),
    ("VA", 6),
    ("VK", 10),
    ("IN", 8),
    ("RA", 4),
    ("VI", 4),
    ("CO", 6),
    ("SEC", 16),
];
/// Where what is asked is shown elsewhere, or by nothing.
const ELSEWHERE: [&str; 2] = ["*the proxy*", "*not for a cache*"];

/// What there is to name.
struct Known {
    files: HashSet<String>,
    tests: HashSet<String>,
}

/// What is wrong with a page.
fn faults(page: &str, known: &Known) -> Vec<String> {
    let rows = rows(page);
    let of_rows = rows.iter().flat_map(|row| row_faults(row, known).into_iter().map(move |fault| (row, fault)));
    let mut faults: Vec<String> = of_rows.map(|(row, fault)| format!("{}: {fault}", row.join(" | "))).collect();
    faults.extend(misplaced(page));
    faults
}

/// The rows of all tables, without their heads.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let lines = page.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    lines.map(cells).filter(|row| row.last() != Some(&"shown by")).collect()
}

fn row_faults(row: &[&str], known: &Known) -> Vec<String> {
    let &[first, asked, files, shown] = row else { return vec!["not four columns".into()] };
    if [first, asked, files, shown].iter().any(|cell| cell.is_empty()) {
        return vec!["an empty column".into()];
    }
    let reasoned = is_reason(shown);
    let is_file = |item: &&str| in_ticks(item).is_some_and(|file| known.files.contains(file));
    let is_test = |item: &&str| in_ticks(item).is_some_and(|test| known.tests.contains(test));
    // What is done nowhere here has no file.
    let no_files = files.split(", ").filter(|item| !(is_file(item) || reasoned && *item == "–"));
    let no_tests = shown.split(", ").filter(|item| !reasoned && !is_test(item));
    let no_files = no_files.map(|item| format!("no such file: {item}"));
    no_files.chain(no_tests.map(|item| format!("no such test, and no reason: {item}"))).collect()
}

/// Whether a last column tells where else a row is shown, or why it is not done so.
fn is_reason(shown: &str) -> bool {
    ELSEWHERE.contains(&shown) || shown.strip_prefix("*differs*: ").is_some_and(|why| !why.contains('`'))
}

fn in_ticks(item: &str) -> Option<&str> {
    item.strip_prefix('`')?.strip_suffix('`')
}

/// The lines of what a cache should do: each is there, its rows together, all in order, and no others.
fn misplaced(page: &str) -> Vec<String> {
    let section = page.split_once(SHOULD).map_or("", |(_, section)| section);
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let mut found: Vec<String> = rows(section).iter().map(|row| row[0].to_owned()).collect();
    found.dedup();
    let expected = LINES.iter().flat_map(|(name, count)| (1..=*count).map(move |number| format!("{name}{number}")));
    let expected: Vec<String> = expected.collect();
    let lacking = |of: &[String], other: &[String]| -> Vec<String> {
        of.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    let mut faults: Vec<String> = lacking(&expected, &found).iter().map(|line| format!("{line}: not there")).collect();
    faults.extend(lacking(&found, &expected).iter().map(|line| format!("{line}: unknown")));
    if faults.is_empty()
        && let Some((line, _)) = found.iter().zip(&expected).find(|(found, expected)| found != expected)
    {
        faults.push(format!("{line}: out of order"));
    }
    faults
}

/// What there is of that which a page names.
fn known(page: &str) -> Known {
    let read = |path: &str| std::fs::read_to_string(root().join("crates").join(path)).unwrap_or_default();
    let files = rows(page).into_iter().filter_map(|row| row.get(2).copied()).flat_map(|files| files.split(", "));
    let is_file = |file: &&str| match file.strip_prefix("pages/") {
        Some(_) => !read(file).is_empty(),
        None => !read(&format!("http/src/{file}")).is_empty(),
    };
    let files = files.filter_map(in_ticks).filter(is_file);
    let of_tests: BTreeSet<&str> = named(page).into_iter().map(|(file, _)| file).collect();
    let tests = of_tests.into_iter().flat_map(|file| {
        let name = move |name| format!("{file}::{name}");
        tests(&read(file)).into_iter().map(name)
    });
    Known { files: files.map(str::to_owned).collect(), tests: tests.collect() }
}

#[test]
fn every_row_names_its_files_and_the_tests_that_show_it() {
    let page = page(PAGE);
    let faults = faults(&page, &known(&page));
    assert!(faults.is_empty(), "{faults:#?}");
}

const HEAD: &str = "| line | what is asked | rule in | shown by |\n|---|---|---|---|";

/// A page with all lines; that of the first is this.
fn page_with(first: &str) -> String {
    let names = LINES.iter().flat_map(|(name, count)| (1..=*count).map(move |number| format!("{name}{number}")));
    let others: String = names.skip(1).map(|name| format!("| {name} | x | `a.rs` | `b.rs::so` |\n")).collect();
    format!(
        "# Title\n\n{SHOULD}\n\n{HEAD}\n{first}\n{others}\n## RFC 1\n\n{HEAD}\n| 2.1 | x | `a.rs` | *the proxy* |\n"
    )
}

fn check(page: &str) -> Vec<String> {
    let known = Known { files: ["a.rs".into()].into(), tests: ["b.rs::so".into(), "b.rs::too".into()].into() };
    faults(page, &known)
}

fn check_row(cells: &str) -> Vec<String> {
    check(&page_with(&format!("| {cells} |")))
}

#[test]
fn a_good_row_is_taken() {
    for good in [
        "ST1 | x | `a.rs` | `b.rs::so`",
        "ST1 | x | `a.rs`, `a.rs` | `b.rs::so`, `b.rs::too`",
        "ST1 | x | – | *the proxy*",
        "ST1 | x | – | *not for a cache*",
        "ST1 | x | `a.rs` | *differs*: it is better so, we think",
        "ST1 | x | `a.rs` | `b.rs::so` |\n| ST1 | y | – | *the proxy*",
    ] {
        assert_eq!(check_row(good), [""; 0], "{good}");
    }
}

#[test]
fn a_bad_row_is_found_out() {
    let all = |cells: &str, fault: &str| {
        let faults = check_row(cells);
        assert!(!faults.is_empty() && faults.iter().all(|found| found.contains(fault)), "{cells}: {faults:?}");
    };
    for shown in [
        "`b.rs::not`",
        "`so`",
        "b.rs::so",
        "*trust us*",
        "*the layer*",
        "*differs*",
        "*differs*: ",
        "*differs*: `b.rs::so`",
        "*the proxy*, `b.rs::so`",
        "`b.rs::so`, *the proxy*",
    ] {
        all(&format!("ST1 | x | `a.rs` | {shown}"), "no such test, and no reason");
    }
    for files in ["`c.rs`", "a.rs", "–", "`a.rs`, –"] {
        all(&format!("ST1 | x | {files} | `b.rs::so`"), "no such file");
    }
    all("ST1 | x | `c.rs` | *the proxy*", "no such file");
    for cells in ["ST1 |  | `a.rs` | `b.rs::so`", "ST1 | x | `a.rs` |  "] {
        all(cells, "an empty column");
    }
    for cells in ["ST1 | x | `a.rs`", "ST1 | x | `a.rs` | `b.rs::so` | y"] {
        all(cells, "not four columns");
    }
}

#[test]
fn a_page_that_lacks_a_line_or_has_one_too_many_is_found_out() {
    let whole = page_with("| ST1 | x | `a.rs` | `b.rs::so` |");
    let of = |old: &str, new: &str| check(&whole.replace(old, new));
    assert_eq!(check(&whole), [""; 0]);
    assert_eq!(of("| CO6 | x | `a.rs` | `b.rs::so` |\n", ""), ["CO6: not there"]);
    assert_eq!(of("| CO6 |", "| CO7 |"), ["CO6: not there", "CO7: unknown"]);
    assert_eq!(of("| CO6 |", "| XX1 |"), ["CO6: not there", "XX1: unknown"]);
    let swapped = whole.replace("ST2", "ST?").replace("ST3", "ST2").replace("ST?", "ST3");
    assert_eq!(check(&swapped), ["ST3: out of order"]);
    assert_eq!(check("").len(), 78);
}

#[test]
fn what_a_page_names_is_looked_for() {
    let known = known(
        "| 1 | x | `storing.rs`, `no.rs`, `snapshot/mod.rs` | `testkit/tests/guide/conformance.rs::what_a_page_names_is_looked_for`, \
         `testkit/tests/guide/conformance.rs::page_with`, `no.rs::so` |",
    );
    assert_eq!(known.files, ["storing.rs", "snapshot/mod.rs"].map(String::from).into());
    assert!(known.tests.contains("testkit/tests/guide/conformance.rs::what_a_page_names_is_looked_for"));
    assert!(!known.tests.iter().any(|test| test.ends_with("::page_with") || test.ends_with("::so")));
}
