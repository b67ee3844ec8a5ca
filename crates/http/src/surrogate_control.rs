//! Surrogate-Control: directives for caches that stand in for an origin (Edge Architecture 1.0, sections 2.1 to 2.3).

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Config;
use crate::directive::Directive;
use crate::members::members;
use crate::response_directives::{ResponseDirectives, lower};
use crate::seconds::delta_seconds;
use crate::structured::is_too_long;

/// The field. It is heeded where it is one of the targets of [`Config`], and is no structured field as the others are.
pub const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");
/// The field by which an origin learns that it is heeded.
pub const SURROGATE_CAPABILITY: HeaderName = HeaderName::from_static("surrogate-capability");

/// What a request to an origin says in [`SURROGATE_CAPABILITY`], behind what caches in front have written there; `None`: nothing,
/// since [`SURROGATE_CONTROL`] is not heeded.
pub fn surrogate_capability(config: &Config) -> Option<HeaderValue> {
    let said = || format!("{}=\"Surrogate/1.0\"", config.identifier.device());
    is_heeded(config).then(|| HeaderValue::try_from(said()).expect("a token and a quoted string are a value"))
}

/// Takes [`SURROGATE_CONTROL`] from a response before it is sent on, where it is heeded: it was for this cache.
pub(crate) fn strip_surrogate_control(headers: &mut HeaderMap, config: &Config) {
    if is_heeded(config) {
        headers.remove(SURROGATE_CONTROL);
    }
}

fn is_heeded(config: &Config) -> bool {
    config.targets.contains(&SURROGATE_CONTROL)
}

/// The directives of the field; `None`: it is not there, or says nothing that a cache heeds. One that is too long is a
/// prohibition.
///
/// The directives of Cache-Control mean the same here, as later caches have it. What has to be processed (`content`) is sent on as
/// it came.
pub(crate) fn surrogate_control(headers: &HeaderMap, config: &Config) -> Option<ResponseDirectives> {
    if is_too_long(headers, &SURROGATE_CONTROL) {
        return Some(ResponseDirectives { no_store: true, ..ResponseDirectives::default() });
    }
    let mut read = ResponseDirectives::default();
    for member in members(headers, &SURROGATE_CONTROL) {
        let (directive, device) = targeted(member);
        if device.is_none_or(|device| device == config.identifier.device().as_bytes()) {
            add(&mut read, directive);
        }
    }
    (read != ResponseDirectives::default()).then_some(read)
}

/// A directive, and the name of the cache that it is for, if it is for one alone (section 2.3).
fn targeted(member: &[u8]) -> (&[u8], Option<&[u8]>) {
    let quoted = member.iter().rposition(|byte| *byte == b'"').unwrap_or(0);
    match member[quoted..].iter().position(|byte| *byte == b';') {
        Some(at) => (&member[..quoted + at], Some(&member[quoted + at + 1..])),
        None => (member, None),
    }
}

fn add(read: &mut ResponseDirectives, member: &[u8]) {
    let directive = Directive::of(member);
    if directive.is("no-store-remote") {
        // Which caches are remote is their users' choice (section 2.2.2); that of ours is the careful one.
        read.no_store = true;
    } else if let Some([fresh, stale]) = extended(member).filter(|_| directive.is("max-age")) {
        lower(&mut read.max_age, Some(delta_seconds(fresh).unwrap_or(0)));
        lower(&mut read.stale_while_revalidate, Some(delta_seconds(stale).unwrap_or(0)));
    } else {
        read.add(directive);
    }
}

/// `max-age=60+30`: how long it is fresh, and for how long after that it may be served stale (section 2.2.3).
fn extended(member: &[u8]) -> Option<[&[u8]; 2]> {
    let argument = member.splitn(2, |byte| *byte == b'=').nth(1)?;
    let at = argument.iter().position(|byte| *byte == b'+')?;
    Some([&argument[..at], &argument[at + 1..]])
}
