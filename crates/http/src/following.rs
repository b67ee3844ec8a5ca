//! What a request gets of a response while its content comes (RFC 9111, section 4).

use http::{HeaderMap, StatusCode};

use crate::asked::{Asked, AskedBy};
use crate::byte_range::ByteRange;
use crate::conditions::{has_it, not_modified};
use crate::content_range::ContentRange;
use crate::reply_head::ReplyHead;
use crate::rule::Rule;
use crate::share::asked_for;

/// A response that is made of another one while the content of that comes: its head goes out at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// What of the content goes with it, as that comes.
    pub content: Portion,
}

/// What of a content goes with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
    /// All of it, and its [trailers](crate::Admitted::trailers).
    All,
    /// These bytes, and no trailers.
    Part(ByteRange),
    /// Nothing. Nobody has to wait.
    Nothing,
}

impl Following {
    /// Makes it, by the length that the content has if it comes as it should, where that is said.
    pub(crate) fn of(head: &ReplyHead<'_>, asked: &Asked, length_bytes: Option<u64>) -> (Following, Rule) {
        let ReplyHead { stored, request, now, .. } = *head;
        let has_not = match has_it(request, asked, stored, now) {
            Ok(rule) => return (Following::without(StatusCode::NOT_MODIFIED, not_modified(stored, now)), rule),
            Err(rule) => rule,
        };
        let whole = || Following::whole(head, asked);
        match (asked_for(request, asked, stored, length_bytes, now), length_bytes) {
            (Ok(Some(ranges)), Some(length)) => match ranges.of_length(length)[..] {
                [] => (Following::not_satisfiable(head, length), Rule::RangeNotSatisfiable),
                [range] => (Following::part(head, range, length), Rule::Range),
                // They need not stand in the order in which they come.
                _ => (whole(), Rule::RangeIgnored),
            },
            (Ok(Some(_)), None) => (whole(), Rule::RangeIgnored),
            (Ok(None), _) => (whole(), has_not),
            (Err(rule), _) => (whole(), rule),
        }
    }

    fn whole(head: &ReplyHead<'_>, asked: &Asked) -> Following {
        let content = if asked.method == AskedBy::Head { Portion::Nothing } else { Portion::All };
        Following { status: head.stored.status, headers: head.whole(), content }
    }

    fn part(head: &ReplyHead<'_>, range: ByteRange, length_bytes: u64) -> Following {
        let headers = head.part(&ContentRange { range, length: Some(length_bytes) });
        Following { status: StatusCode::PARTIAL_CONTENT, headers, content: Portion::Part(range) }
    }

    fn not_satisfiable(head: &ReplyHead<'_>, length_bytes: u64) -> Following {
        Following::without(StatusCode::RANGE_NOT_SATISFIABLE, head.not_satisfiable(length_bytes))
    }

    fn without(status: StatusCode, headers: HeaderMap) -> Following {
        Following { status, headers, content: Portion::Nothing }
    }
}
