//! The demo's page in a real browser: Chromium, without a screen, driven by its own driver.
//!
//! A start of the browser costs more than a test, so one serves them all, a window for each; that is why these tests are
//! run by this file. `cargo test -p freshen-server --test browser keyboard` runs those whose names have the word.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "../common/mod.rs"]
mod common;

use common::{binary, fleet, origin};

mod chromium;
mod page;

mod buttons;
mod fleets;
mod keyboard;
mod looks;
mod viewers;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use crate::chromium::Chromium;

type Test = for<'a> fn(&'a Chromium) -> LocalBoxFuture<'a, ()>;

macro_rules! tests {
    ($($module:ident::$name:ident,)+) => {
        const TESTS: &[(&str, Test)] = &[
            $((concat!(stringify!($module), "::", stringify!($name)), |chromium| Box::pin($module::$name(chromium))),)+
        ];
    };
}

tests! {
    buttons::a_burst_is_told_and_drawn,
    buttons::one_request_is_told,
    buttons::the_lists_own_page_is_asked_for_and_told_of,
    buttons::a_soft_invalidation_shows_the_old_list_as_stale_and_a_hard_one_waits_for_the_new,
    buttons::the_source_is_slowed_broken_and_brought_back,
    buttons::the_workers_are_frozen_and_unfrozen,
    buttons::what_a_source_says_is_text_and_never_markup,
    looks::no_width_needs_horizontal_scrolling,
    looks::all_text_has_a_contrast_of_4_5_in_both_themes,
    looks::nothing_moves_where_reduced_motion_is_wanted,
    looks::the_plot_and_the_age_follow_the_numbers,
    keyboard::tab_goes_through_all_that_can_be_pressed_in_the_order_of_the_page,
    keyboard::enter_and_space_press_the_focused_button,
    keyboard::the_arrows_tell_one_answer_after_the_other,
    fleets::each_process_is_killed_and_revived_by_its_button,
    fleets::answers_tell_who_gave_them_and_who_had_loaded,
    fleets::a_web_process_is_killed_under_200_requests,
    fleets::a_worker_that_is_killed_while_it_loads_is_told_of_until_the_list_is_fresh_again,
    fleets::with_no_web_process_the_page_says_so,
    fleets::two_viewers_see_the_same_processes,
    fleets::tab_reaches_each_process_and_keys_kill_and_revive_it,
    fleets::no_width_needs_horizontal_scrolling,
    fleets::all_text_has_a_contrast_of_4_5_in_both_themes,
    viewers::two_viewers_see_the_same,
    viewers::the_page_survives_a_restart_of_the_binary,
    viewers::the_hundred_and_first_viewer_reads_why,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let word = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let chosen: Vec<_> = TESTS.iter().filter(|(name, _)| name.contains(word)).collect();
    println!("\nrunning {} tests", chosen.len());
    let began = Instant::now();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let failed = if chosen.is_empty() { 0 } else { runtime.block_on(run(&chosen)) };
    let (result, passed, others) =
        (if failed == 0 { "ok" } else { "FAILED" }, chosen.len() - failed, TESTS.len() - chosen.len());
    let took = began.elapsed().as_secs_f64();
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {others} filtered out; \
         finished in {took:.2}s\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

/// Runs them one after the other; the number of those that failed.
async fn run(tests: &[&(&str, Test)]) -> usize {
    let chromium = match Chromium::start().await {
        Ok(chromium) => chromium,
        Err(reason) => {
            eprintln!("{reason}");
            return tests.len();
        }
    };
    let mut failed = 0;
    for (name, test) in tests {
        let passed = AssertUnwindSafe(test(&chromium)).catch_unwind().await.is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
        chromium.tidy_up().await;
    }
    chromium.end().await;
    failed
}
