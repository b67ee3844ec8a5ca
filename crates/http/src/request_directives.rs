//! What a client asks of caches in Cache-Control (RFC 9111, section 5.2.1; RFC 5861, section 4).

use std::time::Duration;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};

use crate::directive::{Directive, directives};
use crate::members::members;
use crate::response_directives::lower;
use crate::seconds::SECONDS_MOST;

/// The directives of a request. What a cache does not know is ignored (RFC 9111, section 5.2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestDirectives {
    /// `max-age` in seconds. One that cannot be read is 0.
    pub max_age: Option<u32>,
    /// `min-fresh` in seconds. One that cannot be read is the longest.
    pub min_fresh: Option<u32>,
    /// `max-stale` in seconds; without an argument any age will do. One that cannot be read is 0.
    pub max_stale: Option<u32>,
    /// `stale-if-error` in seconds.
    pub stale_if_error: Option<u32>,
    /// `no-cache`, there or in Pragma where there is no Cache-Control.
    pub no_cache: bool,
    /// `no-store`.
    pub no_store: bool,
    /// `no-transform`.
    pub no_transform: bool,
    /// `only-if-cached`.
    pub only_if_cached: bool,
}

impl RequestDirectives {
    /// Reads a request's fields. Of contradicting directives the strictest counts.
    pub fn read(headers: &HeaderMap) -> RequestDirectives {
        let mut read = RequestDirectives::default();
        let lines = headers.get_all(CACHE_CONTROL);
        if lines.iter().next().is_none() {
            // RFC 9111, section 5.4: where there is no Cache-Control.
            read.no_cache = members(headers, &PRAGMA).any(|member| member.eq_ignore_ascii_case(b"no-cache"));
            return read;
        }
        match directives(lines) {
            Some(all) => all.for_each(|directive| read.add(directive)),
            None => (read.no_store, read.no_cache) = (true, true),
        }
        read
    }

    /// Whether `max-stale` allows what is so far past its lifetime. Without a number, any age will do (RFC 9111, section 5.2.1.2).
    pub(crate) fn takes_stale(&self, past: Duration) -> bool {
        self.max_stale.is_some_and(|most| most == SECONDS_MOST || past <= Duration::from_secs(most.into()))
    }

    fn add(&mut self, directive: Directive<'_>) {
        if directive.is("max-age") {
            lower(&mut self.max_age, Some(directive.seconds().unwrap_or(0)));
        } else if directive.is("min-fresh") {
            let longest = self.min_fresh.unwrap_or(0).max(directive.seconds().unwrap_or(SECONDS_MOST));
            self.min_fresh = Some(longest);
        } else if directive.is("max-stale") {
            let any = if directive.has_argument() { 0 } else { SECONDS_MOST };
            lower(&mut self.max_stale, Some(directive.seconds().unwrap_or(any)));
        } else if directive.is("stale-if-error") {
            lower(&mut self.stale_if_error, Some(directive.seconds().unwrap_or(0)));
        }
        self.no_cache |= directive.is("no-cache");
        self.no_store |= directive.is("no-store");
        self.no_transform |= directive.is("no-transform");
        self.only_if_cached |= directive.is("only-if-cached");
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn read(lines: &[(HeaderName, &str)]) -> RequestDirectives {
        let lines = lines.iter().map(|(name, line)| (name.clone(), HeaderValue::from_str(line).unwrap()));
        RequestDirectives::read(&lines.collect())
    }

    #[test]
    fn each_directive_is_read() {
        let all = "max-age=1, min-fresh=2, max-stale=3, stale-if-error=4, no-cache, no-store, no-transform, only-if-cached, x";
        let expected = RequestDirectives {
            max_age: Some(1),
            min_fresh: Some(2),
            max_stale: Some(3),
            stale_if_error: Some(4),
            no_cache: true,
            no_store: true,
            no_transform: true,
            only_if_cached: true,
        };
        assert_eq!(read(&[(CACHE_CONTROL, all)]), expected);
        assert_eq!(read(&[(CACHE_CONTROL, "x, y=1")]), RequestDirectives::default());
    }

    #[test]
    fn of_what_contradicts_itself_or_cannot_be_read_the_strictest_counts() {
        let of = |line| read(&[(CACHE_CONTROL, line)]);
        assert_eq!(of("max-age=5, max-age=3").max_age, Some(3));
        assert_eq!(of("MAX-AGE=\"5\"").max_age, Some(5));
        assert_eq!(of("max-age=x").max_age, Some(0));
        assert_eq!(of("min-fresh=5, min-fresh=9").min_fresh, Some(9));
        assert_eq!(of("min-fresh=-1").min_fresh, Some(SECONDS_MOST));
        assert_eq!(of("max-stale").max_stale, Some(SECONDS_MOST));
        assert_eq!(of("max-stale, max-stale=5").max_stale, Some(5));
        assert_eq!(of("max-stale=x").max_stale, Some(0));
        assert_eq!(of("stale-if-error=x").stale_if_error, Some(0));
        assert_eq!(of("stale-if-error=5, stale-if-error").stale_if_error, Some(0));
        let long = of(&vec!["x"; 40_000].join(","));
        assert!(long.no_cache && long.no_store);
    }

    #[test]
    fn pragma_counts_only_where_there_is_no_cache_control() {
        assert!(read(&[(PRAGMA, "x, No-Cache")]).no_cache);
        assert!(!read(&[(PRAGMA, "no-cache"), (CACHE_CONTROL, "max-age=60")]).no_cache);
        assert!(!read(&[(PRAGMA, "no-cachex")]).no_cache);
    }
}
