//! Threads that fill, join, read and leave at once.

use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use freshen_pages::{Bounds, Broken, Budget, Filling, Joining, Pushed, Reader, fill};
use http_body_util::BodyExt;
use tokio::runtime::Builder;

use super::SEWN_BYTES;

const BOUNDS: Bounds = Bounds {
    bytes_most: 40_000,
    window_bytes: 3 * SEWN_BYTES as u64,
    readers_most: 4,
    stall_timeout: Duration::from_secs(60),
};
const ALL: u64 = 1 << 20;

fn byte(at: usize) -> u8 {
    (at % 251) as u8
}

/// Fills a body that may be kept or not, at some pace. Answers its length.
async fn fills(mut filling: Filling, mut rng: Rng) -> usize {
    let (length, mut sent) = (rng.usize(..80_000), 0);
    while sent < length {
        let end = length.min(sent + rng.usize(1..3 * SEWN_BYTES));
        let pushed = filling.push((sent..end).map(byte).collect::<Bytes>()).await;
        assert_eq!(pushed == Pushed::Kept, end as u64 <= BOUNDS.bytes_most, "{pushed:?} {end}");
        assert_ne!(pushed, Pushed::Unwanted, "the first reads to its end");
        sent = end;
        if rng.u8(..4) == 0 {
            std::thread::yield_now();
        }
    }
    assert_eq!(filling.finish(None).is_some(), length as u64 <= BOUNDS.bytes_most);
    length
}

/// Reads so many pieces, or up to the end. Answers what he has when it ends.
async fn reads(mut reader: Reader, pieces: usize) -> Option<Result<usize, Broken>> {
    let mut read = 0;
    for _ in 0..pieces {
        match reader.frame().await {
            None => return Some(Ok(read)),
            Some(Err(broken)) => return Some(Err(broken)),
            Some(Ok(frame)) => {
                let piece = frame.into_data().unwrap();
                assert!(piece.iter().enumerate().all(|(at, found)| *found == byte(read + at)));
                read += piece.len();
            }
        }
    }
    None
}

/// Joins, reads some and leaves, until nobody can join any more. Answers what he had of the whole bodies.
async fn follows(joining: Joining, mut rng: Rng) -> Vec<usize> {
    let mut whole = Vec::new();
    while let Some(reader) = joining.reader() {
        let pieces = if rng.bool() { usize::MAX } else { rng.usize(..6) };
        match reads(reader, pieces).await {
            Some(Ok(read)) => whole.push(read),
            Some(Err(broken)) => assert!(matches!(broken, Broken::FellBehind), "{broken}"),
            None => {}
        }
    }
    whole
}

fn run<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().build().unwrap().block_on(future)
}

fn round(seed: u64, budget: &Budget) {
    let mut rng = Rng::with_seed(seed);
    let (filling, first) = fill(BOUNDS, budget, None);
    let joining = filling.joining().unwrap();
    std::thread::scope(|threads| {
        let followers = [(); 3].map(|()| {
            let (joining, rng) = (joining.clone(), rng.fork());
            threads.spawn(move || run(follows(joining, rng)))
        });
        let first = threads.spawn(move || run(reads(first, usize::MAX)));
        let length = run(fills(filling, rng.fork()));
        assert_eq!(first.join().unwrap().unwrap().unwrap(), length, "the first is never cut off");
        for follower in followers {
            assert!(follower.join().unwrap().iter().all(|read| *read == length));
        }
    });
    assert_eq!(budget.free_bytes(), ALL);
}

#[test]
fn threads_that_read_a_body_at_once_all_come_to_its_end() {
    let rounds = if std::env::var_os("FRESHEN_LONG").is_some() { 20_000 } else { 300 };
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let budget = Budget::new(ALL);
        for seed in 0..rounds {
            round(seed, &budget);
            tell.send(seed).unwrap();
        }
    });
    // A waker that is lost shows as a round that does not end, a broken rule as a thread that is gone.
    for seed in 0..rounds {
        assert_eq!(told.recv_timeout(Duration::from_secs(60)), Ok(seed));
    }
}
