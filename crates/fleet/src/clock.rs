//! The clock of a member, right or wrong by so many minutes.

use std::time::{Duration, Instant};

use freshen_core::{COARSE_TICK, Clock, Timestamp};

/// A clock that is ahead by so many minutes, or behind if they are negative. It is advanced for as long as the process lives.
pub(crate) fn shifted(minutes: i64) -> Clock {
    if minutes == 0 {
        return Clock::coarse();
    }
    let (right, began) = (Clock::coarse().now(), Instant::now());
    let span = Duration::from_secs(60 * minutes.unsigned_abs());
    let origin = if minutes > 0 { right + span } else { Timestamp::ZERO + right.since(Timestamp::ZERO + span) };
    let clock = Clock::manual(origin);
    let advanced = clock.clone();
    let advance = move || {
        loop {
            std::thread::sleep(COARSE_TICK);
            advanced.set(origin + began.elapsed());
        }
    };
    std::thread::Builder::new().name("shifted-clock".into()).spawn(advance).expect("a thread can be started");
    clock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_clock_is_apart_from_the_right_one_and_goes_on() {
        let right = Clock::coarse();
        for minutes in [15, -15] {
            let clock = shifted(minutes);
            let apart = clock.now().as_micros() as i64 - right.now().as_micros() as i64;
            assert!((apart / 1_000_000 - 60 * minutes).abs() < 10, "{apart}");
            let before = clock.now();
            let began = Instant::now();
            while clock.now() == before {
                assert!(began.elapsed() < Duration::from_secs(20));
                std::thread::yield_now();
            }
        }
    }
}
