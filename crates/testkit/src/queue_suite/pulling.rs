//! What a pull gives, in which order, and for how long.

use std::collections::HashSet;
use std::time::Duration;

use freshen_core::queue::{NewTask, Priority};

use super::fixture::{Fixture, names, task};

pub(super) async fn a_pull_waits_for_a_first_task_and_takes_what_is_there(fixture: &Fixture) {
    let began = tokio::time::Instant::now();
    let later = async {
        fixture.wait(fixture.span).await;
        fixture.push_named(&["a", "b"]).await;
    };
    let (batch, ()) = tokio::join!(fixture.queue.pull(10, 10 * fixture.span), later);
    let mut pulled = names(&batch.expect("pull answers"));
    pulled.sort();
    assert_eq!(pulled, ["a", "b"]);
    assert!(began.elapsed() < 10 * fixture.span, "it waited for more than a first task");
}

pub(super) async fn a_pull_takes_at_most_as_many_as_asked(fixture: &Fixture) {
    fixture.push_named(&["a", "b", "c"]).await;
    assert_eq!(fixture.pull(2).await.len(), 2);
    assert_eq!(fixture.pull(2).await.len(), 1);
}

pub(super) async fn a_pull_answers_an_empty_batch_when_the_wait_is_over(fixture: &Fixture) {
    let began = tokio::time::Instant::now();
    let batch = fixture.queue.pull(1, fixture.span).await.expect("an empty queue is no error");
    assert!(batch.is_empty());
    let waited = began.elapsed();
    assert!(waited >= fixture.span && waited < 10 * fixture.span, "{waited:?}");
}

pub(super) async fn a_higher_priority_is_pulled_first(fixture: &Fixture) {
    let mut rising =
        [("idle", Priority::Idle), ("low", Priority::Low), ("normal", Priority::Normal), ("high", Priority::High)];
    for (name, priority) in rising {
        fixture.push(&[NewTask { priority, ..task(name) }]).await;
    }
    rising.reverse();
    for (name, _) in rising {
        assert_eq!(names(&[fixture.pull_one().await]), [name]);
    }
}

pub(super) async fn within_one_priority_the_earlier_is_pulled_first(fixture: &Fixture) {
    if !fixture.queue.traits().ordered {
        return;
    }
    fixture.push_named(&["a", "b"]).await;
    fixture.push_named(&["c"]).await;
    assert_eq!(names(&fixture.pull(3).await), ["a", "b", "c"]);
}

pub(super) async fn a_pulled_task_is_not_pulled_again_while_it_is_held(fixture: &Fixture) {
    fixture.push_named(&["a"]).await;
    fixture.pull_one().await;
    assert!(fixture.pull(1).await.is_empty());
    fixture.wait(fixture.queue.traits().visibility / 2).await;
    assert!(fixture.pull(1).await.is_empty());
}

pub(super) async fn pullers_at_the_same_time_share_the_tasks(fixture: &Fixture) {
    fixture.fill(4).await;
    let pull = || fixture.queue.pull(2, fixture.span);
    let (first, second, third) = tokio::join!(pull(), pull(), pull());
    let pulled: Vec<String> =
        [first, second, third].into_iter().flat_map(|batch| names(&batch.expect("pull answers"))).collect();
    let different: HashSet<&String> = pulled.iter().collect();
    assert_eq!((pulled.len(), different.len()), (4, 4), "{pulled:?}");
}

pub(super) async fn a_task_not_settled_within_the_visibility_is_pulled_again(fixture: &Fixture) {
    fixture.push_named(&["a"]).await;
    let first = fixture.pull_one().await;
    fixture.wait_out_visibility().await;
    let second = fixture.pull_one().await;
    assert_eq!(names(&[first]), names(&[second]));
}

pub(super) async fn a_task_not_settled_within_the_visibility_has_one_more_counted(fixture: &Fixture) {
    fixture.push_named(&["a"]).await;
    for unsettled in 0..3 {
        assert_eq!(fixture.pull_one().await.task.unsettled, unsettled);
        fixture.wait_out_visibility().await;
    }
}

/// The first leaves while it waits; the second at the very moment at which a task came in for it.
pub(super) async fn a_puller_who_leaves_takes_no_task_with_it(fixture: &Fixture) {
    let pull = || fixture.queue.pull(1, 10 * fixture.span);
    assert!(tokio::time::timeout(fixture.span, pull()).await.is_err());
    tokio::select! {
        biased;
        () = async {
            fixture.wait(fixture.span).await;
            fixture.push_named(&["a"]).await;
        } => {}
        _ = pull() => panic!("there was nothing to pull yet"),
    }
    let batch = fixture.queue.pull(1, fixture.span).await.expect("pull answers");
    assert_eq!((names(&batch), batch[0].task.unsettled), (vec!["a".to_owned()], 0));
    assert_eq!(fixture.queue.pull(1, Duration::ZERO).await.expect("pull answers").len(), 0);
}
