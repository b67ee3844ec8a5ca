//! The list of all cases: the one place where a new one is entered.

use freshen_core::BoxFuture;

use crate::store_suite::StoreFixture;

/// One test of the suite.
#[derive(Clone, Copy)]
pub struct StoreCase {
    /// The sentence that must hold.
    pub name: &'static str,
    /// Runs it. It panics when the sentence does not hold.
    pub run: for<'a> fn(&'a StoreFixture) -> BoxFuture<'a, ()>,
}

/// Calls another macro with every case.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_cases {
    ($then:ident $($argument:tt)*) => {
        $crate::$then! {
            ($($argument)*)
            reading::reading_has_no_effect_on_the_record,
            reading::answers_come_in_the_order_of_the_keys,
            reading::an_entry_comes_back_as_it_was_committed,
            reading::an_entry_is_judged_by_the_records_own_flag,
            reading::an_entry_is_judged_by_the_marks_of_its_tags_and_its_namespace,
            reading::the_marks_of_an_entrys_scopes_are_given,
            reading::marks_gives_each_scopes_own_mark_in_every_partition,
            reading::marks_changes_nothing,
            reading::an_entry_past_its_hard_deadline_is_not_given,
            asking::ask_answers_fresh_above_at_least,
            asking::ask_answers_asked_for_what_is_outdated_or_too_old,
            asking::ask_is_busy_while_a_marker_is_alive,
            asking::ask_is_busy_while_a_lease_is_alive,
            asking::a_marker_ends_by_itself_at_its_deadline,
            asking::unask_clears_the_marker,
            asking::unask_without_a_marker_changes_nothing,
            asking::asking_takes_no_lease,
            asking::what_ends_at_a_point_in_time_is_over_at_that_point,
            beginning::begin_answers_fresh_only_above_at_least,
            beginning::begin_is_fresh_above_an_older_mark,
            beginning::begin_is_not_fresh_for_what_is_outdated_or_too_old,
            beginning::a_second_begin_is_busy_until_the_lease_ends,
            beginning::a_second_begin_is_busy_until_the_lease_is_dropped,
            beginning::a_second_begin_is_busy_until_the_lease_expires,
            beginning::of_many_begins_at_once_one_is_granted,
            beginning::each_grant_has_a_new_token_and_a_later_generation,
            beginning::a_generation_is_later_than_every_mark_set_before,
            beginning::a_lease_tells_when_it_began_and_ends,
            beginning::a_foreground_ignores_the_marker,
            beginning::back_off_answers_cooling_to_whoever_heeds_it,
            beginning::whoever_does_not_heed_back_off_is_granted,
            beginning::a_take_over_voids_the_lease_in_force,
            beginning::a_take_over_is_always_granted,
            tasks::a_tasks_begin_clears_the_marker_when_it_answers_fresh,
            tasks::a_foregrounds_begin_that_answers_fresh_leaves_the_marker,
            tasks::a_tasks_begin_renews_the_marker_when_it_answers_granted,
            tasks::a_tasks_begin_renews_the_marker_when_it_answers_busy,
            tasks::a_tasks_begin_renews_the_marker_when_it_answers_cooling,
            tasks::a_tasks_commit_that_is_stored_fresh_clears_the_marker,
            tasks::only_a_tasks_commit_clears_the_marker,
            tasks::a_put_over_a_tasks_lease_leaves_the_marker,
            tasks::a_tasks_commit_that_was_invalidated_leaves_the_marker,
            tasks::a_tasks_commit_that_is_no_longer_fresh_leaves_the_marker,
            tasks::a_tasks_failed_load_leaves_the_marker,
            tasks::a_task_takes_over_from_a_dead_holder,
            tasks::a_task_of_a_missing_record_is_granted,
            committing::a_commit_without_the_lease_in_force_is_lost,
            committing::a_commit_of_a_key_without_a_record_is_lost,
            committing::a_commit_whose_record_was_lost_is_lost,
            committing::a_commit_that_nothing_outdated_is_stored_and_drops_the_lease,
            committing::a_stored_commit_drops_the_back_off,
            committing::an_expired_lease_that_nobody_took_over_still_commits,
            committing::an_entry_carries_the_generation_of_its_begin,
            committing::an_entry_carries_the_generation_of_its_lease_whatever_its_facts_say,
            committing::freshness_counts_from_the_begin_of_the_load,
            committing::installed_values_never_go_backwards,
            overtaking::a_commit_that_was_invalidated_by_key_is_invalidated,
            overtaking::a_commit_that_was_invalidated_by_tag_is_invalidated,
            overtaking::a_commit_that_was_invalidated_by_namespace_is_invalidated,
            overtaking::after_invalidated_the_lease_stays_with_its_holder,
            overtaking::a_commit_may_be_invalidated_again,
            overtaking::what_a_soft_invalidation_overtook_is_installed_as_outdated,
            overtaking::what_a_hard_invalidation_overtook_is_not_installed,
            overtaking::a_soft_invalidation_after_a_hard_one_does_not_install,
            overtaking::a_commit_under_a_generation_that_its_lease_left_behind_is_invalidated_again,
            overtaking::an_invalidation_before_the_begin_does_not_overtake_it,
            failing::fail_drops_the_lease_and_keeps_the_entry_and_its_freshness,
            failing::fail_counts_the_failure_and_sets_the_back_off,
            failing::an_abandoned_load_only_drops_the_lease,
            failing::an_abandoned_load_keeps_the_trouble_of_those_before,
            failing::of_several_failures_the_last_ones_reason_is_told,
            failing::only_a_stored_commit_drops_the_back_off,
            failing::a_long_reason_is_cut,
            failing::fail_without_the_lease_in_force_changes_nothing,
            failing::renew_moves_the_leases_end,
            failing::renew_may_bring_the_leases_end_nearer,
            failing::renew_without_the_lease_in_force_changes_nothing,
            outdating::after_invalidate_no_entry_whose_load_began_before_is_current,
            outdating::several_targets_are_outdated_at_once,
            outdating::whoever_reads_above_the_generation_sees_the_write,
            outdating::soft_never_hides_hard,
            outdating::a_hard_invalidation_overrides_a_soft_one,
            outdating::an_invalidation_does_not_free_the_lease,
            outdating::invalidating_an_absent_key_does_nothing,
            outdating::invalidations_give_later_and_later_generations,
            outdating::remove_deletes_the_record,
            outdating::a_commit_under_way_when_its_key_is_removed_is_lost,
            outdating::a_tag_that_an_entry_loses_no_longer_outdates_it,
            clock::an_entry_of_another_epoch_is_outdated,
            clock::the_marks_that_are_given_are_joined_with_the_floor,
            clock::at_least_of_another_epoch_is_not_fresh,
            clock::a_commit_that_began_under_a_lost_clock_is_invalidated,
            clock::no_token_is_given_twice_though_the_clock_is_lost,
            clock::whoever_finds_the_clock_lost_makes_it_anew_a_reader_included,
            clock::ticks_rise_though_the_time_is_set_back,
            clock::ticks_are_not_behind_the_time,
            publishing::every_invalidation_is_published_after_it_was_written,
            publishing::an_absent_keys_invalidation_and_removal_are_published,
            publishing::every_removal_is_published,
            publishing::every_stored_commit_is_published,
            publishing::a_commit_that_is_not_stored_is_not_published,
            publishing::a_lost_clock_is_published_as_it_is_treated,
            publishing::a_tags_invalidation_costs_the_same_however_many_entries_it_covers,
            publishing::steps_are_numbered_without_gaps_in_the_order_of_the_steps,
            partitions::a_tags_invalidation_reaches_the_keys_of_every_partition,
            partitions::a_namespaces_invalidation_reaches_the_keys_of_every_partition,
            partitions::a_keys_invalidation_reaches_its_own_partition_alone,
            partitions::what_a_step_publishes_has_the_position_of_its_keys_partition,
            partitions::an_invalidation_without_targets_reaches_nothing,
            racing::what_is_read_as_current_includes_every_invalidation_that_had_returned,
            bounds::the_store_holds_no_more_than_its_capacity,
            bounds::dropping_a_mark_raises_the_floor_that_marks_gives,
            bounds::what_is_being_loaded_is_not_dropped_if_something_else_can_be,
            bounds::what_is_read_is_kept_longer_than_what_is_not,
            bounds::dropping_a_mark_outdates_what_the_mark_outdated,
            bounds::dropping_a_mark_is_published,
            bounds::a_value_over_the_bound_is_refused_and_the_record_is_as_it_was,
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_tests {
    (($fixture:expr) $($module:ident::$case:ident,)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::store_suite::$module::$case(&$fixture).await;
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_list {
    (() $($module:ident::$case:ident,)*) => {
        &[$(StoreCase {
            name: stringify!($case),
            run: |fixture| Box::pin($crate::store_suite::$module::$case(fixture)),
        }),*]
    };
}

/// Makes one test of every sentence of the store port's contract.
///
/// The argument is an expression that makes a [`StoreFixture`](crate::store_suite::StoreFixture) for one test; it may await.
///
/// ```
/// use freshen_core::store::MemoryStore;
/// use freshen_core::{Clock, Timestamp};
/// use freshen_testkit::store_suite::{StoreFixture, TestTime};
/// use std::sync::Arc;
///
/// fn fixture() -> StoreFixture {
///     let clock = Clock::manual(Timestamp::from_micros(1_000_000));
///     let store = MemoryStore::builder(clock.clone()).build().expect("the defaults are right");
///     StoreFixture::new(Arc::new(store.clone()), Arc::new(store.bus()), TestTime::Manual(clock))
/// }
///
/// freshen_testkit::store_suite!(fixture());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! store_suite {
    ($fixture:expr) => {
        $crate::__store_cases!(__store_tests $fixture);
    };
}

/// All cases, for whoever runs them otherwise than as tests.
pub fn store_cases() -> &'static [StoreCase] {
    __store_cases!(__store_list)
}
