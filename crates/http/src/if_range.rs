//! Whether the part that a request asks for is to be of what is stored (RFC 9110, section 13.1.5).

use freshen_core::Timestamp;
use http::HeaderMap;
use http::header::IF_RANGE;

use crate::date::parse_date;
use crate::entity_tag::EntityTag;
use crate::sole::sole;
use crate::validators::Validators;

/// Whether If-Range holds: byte for byte, the response is that of which the client has a part. Its tag is strong, or its date is.
/// `None`: the request does not have it. One that is there twice does not hold.
pub(crate) fn if_range(request: &HeaderMap, response: &Validators<'_>, now: Timestamp) -> Option<bool> {
    let is_there = request.contains_key(IF_RANGE);
    is_there.then(|| sole(request, &IF_RANGE).is_some_and(|part| is_still(part, response, now)))
}

fn is_still(part: &[u8], response: &Validators<'_>, now: Timestamp) -> bool {
    match (EntityTag::parse(part), response.tag) {
        (Some(part), Some(whole)) if part.is_well_formed() => part.equals_strongly(&whole),
        _ => {
            let date = parse_date(part, now);
            date.is_some() && date == response.strongly_modified()
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::{DATE, ETAG, LAST_MODIFIED};
    use http::{HeaderName, HeaderValue};

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_297_000_000_000);

    fn fields(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    /// RFC 9110, section 13.1.5.
    #[test]
    fn a_part_is_of_this_version_by_the_same_strong_tag_or_exactly_the_same_date() {
        let of = |condition: &[&str], stored: &[(HeaderName, &str)]| {
            let request = fields(&condition.iter().map(|value| (IF_RANGE, *value)).collect::<Vec<_>>());
            if_range(&request, &Validators::of(&fields(stored), NOW), NOW)
        };
        let (strong, weak) = ([(ETAG, "\"1\"")], [(ETAG, "W/\"1\"")]);
        assert_eq!(of(&[], &[]), None, "nothing is demanded");
        assert_eq!(of(&["\"1\""], &strong), Some(true));
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
            assert_eq!(of(&[condition], stored), Some(false), "{condition:?} {stored:?}");
        }
        assert_eq!(of(&["\"1\"", "\"1\""], &strong), Some(false), "it is there twice");
        let made = |date| [(LAST_MODIFIED, MODIFIED), (DATE, date)];
        let later = made("Sun, 06 Nov 1994 08:50:37 GMT");
        assert_eq!(of(&[MODIFIED], &later), Some(true));
        assert_eq!(of(&["Sunday, 06-Nov-94 08:49:37 GMT"], &later), Some(true), "another way to write it");
        assert_eq!(of(&["Sun, 06 Nov 1994 08:49:38 GMT"], &later), Some(false), "not what is later");
        assert_eq!(of(&["Sun, 06 Nov 1994 08:49:36 GMT"], &later), Some(false), "nor what is earlier");
        assert_eq!(of(&["yesterday"], &later), Some(false));
        assert_eq!(of(&[MODIFIED], &made("Sun, 06 Nov 1994 08:50:36 GMT")), Some(false), "too soon before it was made");
        assert_eq!(of(&[MODIFIED], &later[..1]), Some(false), "it is not known when it was made");
        assert_eq!(of(&["yesterday"], &[(LAST_MODIFIED, "yesterday"), later[1].clone()]), Some(false));
        assert_eq!(of(&[MODIFIED], &[]), Some(false));
    }
}
