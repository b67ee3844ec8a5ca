//! The stream of events, as a program reads it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::binary::{Freshen, until};
use crate::origin::Origin;

/// One who listens.
struct Listener(BufReader<TcpStream>);

impl Listener {
    fn new(freshen: &Freshen) -> Listener {
        let mut stream = BufReader::new(freshen.connect("GET", "/events", &[]));
        let mut status = String::new();
        stream.read_line(&mut status).unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        Listener(stream)
    }

    /// The next event of this name.
    fn next(&mut self, name: &str) -> Value {
        let mut line = String::new();
        let mut event = String::new();
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
            if let Some(name) = line.strip_prefix("event: ") {
                event = name.trim().to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ").filter(|_| event == name) {
                return serde_json::from_str(data).unwrap();
            }
        }
    }
}

#[test]
fn two_listeners_see_the_same_and_a_new_one_sees_the_whole() {
    let origin = Origin::list(&["one"]);
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1h"]);
    freshen.until("served", |state| state["served"].is_object());
    let mut listeners = [Listener::new(&freshen), Listener::new(&freshen)];
    for listener in &mut listeners {
        assert_eq!(listener.next("list"), json!({"lines": ["one"], "more": 0}));
        let state = listener.next("state");
        assert!(state["served"].is_object() && state["served"].get("lines").is_none(), "{state}");
    }
    freshen.act("break");
    freshen.act("burst");
    origin.say(200, r#"["two"]"#);
    for listener in &mut listeners {
        let state =
            until("the burst is shown", || Some(listener.next("state")).filter(|state| state["burst"].is_object()));
        assert_eq!((&state["switches"]["broken"], &state["viewers"]), (&json!(true), &json!(2)));
    }
    freshen.act("bring-back");
    freshen.act("invalidate-hard");
    for listener in &mut listeners {
        assert_eq!(listener.next("list"), json!({"lines": ["two"], "more": 0}));
    }
    drop(listeners);
    freshen.until("nobody listens", |state| state["viewers"] == 0);
    assert_eq!(Listener::new(&freshen).next("list"), json!({"lines": ["two"], "more": 0}));
}

#[test]
fn viewing_makes_one_request_a_second_however_many_view_and_few_frames() {
    let origin = Origin::list(&["one"]);
    let freshen = Freshen::start(Some(&origin.url));
    let mut listeners: Vec<_> = (0..10).map(|_| Listener::new(&freshen)).collect();
    let first = listeners[0].next("state");
    let number = |state: &Value, path: &str| state.pointer(path).and_then(Value::as_f64).unwrap();
    let mut frames = 1.0;
    let mut last = first.clone();
    while number(&last, "/numbers/up_ms") < number(&first, "/numbers/up_ms") + 3000.0 {
        last = listeners[0].next("state");
        frames += 1.0;
    }
    let seconds = (number(&last, "/numbers/up_ms") - number(&first, "/numbers/up_ms")) / 1000.0;
    let gets = number(&last, "/numbers/waits/count") - number(&first, "/numbers/waits/count");
    assert!((1.0..=seconds + 1.0).contains(&gets), "{gets} requests in {seconds} s");
    assert!((2.0..=seconds * 5.0 + 2.0).contains(&frames), "{frames} frames in {seconds} s");
}

#[test]
fn nobody_viewing_makes_no_request() {
    let origin = Origin::list(&["one"]);
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1s"]);
    drop(Listener::new(&freshen));
    let gets = |state: &Value| state["numbers"]["waits"]["count"].as_u64().unwrap();
    let left = freshen.until("nobody views", |state| state["viewers"] == 0);
    let up = |state: &Value| state["numbers"]["up_ms"].as_f64().unwrap();
    let mut looks = 0;
    let later = until("a while has passed", || {
        looks += 1;
        Some(freshen.state()).filter(|state| up(state) > up(&left) + 2500.0)
    });
    // A look of the viewer's last second may still be added.
    assert!(gets(&later) - gets(&left) <= looks + 1, "{} of {looks}", gets(&later) - gets(&left));
}

#[test]
fn the_hundred_and_first_viewer_is_told_so() {
    let origin = Origin::list(&["one"]);
    let freshen = Freshen::start(Some(&origin.url));
    let mut listeners: Vec<_> = (0..100).map(|_| Listener::new(&freshen)).collect();
    let mut stream = BufReader::new(freshen.connect("GET", "/events", &[]));
    let mut status = String::new();
    stream.read_line(&mut status).unwrap();
    assert!(status.contains("503"), "{status}");
    let mut refused = String::new();
    stream.read_to_string(&mut refused).unwrap();
    assert!(refused.contains("100 pages are open") && refused.contains("retry-after: "), "{refused}");
    listeners.pop();
    until("there is room again", || {
        let mut line = String::new();
        BufReader::new(freshen.connect("GET", "/events", &[])).read_line(&mut line).unwrap();
        line.contains("200").then_some(())
    });
}

#[test]
fn the_demo_ends_while_somebody_listens() {
    let origin = Origin::list(&["one"]);
    let mut freshen = Freshen::start(Some(&origin.url));
    let mut listener = Listener::new(&freshen);
    listener.next("state");
    freshen.signal(Signal::SIGTERM);
    assert_eq!(freshen.ended().code(), Some(0), "{}", freshen.said());
    assert!(!freshen.said().contains("still under way"), "{}", freshen.said());
    let mut rest = Vec::new();
    listener.0.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "the stream was cut off");
}
