//! Fields of a request by which origins choose what they answer, though no Vary says so.

use http::{HeaderName, HeaderValue};

use crate::config::Config;
use crate::fields::detached;
use crate::mark::put;
use crate::rule::Rule;
use crate::sent::Sent;

/// Most bytes of the names and lines of steering fields that a key has.
pub const STEERING_BYTES_MOST: usize = 4 << 10;

/// Those by which some origins take another method for that of the request. What they answer is keyed as nothing.
const METHODS: [&str; 3] = ["x-http-method-override", "x-method-override", "x-http-method"];

/// Those by which origins choose the host, the scheme or the path that they answer for, and by which they tell what a cache in front
/// of them makes of their answer. Listed is what servers and frameworks read without being told to, and what they are often told to.
const PLACES: [&str; 26] = [
    "cloudfront-forwarded-proto",
    "forwarded",
    "front-end-https",
    "surrogate-capability",
    "x-arr-ssl",
    "x-forwarded-host",
    "x-forwarded-https",
    "x-forwarded-path",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-protocol",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-forwarded-uri",
    "x-host",
    "x-http-host-override",
    "x-original-host",
    "x-original-uri",
    "x-original-url",
    "x-proxied-https",
    "x-rewrite-url",
    "x-scheme",
    "x-script-name",
    "x-url-scheme",
];

/// The steering fields that one request has, by name, the lines of each in their order. They are kept as they are, so that a refresh
/// for which nobody waits can send them again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Steering(Vec<(HeaderName, HeaderValue)>);

/// One bit, by how long a name is and how it begins. Most names have another than all that steer, and need not be compared with
/// each of those.
fn outline(name: &HeaderName) -> u64 {
    let name = name.as_str().as_bytes();
    let beginning = name.first().copied().unwrap_or_default();
    1 << ((usize::from(beginning) * 5 + name.len()) % 64)
}

/// The names of the fields that steer where nobody says otherwise.
pub(crate) fn usual_steering() -> Vec<HeaderName> {
    let names = PLACES.into_iter().chain(METHODS);
    names.map(HeaderName::from_static).collect()
}

impl Steering {
    /// Those of a request.
    ///
    /// # Errors
    /// The rule by which it has no key: it overrides its method, or has more of them than a key has.
    pub fn of(sent: &Sent<'_>, config: &Config) -> Result<Steering, Rule> {
        let outlines = config.steering.iter().fold(0, |all, name| all | outline(name));
        let steers = |name: &HeaderName| outlines & outline(name) != 0 && config.steering.contains(name);
        let mut lines = Vec::new();
        for (name, line) in sent.named(steers) {
            if METHODS.contains(&name.as_str()) {
                return Err(Rule::MethodOverridden);
            }
            lines.push((name.clone(), line.clone()));
        }
        Steering::new(lines).ok_or(Rule::SteeringNotKept)
    }

    /// Some lines, if a key can have them: they are few, and text.
    pub fn new(mut lines: Vec<(HeaderName, HeaderValue)>) -> Option<Steering> {
        let bytes: usize = lines.iter().map(|(name, line)| name.as_str().len() + line.len()).sum();
        let fits = bytes <= STEERING_BYTES_MOST && lines.iter().all(|(_, line)| line.to_str().is_ok());
        // A stable sort: the lines of one field keep their order.
        lines.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        fits.then_some(Steering(lines))
    }

    pub fn lines(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0
    }

    pub fn detached(&self) -> Steering {
        Steering(self.0.iter().map(|(name, line)| (name.clone(), detached(line))).collect())
    }

    /// Writes them so that no others write the same.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend((self.0.len() as u64).to_be_bytes());
        for (name, line) in &self.0 {
            put(bytes, name.as_str().as_bytes());
            put(bytes, line.as_bytes());
        }
    }
}
