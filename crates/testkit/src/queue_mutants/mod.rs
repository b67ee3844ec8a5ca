//! Shows that the queue suite fails: each mutant breaks one sentence of the contract, and the case of that sentence rejects it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use freshen_core::Clock;
use freshen_core::queue::{MemoryQueue, Queue, QueueTraits};

use crate::queue_suite::{CASES, Case, Fixture};

mod flawed;

use flawed::{Flaw, Flawed};

/// Each mutant, and the sentence it breaks.
const MUTANTS: &[(Flaw, &str)] = &[
    (Flaw::LosesTheLastOfAPush, "a_task_arrives_as_it_was_pushed"),
    (Flaw::ForgetsPriority, "a_task_arrives_as_it_was_pushed"),
    (Flaw::LosesHalfABatchOnFull, "a_push_is_taken_whole_or_not_at_all"),
    (Flaw::TakesHalfABatchOnFull, "a_push_is_taken_whole_or_not_at_all"),
    (Flaw::SaysTakenWhenFull, "a_push_beyond_the_bound_is_full_and_changes_nothing"),
    (Flaw::IgnoresDelay, "a_task_pushed_with_a_delay_is_not_pulled_before_it_is_due"),
    (Flaw::NeverDue, "a_task_pushed_with_a_delay_is_pulled_once_it_is_due"),
    (Flaw::ForgetsAtReopen, "tasks_of_a_durable_queue_outlive_its_process"),
    (Flaw::NeverWaits, "a_pull_waits_for_a_first_task_and_takes_what_is_there"),
    (Flaw::WaitsForAFullBatch, "a_pull_waits_for_a_first_task_and_takes_what_is_there"),
    (Flaw::IgnoresMost, "a_pull_takes_at_most_as_many_as_asked"),
    (Flaw::FailsWhenEmpty, "a_pull_answers_an_empty_batch_when_the_wait_is_over"),
    (Flaw::NeverWaits, "a_pull_answers_an_empty_batch_when_the_wait_is_over"),
    (Flaw::ForgetsPriority, "a_higher_priority_is_pulled_first"),
    (Flaw::ReversesPriority, "a_higher_priority_is_pulled_first"),
    (Flaw::ReversesOrder, "within_one_priority_the_earlier_is_pulled_first"),
    (Flaw::GivesWhatIsHeld, "a_pulled_task_is_not_pulled_again_while_it_is_held"),
    (Flaw::GivesTheSameToTwo, "pullers_at_the_same_time_share_the_tasks"),
    (Flaw::NeverRedelivers, "a_task_not_settled_within_the_visibility_is_pulled_again"),
    (Flaw::RedeliversUncounted, "a_task_not_settled_within_the_visibility_has_one_more_counted"),
    (Flaw::RedeliversAsAttempt, "a_task_not_settled_within_the_visibility_has_one_more_counted"),
    (Flaw::PullerLeavesWithTasks, "a_puller_who_leaves_takes_no_task_with_it"),
    (Flaw::RedeliversWhatIsDone, "done_ends_the_task"),
    (Flaw::RetryEnds, "retry_after_brings_it_back_when_it_is_due"),
    (Flaw::RetriesAtOnce, "retry_after_brings_it_back_when_it_is_due"),
    (Flaw::RetriesUncounted, "retry_after_counts_one_more_attempt"),
    (Flaw::PutBackEnds, "put_back_brings_it_back_when_it_is_due"),
    (Flaw::PutsBackAtOnce, "put_back_brings_it_back_when_it_is_due"),
    (Flaw::PutBackCounts, "put_back_counts_no_attempt"),
    (Flaw::PutBackPushes, "put_back_remembers_how_often_it_was_not_settled"),
    (Flaw::PutBackCounts, "put_back_remembers_how_often_it_was_not_settled"),
    (Flaw::RetryKeepsUnsettled, "retry_after_forgets_how_often_it_was_not_settled"),
    (Flaw::ComesBackAsUsual, "what_comes_back_has_its_old_priority"),
    (Flaw::SettlesTwice, "settling_a_receipt_twice_changes_nothing"),
    (Flaw::LateHolderSettles, "settling_a_receipt_that_was_redelivered_changes_nothing"),
    (Flaw::PutBackPushes, "what_is_put_back_is_taken_beyond_the_bound"),
    (Flaw::QuarantineEnds, "quarantine_sets_a_task_aside_with_its_reason"),
    (Flaw::QuarantineForgetsReason, "quarantine_sets_a_task_aside_with_its_reason"),
    (Flaw::QuarantineForgetsAttempt, "quarantine_counts_one_more_attempt"),
    (Flaw::QuarantineListsOldestFirst, "quarantined_gives_the_newest_first"),
    (Flaw::QuarantineRefusesNewest, "the_oldest_in_quarantine_makes_room"),
    (Flaw::ReleaseEnds, "release_pushes_a_quarantined_task_as_new"),
    (Flaw::ReleaseKeepsUnsettled, "release_pushes_a_quarantined_task_as_new"),
    (Flaw::ReleaseKeepsAttempts, "release_pushes_a_quarantined_task_as_new"),
    (Flaw::ReleaseObeysBound, "what_is_released_is_taken_beyond_the_bound"),
    (Flaw::DiscardReleases, "discard_ends_a_quarantined_task"),
    (Flaw::ReleaseSaysTrue, "release_and_discard_answer_whether_it_was_there"),
    (Flaw::DiscardSaysTrue, "release_and_discard_answer_whether_it_was_there"),
    (Flaw::ShowsWhatIsHeld, "waiting_shows_what_is_ready_and_then_what_is_delayed"),
    (Flaw::ShowsNoDelayed, "waiting_shows_what_is_ready_and_then_what_is_delayed"),
    (Flaw::ShowsDelayedFirst, "waiting_shows_what_is_ready_and_then_what_is_delayed"),
    (Flaw::ShowsAll, "waiting_shows_at_most_as_many_as_asked"),
    (Flaw::ShowingTakes, "waiting_takes_no_task"),
    (Flaw::CountsHeldAsReady, "depth_counts_ready_delayed_held_and_quarantined_tasks"),
    (Flaw::ForgetsDelayedInDepth, "depth_counts_ready_delayed_held_and_quarantined_tasks"),
    (Flaw::TellsNoAge, "depth_tells_the_age_of_the_oldest_that_waits"),
    (Flaw::TellsAgeOfTheYoungest, "depth_tells_the_age_of_the_oldest_that_waits"),
];

const BOUND: usize = 8;
const QUARANTINE_BOUND: usize = 3;

fn memory() -> MemoryQueue {
    let queue = MemoryQueue::builder(Clock::runtime()).bound(BOUND).quarantine_bound(QUARANTINE_BOUND).build();
    queue.unwrap()
}

fn fixture(queue: impl Queue) -> Fixture {
    Fixture::new(queue).bound(BOUND).quarantine_bound(QUARANTINE_BOUND)
}

/// A durable queue as far as a process can tell from the inside: opening it again gives the same tasks.
fn durable(flaw: Flaw) -> Fixture {
    let memory = memory();
    let traits = QueueTraits { durable: true, ..memory.traits() };
    let queue = Flawed::new(memory.clone(), flaw).declared(traits);
    fixture(queue).reopen(move || {
        let reopened = if flaw == Flaw::ForgetsAtReopen { self::memory() } else { memory.clone() };
        Box::pin(async { Arc::new(reopened) as Arc<dyn Queue> })
    })
}

/// A queue whose flaw is none, because its traits say so.
fn lesser(flaw: Flaw) -> Fixture {
    let memory = memory();
    let traits = memory.traits();
    let traits = match flaw {
        Flaw::IgnoresDelay => QueueTraits { delays: false, ..traits },
        Flaw::ReversesOrder => QueueTraits { ordered: false, ..traits },
        _ => traits,
    };
    fixture(Flawed::new(memory, flaw).declared(traits))
}

/// Whether the queue passes the case, under paused time.
fn passes(case: &Case, make: impl FnOnce() -> Fixture) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let run = || runtime.block_on(async { (case.run)(&make()).await });
    catch_unwind(AssertUnwindSafe(run)).is_ok()
}

fn case(name: &str) -> &'static Case {
    CASES.iter().find(|case| case.name == name).unwrap()
}

#[test]
fn every_mutant_is_rejected_by_the_case_of_the_sentence_it_breaks() {
    let missed: Vec<_> = MUTANTS.iter().filter(|(flaw, name)| passes(case(name), || durable(*flaw))).collect();
    assert!(missed.is_empty(), "not rejected: {missed:#?}");
}

#[test]
fn every_case_rejects_a_mutant() {
    let idle: Vec<_> =
        CASES.iter().map(|case| case.name).filter(|name| !MUTANTS.iter().any(|(_, of)| of == name)).collect();
    assert!(idle.is_empty(), "no mutant for: {idle:#?}");
}

#[test]
fn a_queue_without_a_flaw_is_accepted() {
    let refused: Vec<_> =
        CASES.iter().filter(|case| !passes(case, || durable(Flaw::None))).map(|case| case.name).collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
}

#[test]
fn a_queue_that_says_that_it_knows_no_delays_or_no_order_is_accepted() {
    for flaw in [Flaw::IgnoresDelay, Flaw::ReversesOrder] {
        let refused: Vec<_> =
            CASES.iter().filter(|case| !passes(case, || lesser(flaw))).map(|case| case.name).collect();
        assert!(refused.is_empty(), "{flaw:?} refused: {refused:#?}");
    }
}
