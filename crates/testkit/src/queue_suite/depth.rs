//! What a queue tells about itself.

use freshen_core::queue::{Depth, NewTask, Priority};

use super::fixture::{Fixture, task};

async fn depth(fixture: &Fixture) -> Depth {
    fixture.queue.depth().await.expect("depth answers")
}

pub(super) async fn depth_counts_ready_delayed_held_and_quarantined_tasks(fixture: &Fixture) {
    fixture.set_aside("aside", "broken").await;
    fixture.push_named(&["held"]).await;
    fixture.pull_one().await;
    let delayed = |name| NewTask { delay: 10 * fixture.span, ..task(name) };
    fixture.push(&[task("a"), task("b"), delayed("c")]).await;
    let Depth { ready, delayed, held, quarantined, .. } = depth(fixture).await;
    let delays = usize::from(fixture.queue.traits().delays);
    assert_eq!((ready, delayed, held, quarantined), (3 - delays, delays, 1, 1));
}

pub(super) async fn depth_tells_the_age_of_the_oldest_that_waits(fixture: &Fixture) {
    assert_eq!(depth(fixture).await.oldest, None);
    fixture.push(&[NewTask { priority: Priority::Low, ..task("old") }]).await;
    fixture.wait(2 * fixture.span).await;
    fixture.push(&[NewTask { priority: Priority::High, ..task("young") }]).await;
    let oldest = depth(fixture).await.oldest.expect("two wait");
    // The queue's clock may lag behind the one that the fixture waits by, but not by a whole span.
    assert!(oldest >= fixture.span && oldest < 10 * fixture.span, "{oldest:?}");
    fixture.pull(2).await;
    assert_eq!(depth(fixture).await.oldest, None);
}
