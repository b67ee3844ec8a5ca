//! The text of a key, read back.

use proptest::prelude::*;

use super::super::Key;
use super::tree::tree;
use crate::error::KeyError;

proptest! {
    #[test]
    fn a_key_comes_back_from_its_whole_text(
        namespace in "[a:({é\\\\\"' \u{7}\u{301}]{1,8}", job in "[b:\\[(é #=>,}\u{202e}]{1,8}", tree in tree(),
    ) {
        let key = Key::new(&namespace, &job, &tree).unwrap();
        let text = format!("{key:#}");
        let back: Key = text.parse().map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(back.as_bytes(), key.as_bytes(), "{}", text);
        let cut = key.to_string();
        prop_assert_eq!(cut.parse::<Key>().is_ok(), cut == text, "{}", cut);
    }

    #[test]
    fn any_text_is_a_key_or_an_error(text in r#"n:j[(\[{}\])a1+.x"'\\,:=># ]{0,24}"#) {
        if let Ok(key) = text.parse::<Key>() {
            prop_assert_eq!(format!("{key:#}").parse::<Key>(), Ok(key));
        }
    }
}

#[test]
fn names_that_mean_something_else_are_quoted() {
    use serde::Serialize;

    #[derive(Serialize)]
    enum Odd {
        None,
        #[serde(rename = "1")]
        One(u8),
        #[serde(rename = "with space")]
        Spaced {
            #[serde(rename = "true")]
            truth: bool,
        },
    }
    for (odd, text) in [
        (Odd::None, r##"n:j(#"None")"##),
        (Odd::One(1), r##"n:j(#"1"(1))"##),
        (Odd::Spaced { truth: true }, r##"n:j(#"with space"{#"true": true})"##),
    ] {
        let key = Key::new("n", "j", &odd).unwrap();
        assert_eq!(key.to_string(), text);
        assert_eq!(text.parse(), Ok(key));
    }
}

#[test]
fn spaces_and_the_order_of_fields_do_not_matter() {
    let key: Key = r#"n:j{page: 2, user: "ann"}"#.parse().unwrap();
    assert_eq!(r#"n:j{ user :"ann",page:2 , }"#.parse(), Ok(key));
    assert_eq!("n:j{+2 => 0x0A, +1 => 0xff}".parse::<Key>().unwrap().to_string(), "n:j{+1 => 0xff, +2 => 0x0a}");
}

#[test]
fn what_is_no_key_is_told_with_its_place() {
    for (text, at, reason) in [
        ("n", 2, "it ends too soon"),
        ("n:j", 4, "it ends too soon"),
        ("n:j{a: 1", 9, "`,` or `}` is missing"),
        ("n:j{a: 1} ", 10, "something follows the key"),
        ("n:j(1 2)", 6, "`,` or `)` is missing"),
        ("n:j{a 1}", 6, "`=>` is missing"),
        ("n:j{a: 1, 2: 1}", 11, "a field's name is missing"),
        ("n:j{a: 1, a: 1}", 16, "a field or a map's key stands there twice"),
        ("n:j[(1)]", 8, "a tuple of one has a comma: (1,)"),
        ("n:j(A())", 8, "a variant of nothing is written A or A(,)"),
        ("n:j(1e)", 5, "a number cannot be read"),
        ("n:j(0x123)", 10, "bytes have two hex digits each"),
        (r"n:j('\x')", 6, r#"an escape is none of \" \' \\ \n \r \t \0 and \u{…}"#),
        ("n:j(?)", 5, "a value is missing"),
        (r#"n:j{user: "an…"#, 15, "it was cut short; only a whole key can be read"),
    ] {
        let error = KeyError::Text { at, reason: reason.into() };
        assert_eq!(text.parse::<Key>(), Err(error), "{text}");
    }
    assert_eq!(":j()".parse::<Key>(), Err(KeyError::Empty { what: "namespace" }));
    assert_eq!(format!("n:j{}", "[".repeat(9999)).parse::<Key>(), Err(KeyError::TooDeep { most: 64 }));
    let huge = format!("n:j(\"{}\")", "x".repeat(1 << 17));
    assert!(matches!(huge.parse::<Key>(), Err(KeyError::TooLong { .. })));
}
