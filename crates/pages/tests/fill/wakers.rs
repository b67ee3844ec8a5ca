//! What is woken or dropped while a body's lock is held would wait for it for ever, where it looks at the body itself.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use freshen_pages::{Filling, Joining, Reader};
use http_body::Body;

use super::{SEWN_BYTES, filling, join, next, now, piece};

/// Looks at the body when it is woken, and when it is dropped.
struct Nosy(Mutex<Joining>);

impl Nosy {
    fn look(&self) {
        drop(self.0.lock().unwrap().reader());
    }

    fn waker(joining: &Joining) -> Waker {
        Waker::from(Arc::new(Nosy(Mutex::new(joining.clone()))))
    }
}

impl Wake for Nosy {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.look();
    }
}

impl AsRef<[u8]> for Nosy {
    fn as_ref(&self) -> &[u8] {
        &[0; SEWN_BYTES]
    }
}

/// Fails where that does not come to its end, as when a lock is waited for.
fn ends(act: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        act();
        tell.send(()).unwrap();
    });
    told.recv_timeout(Duration::from_secs(60)).unwrap();
}

fn waits(reader: &mut Reader, waker: Waker) {
    assert!(Pin::new(reader).poll_frame(&mut Context::from_waker(&waker)).is_pending());
}

fn waits_for_room(filling: &mut Filling, waker: Waker) {
    assert!(pin!(filling.push(Bytes::new())).poll(&mut Context::from_waker(&waker)).is_pending());
}

/// A body that is not kept, with one who fills it and waits for room.
fn full() -> (Filling, Reader) {
    let (mut filling, reader) = filling(0, 0, None);
    let nosy = Nosy::waker(&filling.joining().unwrap());
    drop(filling.push(piece(b'a', SEWN_BYTES)));
    waits_for_room(&mut filling, nosy);
    (filling, reader)
}

/// Counts how often it is woken.
#[derive(Default)]
struct Counted(AtomicUsize);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn who_waits_is_woken_by_the_waker_that_came_last_and_by_no_other() {
    let (mut filling, mut reader) = filling(0, 0, None);
    let wakers = [(); 4].map(|()| Arc::new(Counted::default()));
    waits(&mut reader, wakers[0].clone().into());
    waits(&mut reader, wakers[1].clone().into());
    drop(filling.push(piece(b'a', 1)));
    waits_for_room(&mut filling, wakers[2].clone().into());
    waits_for_room(&mut filling, wakers[3].clone().into());
    next(&mut reader);
    assert_eq!(wakers.map(|waker| waker.0.load(Ordering::SeqCst)), [0, 1, 0, 1]);
}

#[test]
fn a_reader_who_waits_leaves_without_the_lock() {
    ends(|| {
        let (filling, mut reader) = filling(100, 100, None);
        waits(&mut reader, Nosy::waker(&filling.joining().unwrap()));
        drop(reader);
    });
}

#[test]
fn a_reader_who_waits_with_another_waker_drops_the_first_without_the_lock() {
    ends(|| {
        let (filling, mut reader) = filling(100, 100, None);
        waits(&mut reader, Nosy::waker(&filling.joining().unwrap()));
        waits(&mut reader, Waker::noop().clone());
    });
}

#[test]
fn readers_are_woken_by_pieces_and_by_the_end_without_the_lock() {
    ends(|| {
        let (mut filling, mut reader) = filling(100, 100, None);
        waits(&mut reader, Nosy::waker(&filling.joining().unwrap()));
        drop(filling.push(piece(b'a', 1)));
        next(&mut reader);
        waits(&mut reader, Nosy::waker(&filling.joining().unwrap()));
        filling.finish(None);
    });
}

#[test]
fn a_filler_who_waits_with_another_waker_drops_the_first_without_the_lock() {
    ends(|| {
        let (mut filling, _reader) = full();
        waits_for_room(&mut filling, Waker::noop().clone());
    });
}

#[test]
fn a_filler_is_woken_by_a_reader_who_goes_on_or_leaves_without_the_lock() {
    ends(|| {
        let (_filling, mut reader) = full();
        next(&mut reader);
        let (_filling, reader) = full();
        drop(reader);
    });
}

#[test]
fn a_filler_who_gives_up_leaves_no_waker_behind_and_drops_it_without_the_lock() {
    let (mut filling, _reader) = filling(0, 0, None);
    let joining = filling.joining().unwrap();
    drop(filling.push(piece(b'a', 1)));
    let nosy = Arc::new(Nosy(Mutex::new(joining)));
    waits_for_room(&mut filling, Waker::from(nosy.clone()));
    assert_eq!(Arc::strong_count(&nosy), 2);
    drop(filling);
    assert_eq!(Arc::strong_count(&nosy), 1);
    ends(|| drop(full().0));
}

#[test]
fn pieces_that_others_take_the_place_of_or_that_come_too_late_are_freed_without_the_lock() {
    ends(|| {
        let (mut filling, _reader) = filling(1 << 20, 0, Some(1));
        let nosy = Nosy(Mutex::new(filling.joining().unwrap()));
        drop(filling.push(Bytes::from_owner(nosy)));
    });
    ends(|| {
        let (mut filling, _reader) = filling(1 << 20, 0, None);
        let nosy = Nosy(Mutex::new(filling.joining().unwrap()));
        drop(filling.push(Bytes::from_owner(nosy)));
        let mut filled = filling.finish(None).unwrap();
        filled.pieces.clear();
        filled.stored_as(vec![piece(b'a', SEWN_BYTES)]);
    });
}

#[test]
fn pieces_are_freed_without_the_lock() {
    ends(|| {
        let (mut filling, mut reader) = filling(0, 0, None);
        let mut other = join(&filling);
        let joining = filling.joining().unwrap();
        let nosy = || Bytes::from_owner(Nosy(Mutex::new(joining.clone())));
        drop(filling.push(nosy()));
        drop(filling.push(nosy().slice(..1)));
        drop(filling.push(nosy().slice(..1)));
        assert_eq!((next(&mut reader), next(&mut other), next(&mut reader)), (SEWN_BYTES, SEWN_BYTES, 2));
        assert!(now(filling.push(Bytes::new())).is_ready());
    });
}
