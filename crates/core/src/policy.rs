//! How long a value may be served, and how it is refreshed.

use std::time::Duration;

/// Longest time from the begin of a load to the end of an entry's last window: ten years.
pub const WINDOWS_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

const THIRTY_DAYS: Duration = Duration::from_secs(30 * 24 * 3600);

/// The three windows of an entry. Each is *added after* the one before, as in RFC 5861, section 3.
///
/// ```text
/// load began ──── ttl ────┬── stale_while_revalidate ──┬── stale_if_error ──┐
///            fresh: served│ stale: served, refreshed   │ only if a load fails│ gone
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Windows {
    /// How long the value is fresh, counted from the moment its load *began*.
    pub ttl: Duration,
    /// How long after the ttl it is served while it is refreshed behind the request.
    pub stale_while_revalidate: Duration,
    /// How long after both it is served when a load fails.
    pub stale_if_error: Duration,
}

impl Windows {
    /// From the begin of the load to the end of the last window, never more than [`WINDOWS_MAX`].
    pub fn whole(&self) -> Duration {
        self.ttl.saturating_add(self.stale_while_revalidate).saturating_add(self.stale_if_error).min(WINDOWS_MAX)
    }
}

/// What a `get` does when nothing is in hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnMiss {
    /// Load, and let the caller wait for it.
    #[default]
    Load,
    /// Answer at once with nothing, and load behind the request.
    Empty,
}

/// How long a key is left alone after its load failed: `first`, doubled at each further failure, up to `longest`.
///
/// A failure never lengthens freshness; it only spaces the attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backoff {
    /// The pause after the first failure.
    pub first: Duration,
    /// The pause that is never exceeded.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after `failures` failures in a row (1 or more), before jitter.
    pub fn pause(&self, failures: u32) -> Duration {
        let doubled = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// A checked policy: what [`Policy::builder`] was told, with nothing in it that contradicts itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    windows: Windows,
    on_miss: OnMiss,
    lease: Duration,
    renews: bool,
    load_timeout: Duration,
    soft_timeout: Option<Duration>,
    jitter: f64,
    early_refresh: Option<f64>,
    negative_ttl: Option<Duration>,
    backoff: Backoff,
    attempts: u32,
}

impl Policy {
    /// A policy with the defaults, to be changed where yours differs.
    ///
    /// ```
    /// use freshen_core::Policy;
    /// use std::time::Duration;
    ///
    /// let policy = Policy::builder().ttl(Duration::from_secs(900)).build()?;
    /// assert_eq!(policy.windows().ttl, Duration::from_secs(900));
    /// # Ok::<(), freshen_core::PolicyError>(())
    /// ```
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// The three windows.
    pub fn windows(&self) -> Windows {
        self.windows
    }

    /// What a `get` does when nothing is in hand.
    pub fn on_miss(&self) -> OnMiss {
        self.on_miss
    }

    /// How long one load may hold a key before another is started.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// Whether a load that is still running renews its lease.
    pub fn renews(&self) -> bool {
        self.renews
    }

    /// How long a load may run.
    pub fn load_timeout(&self) -> Duration {
        self.load_timeout
    }

    /// How long a caller with a fallback in hand waits for a load before it is served the fallback.
    pub fn soft_timeout(&self) -> Option<Duration> {
        self.soft_timeout
    }

    /// By which part of the ttl an entry's own ttl may be shortened, at most.
    pub fn jitter(&self) -> f64 {
        self.jitter
    }

    /// The beta of early refreshing (XFetch), if it is on.
    pub fn early_refresh(&self) -> Option<f64> {
        self.early_refresh
    }

    /// The ttl of a value that says "absent", if it has one of its own.
    pub fn negative_ttl(&self) -> Option<Duration> {
        self.negative_ttl
    }

    /// The pauses after failed loads.
    pub fn backoff(&self) -> Backoff {
        self.backoff
    }

    /// How often a task is tried before it is quarantined.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The windows of one entry: `chance` in 0..1 takes up to [`Policy::jitter`] off the ttl and gives it to the stale
    /// window, so that what was loaded together does not end together and nothing is served longer than promised.
    pub fn jittered(&self, windows: Windows, chance: f64) -> Windows {
        let off = windows.ttl.mul_f64(self.jitter * chance.clamp(0.0, 1.0));
        Windows {
            ttl: windows.ttl.saturating_sub(off),
            stale_while_revalidate: windows.stale_while_revalidate.saturating_add(off),
            ..windows
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        PolicyBuilder::default().unchecked()
    }
}

/// Collects a policy's fields; [`PolicyBuilder::build`] checks them against each other.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct PolicyBuilder {
    ttl: Duration,
    stale_while_revalidate: Option<Duration>,
    stale_if_error: Duration,
    on_miss: OnMiss,
    lease: Duration,
    renews: bool,
    load_timeout: Duration,
    soft_timeout: Option<Duration>,
    jitter: f64,
    early_refresh: Option<f64>,
    negative_ttl: Option<Duration>,
    backoff: Backoff,
    attempts: u32,
}

impl Default for PolicyBuilder {
    fn default() -> Self {
        PolicyBuilder {
            ttl: Duration::from_secs(600),
            stale_while_revalidate: None,
            stale_if_error: Duration::ZERO,
            on_miss: OnMiss::Load,
            lease: Duration::from_secs(60),
            renews: false,
            load_timeout: Duration::from_secs(50),
            soft_timeout: None,
            jitter: 0.05,
            early_refresh: None,
            negative_ttl: None,
            backoff: Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) },
            attempts: 10,
        }
    }
}

impl PolicyBuilder {
    /// How long a value is fresh, from the begin of its load. Default: 10 minutes.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long *after the ttl* the stale value is served while it is refreshed. Default: 30 days less the ttl.
    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.stale_while_revalidate = Some(window);
        self
    }

    /// How long *after the stale window* the value is still served when a load fails. Default: not at all.
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.stale_if_error = window;
        self
    }

    /// What a `get` does when nothing is in hand. Default: load.
    pub fn on_miss(mut self, on_miss: OnMiss) -> Self {
        self.on_miss = on_miss;
        self
    }

    /// How long one load may hold a key before another is started. Default: 60 s.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Lets a load that is still running renew its lease, so that the load timeout may exceed it. Default: off.
    pub fn renewing_lease(mut self) -> Self {
        self.renews = true;
        self
    }

    /// How long a load may run. Default: 50 s. Less than the lease, unless the lease is renewed.
    pub fn load_timeout(mut self, timeout: Duration) -> Self {
        self.load_timeout = timeout;
        self
    }

    /// How long a caller with a fallback in hand waits for a load; the load goes on behind it. Default: until it ends.
    pub fn soft_timeout(mut self, timeout: Duration) -> Self {
        self.soft_timeout = Some(timeout);
        self
    }

    /// By which part of the ttl (0 to 0.5) an entry's own ttl is shortened at random, at most. Default: 0.05.
    pub fn jitter(mut self, part: f64) -> Self {
        self.jitter = part;
        self
    }

    /// Refreshes before the ttl ends, the sooner the longer a load takes: XFetch (Vattani, Chierichetti and Lowenstein,
    /// "Optimal Probabilistic Cache Stampede Prevention", 2015). 1 is its authors' choice of `beta`. Default: off.
    pub fn early_refresh(mut self, beta: f64) -> Self {
        self.early_refresh = Some(beta);
        self
    }

    /// The ttl of a value that its job calls absent. Default: the ttl.
    pub fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.negative_ttl = Some(ttl);
        self
    }

    /// The pauses after failed loads. Default: 1 s, doubled up to 60 s.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.backoff = Backoff { first, longest };
        self
    }

    /// How often a task is tried before it is quarantined. Default: 10.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Checks the fields.
    ///
    /// # Errors
    /// [`PolicyError`] names the first field that is out of range or contradicts another.
    pub fn build(self) -> Result<Policy, PolicyError> {
        self.check_windows()?;
        self.check_loading()?;
        Ok(self.unchecked())
    }

    fn check_windows(&self) -> Result<(), PolicyError> {
        let stale = self.stale_while_revalidate.unwrap_or_default();
        let sum = self.ttl.checked_add(stale).and_then(|sum| sum.checked_add(self.stale_if_error));
        refuse(self.ttl.is_zero(), "ttl", "must be longer than zero")?;
        refuse(sum.is_none_or(|sum| sum > WINDOWS_MAX), "stale_if_error", "ends more than ten years after the load")?;
        refuse(self.negative_ttl.is_some_and(|ttl| ttl.is_zero()), "negative_ttl", "must be longer than zero")?;
        refuse(!(0.0..=0.5).contains(&self.jitter), "jitter", "must lie between 0 and 0.5")?;
        let beta = self.early_refresh.unwrap_or(1.0);
        refuse(!(beta.is_finite() && beta > 0.0), "early_refresh", "must be a number above 0")
    }

    fn check_loading(&self) -> Result<(), PolicyError> {
        refuse(self.lease.is_zero(), "lease", "must be longer than zero")?;
        refuse(self.load_timeout.is_zero(), "load_timeout", "must be longer than zero")?;
        let outlives = self.load_timeout >= self.lease && !self.renews;
        refuse(outlives, "load_timeout", "must be shorter than the lease, unless the lease is renewed")?;
        let soft = self.soft_timeout.unwrap_or(self.load_timeout);
        refuse(
            soft.is_zero() || soft > self.load_timeout,
            "soft_timeout",
            "must lie above zero and within the load timeout",
        )?;
        refuse(self.backoff.first.is_zero(), "backoff", "must begin above zero")?;
        refuse(self.backoff.longest < self.backoff.first, "backoff", "has a longest pause below its first")?;
        refuse(self.attempts == 0, "attempts", "must be at least 1")
    }

    fn unchecked(self) -> Policy {
        let stale = self.stale_while_revalidate.unwrap_or_else(|| THIRTY_DAYS.saturating_sub(self.ttl));
        Policy {
            windows: Windows { ttl: self.ttl, stale_while_revalidate: stale, stale_if_error: self.stale_if_error },
            on_miss: self.on_miss,
            lease: self.lease,
            renews: self.renews,
            load_timeout: self.load_timeout,
            soft_timeout: self.soft_timeout,
            jitter: self.jitter,
            early_refresh: self.early_refresh,
            negative_ttl: self.negative_ttl,
            backoff: self.backoff,
            attempts: self.attempts,
        }
    }
}

fn refuse(wrong: bool, field: &'static str, reason: &'static str) -> Result<(), PolicyError> {
    if wrong { Err(PolicyError { field, reason }) } else { Ok(()) }
}

/// A policy that cannot be: the field at fault, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy: {field} {reason}")]
pub struct PolicyError {
    field: &'static str,
    reason: &'static str,
}

impl PolicyError {
    /// The field at fault, by the name of its builder method.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let policy = Policy::default();
        assert_eq!(policy.windows().ttl, secs(600));
        assert_eq!(policy.windows().stale_while_revalidate, THIRTY_DAYS - secs(600));
        assert_eq!(policy.windows().stale_if_error, Duration::ZERO);
        assert_eq!((policy.lease(), policy.load_timeout(), policy.soft_timeout()), (secs(60), secs(50), None));
        assert_eq!((policy.on_miss(), policy.early_refresh(), policy.negative_ttl()), (OnMiss::Load, None, None));
        assert_eq!(Policy::builder().build(), Ok(policy));
    }

    #[test]
    fn a_field_that_cannot_be_is_named() {
        let b = Policy::builder;
        let cases: [(PolicyBuilder, &str); 16] = [
            (b().ttl(Duration::ZERO), "ttl"),
            (b().stale_while_revalidate(Duration::MAX), "stale_if_error"),
            (b().ttl(WINDOWS_MAX).stale_if_error(secs(1)), "stale_if_error"),
            (b().negative_ttl(Duration::ZERO), "negative_ttl"),
            (b().jitter(0.6), "jitter"),
            (b().jitter(-0.1), "jitter"),
            (b().jitter(f64::NAN), "jitter"),
            (b().early_refresh(0.0), "early_refresh"),
            (b().early_refresh(f64::INFINITY), "early_refresh"),
            (b().lease(Duration::ZERO), "lease"),
            (b().load_timeout(Duration::ZERO), "load_timeout"),
            (b().load_timeout(secs(60)), "load_timeout"),
            (b().soft_timeout(secs(51)), "soft_timeout"),
            (b().soft_timeout(Duration::ZERO), "soft_timeout"),
            (b().backoff(secs(2), secs(1)), "backoff"),
            (b().attempts(0), "attempts"),
        ];
        for (builder, field) in cases {
            let error = builder.build().expect_err(field);
            assert_eq!(error.field(), field, "{error}");
        }
    }

    #[test]
    fn a_renewed_lease_may_be_shorter_than_the_load() {
        assert!(Policy::builder().load_timeout(secs(300)).renewing_lease().build().is_ok());
    }

    #[test]
    fn jitter_only_shortens_freshness_and_keeps_the_end() {
        let policy = Policy::builder().ttl(secs(100)).stale_while_revalidate(secs(50)).jitter(0.1).build().unwrap();
        for chance in [0.0, 0.3, 1.0, 7.0] {
            let windows = policy.jittered(policy.windows(), chance);
            assert!(windows.ttl <= secs(100) && windows.ttl >= secs(90), "{windows:?}");
            assert_eq!(windows.whole(), secs(150));
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let backoff = Backoff { first: secs(1), longest: secs(10) };
        let pauses: Vec<_> = (1..=6).map(|n| backoff.pause(n).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff.pause(u32::MAX), secs(10));
    }
}
