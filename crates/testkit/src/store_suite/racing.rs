//! Writers, loaders and a reader at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use freshen_core::store::{Begun, Committed, Currency, Lease, Role, Target};
use freshen_core::{Key, Strength};
use tokio::task::{JoinSet, yield_now};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{key, text};

const WRITES: u64 = 60;

/// The source of truth, a number that only rises, and how much of it has been announced.
struct Source {
    fixture: StoreFixture,
    key: Key,
    written: AtomicU64,
    announced: AtomicU64,
}

/// Writers change the source and invalidate; loaders load whenever they are let; a reader looks on. What it is given as
/// current must include every write whose invalidation had returned, and no value may be older than one given before.
pub async fn what_is_read_as_current_includes_every_invalidation_that_had_returned(fixture: &StoreFixture) {
    let (written, announced) = (AtomicU64::new(0), AtomicU64::new(0));
    let source = Arc::new(Source { fixture: fixture.clone(), key: key("raced"), written, announced });
    let (mut writers, mut others) = (JoinSet::new(), JoinSet::new());
    for (writer, target) in (0..).zip(fixture.targets(&source.key, "a")) {
        writers.spawn(write(source.clone(), writer, target));
    }
    for _ in 0..3 {
        others.spawn(load(source.clone()));
    }
    others.spawn(look_on(source));
    while let Some(written) = writers.join_next().await {
        written.expect("no panic");
    }
    // The others go on until they are stopped: one that has ended saw something wrong. Dropping the set stops them.
    assert!(others.try_join_next().is_none(), "a loader or the reader saw something wrong");
}

async fn write(source: Arc<Source>, writer: u64, target: Target) {
    for round in 0..WRITES {
        let strength = if round % 3 == 0 { Strength::Hard } else { Strength::Soft };
        let number = source.written.fetch_add(1, Ordering::SeqCst) + 1;
        yield_now().await;
        source.fixture.invalidate(target.clone(), strength).await;
        source.announced.fetch_max(number, Ordering::SeqCst);
        pause(3 * round + writer).await;
    }
}

/// Lets the others go on for a while: 1 to 32 turns, spread as if by chance, so that the tasks do not keep step.
async fn pause(turn: u64) {
    for _ in 0..=turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 59 {
        yield_now().await;
    }
}

async fn load(source: Arc<Source>) {
    loop {
        if let Begun::Granted(lease) = source.fixture.begin(&source.key, Role::Foreground).await {
            load_under(&source, lease).await;
        }
        yield_now().await;
    }
}

async fn load_under(source: &Source, mut lease: Lease) {
    loop {
        let number = source.written.load(Ordering::SeqCst);
        pause(number).await;
        let entry = source.fixture.tagged(&lease, &number.to_string(), &["a"]);
        match source.fixture.commit_entry(&source.key, &lease, entry).await {
            Committed::Invalidated(next) => lease = next,
            Committed::Stored | Committed::Lost => return,
        }
    }
}

async fn look_on(source: Arc<Source>) {
    let mut newest = 0;
    loop {
        let announced = source.announced.load(Ordering::SeqCst);
        let found = source.fixture.read(&source.key).await;
        if let Some(entry) = found.entry {
            let number: u64 = text(&entry.value).parse().expect("a number was stored");
            assert!(number >= newest, "{number} after {newest}");
            assert!(found.currency != Currency::Current || number >= announced, "{number} before {announced}");
            newest = number;
        }
        yield_now().await;
    }
}
