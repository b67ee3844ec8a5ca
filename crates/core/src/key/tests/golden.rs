//! The format of keys never changes by accident: today's code writes and reads what each released version wrote.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::Key;

const FORMAT_1: &str = include_str!("../../../tests/golden/keys/format-1.txt");

#[derive(Serialize)]
struct Job {
    user: &'static str,
    page: Option<u32>,
    order: Order,
}

#[derive(Serialize)]
enum Order {
    Newest,
    By(&'static str),
    Between(i8, i8),
    Near { place: char },
}

/// Each fixture's name and the key that it holds, one of every tag.
fn keys() -> Vec<(&'static str, Key)> {
    fn key(arguments: &impl Serialize) -> Key {
        Key::new("default", "tweets", arguments).unwrap()
    }
    vec![
        ("unit", key(&())),
        ("options", key(&(None::<()>, Some(None::<()>), Some(())))),
        ("bools", key(&(false, true))),
        ("signed", key(&(0i8, -1i16, 1i32, i64::MIN, i128::MAX))),
        ("unsigned", key(&(0u8, 127u16, 128u32, u64::MAX, u128::MAX))),
        ("floats", key(&(0.1f32, -0.0f64, f64::NAN, f64::NEG_INFINITY))),
        ("text", key(&('é', "a:b", "x".repeat(130)))),
        ("bytes", key(&Bytes)),
        ("seq", key(&vec![vec!["x"], vec![]])),
        ("map", key(&BTreeMap::from([("b", 1), ("aa", 2), ("a", 3)]))),
        ("struct", key(&Job { user: "ann", page: Some(2), order: Order::Newest })),
        ("variants", key(&(Order::By("x"), Order::Between(-1, 1), Order::Near { place: 'é' }))),
    ]
}

struct Bytes;

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&[0, 255, 10])
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn todays_code_writes_the_same_keys() {
    let written: String = keys().iter().map(|(name, key)| format!("{name} {}\n", hex(key.as_bytes()))).collect();
    assert_eq!(written, FORMAT_1);
}

#[test]
fn todays_code_reads_the_same_keys() {
    for (line, (name, key)) in FORMAT_1.lines().zip(keys()) {
        let (golden, bytes) = line.split_once(' ').unwrap();
        assert_eq!((golden, Key::from_bytes(&unhex(bytes)).unwrap()), (name, key));
    }
}
