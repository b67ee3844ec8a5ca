//! How long a response is fresh (RFC 9111, sections 4.2.1, 4.2.2 and 5.3).

use std::time::Duration;

use http::header::{EXPIRES, LAST_MODIFIED};
use http::{HeaderMap, StatusCode};

use crate::config::Config;
use crate::date::{date_of, parse_date};
use crate::exchange::Exchange;
use crate::response_directives::ResponseDirectives;
use crate::rule::Rule;
use crate::status::{is_origin_failure, may_be_guessed};

/// How long a response is fresh from when its origin made it, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// How long.
    pub span: Duration,
    /// Who says so.
    pub rule: Rule,
}

/// The response whose lifetime is asked for.
pub(crate) struct Lived<'a> {
    pub status: StatusCode,
    pub headers: &'a HeaderMap,
    pub directives: &'a ResponseDirectives,
    /// Whether the directives come from a targeted field, so that Expires does not count (RFC 9213, section 2.2).
    pub targeted: bool,
    /// Whether it may be given a lifetime that it does not say.
    pub may_guess: bool,
}

impl Lifetime {
    /// The first that is said counts: for shared caches, for all, by a date, by a guess.
    pub(crate) fn of(lived: &Lived<'_>, exchange: &Exchange, config: &Config) -> Lifetime {
        let seconds = |seconds: u32, rule| Lifetime { span: Duration::from_secs(seconds.into()), rule };
        let directives = lived.directives;
        match (directives.s_maxage, directives.max_age) {
            (Some(shared), _) if config.is_shared() => seconds(shared, Rule::SMaxAge),
            (_, Some(all)) => seconds(all, Rule::MaxAge),
            _ if !lived.targeted && lived.headers.contains_key(EXPIRES) => {
                Lifetime { span: by_date(lived.headers, exchange), rule: Rule::Expires }
            }
            _ if is_kept_failure(lived.status, config) => {
                Lifetime { span: config.failure_lifetime, rule: Rule::Failure }
            }
            _ => match by_guess(lived, exchange, config) {
                Some(span) => Lifetime { span, rule: Rule::Heuristic },
                None => seconds(0, Rule::NoLifetime),
            },
        }
    }
}

/// Whether a failure of the origin is kept for a while though it does not say so.
pub(crate) fn is_kept_failure(status: StatusCode, config: &Config) -> bool {
    is_origin_failure(status) && config.failure_lifetime > Duration::ZERO
}

/// From Date to Expires. One that cannot be read, or is there twice, is past (RFC 9111, section 5.3).
fn by_date(headers: &HeaderMap, exchange: &Exchange) -> Duration {
    let mut all = headers.get_all(EXPIRES).into_iter();
    let (Some(expires), None) = (all.next(), all.next()) else { return Duration::ZERO };
    let expires = parse_date(expires.as_bytes(), exchange.answered_at);
    expires.map_or(Duration::ZERO, |expires| expires.since(exchange.date(headers)))
}

/// A part of the time for which it had not been changed (RFC 9111, section 4.2.2).
fn by_guess(lived: &Lived<'_>, exchange: &Exchange, config: &Config) -> Option<Duration> {
    let heuristic = config.heuristic.filter(|_| lived.may_guess)?;
    // `public` says that a status may be stored which else may not (RFC 9111, section 4.2.2).
    if !may_be_guessed(lived.status) && !lived.directives.public {
        return None;
    }
    let modified = date_of(lived.headers, &LAST_MODIFIED, exchange.answered_at)?.0;
    let unchanged = exchange.date(lived.headers).since(modified);
    Some((unchanged * heuristic.percent.min(100).into() / 100).min(heuristic.most))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::{CACHE_CONTROL, DATE};

    use super::*;
    use crate::config::{Heuristic, Mode};
    use crate::date::format_date;
    use freshen_core::Timestamp;

    const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

    fn day(days: i64) -> String {
        let micros = NOON.as_micros().saturating_add_signed(days * 86_400_000_000);
        format_date(Timestamp::from_micros(micros))
    }

    fn of(status: u16, fields: &[(http::HeaderName, &str)], config: &Config) -> (u64, Rule) {
        let headers =
            fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
        let directives = ResponseDirectives::read(&headers, &CACHE_CONTROL);
        let status = StatusCode::from_u16(status).unwrap();
        let lived = Lived { status, headers: &headers, directives: &directives, targeted: false, may_guess: true };
        let lifetime = Lifetime::of(&lived, &Exchange { asked_at: NOON, answered_at: NOON }, config);
        (lifetime.span.as_secs(), lifetime.rule)
    }

    /// RFC 9111, section 4.2.1.
    #[test]
    fn what_is_said_first_counts() {
        let shared = Config::default();
        let private = Config { mode: Mode::Private, ..Config::default() };
        let (tomorrow, today) = (day(1), day(0));
        let all = [(CACHE_CONTROL, "max-age=60, s-maxage=30"), (DATE, &today), (EXPIRES, &tomorrow)];
        assert_eq!(of(200, &all, &shared), (30, Rule::SMaxAge));
        assert_eq!(of(200, &all, &private), (60, Rule::MaxAge));
        assert_eq!(of(200, &all[1..], &shared), (86_400, Rule::Expires));
        assert_eq!(of(200, &all[2..], &shared), (86_400, Rule::Expires), "its Date is when it came");
        assert_eq!(of(200, &[(CACHE_CONTROL, "max-age=x"), (EXPIRES, &tomorrow)], &shared), (0, Rule::MaxAge));
        assert_eq!(of(299, &[(CACHE_CONTROL, "max-age=60")], &shared), (60, Rule::MaxAge));
        assert_eq!(of(200, &[], &shared), (0, Rule::NoLifetime));
    }

    /// RFC 9111, section 5.3.
    #[test]
    fn an_expiry_that_cannot_be_read_is_past() {
        let (tomorrow, yesterday) = (day(1), day(-1));
        let shared = Config::default();
        for expires in ["0", "-1", "", "tomorrow", &yesterday, &tomorrow.replace("GMT", "UTC")] {
            assert_eq!(of(200, &[(EXPIRES, expires)], &shared), (0, Rule::Expires), "{expires:?}");
        }
        assert_eq!(of(200, &[(EXPIRES, &tomorrow), (EXPIRES, &tomorrow)], &shared), (0, Rule::Expires));
        let last = "Fri, 31 Dec 9999 23:59:59 GMT";
        assert!(of(200, &[(EXPIRES, last)], &shared).0 > 200_000_000_000);
    }

    /// RFC 9111, section 4.2.2.
    #[test]
    fn a_lifetime_is_guessed_where_that_is_allowed() {
        let shared = Config::default();
        let (long_ago, just_now, ahead) = (day(-100), day(-1), day(1));
        let modified = |date: &str, status| of(status, &[(LAST_MODIFIED, date)], &shared);
        assert_eq!(modified(&just_now, 200), (8_640, Rule::Heuristic));
        assert_eq!(modified(&long_ago, 200), (86_400, Rule::Heuristic), "at most a day");
        assert_eq!(modified(&ahead, 200), (0, Rule::Heuristic));
        for status in [203, 204, 206, 300, 301, 308, 404, 410] {
            assert_eq!(modified(&just_now, status), (8_640, Rule::Heuristic), "{status}");
        }
        for status in [201, 202, 302, 303, 307, 400, 403, 405, 414, 451, 500, 501, 502, 503, 504, 299, 599] {
            assert_eq!(modified(&just_now, status), (0, Rule::NoLifetime), "{status}");
        }
        let public = [(LAST_MODIFIED, just_now.as_str()), (CACHE_CONTROL, "public")];
        assert_eq!(of(302, &public, &shared), (8_640, Rule::Heuristic));
        assert_eq!(of(200, &[(LAST_MODIFIED, "x")], &shared), (0, Rule::NoLifetime));
        let off = Config { heuristic: None, ..Config::default() };
        assert_eq!(of(200, &[(LAST_MODIFIED, &just_now)], &off), (0, Rule::NoLifetime));
        for (percent, seconds) in [(0, 0), (50, 43_200), (100, 86_400), (255, 86_400)] {
            let part = Config { heuristic: Some(Heuristic { percent, most: Duration::MAX }), ..Config::default() };
            assert_eq!(of(200, &[(LAST_MODIFIED, &just_now)], &part), (seconds, Rule::Heuristic), "{percent}");
        }
    }
}
