//! Keys as a whole: their names, their bytes and how people read them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;

use super::super::{ARGUMENTS_BYTES_MAX, JOB_NAME_BYTES_MAX, Key, NAMESPACE_BYTES_MAX};
use crate::error::KeyError;

fn key(namespace: &str, job: &str, arguments: &impl Serialize) -> Key {
    Key::new(namespace, job, arguments).unwrap()
}

#[test]
fn a_key_gives_back_its_parts_and_its_bytes() {
    let key = key("default", "tweets", &("ann", 2u8));
    assert_eq!((key.namespace(), key.job()), ("default", "tweets"));
    assert_eq!(key.decode::<(String, u8)>(), Ok(("ann".into(), 2)));
    let again = Key::from_bytes(key.as_bytes()).unwrap();
    assert_eq!((&again, again.hash()), (&key, key.hash()));
}

#[test]
fn names_with_separators_never_meet() {
    let keys =
        [key("a:b", "c", &()), key("a", "b:c", &()), key("a", "b", &":c"), key("a:b:c", "d", &()), key("a", "b", &"c")];
    for (n, one) in keys.iter().enumerate() {
        assert!(keys[n + 1..].iter().all(|other| one != other && one.hash() != other.hash()), "{one}");
    }
}

#[test]
fn a_part_out_of_bounds_is_named() {
    let error = |namespace: &str, job: &str| Key::new(namespace, job, &()).unwrap_err();
    let too_long = |what, bytes, most| KeyError::TooLong { what, bytes, most };
    assert_eq!(error("", "j"), KeyError::Empty { what: "namespace" });
    assert_eq!(error("n", ""), KeyError::Empty { what: "job name" });
    assert_eq!(error(&"n".repeat(65), "j"), too_long("namespace", 65, NAMESPACE_BYTES_MAX));
    assert_eq!(error("n", &"j".repeat(129)), too_long("job name", 129, JOB_NAME_BYTES_MAX));
    assert_eq!(error("n", &"j".repeat(300)), too_long("job name", 300, JOB_NAME_BYTES_MAX));
    let huge = Key::new("n", "j", &"x".repeat(1 << 20)).unwrap_err();
    assert_eq!(huge, too_long("encoding of the arguments", (1 << 20) + 4, ARGUMENTS_BYTES_MAX));
    assert!(Key::new(&"n".repeat(64), &"j".repeat(128), &()).is_ok());
}

#[test]
fn bytes_that_are_no_key_say_where() {
    let refused = |bytes: &[u8]| Key::from_bytes(bytes).unwrap_err();
    assert_eq!(refused(b""), KeyError::Malformed { at: 0 });
    assert_eq!(refused(b"\x02"), KeyError::Format { format: 2 });
    assert_eq!(refused(b"\x01"), KeyError::Malformed { at: 1 });
    assert_eq!(refused(b"\x01\x00\x01j\x01"), KeyError::Malformed { at: 1 });
    assert_eq!(refused(b"\x01\x01n\x02j"), KeyError::Malformed { at: 3 });
    assert_eq!(refused(b"\x01\x01n\x01j"), KeyError::Malformed { at: 5 });
    assert_eq!(refused(b"\x01\x01n\x01j\x7f"), KeyError::Malformed { at: 5 });
    let long = [&[1, 65][..], &[b'n'; 65], b"\x01j\x01"].concat();
    assert_eq!(refused(&long), KeyError::TooLong { what: "namespace", bytes: 65, most: NAMESPACE_BYTES_MAX });
}

proptest! {
    #[test]
    fn random_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), shaped in any::<bool>()) {
        let bytes = if shaped { [b"\x01\x01n\x01j", &bytes[..]].concat() } else { bytes };
        if let Ok(key) = Key::from_bytes(&bytes) {
            prop_assert_eq!(key.as_bytes(), bytes);
            prop_assert_eq!(format!("{:?}", key), format!("Key({})", key));
        }
    }
}

#[derive(Serialize)]
struct Tweets {
    user: &'static str,
    page: u32,
}

#[derive(Serialize)]
enum Order {
    Newest,
    By(&'static str),
    Between(i8, i8),
    Near { place: &'static str },
}

#[test]
fn people_read_a_key_as_they_write_one() {
    let shown = |arguments: &dyn erased::Shown| arguments.shown();
    let table: [(&dyn erased::Shown, &str); 16] = [
        (&Tweets { user: "ann", page: 2 }, r#"n:j{page: 2, user: "ann"}"#),
        (&(1, "a"), r#"n:j(+1, "a")"#),
        (&(1u8,), "n:j(1,)"),
        (&1u8, "n:j(1)"),
        (&(), "n:j()"),
        (&["x"; 0], "n:j(,)"),
        (&vec!["x", "it's"], r#"n:j["x", "it's"]"#),
        (&BTreeMap::from([(1u8, 'a'), (2, '\'')]), r"n:j{1 => 'a', 2 => '\''}"),
        (&Order::Newest, "n:j(Newest)"),
        (&(Order::By("x"), Order::Between(-1, 1)), r#"n:j(By("x"), Between(-1, +1))"#),
        (&[Order::Near { place: "é" }], r#"n:j(Near{place: "é"},)"#),
        (&(None::<u8>, Some(Some(1u8))), "n:j(None, Some(Some(1)))"),
        (&(1.0, f32::NAN, true, 0.5), "n:j(1.0, NaN, true, 0.5)"),
        (&"a\"\\\u{1b}[2J\n\u{202e}", r#"n:j("a\"\\\u{1b}[2J\n\u{202e}")"#),
        (&"é".repeat(198), &format!("n:j(\"{}…", "é".repeat(198))),
        (&"é".repeat(196), &format!("n:j(\"{}\")", "é".repeat(196))),
    ];
    for (arguments, text) in table {
        assert_eq!(shown(arguments), text);
    }
    assert_eq!(key("n\u{7}", "j\n", &()).to_string(), r"n\u{7}:j\n()");
    assert_eq!(key("a:b", "c{", &()).to_string(), r"a\u{3a}b:c\u{7b}()");
    assert_eq!(format!("{:#}", key("n", "j", &"é".repeat(300))), format!("n:j(\"{}\")", "é".repeat(300)));
}

/// A table row of any type.
mod erased {
    pub trait Shown {
        fn shown(&self) -> String;
    }

    impl<T: serde::Serialize> Shown for T {
        fn shown(&self) -> String {
            super::key("n", "j", self).to_string()
        }
    }
}
