//! How it ends, and what it says when it cannot begin.

use std::net::TcpListener;

use nix::sys::signal::Signal;

use crate::binary::{Freshen, run, until};
use crate::origin::Origin;

#[test]
fn each_signal_ends_it_cleanly() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let origin = Origin::list(&["one"]);
        let mut freshen = Freshen::start(Some(&origin.url));
        freshen.until("served", |state| state["served"].is_object());
        freshen.signal(signal);
        assert_eq!(freshen.ended().code(), Some(0), "{signal}: {}", freshen.said());
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let origin = Origin::list(&["one"]);
    origin.hold(true);
    let mut freshen = Freshen::start(Some(&origin.url));
    until("the first load is under way, which would be waited for", || (origin.asked() > 0).then_some(()));
    freshen.signal(Signal::SIGTERM);
    until("the first is heard", || freshen.said().contains("ending").then_some(()));
    freshen.signal(Signal::SIGTERM);
    assert_eq!(freshen.ended().code(), Some(130), "{}", freshen.said());
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--listen", &address]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert!(said.contains("another program has this port") && said.contains("--listen 127.0.0.1:0"), "{said}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn a_flag_that_cannot_be_read_is_named() {
    for (flag, value) in [
        ("--listen", "7979"),
        ("--listen", "127.0.0.1:99999"),
        ("--source", "nonsense"),
        ("--source", "ftp://example.org/list"),
        ("--source", "http://"),
        ("--source", "localhost:3000"),
    ] {
        let output = run(&[flag, value]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag} {value}: {said}");
        assert!(said.contains(flag) && said.contains("such as"), "{flag} {value}: {said}");
    }
}
