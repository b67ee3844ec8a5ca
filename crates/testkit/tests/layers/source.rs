//! Rust sources as tokens: comments, texts and test modules are left out, so that they can name what they like.

use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// One source file.
pub struct Source {
    /// Its path below `src`, with `/`.
    pub path: String,
    /// Its tokens.
    pub tokens: TokenStream,
}

impl Source {
    /// Reads a file's text.
    pub fn new(path: impl Into<String>, text: &str) -> Source {
        Source { path: path.into(), tokens: text.parse().expect("a source has balanced brackets") }
    }

    /// The module that stands right below the crate's root: `store` for `store/mod.rs`; `lib` for the root itself.
    pub fn top_module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules deep it stands: 0 for `lib.rs`, 1 for `store/mod.rs` and `time.rs`, 2 for `store/memory.rs`.
    pub fn depth(&self) -> usize {
        let path = self.path.strip_suffix("/mod.rs").unwrap_or(&self.path);
        if path == "lib.rs" { 0 } else { path.split('/').count() }
    }

    /// Every path in it, such as `["crate", "store", "Mark"]`, with the groups of `use` lines spelled out.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        collect(&self.tokens, false, &mut found);
        found
    }

    /// The same without `#[cfg(test)]` modules.
    pub fn paths_outside_tests(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        collect(&self.tokens, true, &mut found);
        found
    }
}

/// All sources below a folder.
pub fn sources(folder: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(folder).expect("it was found there");
                let text = std::fs::read_to_string(&path).expect("the source can be read");
                sources.push(Source::new(below.to_string_lossy().replace('\\', "/"), &text));
            }
        }
    }
    sources
}

fn collect(tokens: &TokenStream, skip_tests: bool, found: &mut Vec<Vec<String>>) {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        match &trees[at] {
            TokenTree::Punct(_) if skip_tests && opens_test_module(&trees[at..]) => {
                while !matches!(&trees[at], TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace)
                {
                    at += 1;
                }
                at += 1;
            }
            TokenTree::Ident(_) => at += path(&trees[at..], &[], skip_tests, found),
            TokenTree::Group(group) => {
                collect(&group.stream(), skip_tests, found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// `#[cfg(test)] mod name { … }`
fn opens_test_module(trees: &[TokenTree]) -> bool {
    let text = |at: usize| trees.get(at).map(ToString::to_string).unwrap_or_default().replace(' ', "");
    let body = matches!(trees.get(4), Some(TokenTree::Group(_)));
    text(0) == "#" && text(1) == "[cfg(test)]" && text(2) == "mod" && body
}

/// Reads the path that begins at an identifier and answers how many tokens it has.
fn path(trees: &[TokenTree], before: &[String], skip_tests: bool, found: &mut Vec<Vec<String>>) -> usize {
    let mut segments = before.to_vec();
    let mut at = 0;
    loop {
        match trees.get(at) {
            Some(TokenTree::Ident(ident)) => segments.push(ident.to_string()),
            Some(TokenTree::Group(group)) if at > 0 => {
                // The group of a `use`, or generics of a path that ended with `::<`, which are walked as tokens.
                grouped(&group.stream(), &segments, skip_tests, found);
                return at + 1;
            }
            _ => break,
        }
        at += 1;
        let colon = |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        if !(colon(trees.get(at)) && colon(trees.get(at + 1))) {
            break;
        }
        at += 2;
    }
    found.push(segments);
    at.max(1)
}

fn grouped(tokens: &TokenStream, before: &[String], skip_tests: bool, found: &mut Vec<Vec<String>>) {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    for part in trees.split(|tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',')) {
        if !part.is_empty() {
            path(part, before, skip_tests, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let source = Source::new("x.rs", text);
        source.paths_outside_tests().into_iter().filter(|path| path.len() > 1).map(|path| path.join("::")).collect()
    }

    #[test]
    fn paths_are_found_in_uses_groups_bodies_and_macros() {
        assert_eq!(paths("use crate::store::Mark;"), ["crate::store::Mark"]);
        assert_eq!(
            paths("use crate::{time::Clock, store::{Mark, Marks}};"),
            ["crate::time::Clock", "crate::store::Mark", "crate::store::Marks"]
        );
        assert_eq!(paths("fn f() { crate::queue::push(a::b()) }"), ["crate::queue::push", "a::b"]);
        assert_eq!(paths("fn f() -> Vec<crate::job::Job> { vec![] }"), ["crate::job::Job"]);
        assert_eq!(paths("format!(\"{}\", crate::bus::COUNT)"), ["crate::bus::COUNT"]);
    }

    #[test]
    fn comments_texts_and_test_modules_are_left_out() {
        assert!(
            paths("/// [`x`](crate::store::Mark)\n// crate::store\nconst A: &str = \"crate::store::Mark\";").is_empty()
        );
        assert!(paths("#[cfg(test)] mod tests { use crate::store::Mark; }").is_empty());
        assert_eq!(paths("#[cfg(unix)] mod tests { use crate::store::Mark; }"), ["crate::store::Mark"]);
    }

    #[test]
    fn a_source_knows_where_it_stands() {
        let standing = ["lib.rs", "time.rs", "store/mod.rs", "store/memory/ledger.rs"]
            .map(|path| (Source::new(path, "").top_module().to_owned(), Source::new(path, "").depth()));
        let expected =
            [("lib", 0), ("time", 1), ("store", 1), ("store", 3)].map(|(name, depth)| (name.to_owned(), depth));
        assert_eq!(standing, expected);
    }
}
