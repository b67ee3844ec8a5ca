//! Entity tags, and the lists of them that conditions are made of (RFC 9110, section 8.8.3).

use http::header::ETAG;
use http::{HeaderMap, HeaderName};

use crate::directive::FIELD_BYTES_MOST;
use crate::members::trim;

/// The longest tag that is used. A longer one would have to be sent with each validation.
pub const ENTITY_TAG_BYTES_MOST: usize = 1 << 10;

/// An entity tag as it was written.
///
/// What is not written as the standard has it, such as a tag without quotes, is used as it came, since its writer will know it
/// again; but it is never strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTag<'a> {
    text: &'a [u8],
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Strong,
    Weak,
    Malformed,
}

impl<'a> EntityTag<'a> {
    /// The tag of a response; `None`: it has none that is of use, or several that differ.
    pub fn of(headers: &'a HeaderMap) -> Option<EntityTag<'a>> {
        let mut all = headers.get_all(ETAG).into_iter();
        let first = all.next()?;
        let tag = EntityTag::parse(first.as_bytes())?;
        all.all(|other| other == first).then_some(tag)
    }

    /// Reads one tag. `*` is none, for in a condition it would stand for any, and neither is what would read as several.
    pub fn parse(text: &'a [u8]) -> Option<EntityTag<'a>> {
        let text = trim(text);
        let form = match text {
            [b'W', b'/', b'"', inner @ .., b'"'] if inner.iter().all(is_etagc) => Form::Weak,
            [b'"', inner @ .., b'"'] if inner.iter().all(is_etagc) => Form::Strong,
            [] | b"*" | b"W/" => return None,
            _ if text.contains(&b',') => return None,
            _ => Form::Malformed,
        };
        (text.len() <= ENTITY_TAG_BYTES_MOST).then_some(EntityTag { text, form })
    }

    /// As it was written.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.text
    }

    /// Whether it changes with each change of what it is the tag of.
    pub fn is_strong(&self) -> bool {
        self.form == Form::Strong
    }

    /// Whether it may stand in a list with others.
    pub fn is_well_formed(&self) -> bool {
        self.form != Form::Malformed
    }

    /// RFC 9110, section 8.8.3.2: neither is weak, and they are the same.
    pub fn equals_strongly(&self, other: &EntityTag<'_>) -> bool {
        self.is_strong() && other.is_strong() && self.text == other.text
    }

    /// RFC 9110, section 8.8.3.2: they are the same, whether weak or not.
    pub fn equals_weakly(&self, other: &EntityTag<'_>) -> bool {
        self.opaque() == other.opaque()
    }

    fn opaque(&self) -> &'a [u8] {
        self.text.strip_prefix(b"W/").unwrap_or(self.text)
    }
}

/// The tag of a response, where it is strong: only by such parts are told to be of one whole (RFC 9111, section 3.4).
pub(crate) fn strong_tag(headers: &HeaderMap) -> Option<EntityTag<'_>> {
    EntityTag::of(headers).filter(EntityTag::is_strong)
}

/// Whether both have the same strong tag.
pub(crate) fn share_strong_tag(one: &HeaderMap, other: &HeaderMap) -> bool {
    let tags = strong_tag(one).zip(strong_tag(other));
    tags.is_some_and(|(one, other)| one.equals_strongly(&other))
}

/// What a condition lists.
pub(crate) enum Listed<I> {
    /// `*`: any tag.
    Any,
    /// These tags.
    Tags(I),
}

/// The tags of a condition; `None`: the lines are too long to be looked through.
pub(crate) fn listed<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Option<Listed<impl Iterator<Item = EntityTag<'a>>>> {
    let lines = headers.get_all(name);
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    if bytes > FIELD_BYTES_MOST {
        return None;
    }
    let all = || lines.iter().flat_map(|line| Members { rest: line.as_bytes() });
    // RFC 9110, section 13.1.2: beside others, `*` is no valid value. It then stands for nothing.
    let any = all().next() == Some(b"*") && all().nth(1).is_none();
    Some(if any { Listed::Any } else { Listed::Tags(all().filter_map(EntityTag::parse)) })
}

/// The members of a list of tags. A backslash means nothing in them, unlike in quoted strings.
struct Members<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let begin = self.rest.iter().position(|byte| !b" \t,".contains(byte))?;
        let rest = &self.rest[begin..];
        let closed = closed(rest);
        let end = rest[closed..].iter().position(|byte| *byte == b',').map_or(rest.len(), |comma| closed + comma);
        let (member, rest) = rest.split_at(end);
        self.rest = rest;
        Some(trim(member))
    }
}

/// Where the tag that a member begins with has ended; 0 where its quotes do not end. That happens once a line: no quote
/// follows it.
fn closed(member: &[u8]) -> usize {
    let begin = match member {
        [b'"', ..] => 1,
        [b'W', b'/', b'"', ..] => 3,
        _ => return 0,
    };
    member[begin..].iter().position(|byte| *byte == b'"').map_or(0, |quote| begin + quote + 1)
}

fn is_etagc(byte: &u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::IF_NONE_MATCH;
    use proptest::prelude::*;

    use super::*;

    fn tag(text: &str) -> EntityTag<'_> {
        EntityTag::parse(text.as_bytes()).unwrap()
    }

    fn lines(name: HeaderName, lines: &[&[u8]]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), HeaderValue::from_bytes(line).unwrap())).collect()
    }

    /// `None`: any.
    fn list(of: &[&[u8]]) -> Option<Vec<String>> {
        let headers = lines(IF_NONE_MATCH, of);
        match listed(&headers, &IF_NONE_MATCH).unwrap() {
            Listed::Any => None,
            Listed::Tags(tags) => Some(tags.map(|tag| String::from_utf8_lossy(tag.as_bytes()).into_owned()).collect()),
        }
    }

    /// RFC 9110, section 8.8.3.2, table 3.
    #[test]
    fn tags_are_compared_strongly_or_weakly() {
        let cases = [
            (r#"W/"1""#, r#"W/"1""#, false, true),
            (r#"W/"1""#, r#"W/"2""#, false, false),
            (r#"W/"1""#, r#""1""#, false, true),
            (r#""1""#, r#""1""#, true, true),
            (r#""a""#, r#""A""#, false, false),
            (r#""""#, r#""""#, true, true),
            ("1", r#""1""#, false, false),
            ("1", "1", false, true),
            ("W/1", "1", false, true),
            (r#"w/"1""#, r#""1""#, false, false),
            ("\"\u{e9}\"", "\"\u{e9}\"", true, true),
            (r#""a b""#, r#""a b""#, false, true),
        ];
        for (one, other, strongly, weakly) in cases {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(tag(one).equals_strongly(&tag(other)), strongly, "{one} {other}");
                assert_eq!(tag(one).equals_weakly(&tag(other)), weakly, "{one} {other}");
            }
        }
    }

    /// RFC 9110, section 8.8.3.
    #[test]
    fn what_would_stand_for_other_tags_is_no_tag() {
        for text in ["", " ", "*", " * ", "W/", "a,b", "\"a\", \"b\"", "*, a"] {
            assert_eq!(EntityTag::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(tag(r#" "a,b" "#).as_bytes(), br#""a,b""#);
    }

    #[test]
    fn tags_that_are_too_long_are_not_used() {
        let of = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        assert!(EntityTag::parse(of(ENTITY_TAG_BYTES_MOST).as_bytes()).is_some());
        assert!(EntityTag::parse(of(ENTITY_TAG_BYTES_MOST + 1).as_bytes()).is_none());
    }

    #[test]
    fn a_response_with_tags_that_differ_has_none() {
        let of = |all: &[&[u8]]| EntityTag::of(&lines(ETAG, all)).is_some();
        assert!(of(&[b"\"a\""]) && of(&[b"\"a\"", b"\"a\""]));
        assert!(!of(&[b"\"a\"", b"\"b\""]) && !of(&[b"\"a\"", b"W/\"a\""]) && !of(&[]));
    }

    /// RFC 9110, section 13.1.2.
    #[test]
    fn a_list_is_any_tag_or_those_that_it_names() {
        let some = |tags: &[&str]| Some(tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        assert_eq!(list(&[b"*"]), None);
        assert_eq!(list(&[b" ,*, ", b""]), None);
        assert_eq!(list(&[br#""a", W/"b","c""#, br#""d""#]), some(&["\"a\"", "W/\"b\"", "\"c\"", "\"d\""]));
        assert_eq!(list(&[br#""a,b" , c,, "#]), some(&["\"a,b\"", "c"]));
        assert_eq!(list(&[br#""a\", "b""#]), some(&["\"a\\\"", "\"b\""]), "a backslash is a letter as others are");
        assert_eq!(list(&[br#""a, b"#]), some(&["\"a", "b"]), "quotes that do not end");
        assert_eq!(list(&[br#""a"x, "b""#]), some(&["\"a\"x", "\"b\""]));
        assert_eq!(list(&[b"\"\xe9\""]), some(&["\"\u{fffd}\""]));
        assert_eq!(list(&[]), some(&[]));
    }

    /// RFC 9110, section 13.1.2: such a list is not valid.
    #[test]
    fn beside_others_a_star_stands_for_nothing() {
        for of in [&[&b"*, *"[..]][..], &[b"*", b"*"]] {
            assert_eq!(list(of), Some(vec![]));
        }
        assert_eq!(list(&[br#"*, "a""#]), Some(vec!["\"a\"".to_owned()]));
        assert_eq!(list(&[br#""a", *"#]), Some(vec!["\"a\"".to_owned()]));
    }

    #[test]
    fn a_list_that_is_too_long_is_not_looked_through() {
        let of = |bytes: usize| listed(&lines(IF_NONE_MATCH, &[&vec![b'"'; bytes]]), &IF_NONE_MATCH).is_some();
        assert!(of(FIELD_BYTES_MOST) && !of(FIELD_BYTES_MOST + 1));
    }

    proptest! {
        #[test]
        fn no_list_is_read_beyond_itself(line in proptest::collection::vec(prop::sample::select(b"\"W/,* a\\\xff".to_vec()), 0..64)) {
            let members: Vec<&[u8]> = Members { rest: &line }.collect();
            prop_assert!(members.iter().map(|member| member.len()).sum::<usize>() <= line.len());
            prop_assert!(members.iter().all(|member| !member.is_empty()));
            for tag in members.into_iter().filter_map(EntityTag::parse) {
                prop_assert!(tag.equals_weakly(&tag) && tag.equals_strongly(&tag) == tag.is_strong());
            }
        }
    }
}
