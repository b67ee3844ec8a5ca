#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use futures_util::FutureExt;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::*;

fn frame(list_number: u64, state: &str) -> Frame {
    let list = format!("list {list_number};");
    Frame { list: list.into(), list_number, state: format!("state {state};").into() }
}

type Events = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, Infallible>>>>;

/// Enters and takes the greeting.
async fn watch(live: &Arc<Live>) -> Events {
    let mut events: Events = Box::pin(live.enter().unwrap().events());
    assert_eq!(next(&mut events).await, "retry: 1000\n\n");
    events
}

async fn next(events: &mut Events) -> String {
    String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_viewer_is_sent_the_whole_first_and_then_only_what_changed() {
    let live = Arc::new(Live::new());
    live.show(frame(1, "from long ago"));
    let mut events = watch(&live).await;
    assert!(events.next().now_or_never().is_none(), "what is from long ago is sent");
    live.show(frame(1, "a"));
    assert_eq!(next(&mut events).await, "list 1;state a;");
    live.show(frame(1, "b"));
    assert_eq!(next(&mut events).await, "state b;");
    live.show(frame(2, "c"));
    assert_eq!(next(&mut events).await, "list 2;state c;");
    drop(events);
    let mut again = watch(&live).await;
    live.show(frame(2, "d"));
    assert_eq!(next(&mut again).await, "list 2;state d;");
}

#[tokio::test]
async fn two_viewers_are_sent_the_same() {
    let live = Arc::new(Live::new());
    let (mut one, mut other) = (watch(&live).await, watch(&live).await);
    for state in ["a", "b"] {
        live.show(frame(1, state));
        assert_eq!(next(&mut one).await, next(&mut other).await);
    }
}

#[tokio::test]
async fn a_viewer_who_was_slow_is_sent_the_newest_only() {
    let live = Arc::new(Live::new());
    let mut events = watch(&live).await;
    for number in 0..10_000 {
        live.show(frame(1, &number.to_string()));
    }
    assert_eq!(next(&mut events).await, "list 1;state 9999;");
    live.show(frame(1, "then"));
    assert_eq!(next(&mut events).await, "state then;");
}

#[tokio::test]
async fn beyond_the_bound_nobody_enters_until_somebody_leaves() {
    let live = Arc::new(Live::new());
    let mut viewers: Vec<_> = (0..VIEWERS_MAX).map(|_| live.enter().unwrap()).collect();
    assert_eq!((live.viewers(), live.enter().is_none()), (VIEWERS_MAX, true));
    viewers.pop();
    assert!(live.enter().is_some());
    drop(viewers);
    assert_eq!(live.viewers(), 0);
}

/// A frame's bytes that count themselves while anybody holds them.
struct Counted(Vec<u8>, Arc<AtomicUsize>);

impl Counted {
    fn frame(number: u64, alive: &Arc<AtomicUsize>) -> Frame {
        alive.fetch_add(1, Ordering::SeqCst);
        let state = Bytes::from_owner(Counted(vec![b'x'; 64 << 10], alive.clone()));
        Frame { list: Bytes::new(), list_number: number, state }
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_listener_that_never_reads_keeps_few_frames_however_many_are_shown() {
    let live = Arc::new(Live::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shown = live.clone();
    let events = get(move || async move { Body::from_stream(shown.enter().unwrap().events()) });
    let server = tokio::spawn(async move { axum::serve(listener, Router::new().route("/", events)).await });
    let mut deaf = TcpStream::connect(address).await.unwrap();
    deaf.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    live.watched().await;
    let (alive, mut most) = (Arc::new(AtomicUsize::new(0)), 0);
    for _ in 0..5000 {
        live.show(Counted::frame(1, &alive));
        // The server writes as much as the connection takes.
        tokio::task::yield_now().await;
        most = most.max(alive.load(Ordering::SeqCst));
    }
    assert!(most < 50, "{most} frames of 5000 are kept");
    server.abort();
}
