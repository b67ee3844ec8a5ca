//! The value in the store, and where its age stands.

use std::borrow::Cow;
use std::time::Duration;

use freshen::store::Currency;
use freshen::{Peek, Windows};
use serde::{Deserialize, Serialize};

use crate::demo::job::Kept;
use crate::demo::stats::millis;

/// A value in hand, and where its age stands in its own windows (jitter shortens each ttl a little). The near tier may still
/// serve an older one, while a newer one that was outdated in its turn is loaded again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InHand {
    pub age_ms: f64,
    pub ttl_ms: f64,
    pub stale_while_revalidate_ms: f64,
    pub stale_if_error_ms: f64,
    /// Which window it is in: `fresh`, `stale`, `stale-if-error` or `expired`.
    pub window: Cow<'static, str>,
    /// How it was invalidated, whatever its age: `soft` or `hard`.
    pub invalidated: Option<Cow<'static, str>>,
    /// Whether a task to refresh it is on its way.
    pub asked_for: bool,
    /// How long whoever loads it may hold it; nothing where nobody does.
    pub lease_ms: Option<f64>,
}

impl InHand {
    /// Of a record.
    pub fn of(peek: &Peek<Kept>) -> InHand {
        let windows = peek.facts().windows;
        InHand {
            age_ms: millis(peek.age()),
            ttl_ms: millis(windows.ttl),
            stale_while_revalidate_ms: millis(windows.stale_while_revalidate),
            stale_if_error_ms: millis(windows.stale_if_error),
            window: window(peek.age(), windows).into(),
            invalidated: match peek.currency() {
                Currency::Current => None,
                Currency::OutdatedSoft => Some("soft".into()),
                Currency::OutdatedHard => Some("hard".into()),
            },
            asked_for: peek.is_asked_for(),
            lease_ms: peek.lease().map(millis),
        }
    }
}

/// The window that an age falls into; each is added after the one before.
fn window(age: Duration, windows: Windows) -> &'static str {
    let Windows { ttl, stale_while_revalidate: stale, .. } = windows;
    match age {
        age if age < ttl => "fresh",
        age if age < ttl.saturating_add(stale) => "stale",
        age if age < windows.whole() => "stale-if-error",
        _ => "expired",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_is_added_after_the_one_before() {
        let secs = Duration::from_secs;
        let windows = Windows { ttl: secs(5), stale_while_revalidate: secs(10), stale_if_error: secs(20) };
        let at = |age| window(secs(age), windows);
        assert_eq!([at(0), at(4), at(5), at(14)], ["fresh", "fresh", "stale", "stale"]);
        assert_eq!([at(15), at(34), at(35)], ["stale-if-error", "stale-if-error", "expired"]);
    }
}
