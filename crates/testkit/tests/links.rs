//! Every link between the Markdown files leads somewhere: to a file, and to a heading where it names one.

use std::path::{Path, PathBuf};

/// Folders that hold no page of ours.
const LEFT_OUT: [&str; 3] = ["target", ".git", "node_modules"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every Markdown file below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let left_out = path.file_name().is_some_and(|name| LEFT_OUT.iter().any(|left_out| name == *left_out));
        if path.is_dir() && !left_out {
            pages.extend(self::pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages
}

/// The lines outside of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

/// The targets of a page's links, but those to other sites.
fn targets(text: &str) -> Vec<&str> {
    let links = prose(text).flat_map(|line| line.split("](").skip(1));
    let targets = links.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets.filter(|target| !target.contains("://")).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let kept = line.trim_start_matches('#').trim().to_lowercase();
        let kept = kept.chars().filter(|one| one.is_alphanumeric() || " -_".contains(*one));
        kept.map(|one| if one == ' ' { '-' } else { one }).collect()
    };
    headings.map(anchor).collect()
}

/// Whether a link from a page leads somewhere.
fn leads(page: &Path, target: &str) -> bool {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { page.to_owned() } else { page.parent().unwrap_or(page).join(file) };
    if anchor.is_empty() {
        return path.exists();
    }
    std::fs::read_to_string(path).is_ok_and(|text| anchors(&text).iter().any(|found| found == anchor))
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages(&root());
    assert!(pages.iter().any(|page| page.ends_with("docs/guide/README.md")), "{pages:?}");
    let mut astray = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("the page can be read");
        let wrong = targets(&text).into_iter().filter(|target| !leads(&page, target));
        astray.extend(wrong.map(|target| format!("{}: {target}", page.display())));
    }
    assert!(astray.is_empty(), "{astray:#?}");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = root().join("README.md");
    for target in ["LICENSE-MIT", "docs/decisions", "docs/decisions/README.md#decisions", "#licence"] {
        assert!(leads(&page, target), "{target}");
    }
    for target in ["LICENCE", "docs/decisions/README.md#decided", "#license"] {
        assert!(!leads(&page, target), "{target}");
    }
}

#[test]
fn links_in_code_and_to_other_sites_are_left_out() {
    let text = "see [a](a.md), [b](b.md#c)\n```\n[d](d.md)\n```\n[e](https://example.org/e)";
    assert_eq!(targets(text), ["a.md", "b.md#c"]);
    assert_eq!(anchors("# I want to …\n## The record, in `short`\ntext"), ["i-want-to-", "the-record-in-short"]);
}
