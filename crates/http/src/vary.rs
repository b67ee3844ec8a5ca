//! What Vary names, and what a request says there (RFC 9110, section 12.5.5; RFC 9111, section 4.1).

use http::header::VARY;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Config;
use crate::digest::Digest;
use crate::directive::FIELD_BYTES_MOST;
use crate::fields::detached;
use crate::likeness::Likeness;
use crate::members::members;
use crate::rule::Rule;
use crate::said::Said;
use crate::sent::Sent;

/// Most lines of a request that select one response. A field that it lacks counts as one.
pub const SELECTING_MOST: usize = 32;

/// By what a response was selected: the fields that its Vary names, as its origin got them. Read once, when the response is
/// stored; then a request is held against it without allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selecting {
    /// By their names.
    fields: Box<[Field]>,
    /// The lines of those that the request had.
    headers: HeaderMap,
}

/// A field that selects.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: HeaderName,
    likeness: Likeness,
    /// What the request said there; `None`: it did not have the field.
    normal: Option<Digest>,
}

impl Selecting {
    /// Reads it from the request as it was sent, and from its response.
    ///
    /// # Errors
    ///
    /// By which rule no request is known to select the response: `*`, a name that is none, or more than is kept.
    pub fn of(sent: &Sent<'_>, response: &HeaderMap, config: &Config) -> Result<Selecting, Rule> {
        let names = vary_names(response, config)?;
        let lines = || names.iter().flat_map(|name| sent.lines(name).map(move |line| (name, line)));
        if lines().map(|(_, line)| line.len()).sum::<usize>() > FIELD_BYTES_MOST {
            return Err(Rule::SelectingTooLong);
        }
        let headers = lines().map(|(name, line)| (name.clone(), detached(line))).collect();
        let selecting = Selecting::by(names, headers, config);
        match () {
            () if selecting.fields.len() > SELECTING_MOST => Err(Rule::VaryTooLong),
            () if selecting.lines().count() > SELECTING_MOST => Err(Rule::SelectingTooLong),
            () => Ok(selecting),
        }
    }

    /// What [`Selecting::lines`] gave, under this configuration.
    pub(crate) fn of_lines(lines: Vec<(HeaderName, Option<HeaderValue>)>, config: &Config) -> Selecting {
        let names = lines.iter().map(|(name, _)| name.clone()).collect();
        let there = lines.into_iter().filter_map(|(name, line)| Some((name, line?)));
        Selecting::by(names, there.collect(), config)
    }

    fn by(mut names: Vec<HeaderName>, headers: HeaderMap, config: &Config) -> Selecting {
        names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        let field = |name: HeaderName| {
            let likeness = likeness(&name, config);
            Field { normal: likeness.normal(&name, || headers.get_all(&name).into_iter()), likeness, name }
        };
        Selecting { fields: names.into_iter().map(field).collect(), headers }
    }

    /// Each name with each of its lines, or with none.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&HeaderName, Option<&HeaderValue>)> {
        self.names().flat_map(|name| {
            let absent = (!self.headers.contains_key(name)).then_some((name, None));
            absent.into_iter().chain(self.headers.get_all(name).into_iter().map(move |line| (name, Some(line))))
        })
    }

    /// Whether a request selects the response.
    pub fn matches(&self, sent: &Sent<'_>) -> bool {
        self.is_said(&mut Said::by(sent))
    }

    pub(crate) fn is_said<'n>(&'n self, said: &mut Said<'_, 'n>) -> bool {
        self.fields.iter().all(|Field { name, likeness, normal }| {
            // Mostly they are the same to the byte.
            let same = self.headers.get_all(name).into_iter().eq(said.sent.lines(name));
            same || (normal.is_some() && said.normal(name, *likeness) == *normal)
        })
    }

    /// The names of the fields that select, in their alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.fields.iter().map(|field| &field.name)
    }

    pub(crate) fn normals(&self) -> impl Iterator<Item = (&HeaderName, Option<Digest>)> {
        self.fields.iter().map(|field| (&field.name, field.normal))
    }

    /// The same of a request.
    pub(crate) fn normals_of(&self, sent: &Sent<'_>) -> impl Iterator<Item = (&HeaderName, Option<Digest>)> {
        self.fields.iter().map(|Field { name, likeness, .. }| (name, likeness.normal(name, || sent.lines(name))))
    }

    /// Whether the response is the same for all requests.
    pub fn is_by_nothing(&self) -> bool {
        self.fields.is_empty()
    }

    /// The fields as the request had them: what [`Sent::again`] needs where nobody waits (RFC 9111, section 4.3.1).
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

/// The fields that Vary names, each once. `Err`: by which rule the response is selected by no later request.
pub(crate) fn vary_names(response: &HeaderMap, config: &Config) -> Result<Vec<HeaderName>, Rule> {
    let bytes: usize = response.get_all(VARY).into_iter().map(HeaderValue::len).sum();
    if bytes > FIELD_BYTES_MOST {
        return Err(Rule::VaryTooLong);
    }
    if members(response, &VARY).any(|member| member == b"*") {
        return Err(Rule::VaryAny);
    }
    let mut names = Vec::new();
    for member in members(response, &VARY) {
        let name = HeaderName::from_bytes(member).map_err(|_| Rule::VaryMalformed)?;
        if names.contains(&name) {
            continue;
        }
        if names.len() == config.variants.names_most {
            return Err(Rule::VaryTooLong);
        }
        names.push(name);
    }
    Ok(names)
}

fn likeness(name: &HeaderName, config: &Config) -> Likeness {
    let known = config.variants.likeness.iter().find(|(of, _)| of == name);
    known.map_or(Likeness::Value, |(_, likeness)| *likeness)
}
