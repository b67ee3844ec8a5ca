//! What a worker's health checks say, and to whom.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::started::{Started, ask, until};

pub fn a_worker_is_alive_and_ready_and_shows_its_metrics() {
    let worker = Started::of("idle");
    assert_eq!(worker.get("/health/live"), (200, "alive\n".into()));
    assert_eq!(worker.get("/health/ready"), (200, "ready\n".into()));
    let (status, page) = worker.get("/metrics");
    assert!(status == 200 && page.contains("freshen_near_entries 0\n") && page.ends_with("# EOF\n"), "{page}");
    assert_eq!(worker.get("/health"), (404, "there are /health/live, /health/ready and /metrics\n".into()));
    let bare = Started::of("bare");
    assert_eq!(bare.get("/metrics"), (404, "this worker was given no metrics\n".into()));
}

pub fn a_port_alone_is_one_of_the_loopback_address() {
    let worker = Started::at("idle", "0");
    assert!(worker.address().starts_with("127.0.0.1:"));
}

/// A load panics in the one place that there is. The next task has it, and the panic is counted.
pub fn a_job_that_panics_leaves_the_worker_working() {
    let worker = Started::of("panics");
    let loads = |end| format!("freshen_loads_total{{job_name=\"step\",end=\"{end}\"}} 1\n");
    for end in ["panicked", "stored"] {
        until(end, || worker.get("/metrics").1.contains(&loads(end)).then_some(()));
    }
    assert_eq!(worker.get("/health/live").0, 200);
    assert_eq!(worker.get("/health/ready").0, 200);
}

/// The queue is away for a while, and then back. What it says of itself stays in the log.
pub fn a_queue_that_is_down_makes_the_worker_unready_and_not_dead() {
    let worker = Started::of("idle");
    worker.place().leave("down");
    let unready = (503, "shaky queue: depth failed\n".into());
    until("it is not ready", || (worker.get("/health/ready") == unready).then_some(()));
    worker.says("shaky queue: pull failed");
    assert_eq!(worker.get("/health/live").0, 200);
    std::fs::remove_file(worker.place().0.join("down")).unwrap();
    until("it is ready again", || (worker.get("/health/ready").0 == 200).then_some(()));
}

/// The only thread of the runtime is blocked by a load. The health checks have a thread of their own.
pub fn a_runtime_that_is_blocked_shows_as_dead() {
    let worker = Started::of("blocked");
    worker.has_begun();
    let (_, told) = until("it is dead", || Some(worker.get("/health/live")).filter(|(status, _)| *status == 503));
    assert!(told.starts_with("queue default: stuck for "), "{told}");
    let unready = (503, "the store and the queues did not answer within 2s\n".into());
    assert_eq!(worker.get("/health/ready"), unready);
    assert_eq!(worker.get("/metrics"), (503, "the metrics were not to be had within 5s\n".into()));
}

/// One of several threads is blocked by the load that has the only place, and its timeout cannot end it.
pub fn places_that_are_held_beyond_the_load_timeout_show_as_dead() {
    let worker = Started::of("held");
    worker.has_begun();
    let (_, told) = until("it is dead", || Some(worker.get("/health/live")).filter(|(status, _)| *status == 503));
    assert!(told.starts_with("queue default: stuck for "), "{told}");
    assert_eq!(worker.get("/health/ready").0, 200, "the other threads go on");
}

/// More clients connect than there are places, and none of them says anything. A check is answered all the same, and the
/// oldest has lost its place; each has 5 s, so whoever waited for one of them is never quicker. A machine is busy once.
pub fn clients_who_say_nothing_hold_up_nobody() {
    let worker = Started::of("idle");
    let is_quick = || {
        let mut silent: Vec<_> = (0..40).map(|_| TcpStream::connect(worker.address()).unwrap()).collect();
        let began = Instant::now();
        assert_eq!(worker.get("/health/live").0, 200);
        is_cut_off(&mut silent[0]);
        let quick = began.elapsed() < Duration::from_secs(4);
        silent.iter_mut().for_each(is_cut_off);
        quick
    };
    assert!((0..5).any(|_| is_quick()));
}

/// Waits for its end, or its reset.
fn is_cut_off(client: &mut TcpStream) {
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let read = client.read_to_end(&mut Vec::new());
    assert!(!matches!(&read, Err(error) if error.kind() == ErrorKind::WouldBlock), "{read:?}");
}

/// A page that fits into no buffer is asked for and not read.
pub fn a_client_who_does_not_read_its_answer_is_cut_off() {
    let worker = Started::of("wordy");
    let mut client = TcpStream::connect(worker.address()).unwrap();
    client.write_all(b"GET /metrics HTTP/1.1\r\nHost: worker\r\n\r\n").unwrap();
    worker.says("a health check took longer than 10s");
    let mut page = Vec::new();
    let _ = client.read_to_end(&mut page);
    assert!(page.starts_with(b"HTTP/1.1 200 ") && !page.ends_with(b"# EOF\n"), "{} bytes", page.len());
    assert_eq!(worker.get("/health/live").0, 200);
}

pub fn requests_out_of_bounds_are_refused() {
    let worker = Started::of("idle");
    let answer = |request: &str| ask(&worker.address(), request).0;
    let long = "x".repeat(10_000);
    let head = answer(&format!("GET /health/live HTTP/1.1\r\nHost: worker\r\nX: {long}\r\n\r\n"));
    assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
    let head = answer(&format!("GET /{long} HTTP/1.1\r\nHost: worker\r\n\r\n"));
    assert!(head.starts_with("HTTP/1.1 431 ") || head.starts_with("HTTP/1.1 414 "), "{head}");
    let head = answer("POST /health/live HTTP/1.1\r\nHost: worker\r\nContent-Length: 1000000\r\n\r\nx");
    assert!(head.starts_with("HTTP/1.1 405 ") && head.to_lowercase().contains("allow: get, head"), "{head}");
    let head = answer("no request at all\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(worker.get("/health/live").0, 200);
}
