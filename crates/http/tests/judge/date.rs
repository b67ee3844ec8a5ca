//! The dates that trials are written with, each with what a reader of HTTP makes of it.

use freshen_core::Timestamp;
use freshen_http::format_date;

/// When each response comes.
pub const NOON: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);
pub const NOON_TEXT: &str = "Sat, 21 Nov 2026 12:00:00 GMT";

/// What a text says in a field for dates: seconds after noon.
#[derive(Clone, Copy, PartialEq)]
pub enum Reads {
    /// In the form that senders have to use.
    Date(i64),
    /// In another form that recipients have to read (RFC 9110, section 5.6.7; RFC 9111, section 4.2).
    OtherForm(i64),
    /// In another zone: it is no date (RFC 9111, section 4.2).
    OtherZone,
    Nothing,
}

pub const DATES: [(&str, Reads); 16] = [
    (NOON_TEXT, Reads::Date(0)),
    ("Sat, 21 Nov 2026 11:59:30 GMT", Reads::Date(-30)),
    ("Sat, 21 Nov 2026 12:01:00 GMT", Reads::Date(60)),
    ("Sat, 21 Nov 2026 13:00:00 GMT", Reads::Date(3600)),
    ("Sat, 21 Nov 2026 05:00:00 GMT", Reads::Date(-25_200)),
    ("Thu, 13 Aug 2026 12:00:00 GMT", Reads::Date(-8_640_000)),
    ("Fri, 31 Dec 9999 23:59:59 GMT", Reads::Date(251_607_038_399)),
    ("Saturday, 21-Nov-26 11:59:30 GMT", Reads::OtherForm(-30)),
    ("Saturday, 21-Nov-26 05:00:00 GMT", Reads::OtherForm(-25_200)),
    ("Sat Nov 21 12:01:00 2026", Reads::OtherForm(60)),
    ("sat, 21 nov 2026 12:01:00 GMT", Reads::OtherForm(60)),
    ("Sat, 21 Nov 2026 12:01:00 +0000", Reads::OtherZone),
    ("Sat, 21 Nov 2026 12:01:00 EST", Reads::OtherZone),
    ("0", Reads::Nothing),
    ("x", Reads::Nothing),
    ("", Reads::Nothing),
];

pub fn reads(text: &str) -> Reads {
    DATES.iter().find(|(known, _)| *known == text).map_or(Reads::Nothing, |(_, reads)| *reads)
}

/// Seconds after noon.
pub fn offset(text: &str) -> Option<i64> {
    match reads(text) {
        Reads::Date(offset) | Reads::OtherForm(offset) => Some(offset),
        Reads::OtherZone | Reads::Nothing => None,
    }
}

/// So many seconds after noon, in the form of senders.
pub fn text(offset: i64) -> String {
    format_date(Timestamp::from_micros(NOON.as_micros().saturating_add_signed(offset * 1_000_000)))
}

#[test]
fn each_date_is_read_as_it_is_said() {
    for (text, reads) in DATES {
        let expected = offset(text).map(|offset| (NOON.as_micros() / 1_000_000).saturating_add_signed(offset));
        let read = freshen_http::parse_date(text.as_bytes(), NOON).map(|at| at.as_micros() / 1_000_000);
        assert_eq!(read, expected, "{text:?}");
        assert!(reads != Reads::Date(0) || text == NOON_TEXT);
    }
}
