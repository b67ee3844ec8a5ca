//! What a response to an unsafe request outdates (RFC 9111, section 4.4; RFC 9875, section 3).

use freshen_core::Tag;
use http::header::{CONTENT_LOCATION, LOCATION};
use http::{request, response};

use crate::asked::{Asked, AskedBy};
use crate::config::Config;
use crate::groups::outdates;
use crate::origin::Origin;
use crate::target::Target;

/// What is outdated: all stored responses that carry one of these tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// The tags of what is served no more before its origin was asked.
    pub tags: Vec<Tag>,
    /// The tags of what the response names in Location and Content-Location, and is not outdated anyway. It may be outdated, and need
    /// not be (RFC 9111, section 4.4): [`Config::outdates_named`] says how.
    pub named: Vec<Tag>,
}

impl Invalidation {
    /// What the response to a request for this target outdates, if it does: its method is unsafe, or not known, and it is no error.
    /// The target itself, those that Location and Content-Location name, and groups that it names.
    ///
    /// Nothing of another origin is outdated, whatever the response says: anybody could empty the cache. The group field of a
    /// response to a safe method is ignored (RFC 9875, section 3).
    ///
    /// Outdate them before anything is done with the response, and before any of it goes to the client. Where a response to POST is
    /// [stored](Config::stores_post) itself, it carries a tag of these: only after they were outdated may its storing begin, or it
    /// would be outdated by itself.
    pub fn of(
        request: &request::Parts,
        target: &Target,
        response: &response::Parts,
        config: &Config,
    ) -> Option<Invalidation> {
        let unsafely = matches!(Asked::of(request, config).method, AskedBy::Unsafe | AskedBy::Post);
        let error = !(response.status.is_success() || response.status.is_redirection());
        if !unsafely || error {
            return None;
        }
        let keyed = config.choices.keyed(target);
        let mut tags = target_tags(&keyed, config);
        tags.extend(outdates(&response.headers, keyed.origin(), config));
        let named = named(target, response, config).into_iter().filter(|named| named.origin() == keyed.origin());
        Some(Invalidation::by(tags, named.flat_map(|named| target_tags(&named, config)).collect()))
    }

    /// Outdates all that is stored of a target: whatever selects it, for whomever it is, and its responses to QUERY.
    pub fn of_target(target: &Target, config: &Config) -> Invalidation {
        Invalidation::by(target_tags(&config.choices.keyed(target), config), Vec::new())
    }

    /// Outdates all that is stored of an origin.
    pub fn of_origin(origin: &Origin, config: &Config) -> Invalidation {
        Invalidation::by(vec![config.choices.keyed_origin(origin).tag()], Vec::new())
    }

    /// Each tag once, in their order.
    fn by(tags: Vec<Tag>, named: Vec<Tag>) -> Invalidation {
        let tags = but_for(&[], tags);
        let named = but_for(&tags, named);
        Invalidation { tags, named }
    }
}

/// The tags that are not among those, each once.
fn but_for(those: &[Tag], all: Vec<Tag>) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::new();
    for tag in all {
        if !those.contains(&tag) && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// The tags by which all that is stored of a keyed target is outdated. Where an origin may say that not all of a query matters, a
/// response is stored for targets that its own does not tell (RFC 9111, section 4.4): all such of its path are outdated.
fn target_tags(keyed: &Target, config: &Config) -> Vec<Tag> {
    let path = config.no_vary_search.then(|| keyed.path_tag());
    [keyed.tag()].into_iter().chain(path).collect()
}

/// The keyed targets that the response names, seen from what its origin was asked for: one a field, the first.
fn named(target: &Target, response: &response::Parts, config: &Config) -> Vec<Target> {
    let asked = config.choices.sent(target);
    let references = [LOCATION, CONTENT_LOCATION].map(|name| response.headers.get(name));
    let named = references.into_iter().flatten().filter_map(|reference| asked.resolve(reference.as_bytes()));
    named.map(|named| config.choices.keyed(&named)).collect()
}
