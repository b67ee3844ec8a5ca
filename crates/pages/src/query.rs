//! The content of a QUERY, which makes its key (RFC 10008, section 2.7).

use bytes::Bytes;
use freshen_core::BoxError;
use freshen_http::{AskedBy, Config, Content, ContentHasher};
use http::request;
use http_body::Body;
use http_body_util::{BodyExt, Limited};

/// A request's body, and what is known of its content.
pub(crate) struct Read<B> {
    pub body: B,
    pub asks: Content,
    /// That of a QUERY.
    pub content: Bytes,
}

/// Reads the content of a QUERY where it is said to be short enough. Of all others nothing is read.
///
/// # Errors
/// The content broke off, or was longer than was said.
pub(crate) async fn read<B>(request: &request::Parts, body: B, config: &Config) -> Result<Read<B>, BoxError>
where
    B: Body<Data = Bytes> + From<Bytes>,
    B::Error: Into<BoxError>,
{
    let asks = Content::of(&request.headers, body.is_end_stream());
    let most = config.query_content_bytes_most;
    let short = body.size_hint().upper().is_some_and(|bytes| bytes <= most as u64);
    if AskedBy::of(&request.method, config) != AskedBy::Query || !short {
        return Ok(Read { body, asks, content: Bytes::new() });
    }
    let content = Box::pin(Limited::new(body, most).collect()).await?.to_bytes();
    let hashed = ContentHasher::new(request, config).and_then(|mut hasher| {
        hasher.update(&content)?;
        Ok(hasher.finish())
    });
    Ok(Read { body: B::from(content.clone()), asks: hashed.map_or(Content::Unread, Content::Hashed), content })
}
