//! The page for those who come from django-cacheback: it has a row for each behaviour and defect.

use crate::page;
use crate::shown::{cells, exists, unshown};

const PAGE: &str = "docs/guide/coming-from-django-cacheback.md";

/// The numbers of all rows, in their order.
fn numbers() -> Vec<String> {
    let behaviours = (1..=96).map(|number| format!("C{number}"));
    behaviours.chain((1..=32).map(|number| format!("CD{number}"))).collect()
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

#[test]
fn every_row_is_shown_by_tests_that_exist() {
    let faults = faults(&page(PAGE), &numbers(), exists);
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
