//! When two values of a request field are the same for a cache (RFC 9111, section 4.1).

use http::header::COOKIE;
use http::{HeaderMap, HeaderName};

use crate::members::{members, trim};

/// Most members that are compared in any order; longer lists have to have the same one.
const UNORDERED_MOST: usize = 16;

/// Which differences between two values of a field do not matter. Blanks around the value never do, nor does on how many lines it
/// is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// No other.
    Value,
    /// It is a list: blanks around its members do not matter, nor do empty ones.
    Members,
    /// It is a list of tokens with parameters: blanks between them and case do not matter either.
    AnyCase,
    /// In such a list, order does not matter either.
    AnyOrder,
}

impl Likeness {
    /// Whether two requests say the same in a field. One that does not have it is like none that has.
    pub(crate) fn holds(self, name: &HeaderName, one: &HeaderMap, other: &HeaderMap) -> bool {
        if !one.contains_key(name) || !other.contains_key(name) {
            return one.contains_key(name) == other.contains_key(name);
        }
        // Mostly they are the same to the byte.
        if one.get_all(name).iter().eq(other.get_all(name).iter()) {
            return true;
        }
        let ones = || members(one, name);
        let others = || members(other, name);
        match self {
            Likeness::Value => joined(one, name).eq(joined(other, name)),
            Likeness::Members => ones().eq(others()),
            Likeness::AnyCase => is_like(ones(), others()),
            Likeness::AnyOrder => is_shuffled(ones, others) || is_like(ones(), others()),
        }
    }
}

/// The bytes of all lines as those of one: they are combined by a comma and a blank (RFC 9110, section 5.3), but cookies by a
/// semicolon (RFC 9113, section 8.2.3).
fn joined<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a u8> {
    let separator: &[u8; 2] = if name == COOKIE { b"; " } else { b", " };
    let lines = headers.get_all(name).into_iter().enumerate();
    lines.flat_map(move |(at, line)| separator.iter().filter(move |_| at > 0).chain(trim(line.as_bytes())))
}

fn is_like<'a>(mut ones: impl Iterator<Item = &'a [u8]>, mut others: impl Iterator<Item = &'a [u8]>) -> bool {
    loop {
        match (ones.next(), others.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if is_like_member(one, other) => {}
            _ => return false,
        }
    }
}

/// Whether each member is there as often in both. Few are, so that nothing has to be sorted.
fn is_shuffled<'a, A, B>(ones: impl Fn() -> A, others: impl Fn() -> B) -> bool
where
    A: Iterator<Item = &'a [u8]>,
    B: Iterator<Item = &'a [u8]>,
{
    let [count, other_count] = [ones().take(UNORDERED_MOST + 1).count(), others().take(UNORDERED_MOST + 1).count()];
    let is_as_often = |member: &[u8]| {
        let is_it = |other: &&[u8]| is_like_member(other, member);
        ones().filter(is_it).count() == others().filter(is_it).count()
    };
    count == other_count && count <= UNORDERED_MOST && ones().all(is_as_often)
}

/// `en-GB; q=0.5` and `EN-gb;q=0.5`.
fn is_like_member(one: &[u8], other: &[u8]) -> bool {
    let parts = |member| <[u8]>::split(member, |byte| *byte == b';').map(trim);
    let (mut ones, mut others) = (parts(one), parts(other));
    loop {
        match (ones.next(), others.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {}
            _ => return false,
        }
    }
}
