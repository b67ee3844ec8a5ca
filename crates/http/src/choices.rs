//! What an application knows of its own targets, and the standards do not: which of them are one resource.

use std::borrow::Cow;

use http::uri::PathAndQuery;

use crate::origin::{TargetError, host_of};
use crate::parameters::Parameters;
use crate::percent::normalised;
use crate::target::Target;

/// Which targets an application holds for one, beyond those that are the same. The default: none.
///
/// What two targets have in common is their [keyed](Choices::keyed) form: it alone makes the key. By default the origin is
/// asked for that form too, so that it cannot answer by something that the key leaves out. Who lets it see the request's own
/// target must be sure that origin and cache read targets alike; a parameter is then still left out only where every known
/// server would see it as we do, see [`Parameters`].
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Which parameters of a query count, and whether their order does.
    pub parameters: Parameters,
    /// Whether percent-encoding is normalised: hex digits in upper case, and what needs no encoding without it
    /// (RFC 3986, section 6.2.2). An encoded dot stays one: decoded, it could be half of a `..`.
    pub decoded: bool,
    /// Hosts that stand for others.
    pub hosts: Vec<HostAlias>,
    /// What the origin is asked for.
    pub origin_sees: OriginSees,
}

/// What an origin is asked for where the keyed form of a target is another than the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OriginSees {
    /// The keyed form: the origin knows what the cache knows.
    #[default]
    Keyed,
    /// The target as it was asked for. What the key leaves out may then still decide the answer, for everybody.
    Asked,
}

/// A host that stands for another: its targets are those of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAlias {
    alias: Box<str>,
    host: Box<str>,
}

impl HostAlias {
    /// Makes `alias` stand for `host`. An alias of an alias is not followed.
    ///
    /// # Errors
    /// [`TargetError`] when one of them is no host.
    pub fn new(alias: &str, host: &str) -> Result<HostAlias, TargetError> {
        Ok(HostAlias { alias: host_of(alias.as_bytes())?, host: host_of(host.as_bytes())? })
    }
}

impl Choices {
    /// The form of a target that makes its key. It is its own keyed form.
    pub fn keyed(&self, target: &Target) -> Target {
        let alias = self.hosts.iter().find(|alias| *alias.alias == *target.origin().host());
        let origin = match alias {
            Some(alias) => target.origin().with_host(&alias.host),
            None => target.origin().clone(),
        };
        match self.resource(target) {
            None => Target::new(origin, target.resource().clone()),
            Some(resource) => PathAndQuery::try_from(resource)
                .map_err(|_| TargetError::Path)
                .and_then(|resource| Target::new(origin, resource)),
        }
        .expect("a target of which parts are left out, moved or decoded is a target")
    }

    /// What the origin is asked for: its path and query, and by its authority the Host field.
    pub fn sent<'a>(&self, target: &'a Target) -> Cow<'a, Target> {
        match self.origin_sees {
            OriginSees::Keyed => Cow::Owned(self.keyed(target)),
            OriginSees::Asked => Cow::Borrowed(target),
        }
    }

    /// Path and query, where they are chosen to be others.
    fn resource(&self, target: &Target) -> Option<String> {
        let (path, query) = (target.path(), target.query());
        if !self.decoded && (query.is_none() || self.parameters.keep_all()) {
            return None;
        }
        let form = |text| if self.decoded { normalised(text) } else { Cow::Borrowed(text) };
        let query = query.and_then(|query| self.parameters.keyed(&form(query)));
        let path = form(path);
        Some(match query {
            Some(query) => format!("{path}?{query}"),
            None => path.into_owned(),
        })
    }
}
