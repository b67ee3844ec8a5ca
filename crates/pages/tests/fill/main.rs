//! Bodies that are read while they come.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod kept;
mod lengths;
mod passing;
mod budget;
mod memory;
mod wakers;
mod schedules;
mod threads;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use freshen_pages::{Bounds, Broken, Budget, Filling, Joining, Reader, fill};
use http::HeaderMap;
use http_body_util::BodyExt;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Small pieces are sewn together up to so many bytes, so pieces that are to stay what they are have more than half of that.
const SEWN_BYTES: usize = 4 << 10;

/// A body that is kept up to so many bytes, with a budget that is never used up.
fn filling(bytes_most: usize, window_bytes: usize, length: Option<u64>) -> (Filling, Reader) {
    fill(bounds(bytes_most, window_bytes), &Budget::new(1 << 30), length)
}

fn bounds(bytes_most: usize, window_bytes: usize) -> Bounds {
    Bounds { bytes_most: bytes_most as u64, window_bytes: window_bytes as u64, ..Bounds::default() }
}

fn join(filling: &Filling) -> Reader {
    filling.joining().unwrap().reader().unwrap()
}

fn can_join(joining: &Joining) -> bool {
    joining.reader().is_some()
}

fn piece(byte: u8, bytes: usize) -> Bytes {
    vec![byte; bytes].into()
}

/// What a future answers now.
fn now<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What a task answers that nothing keeps from its end: the time is paused, so one that is not woken fails at once.
async fn done<T>(task: JoinHandle<T>) -> T {
    timeout(Duration::from_secs(1), task).await.expect("it is woken").unwrap()
}

/// The length of the next piece, which is there.
fn next(reader: &mut Reader) -> usize {
    match now(reader.frame()) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap().len(),
        other => panic!("there is no piece: {other:?}"),
    }
}

/// What a reader gets until there is an end, or no more: how many bytes, and how it ends.
fn rest(reader: &mut Reader) -> (usize, Option<Result<Option<HeaderMap>, Broken>>) {
    let mut bytes = 0;
    loop {
        match now(reader.frame()) {
            Poll::Pending => return (bytes, None),
            Poll::Ready(None) => return (bytes, Some(Ok(None))),
            Poll::Ready(Some(Err(broken))) => return (bytes, Some(Err(broken))),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => {
                    assert!(!data.is_empty(), "no piece is empty");
                    bytes += data.len();
                }
                Err(frame) => return (bytes, Some(Ok(frame.into_trailers().ok()))),
            },
        }
    }
}
