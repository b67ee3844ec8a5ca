//! Arguments come back from their key as they were, whatever serde makes of them on the way.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;

use proptest::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::super::decode;
use super::super::reader::Reader;
use super::encoded;
use super::tree::{Tree, tree};
use crate::error::KeyError;

/// Encodes, checks, decodes.
fn returned<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let bytes = encoded(value);
    assert_eq!(decode::check(&bytes), Ok(()));
    decode::arguments(&bytes).unwrap()
}

#[track_caller]
fn returns<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    assert_eq!(returned(&value), value);
}

/// What `one` writes, read as `T`.
fn reread<T: DeserializeOwned>(one: &impl Serialize) -> Result<T, KeyError> {
    decode::arguments(&encoded(one))
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Shape {
    Nothing,
    One(Option<Option<String>>),
    Two(i64, Box<Shape>),
    Named { count: u64, inner: Vec<Shape>, pairs: BTreeMap<(char, i8), Option<()>> },
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![Just(Shape::Nothing), any::<Option<Option<String>>>().prop_map(Shape::One)];
    leaf.prop_recursive(5, 30, 4, |inner| {
        let pairs = prop::collection::btree_map(any::<(char, i8)>(), any::<Option<()>>(), 0..3);
        prop_oneof![
            (any::<i64>(), inner.clone()).prop_map(|(number, shape)| Shape::Two(number, Box::new(shape))),
            (any::<u64>(), prop::collection::vec(inner, 0..4), pairs).prop_map(|(count, inner, pairs)| Shape::Named {
                count,
                inner,
                pairs
            }),
        ]
    })
}

proptest! {
    #[test]
    fn typed_arguments_come_back(shape in shape()) {
        prop_assert_eq!(returned(&shape), shape);
    }

    #[test]
    fn any_tree_comes_back(tree in tree()) {
        let bytes = encoded(&tree);
        prop_assert_eq!(decode::check(&bytes), Ok(()));
        prop_assert_eq!(encoded(&Tree::read(&bytes).unwrap()), bytes);
    }

    #[test]
    fn floats_come_back_one_of_each_kind(float in any::<f64>(), narrow in any::<f32>()) {
        let back = returned(&float);
        prop_assert!(back == float || (back.is_nan() && float.is_nan()));
        let back = returned(&narrow);
        prop_assert!(back == narrow || (back.is_nan() && narrow.is_nan()));
        prop_assert_eq!(encoded(&narrow), encoded(&f64::from(narrow)));
    }
}

#[test]
fn each_of_serdes_kinds_comes_back() {
    returns(());
    returns((true, false, 'é', '\u{10ffff}'));
    returns((i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN, -1i8));
    returns((u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX, i128::MAX));
    returns((f32::MAX, f64::MIN_POSITIVE, f64::INFINITY, 0.1f32));
    returns((String::from("a:b{}\u{0}\u{1f980}"), "x".repeat(50_000)));
    returns([None, Some(None), Some(Some(None)), Some(Some(Some(7u8)))]);
    returns(BTreeMap::from([(300u16, "b".to_string()), (2, "a".into())]));
    returns(HashMap::from([("b".to_string(), 1), ("a".into(), 2), ("".into(), 3)]));
    returns(BTreeSet::from([vec![1u8, 2], vec![], vec![1]]));
    returns(("1.2.3.4".parse::<IpAddr>().unwrap(), std::time::Duration::from_nanos(5)));
    returns(Shape::Named { count: 1, inner: vec![Shape::Nothing], pairs: BTreeMap::from([(('x', 1), Some(()))]) });
}

#[test]
fn what_counts_as_equal_is_one_key() {
    assert_eq!(encoded(&1i8), encoded(&1i128));
    assert_eq!(encoded(&1u8), encoded(&1usize));
    assert_eq!(encoded(&-0.0), encoded(&0.0));
    assert_eq!(encoded(&f64::NAN), encoded(&-f32::NAN));
    assert_eq!(encoded(&"a"), encoded(&Cow::Borrowed("a")));
    assert_ne!(encoded(&1u8), encoded(&1i8));
    #[derive(Serialize)]
    struct Wrapped(u8);
    #[derive(Serialize)]
    struct Nothing;
    assert_eq!(encoded(&Wrapped(1)), encoded(&1u8));
    assert_eq!(encoded(&Nothing), encoded(&()));
    assert_ne!(encoded(&(1u8,)), encoded(&1u8));
}

#[test]
fn a_struct_is_its_names_and_nothing_else() {
    #[derive(Serialize)]
    struct Before {
        from: &'static str,
        to: &'static str,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct After {
        to: String,
        from: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u8>,
    }
    let after = After { to: "b".into(), from: "a".into(), limit: None };
    assert_eq!(encoded(&Before { from: "a", to: "b" }), encoded(&after));
    assert_ne!(encoded(&Before { from: "b", to: "a" }), encoded(&after));
    assert_eq!(reread::<After>(&Before { from: "a", to: "b" }), Ok(after));
    returns(After { to: "b".into(), from: "a".into(), limit: Some(1) });
    assert!(matches!(reread::<After>(&("a", "b", None::<u8>)), Err(KeyError::Decode { .. })), "never by position");
}

#[test]
fn what_serde_buffers_comes_back() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Number(i64),
        Text(String),
        Shape(Shape),
        Nested { maybe: Option<Box<Loose>>, address: IpAddr },
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Plain,
        Full { shape: Shape, loose: Loose },
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        id: u32,
        #[serde(flatten)]
        tagged: Tagged,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Open {
        id: u32,
        #[serde(flatten)]
        rest: BTreeMap<String, Option<u64>>,
    }
    let address = "::1".parse().unwrap();
    let shape = Shape::Two(-1, Box::new(Shape::Named { count: 1, inner: vec![], pairs: BTreeMap::new() }));
    returns(vec![Loose::Number(-5), Loose::Text("x".into()), Loose::Shape(shape.clone())]);
    returns(Loose::Shape(Shape::One(Some(Some("x".into())))));
    returns(Loose::Nested { maybe: Some(Box::new(Loose::Number(1))), address });
    returns(Tagged::Plain);
    let tagged = Tagged::Full { shape, loose: Loose::Nested { maybe: None, address } };
    returns(Flat { id: 1, tagged });
    returns(Open { id: 1, rest: BTreeMap::from([("x".into(), None), ("y".into(), Some(2))]) });
}

#[test]
fn text_and_bytes_are_borrowed_from_the_key() {
    let bytes = encoded(&("ann", 1u8));
    let (name, _): (&str, u8) = Deserialize::deserialize(&mut Reader::new(&bytes)).unwrap();
    assert!(bytes.as_ptr_range().contains(&name.as_ptr()));
}

#[test]
fn what_does_not_fit_says_so() {
    let misfit = |error: KeyError| matches!(error, KeyError::Decode { .. });
    assert!(misfit(reread::<u8>(&300u16).unwrap_err()));
    assert!(misfit(reread::<u32>(&"1").unwrap_err()));
    assert!(misfit(reread::<(u8, u8)>(&(1, 2, 3)).unwrap_err()));
    assert!(misfit(reread::<(u8, u8)>(&(1,)).unwrap_err()));
    assert!(misfit(reread::<u8>(&Some(1)).unwrap_err()));
    assert!(misfit(reread::<Option<u8>>(&1).unwrap_err()));
    assert!(misfit(reread::<Shape>(&1).unwrap_err()));
    #[derive(Serialize)]
    enum Other {
        One,
        Nothing(u8),
        Unknown,
    }
    assert!(misfit(reread::<Shape>(&Other::One).unwrap_err()));
    assert!(misfit(reread::<Shape>(&Other::Nothing(1)).unwrap_err()));
    assert!(misfit(reread::<Shape>(&Other::Unknown).unwrap_err()));
}
