//! When a request was sent and its response came, and how old that was by then (RFC 9111, sections 4.2.3 and 5.1).

use std::time::Duration;

use freshen_core::Timestamp;
use http::HeaderMap;
use http::header::{AGE, DATE};

use crate::date::date_of;
use crate::members::members;
use crate::seconds::delta_seconds;

/// When a request was sent and when the head of its response came, by the cache's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When the request was sent.
    pub asked_at: Timestamp,
    /// When the response's head had come.
    pub answered_at: Timestamp,
}

impl Exchange {
    /// The response's Date; when it came, where it has none that can be read, or several that differ (RFC 9110, section 6.6.1).
    pub fn date(&self, headers: &HeaderMap) -> Timestamp {
        date_of(headers, &DATE, self.answered_at).map_or(self.answered_at, |(date, _)| date)
    }

    /// How old the response was when it came: by its Date, or by its Age and the time it was under way, whichever is more
    /// (RFC 9111, section 4.2.3, `corrected_initial_age`). Where the origin's clock is ahead, its Date says nothing. A Date tells whole
    /// seconds, and so does what it says of an age: with `max-age=1`, what was made just now would else come stale.
    pub fn initial_age(&self, headers: &HeaderMap) -> Duration {
        let apparent = Duration::from_secs(self.answered_at.since(self.date(headers)).as_secs());
        let delay = self.answered_at.since(self.asked_at);
        apparent.max(age_value(headers) + delay)
    }
}

/// The first member of Age, where that is a number (RFC 9111, section 5.1).
fn age_value(headers: &HeaderMap) -> Duration {
    let first = members(headers, &AGE).next().and_then(delta_seconds);
    Duration::from_secs(first.unwrap_or_default().into())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::date::format_date;

    const SECOND: Duration = Duration::from_secs(1);
    const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

    fn age(date: Option<Timestamp>, ages: &[&str], delay: Duration) -> Duration {
        let mut headers = HeaderMap::new();
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(&format_date(date)).unwrap());
        }
        for age in ages {
            headers.append(AGE, HeaderValue::from_str(age).unwrap());
        }
        Exchange { asked_at: NOON, answered_at: NOON + delay }.initial_age(&headers)
    }

    /// RFC 9111, section 4.2.3.
    #[test]
    fn a_response_is_as_old_as_the_worse_of_both_ways_to_tell() {
        let hour = 3600 * SECOND;
        let cases = [
            (Some(NOON), &[][..], Duration::ZERO, Duration::ZERO),
            (None, &[], Duration::ZERO, Duration::ZERO),
            (Some(NOON), &["60"], Duration::ZERO, 60 * SECOND),
            (Some(NOON), &["60"], 5 * SECOND, 65 * SECOND),
            (Some(NOON), &[], hour, hour),
            (Some(NOON + hour), &[], 5 * SECOND, 5 * SECOND),
            (Some(NOON + 2 * SECOND), &["0"], 7 * SECOND, 7 * SECOND),
            (Some(Timestamp::ZERO), &[], Duration::ZERO, Timestamp::ZERO.until(NOON)),
            (Some(NOON), &["9223372036854775808"], Duration::ZERO, Duration::from_secs(1 << 31)),
        ];
        for (date, ages, delay, expected) in cases {
            assert_eq!(age(date, ages, delay), expected, "{date:?} {ages:?} {delay:?}");
        }
    }

    /// RFC 9111, sections 1.2.2 and 4.2.3.
    #[test]
    fn a_date_tells_whole_seconds_of_an_age() {
        let headers = HeaderMap::from_iter([(DATE, HeaderValue::from_str(&format_date(NOON)).unwrap())]);
        for (millis, seconds) in [(0, 0), (999, 0), (1000, 1), (1999, 1)] {
            let at = NOON + Duration::from_millis(millis);
            let came = Exchange { asked_at: at, answered_at: at };
            assert_eq!(came.initial_age(&headers), seconds * SECOND, "{millis}");
        }
    }

    /// RFC 9111, section 5.1: the first of several, and what is no number is as if it were not there.
    #[test]
    fn an_age_is_the_first_and_a_number_or_nothing() {
        for (ages, expected) in [
            (&["7, 60"][..], 7),
            (&["7", "60"], 7),
            (&["-1"], 0),
            (&["1.5"], 0),
            (&["x, 60"], 0),
            (&["\"60\""], 0),
            (&["0007"], 7),
        ] {
            assert_eq!(age(None, ages, Duration::ZERO), expected * SECOND, "{ages:?}");
        }
    }

    /// RFC 9110, section 6.6.1.
    #[test]
    fn of_two_dates_that_differ_none_counts() {
        let date = |seconds: u64| {
            let at = Timestamp::from_micros(NOON.as_micros() - seconds * 1_000_000);
            (DATE, HeaderValue::from_str(&format_date(at)).unwrap())
        };
        let came = Exchange { asked_at: NOON, answered_at: NOON };
        let minute_old = Timestamp::from_micros(NOON.as_micros() - 60_000_000);
        assert_eq!(came.date(&HeaderMap::from_iter([date(60), date(60)])), minute_old);
        assert_eq!(came.date(&HeaderMap::from_iter([date(60), date(30)])), NOON);
    }

    #[test]
    fn a_clock_that_jumps_back_makes_no_negative_age() {
        let exchange = Exchange { asked_at: NOON, answered_at: Timestamp::ZERO };
        assert_eq!(exchange.initial_age(&HeaderMap::new()), Duration::ZERO);
    }
}
