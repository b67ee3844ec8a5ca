//! The pages for those who come from elsewhere: each has a row for each behaviour and defect, and its row names the tests.

use crate::page;
use crate::shown::{cells, exists, unshown};

/// A page, and what its rows count: behaviours under a letter, and defects under that and a D.
struct Counted {
    page: &'static str,
    letter: &'static str,
    behaviours: usize,
    defects: usize,
}

const PAGES: [Counted; 2] = [
    Counted { page: "docs/guide/coming-from-django-cacheback.md", letter: "C", behaviours: 96, defects: 32 },
    Counted { page: "docs/guide/coming-from-django-jimmypage.md", letter: "J", behaviours: 52, defects: 26 },
];

impl Counted {
    /// The numbers of all rows, in their order.
    fn numbers(&self) -> Vec<String> {
        let Counted { letter, behaviours, defects, .. } = *self;
        let behaviours = (1..=behaviours).map(|number| format!("{letter}{number}"));
        behaviours.chain((1..=defects).map(|number| format!("{letter}D{number}"))).collect()
    }

    /// Whether a row is counted: other tables of the page have no numbers.
    fn counts(&self, row: &[&str]) -> bool {
        let number = row[0].strip_prefix(self.letter).map(|rest| rest.strip_prefix('D').unwrap_or(rest));
        number.is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
    }

    /// What is wrong with the page's text.
    fn faults(&self, text: &str, exists: impl Fn(&str, &str) -> bool) -> Vec<String> {
        let rows = text.lines().filter(|line| line.starts_with("| ")).map(cells);
        let rows: Vec<Vec<&str>> = rows.filter(|row| self.counts(row)).collect();
        let mut faults = misplaced(&rows, &self.numbers());
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
    for counted in PAGES {
        let faults = counted.faults(&page(counted.page), exists);
        assert!(faults.is_empty(), "{}: {faults:#?}", counted.page);
    }
}

#[test]
fn a_bad_page_is_found_out() {
    let counted = Counted { page: "", letter: "C", behaviours: 2, defects: 1 };
    let exists = |file: &str, name: &str| file == "a.rs" && name == "so";
    let check = |rows: &[&str]| {
        let rows: Vec<String> = rows.iter().map(|row| format!("| {row} |")).collect();
        counted.faults(&format!("| | there | here |\n|---|---|---|\n| Celery | x |\n{}", rows.join("\n")), exists)
    };
    let (one, two, three) =
        ("C1 | x | y | `a.rs::so`", "C2 | x | y | *differs*, `a.rs::so`", "CD1 | x | y | *differs*");
    assert_eq!(check(&[one, two, three]), [""; 0]);
    assert_eq!(check(&[one, three]), ["C2: there 0 times"]);
    assert_eq!(check(&[one, two, two, three]), ["C2: there 2 times"]);
    assert_eq!(check(&[one, three, two]), ["CD1: out of order"]);
    assert_eq!(check(&[one, two, three, "CD2 | x | y | *differs*"]), ["CD2: unknown"]);
    for shown in ["`a.rs::not_so`", "`b.rs::so`", "`so`", "a.rs::so", "*trust us*", "*with the guide*", ""] {
        let fault = format!("CD1: no such test, and no reason: {shown}");
        assert_eq!(check(&[one, two, &format!("CD1 | x | y | {shown}")]), [fault]);
    }
    assert_eq!(check(&[one, two, "CD1 | x | | *differs*"]), ["CD1: not four columns with something in each"]);
    assert_eq!(check(&[one, two, "CD1 | x | y"]), ["CD1: not four columns with something in each"]);
}
