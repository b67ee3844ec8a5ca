//! The tests of a source, told by their attribute: comments, texts and functions that only help are none.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The names of the functions that are run as tests, those inside of modules and of macros such as `proptest!` included.
pub fn tests(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(text.parse().expect("a source has balanced brackets"), &mut found);
    found
}

fn collect(tokens: TokenStream, found: &mut Vec<String>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    // What the attributes say that stand before the next item.
    let (mut is_test, mut is_left_out) = (false, false);
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(group) if is_punct(at.checked_sub(1).map(|before| &trees[before]), '#') => {
                is_test |= ends_with_test(group);
                is_left_out |= begins_with(group, "ignore");
            }
            TokenTree::Group(group) => {
                collect(group.stream(), found);
                let ends = group.delimiter() == Delimiter::Brace;
                (is_test, is_left_out) = (is_test && !ends, is_left_out && !ends);
            }
            TokenTree::Ident(word) if *word == "fn" => {
                if is_test && !is_left_out {
                    found.extend(trees.get(at + 1).map(TokenTree::to_string));
                }
                (is_test, is_left_out) = (false, false);
            }
            TokenTree::Punct(end) if end.as_char() == ';' => (is_test, is_left_out) = (false, false),
            _ => {}
        }
    }
}

/// `test`, `tokio::test`, `tokio::test(start_paused = true)`; but not `cfg(test)`.
fn ends_with_test(attribute: &Group) -> bool {
    let words: Vec<TokenTree> =
        attribute.stream().into_iter().take_while(|tree| !matches!(tree, TokenTree::Group(_))).collect();
    words.last().is_some_and(|last| last.to_string() == "test")
}

fn begins_with(attribute: &Group, word: &str) -> bool {
    attribute.stream().into_iter().next().is_some_and(|first| first.to_string() == word)
}

fn is_punct(tree: Option<&TokenTree>, character: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

#[test]
fn a_test_is_a_function_that_is_run_as_one() {
    let text = r##"
        fn helps() {}
        #[test] fn plain() { let text = "#[test] fn in_a_text() {}"; }
        /// Said of it.
        #[test]
        #[should_panic(expected = "x")]
        fn with_more() {}
        // #[test] fn in_a_comment() {}
        #[tokio::test(start_paused = true)] async fn waits() {}
        #[cfg(test)] mod tests { #[test] pub(crate) fn inside() {} fn helps_too() {} }
        #[cfg(test)] fn not_run() {}
        #[test] #[ignore = "slow"] fn skipped() {}
        #[test] const NONE: u8 = 0;
        fn after() {}
        #[test] impl None {}
        fn last() {}
        proptest! {
            #![proptest_config(chance())]
            #[test] fn by_chance(one in 0..5) { helps(); }
            fn never_run(one in 0..5) {}
        }
    "##;
    assert_eq!(tests(text), ["plain", "with_more", "waits", "inside", "by_chance"]);
}
