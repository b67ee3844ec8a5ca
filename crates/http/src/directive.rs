//! One directive of a Cache-Control field (RFC 9111, section 5.2).

use http::header::GetAll;
use http::{HeaderName, HeaderValue};

use crate::members::{members_of, trim};
use crate::seconds::delta_seconds;

/// Most bytes of the lines of one field. What is longer is not looked through: it counts as a prohibition.
pub(crate) const FIELD_BYTES_MOST: usize = 64 << 10;

/// Most names of fields that a directive may have. Each field of the response is looked for among them; with more, the directive is
/// taken for one about the whole response.
pub(crate) const NAMES_MOST: usize = 64;

/// A directive as it came: its name in whatever case, and its argument, if it has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directive<'a> {
    name: &'a [u8],
    argument: Argument<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Argument<'a> {
    None,
    Token(&'a [u8]),
    /// Without its quotes; escapes stand as they came.
    Quoted(&'a [u8]),
    /// Something stands behind the name that is no argument.
    Malformed,
}

/// The directives in the lines of a field, in their order; `None`: it is too long.
pub(crate) fn directives(lines: GetAll<'_, HeaderValue>) -> Option<impl Iterator<Item = Directive<'_>>> {
    let bytes: usize = lines.iter().map(HeaderValue::len).sum();
    (bytes <= FIELD_BYTES_MOST).then(|| members_of(lines.iter()).map(Directive::of))
}

impl<'a> Directive<'a> {
    pub fn of(member: &'a [u8]) -> Self {
        let end = member.iter().position(|byte| !is_token(*byte)).unwrap_or(member.len());
        let (name, rest) = member.split_at(end);
        let argument = match rest {
            [] => Argument::None,
            [b'=', argument @ ..] => argument_of(argument),
            _ => Argument::Malformed,
        };
        Directive { name, argument }
    }

    /// Names are compared without regard to case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    pub fn has_argument(&self) -> bool {
        self.argument != Argument::None
    }

    /// The argument as delta-seconds. Recipients read the token and the quoted form alike (RFC 9111, section 5.2).
    pub fn seconds(&self) -> Option<u32> {
        match self.argument {
            Argument::Token(text) | Argument::Quoted(text) => delta_seconds(text),
            Argument::None | Argument::Malformed => None,
        }
    }

    /// The argument as names of fields; `None`: there is none, or it names something that is no field, or more than
    /// [`NAMES_MOST`], so that the directive is about the whole response.
    pub fn fields(&self) -> Option<Vec<HeaderName>> {
        let (Argument::Token(text) | Argument::Quoted(text)) = self.argument else { return None };
        fields(text)
    }
}

/// The names of fields in a list of such, each once, if it is one and no longer than it may be.
pub(crate) fn fields(list: &[u8]) -> Option<Vec<HeaderName>> {
    let mut names = Vec::new();
    for name in list.split(|byte| *byte == b',').map(trim).filter(|name| !name.is_empty()) {
        let name = HeaderName::from_bytes(name).ok()?;
        add_name(&mut names, name)?;
    }
    (!names.is_empty()).then_some(names)
}

/// Adds a name that is not there yet; `None`: there is no room.
pub(crate) fn add_name(names: &mut Vec<HeaderName>, name: HeaderName) -> Option<()> {
    if names.contains(&name) {
        return Some(());
    }
    (names.len() < NAMES_MOST).then(|| names.push(name))
}

fn argument_of(text: &[u8]) -> Argument<'_> {
    match text {
        [b'"', inner @ .., b'"'] if is_quoted(inner) => Argument::Quoted(inner),
        _ if !text.is_empty() && text.iter().all(|byte| is_token(*byte)) => Argument::Token(text),
        _ => Argument::Malformed,
    }
}

/// Whether no quote stands in it but escaped ones.
fn is_quoted(inner: &[u8]) -> bool {
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        let ends = match byte {
            b'"' => true,
            b'\\' => bytes.next().is_none(),
            _ => false,
        };
        if ends {
            return false;
        }
    }
    true
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

/// Which bytes a token may have: each byte of each directive is looked up here, at each request.
const TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        token[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < PUNCTUATION.len() {
        token[PUNCTUATION[at] as usize] = true;
        at += 1;
    }
    token
};
const PUNCTUATION: &[u8] = b"!#$%&'*+-.^_`|~";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Directive<'_> {
        Directive::of(text.as_bytes())
    }

    #[test]
    fn arguments_are_tokens_or_quoted() {
        assert_eq!(of("max-age=60").seconds(), Some(60));
        assert_eq!(of("MAX-AGE=\"60\"").seconds(), Some(60));
        assert!(of("Max-Age=60").is("max-age") && !of("max-age=60").is("max-ag"));
        for malformed in [
            "max-age",
            "max-age=",
            "max-age =60",
            "max-age= 60",
            "max-age=6,0",
            "max-age='60'",
            "max-age=\"60",
            "max-age=\"6\"0\"",
            "max-age=-1",
            "max-age=1.5",
        ] {
            assert!(of(malformed).is("max-age"), "{malformed}");
            assert_eq!(of(malformed).seconds(), None, "{malformed}");
        }
        assert!(
            !of("no-store").has_argument() && of("no-store ; x").has_argument() && of("no-store ;x").is("no-store")
        );
        assert!(of("\u{e9}=1").is(""));
    }

    #[test]
    fn names_of_fields_are_listed_or_the_whole_response_is_meant() {
        let names = |text| of(text).fields().map(|names| names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
        let listed = |of: &[&str]| Some(of.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(names("no-cache=\"Set-Cookie, X-A,,\""), listed(&["set-cookie", "x-a"]));
        assert_eq!(names("no-cache=x-a"), listed(&["x-a"]));
        for whole in [
            "no-cache",
            "no-cache=",
            "no-cache=\"\"",
            "no-cache=\", \"",
            "no-cache=\"a b\"",
            "no-cache=\"x-a",
            "no-cache=\"\\\"\"",
        ] {
            assert_eq!(names(whole), None, "{whole}");
        }
    }
}
