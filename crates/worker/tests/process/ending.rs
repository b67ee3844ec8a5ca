//! How a worker begins or does not, and how it ends.

use std::net::TcpListener;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::started::{Ended, Started, until};

fn ends_well(signal: Signal) {
    let worker = Started::of("idle");
    worker.signal(signal);
    let Ended { status, stdout, stderr } = worker.ended();
    assert!(status.success(), "{status}: {stderr}");
    assert_eq!(stdout, "left ready 0 delayed 0 held 0\n");
    assert!(stderr.contains("draining") && stderr.contains("drained: nothing was cut off"), "{stderr}");
}

pub fn sigterm_ends_an_idle_worker_well() {
    ends_well(Signal::SIGTERM);
}

pub fn sigint_does_too() {
    ends_well(Signal::SIGINT);
}

/// One load runs and two tasks were pulled ahead of it. While it drains the process is alive, not ready, and begins nothing.
pub fn what_runs_is_finished_and_what_was_pulled_ahead_goes_back_at_once() {
    let worker = Started::of("gated");
    worker.has_begun();
    worker.has_pushed();
    worker.signal(Signal::SIGTERM);
    until("it drains", || (worker.get("/health/ready") == (503, "draining\n".into())).then_some(()));
    assert_eq!(worker.get("/health/live"), (200, "alive\n".into()));
    let ready = |state| format!("freshen_queue_tasks{{queue=\"default\",state=\"{state}\"}}");
    let shows = |line: String| worker.get("/metrics").1.contains(&line).then_some(());
    until("what was pulled ahead is back", || shows(format!("{} 2\n", ready("ready"))));
    until("one is held", || shows(format!("{} 1\n", ready("held"))));
    worker.place().leave("open");
    let Ended { status, stdout, stderr } = worker.ended();
    assert!(status.success(), "{status}: {stderr}");
    assert_eq!(stdout, "left ready 2 delayed 0 held 0\n", "{stderr}");
}

pub fn work_that_outlasts_the_drain_is_cut_off_with_an_error() {
    let worker = Started::of("hasty");
    worker.has_begun();
    worker.has_pushed();
    worker.signal(Signal::SIGTERM);
    let Ended { status, stdout, stderr } = worker.ended();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(stdout, "left ready 2 delayed 0 held 1\n", "{stderr}");
    let told = "ended: worker: 1 loads were still under way 300ms after it was told to end, and are cut off\n";
    assert!(stderr.ends_with(told) && stderr.contains("work was cut off"), "{stderr}");
}

const HELD: &str =
    "Error: worker: its jobs still held the process 1s after the drain of 300ms, and are ended with it\n";

/// A load blocks one of several threads. The drain is given up, and the runtime would wait for the load.
pub fn a_load_that_blocks_its_thread_does_not_hold_the_process_beyond_the_deadline() {
    let worker = Started::of("stubborn");
    worker.has_begun();
    worker.signal(Signal::SIGTERM);
    let Ended { status, stdout, stderr } = worker.ended();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(stdout, "left ready 0 delayed 0 held 1\n", "{stderr}");
    assert!(stderr.contains("work was cut off") && stderr.ends_with(HELD), "{stderr}");
}

/// The only thread of the runtime is blocked by a load, so nobody there begins to drain.
pub fn a_deadline_that_nobody_hears_of_ends_the_process_all_the_same() {
    let worker = Started::of("deaf");
    worker.has_begun();
    worker.signal(Signal::SIGTERM);
    let Ended { status, stderr, .. } = worker.ended();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(!stderr.contains("draining") && stderr.ends_with(HELD), "{stderr}");
}

/// It lives for longer than the drain and what is added to it.
pub fn a_program_that_left_the_worker_has_no_deadline() {
    let program = Started::of("left");
    until("it has left the worker", || program.place().has("left").then_some(()));
    program.signal(Signal::SIGTERM);
    program.says("told to end");
    std::thread::sleep(Duration::from_secs(3));
    program.place().leave("open");
    let Ended { status, stderr, .. } = program.ended();
    assert!(status.success(), "{status}: {stderr}");
}

pub fn a_second_signal_ends_a_drain_at_once() {
    let worker = Started::of("gated");
    worker.has_begun();
    worker.has_pushed();
    worker.signal(Signal::SIGTERM);
    worker.says("draining");
    worker.signal(Signal::SIGINT);
    let Ended { status, stderr, .. } = worker.ended();
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("ended at once by a second signal"), "{stderr}");
}

/// The only thread of the runtime is blocked by a load, so nobody there hears of the first signal.
pub fn a_second_signal_ends_a_process_whose_runtime_is_blocked() {
    let worker = Started::of("blocked");
    worker.has_begun();
    worker.signal(Signal::SIGTERM);
    worker.says("told to end");
    worker.signal(Signal::SIGTERM);
    let Ended { status, stderr, .. } = worker.ended();
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(!stderr.contains("draining"), "{stderr}");
}

pub fn a_port_that_is_taken_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let Ended { status, stderr, .. } = Started::at("idle", &address).ended();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(&format!("ended: worker: cannot listen for health checks on {address}: ")), "{stderr}");
}

pub fn an_address_that_is_none_is_named() {
    let Ended { status, stderr, .. } = Started::at("idle", "70000").ended();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("ended: worker: cannot listen for health checks on 70000: "), "{stderr}");
}

pub fn a_cache_without_workers_is_refused() {
    let Ended { status, stderr, .. } = Started::at("nobody", "127.0.0.1:0").ended();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("ended: worker: the cache has no workers"), "{stderr}");
}
