//! When two values of a request field are the same for a cache (RFC 9111, section 4.1).

use std::cmp::Ordering;

use http::header::COOKIE;
use http::{HeaderName, HeaderValue};

use crate::digest::Digest;
use crate::members::{members_of, trim};

/// Most members that are put in order; longer lists have to have the same one.
const SORTED_MOST: usize = 16;
/// Longest list whose members are looked at, in bytes; of longer ones every byte counts.
const LISTED_BYTES_MOST: usize = 1024;

/// Which differences between two values of a field do not matter. Blanks around the value never do, nor does on how many lines it
/// is written. Each lets all differ that those above it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Likeness {
    /// No other.
    Value,
    /// It is a list: blanks around its members do not matter, nor do empty ones.
    Members,
    /// It is a list of tokens with parameters: blanks between them and case do not matter either.
    AnyCase,
    /// In such a list, members of different quality may stand in any order. Those of the same keep theirs: who reads them may take
    /// it for their priority (RFC 9110, section 12.5.4).
    ByQuality,
    /// In such a list, order does not matter at all.
    AnyOrder,
}

impl Likeness {
    /// The form that all values share which are like this one: its BLAKE3. `None`: there is no line.
    ///
    /// Only lists of at most [`LISTED_BYTES_MOST`] are taken apart, and of those only [`SORTED_MOST`] members sorted, so that it takes
    /// one look at each byte, and no allocation.
    pub(crate) fn normal<'a, I>(self, name: &HeaderName, lines: impl Fn() -> I) -> Option<Digest>
    where
        I: Iterator<Item = &'a HeaderValue>,
    {
        lines().next()?;
        let list =
            self != Likeness::Value && joined(name, lines()).map(<[u8]>::len).sum::<usize>() <= LISTED_BYTES_MOST;
        Some(if list { self.listed(members_of(lines())) } else { verbatim(joined(name, lines())) })
    }

    fn listed<'a>(self, members: impl Iterator<Item = &'a [u8]>) -> Digest {
        let mut form = Form::new();
        for member in members {
            match self {
                Likeness::Value | Likeness::Members => form.push(member, false),
                _ => member.split(|byte| *byte == b';').for_each(|part| form.push(trim(part), true)),
            }
            form.end();
        }
        match self {
            Likeness::ByQuality if form.is_weighed() => form.sort(|one, other| weight(other).cmp(&weight(one))),
            Likeness::AnyOrder => form.sort(Ord::cmp),
            _ => {}
        }
        form.digest()
    }
}

/// The trimmed lines as those of one: they are combined by a comma and a blank (RFC 9110, section 5.3), but cookies by a semicolon
/// (RFC 9113, section 8.2.3).
fn joined<'a>(name: &HeaderName, lines: impl Iterator<Item = &'a HeaderValue>) -> impl Iterator<Item = &'a [u8]> {
    let separator: &[u8] = if name == COOKIE { b"; " } else { b", " };
    let pieces = lines.enumerate().map(move |(at, line)| [if at > 0 { separator } else { b"" }, trim(line.as_bytes())]);
    pieces.flatten()
}

fn verbatim<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Digest {
    let mut hasher = blake3::Hasher::new();
    pieces.for_each(|piece| _ = hasher.update(piece));
    hasher.finalize().into()
}

/// The members of a short list, as they are compared. What ends them can stand in no value, nor at the end of a long list.
struct Form {
    bytes: [u8; FORM_BYTES],
    length: usize,
    /// Where the first ones end; how many there are.
    ends: [usize; SORTED_MOST],
    members: usize,
}

/// Each part stands before one byte where a comma or a semicolon stood, but for the last.
const FORM_BYTES: usize = LISTED_BYTES_MOST + 1;
const PART: u8 = 1;
const MEMBER: u8 = 0;

impl Form {
    fn new() -> Form {
        Form { bytes: [0; FORM_BYTES], length: 0, ends: [0; SORTED_MOST], members: 0 }
    }

    /// Writes a part of a member.
    fn push(&mut self, part: &[u8], in_lower_case: bool) {
        let end = self.length + part.len();
        self.bytes[self.length..end].copy_from_slice(part);
        if in_lower_case {
            self.bytes[self.length..end].make_ascii_lowercase();
        }
        self.bytes[end] = PART;
        self.length = end + 1;
    }

    /// Ends a member.
    fn end(&mut self) {
        self.bytes[self.length - 1] = MEMBER;
        if let Some(end) = self.ends.get_mut(self.members) {
            *end = self.length;
        }
        self.members += 1;
    }

    /// Puts the members in order, where they are few; otherwise they stay as they are.
    fn sort(&mut self, order: fn(&[u8], &[u8]) -> Ordering) {
        let Some(ends) = self.ends.get(..self.members) else { return };
        let mut members = [&[][..]; SORTED_MOST];
        let mut from = 0;
        for (member, end) in members.iter_mut().zip(ends) {
            *member = &self.bytes[from..*end];
            from = *end;
        }
        members[..ends.len()].sort_by(|one, other| order(one, other));
        let mut sorted = [0; FORM_BYTES];
        let bytes = members.into_iter().flatten();
        sorted.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
        self.bytes = sorted;
    }

    /// Whether all members that would be sorted have a weight: of a list in which one is malformed, who knows what it means.
    fn is_weighed(&self) -> bool {
        let mut members = self.bytes[..self.length].split_inclusive(|byte| *byte == MEMBER);
        members.all(|member| weight(member).is_some())
    }

    fn digest(&self) -> Digest {
        blake3::hash(&self.bytes[..self.length]).into()
    }
}

/// The weight of a member in thousandths; `None`: it is malformed (RFC 9110, section 12.4.2).
fn weight(member: &[u8]) -> Option<u16> {
    let parameters = member.split(|byte| matches!(*byte, PART | MEMBER)).skip(1);
    let mut named = parameters.filter_map(|part| Some(part.split_at(part.iter().position(|byte| *byte == b'=')?)));
    match named.find(|(name, _)| trim(name) == b"q") {
        None => Some(1000),
        Some((_, value)) => thousandths(&value[1..]),
    }
}

fn thousandths(text: &[u8]) -> Option<u16> {
    let (whole, digits) = match text {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', digits @ ..] if digits.len() <= 3 => (whole, digits),
        _ => return None,
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let four = [whole].into_iter().chain(digits).chain(b"000").take(4);
    let sum = four.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    (sum <= 1000).then_some(sum)
}
