//! A key as it is written and read: its parts by their names.

use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::content::ContentHash;
use crate::digest::Digest;
use crate::key::CacheKey;
use crate::origin::{Origin, Scheme};
use crate::steering::Steering;
use crate::target::Target;

/// The parts of a key.
#[derive(Serialize, Deserialize)]
#[serde(rename = "CacheKey", deny_unknown_fields)]
pub(crate) struct WrittenKey {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
    query: Option<String>,
    content: Option<ContentHash>,
    audience: Option<Box<str>>,
    steering: Vec<(String, String)>,
    simplified: Option<Digest>,
}

impl From<CacheKey> for WrittenKey {
    fn from(key: CacheKey) -> Self {
        let text = |line: &HeaderValue| line.to_str().expect("what is no text makes no key").to_owned();
        let steering = key.steering.lines().iter().map(|(name, line)| (name.as_str().to_owned(), text(line)));
        let origin = key.target.origin();
        WrittenKey {
            scheme: origin.scheme(),
            host: origin.host().to_owned(),
            port: origin.port(),
            path: key.target.path().to_owned(),
            query: key.target.query().map(str::to_owned),
            content: key.content,
            steering: steering.collect(),
            audience: key.audience,
            simplified: key.simplified,
        }
    }
}

impl TryFrom<WrittenKey> for CacheKey {
    type Error = String;

    /// What a part is refused for by [`CacheKey::of`], it is refused for here. So is what would be written in another way.
    fn try_from(written: WrittenKey) -> Result<CacheKey, String> {
        let target = written.target().ok_or("the target of a key is malformed")?;
        let key = CacheKey {
            steering: written.steering().ok_or("the steering fields of a key are malformed")?,
            content: written.content,
            audience: written.audience,
            simplified: written.simplified,
            target,
        };
        key.within_bounds().map_err(|rule| format!("no key is so long: {}", rule.name()))
    }
}

impl WrittenKey {
    fn target(&self) -> Option<Target> {
        let origin = Origin::new(self.scheme, format!("{}:{}", self.host, self.port).as_bytes()).ok()?;
        let path = &self.path;
        let resource = self.query.as_ref().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
        let target = Target::new(origin, PathAndQuery::try_from(resource).ok()?).ok()?;
        let same = target.origin().host() == self.host && target.path() == self.path;
        (same && target.query() == self.query.as_deref()).then_some(target)
    }

    fn steering(&self) -> Option<Steering> {
        let line = |(name, line): &(String, String)| {
            let name = HeaderName::from_lowercase(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(line).ok()?))
        };
        let lines: Vec<_> = self.steering.iter().map(line).collect::<Option<_>>()?;
        let in_order = lines.is_sorted_by_key(|(name, _)| name.as_str().to_owned());
        Steering::new(lines).filter(|_| in_order)
    }
}
