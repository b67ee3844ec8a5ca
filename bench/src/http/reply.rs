//! A response as it comes over HTTP/1.1, read by those who measure.

use std::borrow::Cow;

use crate::Failure;

/// A response that is there to its end.
#[derive(Debug, PartialEq)]
pub struct Reply<'a> {
    pub status: u16,
    pub content: Cow<'a, [u8]>,
}

impl Reply<'_> {
    /// Reads what came. `None`: not all of it is there yet. Its head says where it ends.
    pub fn of(came: &[u8]) -> Result<Option<Reply<'_>>, Failure> {
        let Some(end) = came.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let (head, behind) = (std::str::from_utf8(&came[..end])?, &came[end + 4..]);
        let status = head.split(' ').nth(1).ok_or("the answer has no status")?.parse()?;
        let field = |wanted: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(':'));
            fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let content = match (field("content-length"), field("transfer-encoding")) {
            (Some(length), _) => behind.get(..length.parse()?).map(Cow::Borrowed),
            (None, Some("chunked")) => joined(behind)?.map(Cow::Owned),
            _ => return Err(format!("the answer does not say where it ends: {head}").into()),
        };
        Ok(content.map(|content| Reply { status, content }))
    }
}

/// What chunks have in them. `None`: the last is not there yet.
fn joined(mut chunks: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    let mut content = Vec::new();
    loop {
        let Some(line) = chunks.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..line])?, 16)?;
        let Some(chunk) = chunks.get(line + 2..line + 2 + length + 2) else { return Ok(None) };
        if length == 0 {
            return Ok(Some(content));
        }
        content.extend(&chunk[..length]);
        chunks = &chunks[line + 2 + length + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_there_when_its_content_is() {
        let by_length = &b"HTTP/1.1 503 Gone\r\nContent-Length: 9\r\n\r\nabcdefghi"[..];
        let in_chunks = b"HTTP/1.1 503 Gone\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n6\r\ndefghi\r\n0\r\n\r\n";
        for text in [by_length, in_chunks] {
            for end in 0..text.len() {
                assert_eq!(Reply::of(&text[..end]).unwrap(), None, "{end}");
            }
            let reply = Reply::of(text).unwrap().unwrap();
            assert_eq!((reply.status, &*reply.content), (503, &b"abcdefghi"[..]));
        }
    }

    #[test]
    fn a_response_that_does_not_say_where_it_ends_is_an_error() {
        assert!(Reply::of(b"HTTP/1.1 200 OK\r\n\r\nabc").is_err());
    }
}
