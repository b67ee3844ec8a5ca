//! Bodies that are read while they come.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use freshen_pages::{Broken, Filled, Pushed, Reader, fill};
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use http_body_util::BodyExt;
use proptest::prelude::*;

const KIB: usize = 1 << 10;

fn piece(byte: u8, bytes: usize) -> Bytes {
    vec![byte; bytes].into()
}

/// The next piece, which is there.
async fn next(reader: &mut Reader) -> Bytes {
    reader.frame().await.unwrap().unwrap().into_data().unwrap()
}

/// What a reader gets to the end: how many bytes, and how it ends.
async fn rest(reader: &mut Reader) -> (usize, Result<Option<HeaderMap>, Broken>) {
    let mut bytes = 0;
    loop {
        match reader.frame().await {
            None => return (bytes, Ok(None)),
            Some(Err(broken)) => return (bytes, Err(broken)),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => bytes += data.len(),
                Err(frame) => return (bytes, Ok(frame.into_trailers().ok())),
            },
        }
    }
}

fn is_pending(future: impl Future) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

#[tokio::test]
async fn who_asks_while_a_body_comes_reads_along_from_its_beginning() {
    let mut filling = fill(KIB as u64, None);
    let mut early = filling.reader().unwrap();
    assert!(is_pending(early.frame()), "nothing has come");
    assert_eq!(filling.push(piece(b'a', 10)).await, Pushed::Kept);
    assert_eq!(next(&mut early).await, piece(b'a', 10));
    assert_eq!(filling.push(piece(b'b', 10)).await, Pushed::Kept);
    let mut late = filling.joining().reader().unwrap();
    assert_eq!(next(&mut late).await, piece(b'a', 10));
    assert_eq!(next(&mut late).await, piece(b'b', 10));
    assert!(is_pending(late.frame()));
    let joining = filling.joining();
    let filled = filling.finish(None).unwrap();
    assert_eq!(filled, Filled { pieces: vec![piece(b'a', 10), piece(b'b', 10)], trailers: None });
    assert!(late.is_end_stream() && !early.is_end_stream());
    assert!(matches!(rest(&mut early).await, (10, Ok(None))));
    assert!(matches!(rest(&mut late).await, (0, Ok(None))));
    assert!(matches!(rest(&mut joining.reader().unwrap()).await, (20, Ok(None))), "after its end too");
}

#[tokio::test]
async fn a_reader_who_waits_is_woken_by_what_comes() {
    let mut filling = fill(KIB as u64, None);
    let mut reader = filling.reader().unwrap();
    let waiting = tokio::spawn(async move { rest(&mut reader).await.0 });
    tokio::task::yield_now().await;
    filling.push(piece(b'a', 7)).await;
    tokio::task::yield_now().await;
    filling.finish(None);
    assert_eq!(waiting.await.unwrap(), 7);
}

#[tokio::test]
async fn nobody_waits_for_a_slow_reader_of_what_is_kept() {
    let mut filling = fill(KIB as u64, None);
    let (_slow, mut quick) = (filling.reader().unwrap(), filling.reader().unwrap());
    for _ in 0..16 {
        assert_eq!(filling.push(piece(b'a', 64)).await, Pushed::Kept);
    }
    filling.finish(None);
    assert!(matches!(rest(&mut quick).await, (1024, Ok(None))));
}

#[tokio::test]
async fn trailers_come_last_to_everybody() {
    let trailers = HeaderMap::from_iter([("digest".parse().unwrap(), HeaderValue::from_static("x"))]);
    let mut filling = fill(KIB as u64, None);
    let mut readers = [filling.reader().unwrap(), filling.reader().unwrap()];
    filling.push(piece(b'a', 1)).await;
    assert_eq!(filling.finish(Some(trailers.clone())).unwrap().trailers, Some(trailers.clone()));
    for reader in &mut readers {
        assert!(!reader.is_end_stream());
        let (bytes, end) = rest(reader).await;
        assert_eq!((bytes, end.unwrap()), (1, Some(trailers.clone())));
        assert!(reader.frame().await.is_none() && reader.is_end_stream());
    }
}

#[tokio::test]
async fn what_breaks_off_breaks_off_for_everybody_and_never_looks_whole() {
    let mut filling = fill(KIB as u64, None);
    let mut reader = filling.reader().unwrap();
    filling.push(piece(b'a', 3)).await;
    filling.fail(Arc::new(std::io::Error::other("reset")));
    let (bytes, end) = rest(&mut reader).await;
    assert_eq!(bytes, 3);
    assert_eq!(end.unwrap_err().to_string(), "the origin broke the body off: reset");
    let filling = fill(KIB as u64, None);
    let mut reader = filling.reader().unwrap();
    drop(filling);
    assert!(!reader.is_end_stream());
    assert!(matches!(rest(&mut reader).await, (0, Err(Broken::Abandoned))));
}

#[tokio::test]
async fn what_is_left_of_a_length_that_was_said_is_told() {
    let mut filling = fill(KIB as u64, Some(30));
    let mut reader = filling.reader().unwrap();
    assert_eq!(reader.size_hint().exact(), Some(30));
    filling.push(piece(b'a', 10)).await;
    next(&mut reader).await;
    assert_eq!(reader.size_hint().exact(), Some(20));
    assert_eq!(fill(1, None).reader().unwrap().size_hint().exact(), None);
}

#[tokio::test]
async fn a_body_over_its_bound_is_kept_no_more_and_nobody_joins_it() {
    let mut filling = fill(100, None);
    let mut reader = filling.reader().unwrap();
    assert_eq!(filling.push(piece(b'a', 60)).await, Pushed::Kept);
    next(&mut reader).await;
    assert_eq!(filling.push(piece(b'b', 60)).await, Pushed::Passed);
    assert!(filling.reader().is_none() && filling.joining().reader().is_none());
    next(&mut reader).await;
    assert_eq!(filling.finish(None), None);
    assert!(matches!(rest(&mut reader).await, (0, Ok(None))));
}

#[tokio::test]
async fn over_the_bound_the_origin_is_read_as_fast_as_the_only_reader_reads() {
    let mut filling = fill(100, None);
    let mut reader = filling.reader().unwrap();
    filling.push(piece(b'a', 60)).await;
    assert!(is_pending(filling.push(piece(b'b', 60))), "the reader has read nothing yet");
    next(&mut reader).await;
    assert_eq!(filling.push(Bytes::new()).await, Pushed::Passed, "what he has read makes room");
}

#[tokio::test]
async fn over_the_bound_the_quickest_reader_leads_and_who_falls_behind_is_cut_off() {
    let mut filling = fill(100, None);
    let (mut slow, mut quick) = (filling.reader().unwrap(), filling.reader().unwrap());
    let filled = async {
        for _ in 0..4 {
            filling.push(piece(b'a', 60)).await;
        }
        filling.finish(None)
    };
    let (filled, read) = tokio::join!(filled, rest(&mut quick));
    assert_eq!(filled, None);
    assert!(matches!(read, (240, Ok(None))));
    assert!(matches!(rest(&mut slow).await, (0, Err(Broken::FellBehind))));
}

#[tokio::test]
async fn over_the_bound_and_without_readers_the_rest_is_unwanted() {
    let mut filling = fill(100, None);
    let reader = filling.reader().unwrap();
    filling.push(piece(b'a', 90)).await;
    drop(reader);
    assert_eq!(filling.push(piece(b'a', 5)).await, Pushed::Kept, "within the bound it comes for the store");
    assert_eq!(filling.push(piece(b'a', 90)).await, Pushed::Unwanted);
}

#[tokio::test]
async fn a_filler_who_waits_is_woken_when_its_last_reader_leaves() {
    let mut filling = fill(10, None);
    let reader = filling.reader().unwrap();
    let waiting = tokio::spawn(async move { filling.push(piece(b'a', 20)).await });
    tokio::task::yield_now().await;
    drop(reader);
    assert_eq!(waiting.await.unwrap(), Pushed::Unwanted);
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Push(usize),
    Join,
    Read(usize),
    Leave(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0_usize..80).prop_map(Act::Push),
        1 => Just(Act::Join),
        6 => (0_usize..4).prop_map(Act::Read),
        1 => (0_usize..4).prop_map(Act::Leave),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// Whatever the schedule: a reader gets the bytes of the body in their order from the first on, and never its end unless he
    /// had all of them.
    #[test]
    fn each_reader_reads_the_body_from_its_beginning_or_is_told_that_he_does_not(acts in proptest::collection::vec(act(), 0..120)) {
        let mut context = Context::from_waker(Waker::noop());
        let mut filling = fill(200, None);
        let mut sent: Vec<u8> = Vec::new();
        let mut readers: Vec<Option<(Reader, Vec<u8>)>> = Vec::new();
        let mut full = false;
        for act in acts {
            match act {
                // Who fills waits until his piece had room; cancelled, it is added all the same.
                Act::Push(bytes) if !full => {
                    let content: Vec<u8> = (0..bytes).map(|at| ((sent.len() + at) % 251) as u8).collect();
                    sent.extend(&content);
                    full = pin!(filling.push(content.into())).poll(&mut context).is_pending();
                }
                Act::Push(_) => full = pin!(filling.push(Bytes::new())).poll(&mut context).is_pending(),
                Act::Join => readers.extend(filling.reader().map(|reader| Some((reader, Vec::new())))),
                Act::Read(at) => {
                    let Some(place) = readers.get_mut(at) else { continue };
                    let Some((reader, read)) = place else { continue };
                    match pin!(reader.frame()).poll(&mut context) {
                        Poll::Ready(Some(Ok(frame))) => read.extend(&frame.into_data().unwrap()),
                        Poll::Ready(Some(Err(Broken::FellBehind))) => *place = None,
                        Poll::Ready(other) => prop_assert!(false, "it has not ended: {other:?}"),
                        Poll::Pending => prop_assert_eq!(&*read, &sent, "he has all that came"),
                    }
                    if let Some((_, read)) = place {
                        prop_assert_eq!(&sent[..read.len()], &read[..]);
                    }
                }
                Act::Leave(at) => {
                    if let Some(reader) = readers.get_mut(at) {
                        *reader = None;
                    }
                }
            }
        }
        let kept = filling.finish(None);
        prop_assert!(kept.is_some() == (sent.len() <= 200));
        if let Some(kept) = kept {
            prop_assert_eq!(kept.pieces.concat(), sent.clone());
        }
        for (mut reader, mut read) in readers.into_iter().flatten() {
            loop {
                match pin!(reader.frame()).poll(&mut context) {
                    Poll::Pending => prop_assert!(false, "it has ended"),
                    Poll::Ready(None) => {
                        prop_assert_eq!(&read, &sent);
                        break;
                    }
                    Poll::Ready(Some(Err(broken))) => {
                        prop_assert!(matches!(broken, Broken::FellBehind));
                        break;
                    }
                    Poll::Ready(Some(Ok(frame))) => read.extend(&frame.into_data().unwrap()),
                }
            }
        }
    }
}
