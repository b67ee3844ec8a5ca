//! Pages that name tests: the tests exist. The page for those who come from django-cacheback has a row for each behaviour
//! and defect, and that of guarantees a test in each row.

use std::path::{Path, PathBuf};

const PAGE: &str = "docs/guide/coming-from-django-cacheback.md";

const GUARANTEES: &str = "docs/guide/guarantees.md";

/// What may stand in the last column instead of a test.
const WITHOUT_TEST: [&str; 3] = ["*differs*", "*the compiler*", "*by its nature*"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The numbers of all rows, in their order.
fn numbers() -> Vec<String> {
    let behaviours = (1..=96).map(|number| format!("C{number}"));
    behaviours.chain((1..=32).map(|number| format!("CD{number}"))).collect()
}

/// Whether a file, below `crates/` unless it is an example's, has a function of this name.
fn exists(file: &str, name: &str) -> bool {
    let path = if file.starts_with("examples/") { root().join(file) } else { root().join("crates").join(file) };
    std::fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("fn {name}(")))
}

/// What is wrong with a page.
fn faults(page: &str, numbers: &[String], exists: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let rows: Vec<Vec<&str>> = page.lines().filter(|line| line.starts_with("| C")).map(cells).collect();
    let mut faults = misplaced(&rows, numbers);
    for row in rows {
        match row[..] {
            [number, there, here, shown] if !there.is_empty() && !here.is_empty() => {
                faults.extend(unshown(shown, &exists).into_iter().map(|fault| format!("{number}: {fault}")));
            }
            _ => faults.push(format!("{}: not four columns with something in each", row[0])),
        }
    }
    faults
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// Rows that are missing, doubled, unknown or out of order.
fn misplaced(rows: &[Vec<&str>], numbers: &[String]) -> Vec<String> {
    let found: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    let count = |number: &str| found.iter().filter(|found| **found == number).count();
    let wrong = numbers.iter().filter(|number| count(number) != 1);
    let mut faults: Vec<String> = wrong.map(|number| format!("{number}: there {} times", count(number))).collect();
    let unknown = found.iter().filter(|found| !numbers.iter().any(|number| number == *found));
    faults.extend(unknown.map(|found| format!("{found}: unknown")));
    if faults.is_empty()
        && let Some((found, _)) = found.iter().zip(numbers).find(|(found, number)| *found != number)
    {
        faults.push(format!("{found}: out of order"));
    }
    faults
}

/// What in the last column names no test and is no reason either.
fn unshown(shown: &str, exists: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let known = |item: &str| match item.strip_prefix('`').and_then(|item| item.strip_suffix('`')) {
        Some(test) => test.split_once("::").is_some_and(|(file, name)| exists(file, name)),
        None => WITHOUT_TEST.contains(&item),
    };
    let unknown = shown.split(", ").filter(|item| !known(item));
    unknown.map(|item| format!("no such test, and no reason: {item}")).collect()
}

#[test]
fn every_row_is_shown_by_tests_that_exist() {
    let page = std::fs::read_to_string(root().join(PAGE)).expect("the page is there");
    let faults = faults(&page, &numbers(), exists);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_bad_page_is_found_out() {
    let numbers: Vec<String> = ["C1", "C2", "C3"].map(String::from).into();
    let exists = |file: &str, name: &str| file == "a.rs" && name == "so";
    let check = |rows: &[&str]| {
        let page: Vec<String> = rows.iter().map(|row| format!("| {row} |")).collect();
        faults(&page.join("\n"), &numbers, exists)
    };
    let (one, two, three) = ("C1 | x | y | `a.rs::so`", "C2 | x | y | *differs*, `a.rs::so`", "C3 | x | y | *differs*");
    assert_eq!(check(&[one, two, three]), [""; 0]);
    assert_eq!(check(&[one, three]), ["C2: there 0 times"]);
    assert_eq!(check(&[one, two, two, three]), ["C2: there 2 times"]);
    assert_eq!(check(&[one, three, two]), ["C3: out of order"]);
    assert_eq!(check(&[one, two, three, "C4 | x | y | *differs*"]), ["C4: unknown"]);
    for shown in ["`a.rs::not_so`", "`b.rs::so`", "`so`", "a.rs::so", "*trust us*", "*with the guide*", ""] {
        let fault = format!("C3: no such test, and no reason: {shown}");
        assert_eq!(check(&[one, two, &format!("C3 | x | y | {shown}")]), [fault]);
    }
    assert_eq!(check(&[one, two, "C3 | x | | *differs*"]), ["C3: not four columns with something in each"]);
    assert_eq!(check(&[one, two, "C3 | x | y"]), ["C3: not four columns with something in each"]);
}

/// The rows of a page's tables whose last column names no test that exists, and no reason either.
fn unheld(page: &str, exists: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| ")).map(cells);
    let rows = rows.filter_map(|row| row.last().copied()).filter(|shown| *shown != "shown by");
    rows.flat_map(|shown| unshown(shown, &exists)).collect()
}

#[test]
fn every_guarantee_and_every_limit_has_a_test_that_exists() {
    let page = std::fs::read_to_string(root().join(GUARANTEES)).expect("the page is there");
    assert_eq!(unheld(&page, exists), [""; 0]);
    assert!(page.lines().filter(|line| line.contains("::")).count() > 30, "the page has rows");
    let exists = |file: &str, name: &str| file == "a.rs" && name == "so";
    let rows =
        "| promise | shown by |\n|---|---|\n| x | `a.rs::so` |\n| y | *by its nature* |\n| z | `a.rs::so`, trust us |";
    assert_eq!(unheld(rows, exists), ["no such test, and no reason: trust us"]);
}

/// The tests that a page names, as `file.rs::name` in backticks.
fn named(page: &str) -> Vec<(&str, &str)> {
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

#[test]
fn the_name_of_a_test_is_looked_for_in_its_file() {
    assert!(exists("testkit/tests/guide.rs", "a_bad_page_is_found_out"));
    assert!(!exists("testkit/tests/guide.rs", "a_bad_page_is_found"));
    assert!(!exists("testkit/tests/guides.rs", "a_bad_page_is_found_out"));
}
