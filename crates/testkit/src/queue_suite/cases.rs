//! The list of cases: the one place where a new case is named. One that is missing here is dead code, which the compiler reports.

/// Calls the macro `$then` with every case, by the file it stands in.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_queue_case {
    ([$($then:tt)+] [$($context:tt)*]) => {
        $($then)+! {
            [$($context)*]
            pushing {
                a_task_arrives_as_it_was_pushed
                a_push_is_taken_whole_or_not_at_all
                a_push_beyond_the_bound_is_full_and_changes_nothing
                a_task_pushed_with_a_delay_is_not_pulled_before_it_is_due
                a_task_pushed_with_a_delay_is_pulled_once_it_is_due
                tasks_of_a_durable_queue_outlive_its_process
            }
            pulling {
                a_pull_waits_for_a_first_task_and_takes_what_is_there
                a_pull_takes_at_most_as_many_as_asked
                a_pull_answers_an_empty_batch_when_the_wait_is_over
                a_higher_priority_is_pulled_first
                within_one_priority_the_earlier_is_pulled_first
                a_pulled_task_is_not_pulled_again_while_it_is_held
                pullers_at_the_same_time_share_the_tasks
                a_task_not_settled_within_the_visibility_is_pulled_again
                a_task_not_settled_within_the_visibility_has_one_more_counted
                a_puller_who_leaves_takes_no_task_with_it
            }
            settling {
                done_ends_the_task
                retry_after_brings_it_back_when_it_is_due
                retry_after_counts_one_more_attempt
                put_back_brings_it_back_when_it_is_due
                put_back_counts_no_attempt
                put_back_remembers_how_often_it_was_not_settled
                retry_after_forgets_how_often_it_was_not_settled
                what_comes_back_has_its_old_priority
                settling_a_receipt_twice_changes_nothing
                settling_a_receipt_that_was_redelivered_changes_nothing
                what_is_put_back_is_taken_beyond_the_bound
            }
            quarantine {
                quarantine_sets_a_task_aside_with_its_reason
                quarantine_counts_one_more_attempt
                quarantined_gives_the_newest_first
                the_oldest_in_quarantine_makes_room
                release_pushes_a_quarantined_task_as_new
                what_is_released_is_taken_beyond_the_bound
                discard_ends_a_quarantined_task
                release_and_discard_answer_whether_it_was_there
            }
            waiting {
                waiting_shows_what_is_ready_and_then_what_is_delayed
                waiting_shows_at_most_as_many_as_asked
                waiting_takes_no_task
            }
            depth {
                depth_counts_ready_delayed_held_and_quarantined_tasks
                depth_tells_the_age_of_the_oldest_that_waits
            }
        }
    };
}

/// Makes one test of each sentence of the queue port's contract; see the [module](mod@crate::queue_suite).
///
/// The argument names an `async fn() -> Fixture`, called once for each test. The calling crate depends on `tokio`, with
/// `test-util` where time is paused.
#[macro_export]
macro_rules! queue_suite {
    ($fixture:path) => {
        $crate::queue_suite!($fixture, start_paused = true);
    };
    ($fixture:path, start_paused = $paused:tt) => {
        $crate::for_each_queue_case!([$crate::queue_tests] [$fixture, $paused]);
    };
}

/// What [`queue_suite!`](crate::queue_suite!) expands to.
#[doc(hidden)]
#[macro_export]
macro_rules! queue_tests {
    ([$fixture:path, $paused:tt] $($part:ident { $($case:ident)* })*) => {
        $($crate::queue_tests!(@part [$fixture, $paused] $($case)*);)*
    };
    (@part [$fixture:path, $paused:tt] $($case:ident)*) => {
        $($crate::queue_tests!(@case [$fixture, $paused] $case);)*
    };
    (@case [$fixture:path, $paused:tt] $case:ident) => {
        #[tokio::test(start_paused = $paused)]
        async fn $case() {
            $crate::queue_suite::run(stringify!($case), &$fixture().await).await;
        }
    };
}

pub(super) use for_each_queue_case;
