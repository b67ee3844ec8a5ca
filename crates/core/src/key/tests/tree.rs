//! Any arguments as a value: what tests generate, encode, and read back without a type to guide them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::ser::{SerializeMap, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleVariant};
use serde::{Serialize, Serializer};

use super::super::format::Head;
use super::super::reader::Reader;
use crate::error::KeyError;

/// A name that serde takes.
pub type Name = &'static str;

/// Whatever serde can be given, after what the encoding means to make equal has been made equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tree {
    Unit,
    Option(Option<Box<Tree>>),
    Bool(bool),
    Signed(i128),
    Unsigned(u128),
    /// A float's bits: no NaN and no negative zero.
    Float(u64),
    Char(char),
    Str(String),
    Bytes(Vec<u8>),
    Seq(Vec<Tree>),
    Tuple(Vec<Tree>),
    Map(BTreeMap<Tree, Tree>),
    Struct(BTreeMap<Name, Tree>),
    UnitVariant(u32, Name),
    NewtypeVariant(u32, Name, Box<Tree>),
    TupleVariant(u32, Name, Vec<Tree>),
    StructVariant(u32, Name, BTreeMap<Name, Tree>),
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Tree::Unit => to.serialize_unit(),
            Tree::Option(value) => value.serialize(to),
            Tree::Bool(value) => value.serialize(to),
            Tree::Signed(value) => value.serialize(to),
            Tree::Unsigned(value) => value.serialize(to),
            Tree::Float(bits) => f64::from_bits(*bits).serialize(to),
            Tree::Char(value) => value.serialize(to),
            Tree::Str(value) => value.serialize(to),
            Tree::Bytes(value) => to.serialize_bytes(value),
            Tree::Seq(values) => values.serialize(to),
            Tree::Tuple(values) => {
                let mut tuple = to.serialize_tuple(values.len())?;
                values.iter().try_for_each(|value| tuple.serialize_element(value))?;
                tuple.end()
            }
            Tree::Map(entries) => {
                let mut map = to.serialize_map(None)?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Tree::Struct(fields) => {
                let mut open = to.serialize_struct("S", fields.len())?;
                fields.iter().try_for_each(|(name, value)| open.serialize_field(name, value))?;
                open.end()
            }
            Tree::UnitVariant(index, name) => to.serialize_unit_variant("E", *index, name),
            Tree::NewtypeVariant(index, name, value) => to.serialize_newtype_variant("E", *index, name, value),
            Tree::TupleVariant(index, name, values) => {
                let mut tuple = to.serialize_tuple_variant("E", *index, name, values.len())?;
                values.iter().try_for_each(|value| tuple.serialize_field(value))?;
                tuple.end()
            }
            Tree::StructVariant(index, name, fields) => {
                let mut open = to.serialize_struct_variant("E", *index, name, fields.len())?;
                fields.iter().try_for_each(|(name, value)| open.serialize_field(name, value))?;
                open.end()
            }
        }
    }
}

impl Tree {
    /// Reads one encoding, whatever it holds.
    pub fn read(bytes: &[u8]) -> Result<Tree, KeyError> {
        let mut reader = Reader::new(bytes);
        let tree = read(&mut reader)?;
        reader.finish().map(|()| tree)
    }
}

fn read(from: &mut Reader<'_>) -> Result<Tree, KeyError> {
    Ok(match from.head()? {
        Head::End => return Err(from.malformed()),
        Head::Unit => Tree::Unit,
        Head::None => Tree::Option(None),
        Head::Some => Tree::Option(Some(Box::new(from.nested(read)??))),
        Head::Bool(value) => Tree::Bool(value),
        Head::Signed(value) => Tree::Signed(value),
        Head::Unsigned(value) => Tree::Unsigned(value),
        Head::Float(value) => Tree::Float(value.to_bits()),
        Head::Char(value) => Tree::Char(value),
        Head::Str(value) => Tree::Str(value.into()),
        Head::Bytes(value) => Tree::Bytes(value.into()),
        Head::Seq => Tree::Seq(from.nested(|from| read_all(from, read))??),
        Head::Tuple => Tree::Tuple(from.nested(|from| read_all(from, read))??),
        Head::Map => Tree::Map(from.nested(|from| read_all(from, |from| Ok((read(from)?, read(from)?))))??),
        Head::Struct => Tree::Struct(from.nested(|from| read_all(from, field))??),
        Head::UnitVariant(name) => Tree::UnitVariant(0, leaked(name)),
        Head::NewtypeVariant(name) => Tree::NewtypeVariant(0, leaked(name), Box::new(from.nested(read)??)),
        Head::TupleVariant(name) => Tree::TupleVariant(0, leaked(name), from.nested(|from| read_all(from, read))??),
        Head::StructVariant(name) => Tree::StructVariant(0, leaked(name), from.nested(|from| read_all(from, field))??),
    })
}

fn read_all<T, C: FromIterator<T>>(
    from: &mut Reader<'_>,
    one: impl Fn(&mut Reader<'_>) -> Result<T, KeyError>,
) -> Result<C, KeyError> {
    std::iter::from_fn(|| match from.ended() {
        Ok(true) => None,
        Ok(false) => Some(one(from)),
        Err(error) => Some(Err(error)),
    })
    .collect()
}

fn field(from: &mut Reader<'_>) -> Result<(Name, Tree), KeyError> {
    match from.head()? {
        Head::Str(name) => Ok((leaked(name), read(from)?)),
        _ => Err(from.malformed()),
    }
}

/// Serde wants names that live for ever, and a test ends soon.
fn leaked(name: &str) -> Name {
    Box::leak(name.into())
}

/// Names that lie close to each other, and one that is empty.
fn name() -> impl Strategy<Value = Name> + Clone {
    prop::sample::select(vec!["", "a", "b", "ab", "aa", "ba", "é"])
}

/// The index is the name's own, as in a real enum.
fn index(name: &str) -> u32 {
    name.bytes().map(u32::from).sum()
}

fn float() -> impl Strategy<Value = Tree> {
    any::<f64>()
        .prop_filter("one of its kind", |f| !f.is_nan() && f.to_bits() != (-0.0f64).to_bits())
        .prop_map(|f| Tree::Float(f.to_bits()))
}

fn leaf() -> impl Strategy<Value = Tree> {
    prop_oneof![
        Just(Tree::Unit),
        Just(Tree::Option(None)),
        any::<bool>().prop_map(Tree::Bool),
        prop_oneof![(-200i128..200).boxed(), any::<i64>().prop_map(i128::from).boxed(), any::<i128>().boxed()]
            .prop_map(Tree::Signed),
        prop_oneof![(0u128..300).boxed(), any::<u64>().prop_map(u128::from).boxed(), any::<u128>().boxed()]
            .prop_map(Tree::Unsigned),
        float(),
        any::<char>().prop_map(Tree::Char),
        prop_oneof!["[ab]{0,2}", any::<String>(), "[a-zé]{120,300}"].prop_map(Tree::Str),
        prop::collection::vec(any::<u8>(), 0..4).prop_map(Tree::Bytes),
        name().prop_map(|name| Tree::UnitVariant(index(name), name)),
    ]
}

/// Any tree, a few levels deep.
pub fn tree() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(6, 40, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4);
        let fields = prop::collection::btree_map(name(), inner.clone(), 0..4);
        prop_oneof![
            inner.clone().prop_map(|value| Tree::Option(Some(Box::new(value)))),
            list.clone().prop_map(Tree::Seq),
            list.clone().prop_map(Tree::Tuple),
            prop::collection::btree_map(inner.clone(), inner.clone(), 0..4).prop_map(Tree::Map),
            fields.clone().prop_map(Tree::Struct),
            (name(), inner).prop_map(|(name, value)| Tree::NewtypeVariant(index(name), name, Box::new(value))),
            (name(), list).prop_map(|(name, values)| Tree::TupleVariant(index(name), name, values)),
            (name(), fields).prop_map(|(name, fields)| Tree::StructVariant(index(name), name, fields)),
        ]
    })
}
