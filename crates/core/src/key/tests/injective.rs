//! Different arguments never meet and equal ones always do, and wrong encoders are found out by the very same check.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;

use super::encoded;
use super::tree::{Name, Tree, tree};

type Field = (Name, Tree);
/// Encodes fields in the order in which a struct declares them.
type EncodeFields<'a> = &'a dyn Fn(&[Field]) -> Vec<u8>;

fn text(text: &str) -> Tree {
    Tree::Str(text.into())
}

fn some(tree: Tree) -> Tree {
    Tree::Option(Some(Box::new(tree)))
}

fn structure(fields: &[Field]) -> Tree {
    Tree::Struct(fields.iter().cloned().collect())
}

/// Arguments of which no two may meet.
fn distinct() -> Vec<Tree> {
    let tuple = |texts: &[&str]| Tree::Tuple(texts.iter().map(|part| text(part)).collect());
    let seq = |texts: &[&str]| Tree::Seq(texts.iter().map(|part| text(part)).collect());
    vec![
        tuple(&["a:b", "c"]),
        tuple(&["a", "b:c"]),
        tuple(&["ab", "c"]),
        tuple(&["a", "bc"]),
        tuple(&["abc"]),
        tuple(&[]),
        text("abc"),
        text(""),
        text("1"),
        text("a"),
        Tree::Char('a'),
        Tree::Bytes(b"a".to_vec()),
        seq(&["a", "bc"]),
        seq(&[]),
        Tree::Seq(vec![seq(&["a"]), seq(&[])]),
        Tree::Seq(vec![seq(&["a"])]),
        Tree::Seq(vec![seq(&[]), text("a")]),
        Tree::Seq(vec![seq(&[]), seq(&["a"])]),
        Tree::Unit,
        Tree::Option(None),
        some(Tree::Option(None)),
        some(Tree::Unit),
        some(some(Tree::Option(None))),
        Tree::Unsigned(1),
        Tree::Signed(1),
        Tree::Signed(-1),
        Tree::Float(1f64.to_bits()),
        Tree::Bool(true),
        Tree::Unsigned(2),
        some(Tree::Unsigned(1)),
        Tree::Unsigned(300),
        Tree::Unsigned(1 << 70),
        Tree::Signed(i128::MIN),
        Tree::Signed(i128::MAX),
        structure(&[("a", text("x")), ("b", text("y"))]),
        structure(&[("a", text("y")), ("b", text("x"))]),
        structure(&[("a", text("x"))]),
        structure(&[("", text("x"))]),
        structure(&[]),
        Tree::Map([(text("a"), text("x"))].into()),
        Tree::Map([].into()),
        Tree::UnitVariant(0, "Old"),
        Tree::UnitVariant(0, "New"),
        text("New"),
        Tree::NewtypeVariant(0, "New", Box::new(Tree::Unit)),
        Tree::TupleVariant(0, "New", vec![]),
        Tree::StructVariant(0, "New", [].into()),
        Tree::NewtypeVariant(0, "New", Box::new(tuple(&[]))),
    ]
}

/// Pairs that are one and the same, written twice: fields in another order, a variant at another index.
fn same() -> Vec<[Vec<Field>; 2]> {
    let (a, b) = (("a", text("x")), ("b", Tree::UnitVariant(1, "B")));
    let moved = ("b", Tree::UnitVariant(7, "B"));
    vec![[vec![a.clone(), b.clone()], vec![b.clone(), a.clone()]], [vec![a.clone(), b], vec![a, moved]]]
}

/// What is wrong with an encoder of structs, given as fields in the order in which they are declared, and of all else.
fn verdict(encode: &dyn Fn(&Tree) -> Vec<u8>, fields: EncodeFields<'_>) -> Result<(), String> {
    let mut seen = HashMap::new();
    for tree in distinct().into_iter().chain(forged(&encode(&Tree::Tuple(vec![text("a"), text("b")])))) {
        if let Some(other) = seen.insert(encode(&tree), tree.clone()) {
            return Err(format!("{other:?} meets {tree:?}"));
        }
    }
    match same().into_iter().find(|[one, other]| fields(one) != fields(other)) {
        Some([one, other]) => Err(format!("{one:?} and {other:?} differ")),
        None => Ok(()),
    }
}

/// Tuples of one text that tries to look like the tuple of two that the encoder wrote: each stretch of what it wrote.
fn forged(pair: &[u8]) -> Vec<Tree> {
    let stretches = (0..pair.len()).flat_map(|from| (from + 2..=pair.len()).map(move |to| &pair[from..to]));
    let texts: BTreeSet<&str> = stretches.filter_map(|bytes| std::str::from_utf8(bytes).ok()).collect();
    let pair = Tree::Tuple(vec![text("a"), text("b")]);
    texts.into_iter().map(|forged| Tree::Tuple(vec![text(forged)])).chain([pair]).collect()
}

struct Fields<'a>(&'a [Field]);

impl serde::Serialize for Fields<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut open = to.serialize_struct("S", self.0.len())?;
        self.0.iter().try_for_each(|(name, value)| open.serialize_field(name, value))?;
        open.end()
    }
}

#[test]
fn different_arguments_never_meet_and_equal_ones_do() {
    assert_eq!(verdict(&|tree| encoded(tree), &|fields| encoded(&Fields(fields))), Ok(()));
}

proptest! {
    #[test]
    fn two_trees_meet_only_if_they_are_equal(one in tree(), other in tree()) {
        prop_assert_eq!(one == other, encoded(&one) == encoded(&other));
        prop_assert_eq!(encoded(&one), encoded(&one.clone()));
    }
}

/// What a wrong encoder does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    None,
    /// Values are joined without lengths.
    Joined,
    /// `Some(x)` is written as `x`.
    SomeTransparent,
    /// `None` and `()` are one.
    NoneIsUnit,
    /// Signed and unsigned numbers share their tag.
    OneSign,
    /// Text, characters and bytes share their tag.
    OneText,
    /// Fields stand as they are declared.
    FieldsAsTheyAre,
    /// Fields have no names.
    FieldsWithoutNames,
    /// Variants are written by their index.
    EnumByIndex,
    /// A list has no end.
    NoEnd,
}

/// An encoder of its own, right but for one flaw.
fn flawed(flaw: Flaw, tree: &Tree) -> Vec<u8> {
    let run = |tag: &str, bytes: &[u8]| match flaw {
        Flaw::Joined => [tag.as_bytes(), bytes].concat(),
        _ => [tag.as_bytes(), &bytes.len().to_be_bytes(), bytes].concat(),
    };
    let list = |tag: &str, values: &[Tree]| {
        let mut bytes = tag.as_bytes().to_vec();
        values.iter().for_each(|value| bytes.extend(flawed(flaw, value)));
        bytes.extend((flaw != Flaw::NoEnd).then_some(b'.'));
        bytes
    };
    let variant = |tag: &str, index: &u32, name: &str, content: Vec<u8>| match flaw {
        Flaw::EnumByIndex => [tag.as_bytes(), &index.to_be_bytes(), &content].concat(),
        _ => [run(tag, name.as_bytes()), content].concat(),
    };
    let given = |fields: &BTreeMap<Name, Tree>| {
        flawed_fields(flaw, &fields.iter().map(|(name, value)| (*name, value.clone())).collect::<Vec<_>>())
    };
    let one_text = flaw == Flaw::OneText;
    match tree {
        Tree::Unit => b"u".to_vec(),
        Tree::Option(None) if flaw == Flaw::NoneIsUnit => b"u".to_vec(),
        Tree::Option(None) => b"n".to_vec(),
        Tree::Option(Some(value)) if flaw == Flaw::SomeTransparent => flawed(flaw, value),
        Tree::Option(Some(value)) => [b"o".to_vec(), flawed(flaw, value)].concat(),
        Tree::Bool(value) => vec![b'b', u8::from(*value)],
        Tree::Signed(value) if flaw == Flaw::OneSign => run("+", &value.to_be_bytes()),
        Tree::Signed(value) => run("-", &value.to_be_bytes()),
        Tree::Unsigned(value) => run("+", &value.to_be_bytes()),
        Tree::Float(bits) => run("f", &bits.to_be_bytes()),
        Tree::Char(value) => run(if one_text { "s" } else { "c" }, value.to_string().as_bytes()),
        Tree::Str(value) => run("s", value.as_bytes()),
        Tree::Bytes(value) => run(if one_text { "s" } else { "y" }, value),
        Tree::Seq(values) => list("[", values),
        Tree::Tuple(values) => list("(", values),
        Tree::Map(entries) => list("{", &entries.iter().flat_map(|(k, v)| [k.clone(), v.clone()]).collect::<Vec<_>>()),
        Tree::Struct(fields) => given(fields),
        Tree::UnitVariant(index, name) => variant("U", index, name, vec![]),
        Tree::NewtypeVariant(index, name, value) => variant("N", index, name, flawed(flaw, value)),
        Tree::TupleVariant(index, name, values) => variant("T", index, name, list("", values)),
        Tree::StructVariant(index, name, fields) => variant("S", index, name, given(fields)),
    }
}

fn flawed_fields(flaw: Flaw, fields: &[Field]) -> Vec<u8> {
    let mut fields = fields.to_vec();
    if flaw != Flaw::FieldsAsTheyAre {
        fields.sort();
    }
    let named = flaw != Flaw::FieldsWithoutNames;
    let parts = fields.into_iter().flat_map(|(name, value)| named.then(|| text(name)).into_iter().chain([value]));
    [b"#".to_vec(), flawed(flaw, &Tree::Seq(parts.collect()))].concat()
}

#[test]
fn every_wrong_encoder_is_found_out() {
    let judge = |flaw| verdict(&|tree| flawed(flaw, tree), &|fields| flawed_fields(flaw, fields));
    assert_eq!(judge(Flaw::None), Ok(()), "it is the flaw that is found");
    let flaws = [
        Flaw::Joined,
        Flaw::SomeTransparent,
        Flaw::NoneIsUnit,
        Flaw::OneSign,
        Flaw::OneText,
        Flaw::FieldsAsTheyAre,
        Flaw::FieldsWithoutNames,
        Flaw::EnumByIndex,
        Flaw::NoEnd,
    ];
    for flaw in flaws {
        assert!(judge(flaw).is_err(), "{flaw:?} passes");
    }
}
