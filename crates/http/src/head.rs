//! What a response to HEAD says of stored responses to GET (RFC 9111, section 4.3.5).

use http::header::{CONTENT_LENGTH, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, StatusCode, response};

use crate::members::members;
use crate::rule::Rule;
use crate::stored::Stored;

/// What a response to HEAD says of a stored response to GET that the request would have selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Headed {
    /// It is current, and is updated by [`Variant::freshened`](crate::Variant::freshened).
    Current(Rule),
    /// It is not: it is stale from now on, by [`Terms::outdated`](crate::Terms::outdated).
    Outdated(Rule),
    /// Nothing.
    Untold(Rule),
}

impl Headed {
    /// Compares the two. A stored response with another status than 200 is not what GET would get now.
    pub fn of(head: &response::Parts, stored: &Stored) -> Headed {
        if head.status != StatusCode::OK {
            return Headed::Untold(Rule::HeadUntold);
        }
        let same = [ETAG, LAST_MODIFIED].iter().all(|name| matches(name, &head.headers, &stored.headers));
        if stored.status == StatusCode::OK && same && has_length(&head.headers, stored.body.length()) {
            Headed::Current(Rule::HeadMatches)
        } else {
            Headed::Outdated(Rule::HeadDiffers)
        }
    }
}

/// Whether a field, if the head has it, is the same in what is stored.
fn matches(name: &HeaderName, head: &HeaderMap, stored: &HeaderMap) -> bool {
    !head.contains_key(name) || head.get_all(name).iter().eq(stored.get_all(name).iter())
}

/// Whether the head's length, if it has one, is this. One that is said twice has to be the same both times.
fn has_length(head: &HeaderMap, length_bytes: Option<u64>) -> bool {
    let mut said = members(head, &CONTENT_LENGTH).map(bytes).peekable();
    let is_said = head.contains_key(CONTENT_LENGTH);
    !is_said || (said.peek().is_some() && said.all(|said| said.is_some() && said == length_bytes))
}

fn bytes(text: &[u8]) -> Option<u64> {
    let digits = text.iter().all(u8::is_ascii_digit).then_some(text)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
