//! Points in time, and the clock that tells them.
//!
//! Time is an argument everywhere in Freshen: judgements take a [`Timestamp`], and only a [`Clock`] makes one.

use std::fmt;
use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time: microseconds since the Unix epoch, as one clock saw it.
///
/// Two timestamps are only worth comparing when the same clock made them. A store's answers carry the store's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch, earlier than anything that happens.
    pub const ZERO: Timestamp = Timestamp(0);
    /// Later than anything that happens.
    pub const NEVER: Timestamp = Timestamp(u64::MAX);

    /// The point `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: u64) -> Self {
        Timestamp(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// How long it is until `later`; zero when it has passed.
    pub const fn until(self, later: Timestamp) -> Duration {
        later.since(self)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    /// Saturates at [`Timestamp::NEVER`], so a window without end is a long `Duration`.
    fn add(self, span: Duration) -> Timestamp {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Timestamp(self.0.saturating_add(micros))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// How far [`Clock::coarse`] may lag behind the true time.
pub const COARSE_TICK: Duration = Duration::from_millis(5);

/// Tells the time for as little as an atomic load, because every cached read asks it.
///
/// Cloning gives a handle to the same clock. No clock of ours follows the wall clock once it has started: a wall clock
/// that is set back or jumps ahead would make values live for ever or all end at once.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    /// Advanced by a thread of its own.
    Coarse(AtomicU64),
    /// Advanced by whoever tests.
    Manual(AtomicU64),
    /// The runtime's time, which a test may pause.
    Runtime { began: tokio::time::Instant, origin: Timestamp },
}

impl Clock {
    /// The clock for production: right to [`COARSE_TICK`], about a nanosecond to read.
    ///
    /// It starts at the wall clock's time and then follows the monotonic one. A thread advances it, not a task, so that a
    /// runtime that is blocked cannot stop time and with it keep a value fresh; the thread ends when the last handle is gone.
    pub fn coarse() -> Clock {
        let began = Instant::now();
        let origin = wall();
        let source = Arc::new(Source::Coarse(AtomicU64::new(origin.as_micros())));
        let watched = Arc::downgrade(&source);
        let spawned =
            std::thread::Builder::new().name("freshen-clock".into()).spawn(move || advance(&watched, began, origin));
        match spawned {
            Ok(_) => Clock(source),
            Err(error) => {
                tracing::warn!(target: "freshen", %error, "no thread for the coarse clock: reading the runtime's clock at each call instead");
                Clock::runtime()
            }
        }
    }

    /// The runtime's clock, for tests that pause it: one `tokio::time::advance` then moves deadlines and timers alike.
    pub fn runtime() -> Clock {
        Clock(Arc::new(Source::Runtime { began: tokio::time::Instant::now(), origin: wall() }))
    }

    /// A clock that stands still until [`Clock::set`] or [`Clock::advance`] moves it; it may also be set back.
    pub fn manual(now: Timestamp) -> Clock {
        Clock(Arc::new(Source::Manual(AtomicU64::new(now.as_micros()))))
    }

    /// The time now.
    #[inline]
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Source::Coarse(micros) | Source::Manual(micros) => Timestamp(micros.load(Ordering::Relaxed)),
            Source::Runtime { began, origin } => *origin + began.elapsed(),
        }
    }

    /// Sets a manual clock; the other kinds take no orders and answer `false`.
    pub fn set(&self, now: Timestamp) -> bool {
        match &*self.0 {
            Source::Manual(micros) => {
                micros.store(now.as_micros(), Ordering::Relaxed);
                true
            }
            Source::Coarse(_) | Source::Runtime { .. } => false,
        }
    }

    /// Moves a manual clock ahead; the other kinds take no orders and answer `false`.
    pub fn advance(&self, by: Duration) -> bool {
        self.set(self.now() + by)
    }
}

/// Measures how long something takes, to the microsecond, by the runtime's time: tests that pause it measure what they say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(tokio::time::Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Stopwatch(tokio::time::Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

fn wall() -> Timestamp {
    // A wall clock before 1970 reads as 1970: only differences matter from here on.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::ZERO + since
}

fn advance(source: &Weak<Source>, began: Instant, origin: Timestamp) {
    loop {
        std::thread::sleep(COARSE_TICK);
        let Some(source) = source.upgrade() else { return };
        if let Source::Coarse(micros) = &*source {
            micros.store((origin + began.elapsed()).as_micros(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_into_the_future_is_zero() {
        let (early, late) = (Timestamp::from_micros(5), Timestamp::from_micros(9));
        assert_eq!(late.since(early), Duration::from_micros(4));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(early.until(late), Duration::from_micros(4));
    }

    #[test]
    fn adding_without_end_saturates() {
        assert_eq!(Timestamp::from_micros(1) + Duration::MAX, Timestamp::NEVER);
    }

    #[test]
    fn only_a_manual_clock_takes_orders() {
        let manual = Clock::manual(Timestamp::from_micros(10));
        assert!(manual.advance(Duration::from_micros(5)));
        assert_eq!(manual.now(), Timestamp::from_micros(15));
        assert!(manual.set(Timestamp::ZERO));
        assert_eq!(manual.now(), Timestamp::ZERO);
        assert!(!Clock::runtime().set(Timestamp::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn the_runtime_clock_moves_with_the_runtime() {
        let clock = Clock::runtime();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().since(before), Duration::from_secs(3600));
    }
}
