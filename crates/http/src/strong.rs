//! Validators that change with every change of the bytes (RFC 9110, section 8.8.1). Only by them can parts be put together.

use std::time::Duration;

use freshen_core::Timestamp;
use http::header::{DATE, ETAG, IF_RANGE, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::date::parse_date;

/// The strong entity tag of a response; `None`: it has none, a weak one, a malformed one, or several.
pub(crate) fn strong_tag(headers: &HeaderMap) -> Option<&HeaderValue> {
    only(headers, &ETAG).filter(|tag| is_strong(tag.as_bytes()))
}

/// Whether both have the same strong entity tag.
pub(crate) fn share_a_strong_tag(one: &HeaderMap, other: &HeaderMap) -> bool {
    strong_tag(one).is_some_and(|tag| strong_tag(other) == Some(tag))
}

/// Whether the part that a request asks for is to be of what is stored: it has no If-Range, or one that is true
/// (RFC 9110, section 13.1.5). `now` is needed to read dates.
pub(crate) fn is_of_this_version(request: &HeaderMap, stored: &HeaderMap, now: Timestamp) -> bool {
    if !request.contains_key(IF_RANGE) {
        return true;
    }
    let Some(condition) = only(request, &IF_RANGE) else { return false };
    if condition.as_bytes().iter().take(3).any(|byte| *byte == b'"') {
        return strong_tag(stored).is_some_and(|tag| tag == condition);
    }
    let date = |value: &HeaderValue| parse_date(value.as_bytes(), now);
    let modified = only(stored, &LAST_MODIFIED).and_then(date);
    modified.is_some() && date(condition) == modified && was_still_for_a_second(modified, stored, now)
}

/// Whether a date of last modification is a strong validator: in the second that it names, the response was not made yet, so
/// that no later change of the same second can be missing from it (RFC 9110, section 8.8.2.2).
fn was_still_for_a_second(modified: Option<Timestamp>, stored: &HeaderMap, now: Timestamp) -> bool {
    let made = stored.get(DATE).and_then(|date| parse_date(date.as_bytes(), now));
    made.zip(modified).is_some_and(|(made, modified)| made.since(modified) >= Duration::from_secs(1))
}

fn is_strong(tag: &[u8]) -> bool {
    // RFC 9110, section 8.8.3: no quotes inside, no blanks, no control characters.
    matches!(tag, [b'"', opaque @ .., b'"'] if opaque.iter().all(|byte| *byte > b' ' && *byte != b'"' && *byte != 0x7f))
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut all = headers.get_all(name).into_iter();
    all.next().filter(|_| all.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_297_000_000_000);

    fn fields(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn tagged(tags: &[&str]) -> HeaderMap {
        fields(&tags.iter().map(|tag| (ETAG, *tag)).collect::<Vec<_>>())
    }

    /// RFC 9110, sections 8.8.3 and 8.8.3.2: its table, and what is no tag.
    #[test]
    fn two_tags_are_the_same_only_if_both_are_strong() {
        let same = |one: &str, other: &str| share_a_strong_tag(&tagged(&[one]), &tagged(&[other]));
        assert!(same("\"1\"", "\"1\""));
        assert!(same("\"\"", "\"\""));
        assert!(same("\"\u{e9}W/\"", "\"\u{e9}W/\""));
        for (one, other) in [
            ("W/\"1\"", "W/\"1\""),
            ("W/\"1\"", "W/\"2\""),
            ("W/\"1\"", "\"1\""),
            ("\"1\"", "W/\"1\""),
            ("\"1\"", "\"2\""),
            ("\"a\"", "\"A\""),
            ("1", "1"),
            ("\"1", "\"1"),
            ("\"", "\""),
            ("w/\"1\"", "w/\"1\""),
            ("\"1\", \"2\"", "\"1\", \"2\""),
            ("", ""),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
        assert!(!share_a_strong_tag(&tagged(&[]), &tagged(&[])));
        assert!(!share_a_strong_tag(&tagged(&["\"1\"", "\"1\""]), &tagged(&["\"1\""])));
    }

    const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    /// RFC 9110, section 13.1.5.
    #[test]
    fn a_part_is_of_this_version_by_the_same_strong_tag_or_exactly_the_same_date() {
        let of = |condition: &[&str], stored: &[(HeaderName, &str)]| {
            let request = fields(&condition.iter().map(|value| (IF_RANGE, *value)).collect::<Vec<_>>());
            is_of_this_version(&request, &fields(stored), NOW)
        };
        let (strong, weak) = ([(ETAG, "\"1\"")], [(ETAG, "W/\"1\"")]);
        assert!(of(&[], &[]), "nothing is demanded");
        assert!(of(&["\"1\""], &strong));
        for (condition, stored) in [
            ("\"2\"", &strong),
            ("W/\"1\"", &strong),
            ("\"1\"", &weak),
            ("W/\"1\"", &weak),
            ("1", &strong),
            ("*", &strong),
            ("\"1\", \"2\"", &strong),
            ("", &strong),
        ] {
            assert!(!of(&[condition], stored), "{condition:?} {stored:?}");
        }
        assert!(!of(&["\"1\"", "\"1\""], &strong), "it is there twice");
        let made = |date| [(LAST_MODIFIED, MODIFIED), (DATE, date)];
        let later = made("Sun, 06 Nov 1994 08:49:38 GMT");
        assert!(of(&[MODIFIED], &later));
        assert!(of(&["Sunday, 06-Nov-94 08:49:37 GMT"], &later), "another way to write it");
        assert!(!of(&["Sun, 06 Nov 1994 08:49:38 GMT"], &later), "not what is later");
        assert!(!of(&["Sun, 06 Nov 1994 08:49:36 GMT"], &later), "nor what is earlier");
        assert!(!of(&["yesterday"], &later));
        assert!(!of(&[MODIFIED], &made(MODIFIED)), "of the same second");
        assert!(!of(&[MODIFIED], &later[..1]), "it is not known when it was made");
        assert!(!of(&["yesterday"], &[(LAST_MODIFIED, "yesterday"), later[1].clone()]));
        assert!(!of(&[MODIFIED], &[]));
    }
}
