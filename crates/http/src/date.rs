//! Dates in headers, in the three formats that recipients have to read (RFC 9110, section 5.6.7; RFC 9111, section 4.2).

use std::time::Duration;

use freshen_core::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};

const DAY_SECONDS: i64 = 86_400;
/// The last second of the year 9999, the last that a header can write.
const LAST_SECOND: i64 = 253_402_300_799;
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// Reads a date, in any of the three formats. Its letters may be written in any case; which day of the week a date says it is does
/// not matter. A date before 1970 is the beginning of 1970: for a cache, both are long ago.
///
/// `now` is needed for the years of two digits: one that would lie more than 50 years ahead is past (RFC 9110, section 5.6.7).
pub fn parse_date(text: &[u8], now: Timestamp) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let seconds = imf_fixdate(text).or_else(|| rfc850_date(text, now)).or_else(|| asctime_date(text))?;
    let seconds = u64::try_from(seconds).unwrap_or_default();
    Some(Timestamp::ZERO + Duration::from_secs(seconds))
}

/// The date in a field, and how it is written; `None`: it has none that can be read, or several that differ.
pub(crate) fn date_of<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    now: Timestamp,
) -> Option<(Timestamp, &'a HeaderValue)> {
    let mut all = headers.get_all(name).into_iter();
    let first = all.next()?;
    let at = parse_date(first.as_bytes(), now)?;
    all.all(|other| other == first).then_some((at, first))
}

/// Writes a date as senders have to: `Sun, 06 Nov 1994 08:49:37 GMT`. What lies after the year 9999 is its last second.
pub fn format_date(at: Timestamp) -> String {
    let seconds = i64::try_from(at.as_micros() / 1_000_000).unwrap_or(LAST_SECOND).min(LAST_SECOND);
    let (days, second) = (seconds / DAY_SECONDS, seconds % DAY_SECONDS);
    let (year, month, day) = civil(days);
    // The first of January 1970 was a Thursday.
    let weekday = DAYS[usize::try_from((days + 4) % 7).unwrap_or_default()];
    let [weekday, month] = [weekday, MONTHS[month as usize - 1]].map(|name| {
        let (first, rest) = name.split_at(1);
        first.to_uppercase() + &rest[..2]
    });
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &str) -> Option<i64> {
    // Nearly all dates are written like this, each part in its place.
    let bytes: &[u8; 29] = text.as_bytes().try_into().ok()?;
    let between = [3, 4, 7, 11, 16, 25].map(|at| bytes[at]);
    if between != *b",     " || !text.is_ascii() {
        return None;
    }
    is_weekday(&text[..3], 3)?;
    is_gmt(&text[26..])?;
    at(digits(&text[12..16], 4)?, month_of(&text[8..11])?, digits(&text[5..7], 2)?, &text[17..25])
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850_date(text: &str, now: Timestamp) -> Option<i64> {
    let (weekday, rest) = text.split_once(", ")?;
    let [date, time, zone] = parts(rest)?;
    is_gmt(zone)?;
    let mut date = date.split('-');
    let (day, month, short, None) = (date.next()?, date.next()?, date.next()?, date.next()) else { return None };
    is_weekday(weekday, usize::MAX)?;
    let (this_year, ..) = civil(i64::try_from(now.as_micros() / 1_000_000).ok()? / DAY_SECONDS);
    let near = this_year - this_year % 100 + digits(short, 2)?;
    let (month, day) = (month_of(month)?, digits(day, 2)?);
    let ahead = at(near, month, day, time)? > seconds_of(now) + 50 * 365 * DAY_SECONDS + 12 * DAY_SECONDS;
    at(if ahead { near - 100 } else { near }, month, day, time)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime_date(text: &str) -> Option<i64> {
    let (head, rest) = text.split_at_checked(8)?;
    let [weekday, month] = parts(head.strip_suffix(' ')?)?;
    // The day has two places, the first of them perhaps a blank.
    let (day, rest) = rest.split_at_checked(2)?;
    let day = match day.strip_prefix(' ') {
        Some(day) => digits(day, 1)?,
        None => digits(day, 2)?,
    };
    let [time, year] = parts(rest.strip_prefix(' ')?)?;
    is_weekday(weekday, 3)?;
    at(digits(year, 4)?, month_of(month)?, day, time)
}

/// The parts between single blanks, if they are so many.
fn parts<const N: usize>(text: &str) -> Option<[&str; N]> {
    let mut parts = text.split(' ');
    let mut found = [""; N];
    for part in &mut found {
        *part = parts.next()?;
    }
    parts.next().is_none().then_some(found)
}

fn is_weekday(name: &str, letters: usize) -> Option<()> {
    let same = |day: &&str| name.len() == letters.min(day.len()) && day[..name.len()].eq_ignore_ascii_case(name);
    DAYS.iter().any(same).then_some(())
}

/// No other zone is one: what it means would depend on who reads it (RFC 9111, section 4.2).
fn is_gmt(zone: &str) -> Option<()> {
    zone.eq_ignore_ascii_case("GMT").then_some(())
}

fn month_of(name: &str) -> Option<i64> {
    let name: [u8; 3] = name.as_bytes().try_into().ok()?;
    let at = MONTHS.iter().position(|month| month.as_bytes() == name.map(|letter| letter.to_ascii_lowercase()))?;
    i64::try_from(at + 1).ok()
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let number = |number: i64, byte: u8| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'));
    if text.len() == count { text.bytes().try_fold(0, number) } else { None }
}

/// Seconds since 1970. A leap second is allowed, and is the one before it: of two that are near, the earlier one
/// (RFC 9111, section 4.2).
fn at(year: i64, month: i64, day: i64, time: &str) -> Option<i64> {
    if time.len() != 8 || !time.is_ascii() || [&time[2..3], &time[5..6]] != [":"; 2] {
        return None;
    }
    let (hour, minute, second) = (digits(&time[..2], 2)?, digits(&time[3..5], 2)?, digits(&time[6..], 2)?);
    let there_is = (1..=days_in(year, month)).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    there_is.then(|| days_to(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second.min(59))
}

fn days_in(year: i64, month: i64) -> i64 {
    let leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leaps),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970 to a date of the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013): years
/// begin in March, so that the leap day is the last.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The other way round: year, month and day.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * march_month + 2) / 5 + 1)
}

fn seconds_of(at: Timestamp) -> i64 {
    i64::try_from(at.as_micros() / 1_000_000).unwrap_or(LAST_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_297_000_000_000); // November 2026

    fn seconds(text: &str) -> Option<u64> {
        parse_date(text.as_bytes(), NOW).map(|at| at.as_micros() / 1_000_000)
    }

    /// RFC 9110, section 5.6.7: the three formats, and what is none of them; RFC 9111, section 4.2: in any case.
    #[test]
    fn dates_are_read_in_three_formats_and_no_other() {
        let good = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Sun Nov 16 08:49:37 1994", 784_975_777),
            ("SUN, 06 nOV 1994 08:49:37 GMT", 784_111_777),
            ("sun, 06 nov 1994 08:49:37 gmt", 784_111_777),
            ("SUNDAY, 06-NOV-94 08:49:37 Gmt", 784_111_777),
            ("sun nov  6 08:49:37 1994", 784_111_777),
            ("Mon, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sat, 01 Jan 0000 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Tue, 29 Feb 2028 23:59:60 GMT", 1_835_481_599),
            ("Tue, 19 Jan 2038 03:14:08 GMT", 2_147_483_648),
            ("Wednesday, 01-Jan-76 00:00:00 GMT", 3_345_062_400),
            ("Friday, 01-Jan-77 00:00:00 GMT", 220_924_800),
        ];
        for (text, expected) in good {
            assert_eq!(seconds(text), Some(expected), "{text:?}");
        }
        let bad = [
            "0",
            "",
            "-1",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 30 Feb 1994 08:49:37 GMT",
            "Mon, 29 Feb 2027 00:00:00 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun,  06 Nov 1994 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun Nov 6 08:49:37 1994",
            "Sun, 06 Nov 10000 08:49:37 GMT",
            "Sun Nov  6 08:49:37 99999999999999999999",
            "Sun, 06 Nov 1994T08:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun; 06 Nov 1994 08:49:37 GMT",
            "Sun, 0\u{e9} Nov 1994 08:49:37 GM",
        ];
        for text in bad {
            assert_eq!(seconds(text), None, "{text:?}");
        }
        assert_eq!(parse_date(b"\xff\xff, 06 Nov 1994 08:49:37 GMT", NOW), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for days in (0..2_932_896).step_by(97).chain([0, 58, 59, 60, 789, 2_932_896]) {
            let at = Timestamp::ZERO + Duration::from_secs(days * 86_400 + days % 86_400);
            assert_eq!(parse_date(format_date(at).as_bytes(), NOW), Some(at), "{}", format_date(at));
        }
        assert_eq!(format_date(Timestamp::from_micros(784_111_777_999_999)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(format_date(Timestamp::NEVER), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
