//! What every queue must pass: one case for each sentence of the queue port's contract.
//!
//! An adapter's test file is a function that makes a queue, and one line:
//!
//! ```
//! use freshen_testkit::queue_suite::Fixture;
//! use freshen_core::Clock;
//! use freshen_core::queue::MemoryQueue;
//! use freshen_testkit::queue_suite;
//!
//! async fn fixture() -> Fixture {
//!     let queue = MemoryQueue::builder(Clock::runtime()).bound(8).quarantine_bound(3).build();
//!     Fixture::new(queue.expect("the bounds are positive")).bound(8).quarantine_bound(3)
//! }
//!
//! queue_suite!(fixture);
//! ```
//!
//! Where time cannot be paused, as with a server: `queue_suite!(fixture, start_paused = false)`, and a short visibility.

use freshen_core::BoxFuture;

mod cases;
mod depth;
mod fixture;
mod pulling;
mod pushing;
mod quarantine;
mod settling;
mod waiting;

pub use fixture::Fixture;

/// One sentence of the contract.
pub struct Case {
    /// The sentence.
    pub name: &'static str,
    /// Checks it on a fixture of its own, and panics where it does not hold.
    pub run: fn(&Fixture) -> BoxFuture<'_, ()>,
}

/// Runs the case of that name; for [`queue_suite!`](crate::queue_suite!).
///
/// # Panics
/// When the sentence does not hold, and when there is no such case.
pub async fn run(name: &str, fixture: &Fixture) {
    let case = CASES.iter().find(|case| case.name == name);
    (case.expect("the macro and the table are made from one list").run)(fixture).await;
}

macro_rules! table {
    ([] $($part:ident { $($case:ident)* })*) => {
        /// All cases.
        pub const CASES: &[Case] = &[
            $($(Case { name: stringify!($case), run: |fixture| Box::pin($part::$case(fixture)) },)*)*
        ];
    };
}

cases::for_each_queue_case!([table] []);
