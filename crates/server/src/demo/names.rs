//! Words of the library's as they go from one process to the other, and into `/state.json`: by their names.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// A module for serde's `with`.
macro_rules! by_name {
    ($module:ident, $type:ty) => {
        pub mod $module {
            use super::*;

            pub fn serialize<S: Serializer>(word: &$type, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(word.as_str())
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                let name = std::borrow::Cow::<'de, str>::deserialize(from)?;
                let word = <$type>::ALL.into_iter().find(|word| word.as_str() == name);
                word.ok_or_else(|| D::Error::custom(format_args!("there is no {} {name:?}", stringify!($module))))
            }
        }
    };
}

by_name!(status, freshen::Status);
by_name!(rule, freshen::Rule);
by_name!(load_end, freshen::LoadEnd);
by_name!(strength, freshen::Strength);
