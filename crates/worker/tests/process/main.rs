//! Worker processes, with their signals and their health checks.
//!
//! The processes are this file again, started with `--as-worker`; that is why these tests are run by it.
//! `cargo test -p freshen-worker --test process signal` runs those whose names have the word.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod subject;
mod started;

mod ending;
mod health;

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Instant;

macro_rules! tests {
    ($($module:ident::$name:ident,)+) => {
        const TESTS: &[(&str, fn())] = &[$((concat!(stringify!($module), "::", stringify!($name)), $module::$name),)+];
    };
}

tests! {
    ending::sigterm_ends_an_idle_worker_well,
    ending::sigint_does_too,
    ending::what_runs_is_finished_and_what_was_pulled_ahead_goes_back_at_once,
    ending::work_that_outlasts_the_drain_is_cut_off_with_an_error,
    ending::a_load_that_blocks_its_thread_does_not_hold_the_process_beyond_the_deadline,
    ending::a_deadline_that_nobody_hears_of_ends_the_process_all_the_same,
    ending::a_program_that_left_the_worker_has_no_deadline,
    ending::a_second_signal_ends_a_drain_at_once,
    ending::a_second_signal_ends_a_process_whose_runtime_is_blocked,
    ending::a_port_that_is_taken_is_named,
    ending::an_address_that_is_none_is_named,
    ending::a_cache_without_workers_is_refused,
    health::a_worker_is_alive_and_ready_and_shows_its_metrics,
    health::a_port_alone_is_one_of_the_loopback_address,
    health::a_job_that_panics_leaves_the_worker_working,
    health::a_queue_that_is_down_makes_the_worker_unready_and_not_dead,
    health::a_runtime_that_is_blocked_shows_as_dead,
    health::places_that_are_held_beyond_the_load_timeout_show_as_dead,
    health::clients_who_say_nothing_hold_up_nobody,
    health::a_client_who_does_not_read_its_answer_is_cut_off,
    health::requests_out_of_bounds_are_refused,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|argument| argument == subject::AS_WORKER) {
        return subject::run(&arguments[1..]);
    }
    if arguments.iter().any(|argument| argument == "--list") {
        TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let word = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let chosen: Vec<_> = TESTS.iter().filter(|(name, _)| name.contains(word)).collect();
    println!("\nrunning {} tests", chosen.len());
    let began = Instant::now();
    let failed = chosen.iter().filter(|(name, test)| !passes(name, *test)).count();
    let (result, passed, others) =
        (if failed == 0 { "ok" } else { "FAILED" }, chosen.len() - failed, TESTS.len() - chosen.len());
    let took = began.elapsed().as_secs_f64();
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {others} filtered out; \
         finished in {took:.2}s\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn passes(name: &str, test: fn()) -> bool {
    let passed = catch_unwind(test).is_ok();
    println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    passed
}
