//! Several parts of a representation in one message (RFC 9110, section 14.6).

use bytes::Bytes;
use http::HeaderValue;

use crate::content_range::ContentRange;

/// A multipart/byteranges content in the making.
pub(crate) struct Multipart {
    boundary: String,
    content: Vec<Bytes>,
}

impl Multipart {
    pub fn new(boundary: u128) -> Multipart {
        Multipart { boundary: format!("freshen-{boundary:032x}"), content: Vec::new() }
    }

    /// Adds a part. Its head has the media type of the whole (RFC 9110, section 15.3.7.2).
    pub fn add(&mut self, media_type: Option<&HeaderValue>, said: &ContentRange, bytes: Vec<Bytes>) {
        let mut head = format!("\r\n--{}\r\n", self.boundary).into_bytes();
        let range = said.value();
        let fields = [(&b"Content-Type: "[..], media_type), (b"Content-Range: ", Some(&range))];
        for (name, value) in fields {
            if let Some(value) = value {
                head.extend([name, value.as_bytes(), b"\r\n"].concat());
            }
        }
        head.extend(b"\r\n");
        self.content.push(head.into());
        self.content.extend(bytes);
    }

    /// The media type of the message.
    pub fn media_type(&self) -> HeaderValue {
        // Unquoted: some read quotes as part of it (RFC 9110, section 14.6).
        HeaderValue::try_from(format!("multipart/byteranges; boundary={}", self.boundary))
            .expect("words and digits are a value")
    }

    /// All of it.
    pub fn content(mut self) -> Vec<Bytes> {
        self.content.push(format!("\r\n--{}--\r\n", self.boundary).into());
        self.content
    }
}
