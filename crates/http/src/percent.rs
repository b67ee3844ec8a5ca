//! Percent-encoding (RFC 3986, section 2.1).

use std::borrow::Cow;

/// RFC 3986, sections 6.2.2.1 and 6.2.2.2: hex digits in upper case, and what needs no encoding without it. An encoded dot stays
/// one: decoded, it could be half of a `..`. A text in which a per cent sign encodes nothing stays as it is: beside what is
/// decoded, it might.
pub(crate) fn normalised(text: &str) -> Cow<'_, str> {
    let mut pieces = text.split('%');
    let mut normal = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match octet(piece) {
            Some(octet) if octet.is_ascii_alphanumeric() || b"-_~".contains(&octet) => normal.push(octet.into()),
            Some(octet) => normal.push_str(&format!("%{octet:02X}")),
            None => return Cow::Borrowed(text),
        }
        normal.push_str(&piece[2..]);
    }
    Cow::Owned(normal)
}

/// Decodes whatever is encoded; a per cent sign that encodes nothing stays.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match octet(piece) {
            Some(octet) => {
                bytes.push(octet);
                bytes.extend(&piece.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend(piece.as_bytes());
            }
        }
    }
    bytes
}

/// Encodes every byte but those that `stay`.
pub(crate) fn encoded(text: &str, stay: fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if stay(byte) {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The octet that the two digits behind a per cent sign encode.
fn octet(text: &str) -> Option<u8> {
    let digits = text.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3986, section 6.2.2; RFC 9110, section 4.2.3.
    #[test]
    fn what_needs_no_encoding_is_decoded_once_and_the_rest_is_written_in_one_way() {
        let cases = [
            ("/%7Esmith/%68ome.html", "/~smith/home.html"),
            ("/%7esmith", "/~smith"),
            ("%3a%2f%3F%23%26%3d", "%3A%2F%3F%23%26%3D"),
            ("%2e%2E%2f", "%2E%2E%2F"),
            ("%5c%00%0a%20", "%5C%00%0A%20"),
            ("%2541", "%2541"),
            ("%c3%a9é", "%C3%A9é"),
            ("%41%", "%41%"),
            ("%%411", "%%411"),
            ("%4g%41", "%4g%41"),
            ("%+1", "%+1"),
            ("%é", "%é"),
        ];
        for (text, expected) in cases {
            assert_eq!(normalised(text), expected, "{text:?}");
            assert_eq!(normalised(expected), expected, "{text:?} twice");
        }
    }

    #[test]
    fn decoding_keeps_what_encodes_nothing() {
        for (text, expected) in
            [("%41%zz%4", &b"A%zz%4"[..]), ("%%411", b"%A1"), ("%FF%00é", b"\xff\0\xc3\xa9"), ("", b"")]
        {
            assert_eq!(decoded(text), expected, "{text:?}");
        }
    }
}
