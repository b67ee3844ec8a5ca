//! What an origin says of a response in Cache-Control (RFC 9111, section 5.2.2; RFC 5861; RFC 8246).

use http::{HeaderMap, HeaderName};

use crate::directive::{Directive, add_name, directives};

/// The directives of a response. What a cache does not know is ignored (RFC 9111, section 5.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseDirectives {
    /// `max-age` in seconds. One that cannot be read says that the response is stale (RFC 9111, section 4.2.1).
    pub max_age: Option<u32>,
    /// `s-maxage` in seconds, for shared caches.
    pub s_maxage: Option<u32>,
    /// `stale-while-revalidate` in seconds after the lifetime (RFC 5861, section 3).
    pub stale_while_revalidate: Option<u32>,
    /// `stale-if-error` in seconds after the lifetime (RFC 5861, section 4).
    pub stale_if_error: Option<u32>,
    /// `no-store`.
    pub no_store: bool,
    /// `no-cache`.
    pub no_cache: Reach,
    /// `private`.
    pub private: Reach,
    /// `public`.
    pub public: bool,
    /// `must-revalidate`.
    pub must_revalidate: bool,
    /// `proxy-revalidate`, for shared caches.
    pub proxy_revalidate: bool,
    /// `must-understand`.
    pub must_understand: bool,
    /// `no-transform`.
    pub no_transform: bool,
    /// `immutable` (RFC 8246).
    pub immutable: bool,
    /// Whether others may have the answer to an authorized request: `public`, `must-revalidate` or `s-maxage`, written as it should
    /// be (RFC 9111, section 3.5). What is not may forbid, and permits nothing.
    pub permits_sharing: bool,
}

/// What a directive is about that may name fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: it is not there.
    #[default]
    Nothing,
    /// These fields of the response.
    Fields(Vec<HeaderName>),
    /// The whole response.
    All,
}

impl ResponseDirectives {
    /// Reads all lines of a field, Cache-Control or another of its form. Of contradicting spans the shortest counts, of
    /// contradicting prohibitions all do (RFC 9111, section 4.2.1).
    pub fn read(headers: &HeaderMap, name: &HeaderName) -> ResponseDirectives {
        let mut read = ResponseDirectives::default();
        match directives(headers.get_all(name)) {
            Some(all) => all.for_each(|directive| read.add(directive)),
            // Nobody means well by a field of this length.
            None => read.no_store = true,
        }
        read
    }

    pub(crate) fn add(&mut self, directive: Directive<'_>) {
        let flags = [
            ("no-store", &mut self.no_store),
            ("public", &mut self.public),
            ("must-revalidate", &mut self.must_revalidate),
            ("proxy-revalidate", &mut self.proxy_revalidate),
            ("must-understand", &mut self.must_understand),
            ("no-transform", &mut self.no_transform),
            ("immutable", &mut self.immutable),
        ];
        for (name, flag) in flags {
            if directive.is(name) {
                // What permits something has to be written as it should be; what forbids may be written somehow. Arguments of
                // `immutable` mean nothing (RFC 8246, section 2).
                let permits = matches!(name, "public" | "must-understand");
                *flag |= !(permits && directive.has_argument());
                self.permits_sharing |= matches!(name, "public" | "must-revalidate") && !directive.has_argument();
                return;
            }
        }
        if directive.is("max-age") {
            lower(&mut self.max_age, Some(directive.seconds().unwrap_or(0)));
        } else if directive.is("s-maxage") {
            lower(&mut self.s_maxage, Some(directive.seconds().unwrap_or(0)));
            self.permits_sharing |= directive.seconds().is_some();
        } else if directive.is("stale-while-revalidate") {
            lower(&mut self.stale_while_revalidate, Some(directive.seconds().unwrap_or(0)));
        } else if directive.is("stale-if-error") {
            lower(&mut self.stale_if_error, Some(directive.seconds().unwrap_or(0)));
        } else if directive.is("no-cache") {
            self.no_cache.widen(Reach::of(directive.fields()));
        } else if directive.is("private") {
            self.private.widen(Reach::of(directive.fields()));
        }
    }
}

impl ResponseDirectives {
    /// Adds what others forbid, and nothing that they permit.
    pub(crate) fn forbid(&mut self, others: ResponseDirectives) {
        self.no_store |= others.no_store;
        // RFC 9111, section 5.2.2.3: one may stand beside its own `no-store`, not beside another's.
        self.must_understand &= !others.no_store;
        self.no_cache.widen(others.no_cache);
        self.private.widen(others.private);
        self.must_revalidate |= others.must_revalidate;
        self.proxy_revalidate |= others.proxy_revalidate;
    }
}

impl Reach {
    /// What a directive is about that names these fields; `None`: it names none. It may always be taken for one about the whole
    /// response (RFC 9111, sections 5.2.2.4 and 5.2.2.7), and is where the rest could not be understood without them.
    pub(crate) fn of(fields: Option<Vec<HeaderName>>) -> Reach {
        match fields {
            Some(fields) if !fields.iter().any(tells_of_the_rest) => Reach::Fields(fields),
            _ => Reach::All,
        }
    }

    fn widen(&mut self, other: Reach) {
        match (&mut *self, other) {
            (Reach::All, _) | (_, Reach::Nothing) => {}
            (Reach::Fields(fields), Reach::Fields(more)) => {
                if more.into_iter().try_for_each(|name| add_name(fields, name)).is_none() {
                    *self = Reach::All;
                }
            }
            (_, other) => *self = other,
        }
    }

    /// The fields it names, at most 64.
    pub fn fields(&self) -> &[HeaderName] {
        match self {
            Reach::Fields(fields) => fields,
            Reach::Nothing | Reach::All => &[],
        }
    }
}

/// Whether a field tells what the content is, or for how long and for whom it may be used. Without Vary, a cache in front of this
/// one would give one user's variant to all.
fn tells_of_the_rest(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "date" | "expires" | "no-vary-search" | "vary")
        || name.starts_with("content-")
        || name.ends_with("cache-control")
}

/// The lower of both, where there are two.
pub(crate) fn lower(span: &mut Option<u32>, other: Option<u32>) {
    *span = match (*span, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CACHE_CONTROL;

    use super::*;

    fn read(lines: &[&str]) -> ResponseDirectives {
        let lines = lines.iter().map(|line| (CACHE_CONTROL, HeaderValue::from_str(line).unwrap()));
        ResponseDirectives::read(&lines.collect(), &CACHE_CONTROL)
    }

    #[test]
    fn each_directive_is_read() {
        let all = read(&[
            "max-age=1, S-MaxAge=2, stale-while-revalidate=3, stale-if-error=4, no-store",
            "public, must-revalidate, proxy-revalidate, must-understand, no-transform, immutable, no-cache, private, x=1",
        ]);
        let expected = ResponseDirectives {
            max_age: Some(1),
            s_maxage: Some(2),
            stale_while_revalidate: Some(3),
            stale_if_error: Some(4),
            no_store: true,
            no_cache: Reach::All,
            private: Reach::All,
            public: true,
            must_revalidate: true,
            proxy_revalidate: true,
            must_understand: true,
            no_transform: true,
            immutable: true,
            permits_sharing: true,
        };
        assert_eq!(all, expected);
        assert_eq!(read(&["x, y=z, =, max-agee=1, xpublic"]), ResponseDirectives::default());
        assert_eq!(read(&[]), ResponseDirectives::default());
    }

    #[test]
    fn of_what_contradicts_itself_the_strictest_counts() {
        assert_eq!(read(&["max-age=60, max-age=10", "max-age=30"]).max_age, Some(10));
        assert_eq!(read(&["max-age=60, max-age=x"]).max_age, Some(0));
        assert_eq!(read(&["max-age=-1"]).max_age, Some(0));
        assert_eq!(read(&["stale-if-error=60, stale-if-error"]).stale_if_error, Some(0));
        let fields =
            |names: &[&'static str]| Reach::Fields(names.iter().copied().map(HeaderName::from_static).collect());
        assert_eq!(read(&["no-cache=\"a, b\", no-cache=c"]).no_cache, fields(&["a", "b", "c"]));
        assert_eq!(read(&["no-cache=\"a\", no-cache"]).no_cache, Reach::All);
        assert_eq!(read(&["private, private=\"a\""]).private, Reach::All);
        assert!(read(&["no-store=1, must-revalidate=x"]).no_store);
        let odd = read(&["public=1, immutable=1, must-understand=1"]);
        assert_eq!((odd.public, odd.immutable, odd.must_understand), (false, true, false));
    }

    /// RFC 9111, sections 5.2.2.4 and 5.2.2.7.
    #[test]
    fn a_directive_that_names_what_the_rest_is_understood_by_is_about_the_whole_response() {
        for name in
            ["Vary", "Cache-Control", "CDN-Cache-Control", "Expires", "Date", "Content-Type", "Content-Encoding"]
        {
            for directives in [
                read(&[&format!("no-cache=\"x-a, {name}\", private={name}")]),
                read(&[&format!("no-cache=x, private=x, no-cache={name}, private={name}")]),
            ] {
                assert_eq!([directives.no_cache, directives.private], [Reach::All, Reach::All], "{name}");
            }
        }
        for name in ["Set-Cookie", "ETag", "X-Vary", "Age"] {
            let directives = read(&[&format!("no-cache={name}")]);
            assert_eq!(directives.no_cache, Reach::Fields(vec![name.parse().unwrap()]), "{name}");
        }
    }

    #[test]
    fn a_directive_that_names_too_many_fields_is_about_the_whole_response() {
        let named = |count: usize| (0..count).map(|at| format!("x-{at}")).collect::<Vec<_>>().join(",");
        let repeated = vec![named(64); 9].join(",");
        let apart = named(65).replace(',', ",no-cache=");
        for (names, count) in [(named(64), 64), (repeated, 64), (named(65), 0)] {
            assert_eq!(read(&[&format!("no-cache=\"{names}\"")]).no_cache.fields().len(), count);
        }
        assert_eq!(read(&[&format!("no-cache={apart}")]).no_cache, Reach::All);
    }

    #[test]
    fn a_field_that_is_too_long_is_a_prohibition() {
        let long = vec!["max-age=60"; 10_000].join(",");
        let read = read(&[&long]);
        assert!(read.no_store && read.max_age.is_none());
    }
}
