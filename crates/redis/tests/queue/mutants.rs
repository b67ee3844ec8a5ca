//! The suite notices when the scripts are wrong: each of these changes breaks one sentence.

use freshen_testkit::queue_suite;
use freshen_testkit::servers::Flavour;

use super::fixture;

/// What is replaced, by what, and the sentence that no longer holds.
const MUTANTS: [(&str, &str, &str); 18] = [
    ("+ (#ARGV - 2) / 3 >", ">", "a_push_beyond_the_bound_is_full_and_changes_nothing"),
    ("- held\n", "\n", "what_is_put_back_is_taken_beyond_the_bound"),
    ("DUE, '-inf', text(now)", "DUE, '-inf', '+inf'", "a_task_pushed_with_a_delay_is_not_pulled_before_it_is_due"),
    ("'COUNT', room,", "'COUNT', room + 1,", "a_pull_takes_at_most_as_many_as_asked"),
    ("look <= now or", "", "a_task_not_settled_within_the_visibility_is_pulled_again"),
    ("= held[4] + 1", "= 1", "a_task_not_settled_within_the_visibility_has_one_more_counted"),
    ("elseif delivery > 1 then", "elseif false then", "put_back_remembers_how_often_it_was_not_settled"),
    ("if unsettled > 0 then set", "if false then set", "retry_after_forgets_how_often_it_was_not_settled"),
    ("and name ~= 'unsettled' then", "then", "release_pushes_a_quarantined_task_as_new"),
    (
        "next_look = now + VISIBILITY * 1000\nfor priority = 1, 4 do",
        "next_look = now + VISIBILITY * 1000\nfor priority = 4, 1, -1 do",
        "a_higher_priority_is_pulled_first",
    ),
    ("if how ~= 'back' then", "if how == 'aside' then", "retry_after_counts_one_more_attempt"),
    ("if how ~= 'back' then", "if how == 'retry' then", "quarantine_counts_one_more_attempt"),
    ("if how ~= 'back' then", "if true then", "put_back_counts_no_attempt"),
    ("add(priority, fields, tonumber(more))", "add(2, fields, tonumber(more))", "what_comes_back_has_its_old_priority"),
    ("or held[1][4] ~= tonumber(delivery)", "", "settling_a_receipt_that_was_redelivered_changes_nothing"),
    ("if how ~= 'done' then", "if false then", "retry_after_brings_it_back_when_it_is_due"),
    ("redis.call('XDEL', line, id)", "", "depth_counts_ready_delayed_held_and_quarantined_tasks"),
    ("'MAXLEN', ARGV[1]", "'MAXLEN', ARGV[1] + 1", "the_oldest_in_quarantine_makes_room"),
];

#[tokio::test]
async fn a_wrong_script_is_found_by_its_sentence() {
    let mut trials = Vec::new();
    for (from, to, sentence) in MUTANTS {
        let fixture = fixture(Flavour::Redis, &[(from, to)]).await;
        trials.push((from, tokio::spawn(async move { queue_suite::run(sentence, &fixture).await })));
    }
    let mut through = Vec::new();
    for (from, trial) in trials {
        match trial.await {
            // An error of the script would fail every sentence.
            Err(failed) if failed.is_panic() => {
                let said = failed.into_panic();
                let said = said.downcast_ref::<String>().map_or("", String::as_str);
                assert!(!said.contains("answers: PortError"), "{from}: {said}");
            }
            _ => through.push(from),
        }
    }
    assert!(through.is_empty(), "the suite does not notice: {through:#?}");
}
