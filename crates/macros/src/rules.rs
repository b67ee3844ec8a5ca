//! What a policy may not be, and how long a name may be: the library's own rules, for what is known when the user's code is compiled.
//!
//! It knows nothing but std. The library's tests include this file, and hold it against the library.

use std::time::Duration;

const WINDOWS_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Longest job name, in bytes.
pub const NAME_BYTES_MAX: usize = 128;
/// Longest namespace, in bytes.
pub const NAMESPACE_BYTES_MAX: usize = 64;
/// Longest name of a queue, in bytes.
pub const QUEUE_NAME_BYTES_MAX: usize = 64;
/// Longest tag, in bytes.
pub const TAG_BYTES_MAX: usize = 256;

/// The fields of a policy as far as they are known; `None` where an expression decides, or nothing does.
#[derive(Clone, Debug)]
pub struct Known {
    pub ttl: Option<Duration>,
    pub stale_while_revalidate: Option<Duration>,
    pub stale_if_error: Option<Duration>,
    pub lease: Option<Duration>,
    pub renews: Option<bool>,
    pub load_timeout: Option<Duration>,
    pub soft_timeout: Option<Duration>,
    pub jitter: Option<f64>,
    pub early_refresh: Option<f64>,
    pub negative_ttl: Option<Duration>,
    pub first_pause: Option<Duration>,
    pub longest_pause: Option<Duration>,
    pub attempts: Option<u32>,
}

impl Default for Known {
    /// The library's defaults.
    fn default() -> Self {
        Known {
            ttl: Some(Duration::from_secs(600)),
            stale_while_revalidate: None,
            stale_if_error: None,
            lease: Some(Duration::from_secs(60)),
            renews: Some(false),
            load_timeout: Some(Duration::from_secs(50)),
            soft_timeout: None,
            jitter: None,
            early_refresh: None,
            negative_ttl: None,
            first_pause: Some(Duration::from_secs(1)),
            longest_pause: Some(Duration::from_secs(60)),
            attempts: None,
        }
    }
}

/// A field, and what is wrong with it.
pub type Fault = (&'static str, &'static str);

impl Known {
    /// The first thing that is wrong whatever the unknown fields turn out to be, in the order in which the library looks.
    pub fn fault(&self) -> Option<Fault> {
        let windows = [self.ttl, self.stale_while_revalidate, self.stale_if_error].map(Option::unwrap_or_default);
        let whole = windows.into_iter().fold(Duration::ZERO, Duration::saturating_add);
        let zero = |field: Option<Duration>| field.is_some_and(|field| field.is_zero());
        let beyond = |one: Option<Duration>, other: Option<Duration>, or_equal: bool| {
            one.zip(other).is_some_and(|(one, other)| one > other || (or_equal && one == other))
        };
        let outlives = self.renews == Some(false) && beyond(self.load_timeout, self.lease, true);
        let soft = zero(self.soft_timeout) || beyond(self.soft_timeout, self.load_timeout, false);
        let faults = [
            (zero(self.ttl), "ttl", "must be longer than zero"),
            (whole > WINDOWS_MAX, "stale_if_error", "ends more than ten years after the load"),
            (zero(self.negative_ttl), "negative_ttl", "must be longer than zero"),
            (self.jitter.is_some_and(|part| !(0.0..=0.5).contains(&part)), "jitter", "must lie between 0 and 0.5"),
            (self.early_refresh.is_some_and(|beta| !is_above_zero(beta)), "early_refresh", "must be a number above 0"),
            (zero(self.lease), "lease", "must be longer than zero"),
            (zero(self.load_timeout), "load_timeout", "must be longer than zero"),
            (outlives, "load_timeout", "must be shorter than the lease, unless the lease is renewed"),
            (soft, "soft_timeout", "must lie above zero and within the load timeout"),
            (zero(self.first_pause), "backoff", "must begin above zero"),
            (beyond(self.first_pause, self.longest_pause, false), "backoff", "has a longest pause below its first"),
            (self.attempts == Some(0), "attempts", "must be at least 1"),
        ];
        faults.into_iter().find(|(wrong, ..)| *wrong).map(|(_, field, reason)| (field, reason))
    }
}

fn is_above_zero(number: f64) -> bool {
    number.is_finite() && number > 0.0
}

/// What is wrong with the name of a queue.
pub fn queue_fault(name: &str) -> Option<String> {
    let fits = |letter: &char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_');
    let stranger = name.chars().find(|letter| !fits(letter));
    let stranger =
        stranger.map(|letter| format!("the name of a queue is made of a-z, 0-9, `-` and `_`, without {letter:?}"));
    stranger.or_else(|| name_fault("name of the queue", name.len(), QUEUE_NAME_BYTES_MAX))
}

/// What is wrong with a name of so many bytes.
pub fn name_fault(what: &str, bytes: usize, most: usize) -> Option<String> {
    match bytes {
        0 => Some(format!("the {what} is empty")),
        _ if bytes > most => Some(format!("the {what} has {bytes} bytes, more than {most}")),
        _ => None,
    }
}
