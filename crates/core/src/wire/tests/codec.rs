use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;

use proptest::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::super::{Codec, VALUE_DEPTH_MAX, WireError, weigh};

const CODECS: [Codec; 2] = [Codec::MessagePack, Codec::Json];

fn returns<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    for codec in CODECS {
        assert_eq!(codec.decode::<T>(&codec.encode(&value).unwrap()).unwrap(), value, "{codec}");
    }
}

/// What `one` wrote, read as `T` by each codec: the same for both.
fn reread<T: DeserializeOwned + PartialEq + Debug>(one: &impl Serialize) -> Option<T> {
    let [first, second] = CODECS.map(|codec| match codec.decode(&codec.encode(one).unwrap()) {
        Ok(value) => Some(value),
        Err(WireError::Decode { .. }) => None,
        Err(other) => panic!("{other}"),
    });
    assert_eq!(first, second);
    first
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Chain {
    End,
    Link(Box<Chain>),
}

fn chain(links: usize) -> Chain {
    (0..links).fold(Chain::End, |chain, _| Chain::Link(Box::new(chain)))
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Tweet {
    text: String,
    likes: u32,
}

fn tweet() -> Tweet {
    Tweet { text: "é\"[{\\".into(), likes: 7 }
}

#[test]
fn values_come_back() {
    returns(vec![tweet()]);
    returns((i64::MIN, u64::MAX, 1.5f64, true, 'x', Some(1), None::<u8>));
    returns(BTreeMap::from([("a".to_string(), vec![1u8, 2]), ("".into(), vec![])]));
    returns(());
    returns(chain(5));
}

#[test]
fn payloads_never_change_by_accident() {
    let tweet = Tweet { text: "a".into(), likes: 7 };
    assert_eq!(Codec::MessagePack.encode(&tweet).unwrap(), b"\x82\xa4text\xa1a\xa5likes\x07");
    assert_eq!(Codec::Json.encode(&tweet).unwrap(), br#"{"text":"a","likes":7}"#);
}

#[test]
fn text_forms_come_back_through_flatten_and_untagged() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: HashMap<String, Host>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Host {
        Address(IpAddr),
        Name(String),
    }
    returns(Flat {
        rest: HashMap::from([
            ("a".into(), Host::Address("::1".parse().unwrap())),
            ("b".into(), Host::Name("b".into())),
        ]),
    });
}

#[test]
fn an_added_field_takes_its_default() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Later {
        text: String,
        likes: u32,
        #[serde(default)]
        views: u64,
        author: Option<String>,
    }
    assert_eq!(reread(&tweet()), Some(Later { text: tweet().text, likes: 7, views: 0, author: None }));
}

#[test]
fn a_removed_field_is_not_missed() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Later {
        likes: u32,
    }
    assert_eq!(reread(&tweet()), Some(Later { likes: 7 }));
}

#[test]
fn moved_and_widened_fields_are_found_by_name() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Later {
        likes: i64,
        text: String,
    }
    assert_eq!(reread(&tweet()), Some(Later { likes: 7, text: tweet().text }));
}

#[test]
fn a_field_that_is_neither_there_nor_defaulted_does_not_decode() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Later {
        text: String,
        retweets: u32,
    }
    assert_eq!(reread::<Later>(&tweet()), None);
}

#[test]
fn what_follows_the_value_is_an_error() {
    for codec in CODECS {
        let mut payload = codec.encode(&tweet()).unwrap();
        payload.push(b'1');
        assert!(matches!(codec.decode::<Tweet>(&payload), Err(WireError::Decode { .. })), "{codec}");
    }
}

#[test]
fn a_value_may_be_as_deep_as_the_bound_and_no_deeper() {
    returns(chain(VALUE_DEPTH_MAX));
    for codec in CODECS {
        let refused = codec.encode(&chain(VALUE_DEPTH_MAX + 1)).unwrap_err();
        assert!(matches!(refused, WireError::TooDeep { most: VALUE_DEPTH_MAX }), "{refused}");
    }
}

#[test]
fn bottomless_bytes_are_refused_before_they_fill_the_stack() {
    let link = b"\x81\xa4Link".repeat(100_000);
    assert!(matches!(Codec::MessagePack.decode::<Chain>(&link), Err(WireError::TooDeep { .. })));
    let link = br#"{"Link":"#.repeat(100_000);
    assert!(matches!(Codec::Json.decode::<Chain>(&link), Err(WireError::TooDeep { .. })));
}

#[test]
fn a_value_that_cannot_be_written_says_so() {
    let keyed = BTreeMap::from([(vec![1u8], 1)]);
    assert!(matches!(Codec::Json.encode(&keyed), Err(WireError::Encode { codec: Codec::Json, .. })));
    assert!(Codec::MessagePack.encode(&keyed).is_ok());
}

#[test]
fn weight_grows_with_what_a_value_holds() {
    assert_eq!(weigh(&()), 1);
    let texts = vec!["x".repeat(1000); 10];
    assert!((10_000..10_100).contains(&weigh(&texts)), "{}", weigh(&texts));
    assert!(weigh(&tweet()) > size_of::<Tweet>());
}

proptest! {
    #[test]
    fn random_payloads_are_no_panic(payload in prop::collection::vec(any::<u8>(), 0..64)) {
        for codec in CODECS {
            let _ = codec.decode::<Chain>(&payload);
            let _ = codec.decode::<Vec<Tweet>>(&payload);
            let _ = codec.decode::<serde_json::Value>(&payload);
        }
    }

    #[test]
    fn what_is_written_is_one_value(numbers in any::<(i64, u64, f64, i128)>(), texts in any::<Vec<(String, Option<Vec<u8>>)>>(), long in prop::sample::select(vec![0usize, 31, 32, 255, 256, 65_535, 65_536])) {
        let value = (numbers, texts, vec![(); long], "y".repeat(long));
        prop_assert!(Codec::MessagePack.encode(&value).is_ok());
        prop_assert!(Codec::Json.encode(&value).is_ok());
    }
}
