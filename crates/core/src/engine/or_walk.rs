//! A future that is over at its first poll where there is a hit.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Gives what `hit` finds when it is first polled, or else what the walk gives.
///
/// Written by hand so that a hit's poll becomes part of its caller's code. A poll that is called hands the whole result over
/// through memory; on keys that are spread the next look-up then waits for this one's cache lines.
#[inline]
pub(crate) fn or_walk<T, W: Future<Output = T>>(
    hit: impl FnOnce() -> Option<T>,
    walk: impl FnOnce() -> W,
) -> impl Future<Output = T> {
    let mut start = Some((hit, walk));
    let mut walking = None;
    poll_fn(move |context| {
        if let Some((hit, walk)) = start.take() {
            match hit() {
                Some(found) => return Poll::Ready(found),
                None => begin(&mut walking, walk),
            }
        }
        go_on(&mut walking, context)
    })
}

/// Boxed, so that the future of a hit stays small.
#[cold]
#[inline(never)]
fn begin<W: Future>(walking: &mut Option<Pin<Box<W>>>, walk: impl FnOnce() -> W) {
    *walking = Some(Box::pin(walk()));
}

/// Whoever polls after a hit was given asks what has no answer any more.
#[cold]
#[inline(never)]
fn go_on<W: Future>(walking: &mut Option<Pin<Box<W>>>, context: &mut Context<'_>) -> Poll<W::Output> {
    match walking {
        Some(walk) => walk.as_mut().poll(context),
        None => Poll::Pending,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_hit_begins_no_walk() {
        let mut future = pin!(or_walk(|| Some(1), || -> std::future::Ready<i32> { unreachable!() }));
        assert_eq!(poll(future.as_mut()), Poll::Ready(1));
        assert_eq!(poll(future), Poll::Pending);
    }

    #[test]
    fn without_a_hit_the_walk_is_gone_on_with_and_the_hit_not_asked_again() {
        let (mut asked, mut polls) = (0, 0);
        let walk = poll_fn(|_| {
            polls += 1;
            if polls == 2 { Poll::Ready(7) } else { Poll::Pending }
        });
        let hit = || {
            asked += 1;
            None
        };
        let mut future = Box::pin(or_walk(hit, || walk));
        assert_eq!(poll(future.as_mut()), Poll::Pending);
        assert_eq!(poll(future.as_mut()), Poll::Ready(7));
        drop(future);
        assert_eq!(asked, 1);
    }

    #[test]
    fn nothing_happens_before_the_first_poll() {
        drop(or_walk(|| -> Option<i32> { unreachable!() }, || -> std::future::Ready<i32> { unreachable!() }));
    }
}
