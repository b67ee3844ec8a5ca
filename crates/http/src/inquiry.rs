//! A request that what is stored may answer (RFC 9111, sections 2 and 4).

use http::request;

use crate::asked::Asked;
use crate::conditions::unconditional;
use crate::config::Config;
use crate::content::Content;
use crate::key::{CacheKey, KeyParts};
use crate::rule::Rule;
use crate::sent::Sent;
use crate::target::Target;

/// A request that what is stored may answer: all that a cache has to know of it, read once. What passes is none.
#[derive(Clone, Debug)]
pub struct Inquiry<'a> {
    /// What it asks of a cache.
    pub asked: Asked,
    /// The request as it would go on, with all that it asks for: what selects and validates is told by it.
    pub sent: Sent<'a>,
    /// Where its response is stored.
    pub key: CacheKey,
}

impl<'a> Inquiry<'a> {
    /// Reads a request to a target, with what is known of its content, and for whom it is, where the application tells its users
    /// apart.
    ///
    /// # Errors
    /// The rule by which it passes: nothing that is stored answers it, and it goes to the origin as [`Sent::passing`]. A response to
    /// POST is stored all the same where that is configured, at the [key](CacheKey) of GET, after what it
    /// [outdates](crate::Invalidation::of).
    pub fn of(
        request: &'a request::Parts,
        target: &'a Target,
        content: Content,
        audience: Option<&str>,
        config: &Config,
    ) -> Result<Inquiry<'a>, Rule> {
        let asked = Asked::of(request, config);
        asked.passes().map_or(Ok(()), Err)?;
        let sent = Sent::of(request, target, config);
        let key = CacheKey::of(&KeyParts { asked: asked.method, sent: &sent, content, audience }, config)?;
        Ok(Inquiry { asked, sent, key })
    }

    /// What is sent where nothing that is stored answers it. The conditions by which the client validates what it has itself are left
    /// out: a 304 would be for the client alone, and what comes is held against them by [`Admitted`](crate::Admitted). So is its
    /// Range: of the whole every part can be served, also to others (RFC 9111, section 3.3); a part alone is fetched only to complete
    /// what is stored, by [`Missing`](crate::Missing). If-Match and If-Unmodified-Since stay, since they are the origin's to judge.
    ///
    /// HEAD, and a request that forbids to store what comes, keep all of them: nothing of the response is admitted, and so only the
    /// origin can judge them (RFC 9110, section 13.2.1).
    ///
    /// By this, and not by [`sent`](Inquiry::sent), its response is judged and kept. A whole for each part that somebody asks for can
    /// be far more than the client takes: where nothing is stored, the layer sends what is [ranged](Asked::ranged) on by itself, and
    /// takes the whole only by this.
    pub fn fetch(&self) -> Sent<'a> {
        if self.asked.stores_nothing() {
            return self.sent.clone();
        }
        self.sent.with_headers(unconditional(&self.sent))
    }
}
