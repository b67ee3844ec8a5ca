//! Runs a test body under every schedule of its threads, and every value that the memory model lets a load see.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// How often one schedule may take a thread off in the middle of its work. Races that need more than this are not known;
/// the long form tries more.
const PREEMPTIONS: usize = 3;
const PREEMPTIONS_LONG: usize = 4;

/// The body holds under every schedule.
pub(crate) fn holds(body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    let long = std::env::var_os("FRESHEN_LONG").is_some();
    model.preemption_bound = Some(if long { PREEMPTIONS_LONG } else { PREEMPTIONS });

    model.check(body);
}

/// A broken variant does not get through: under some schedule the body fails, and says `fault`.
pub(crate) fn is_caught(fault: &str, body: impl Fn() + Send + Sync + 'static) {
    let panic = catch_unwind(AssertUnwindSafe(|| holds(body))).expect_err("a broken variant got through");
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    assert!(said.is_some_and(|said| said.contains(fault)), "it failed, but not by its fault: {said:?}");
}
