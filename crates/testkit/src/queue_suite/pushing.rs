//! What a queue takes, and whole.

use std::time::Duration;

use freshen_core::queue::{NewTask, Priority, Pushed, TASK_FORMAT};

use super::fixture::{Fixture, key, name, task};

pub(super) async fn a_task_arrives_as_it_was_pushed(fixture: &Fixture) {
    fixture.push(&[NewTask { priority: Priority::High, ..task("a") }, task("b")]).await;
    let arrived = fixture.pull_one().await.task;
    assert_eq!(&*arrived.key, key("a").as_bytes());
    assert_eq!((arrived.format, arrived.priority, arrived.attempts), (TASK_FORMAT, Priority::High, 0));
    assert_eq!(name(&fixture.pull_one().await.task), "b");
}

pub(super) async fn a_push_is_taken_whole_or_not_at_all(fixture: &Fixture) {
    let Some(bound) = fixture.bound else { return };
    fixture.fill(bound - 1).await;
    assert_eq!(fixture.push_named(&["fits", "does not"]).await, Pushed::Full);
    assert!(!fixture.pull_names().await.contains(&"fits".to_owned()), "half of a refused push was taken");
}

pub(super) async fn a_push_beyond_the_bound_is_full_and_changes_nothing(fixture: &Fixture) {
    let Some(bound) = fixture.bound else { return };
    fixture.fill(bound).await;
    assert_eq!(fixture.push_named(&["ready"]).await, Pushed::Full);
    assert_eq!(fixture.push(&[NewTask { delay: fixture.span, ..task("delayed") }]).await, Pushed::Full);
    fixture.wait(fixture.span).await;
    assert_eq!(fixture.pull_names().await.len(), bound);
    assert_eq!(fixture.push_named(&["there is room again"]).await, Pushed::Taken);
}

pub(super) async fn a_task_pushed_with_a_delay_is_not_pulled_before_it_is_due(fixture: &Fixture) {
    if !fixture.queue.traits().delays {
        return;
    }
    fixture.push(&[NewTask { delay: 2 * fixture.span, ..task("delayed") }]).await;
    assert!(fixture.pull(1).await.is_empty());
    fixture.wait(fixture.span).await;
    assert!(fixture.pull(1).await.is_empty());
}

pub(super) async fn a_task_pushed_with_a_delay_is_pulled_once_it_is_due(fixture: &Fixture) {
    fixture.push(&[NewTask { delay: fixture.span, ..task("delayed") }]).await;
    let batch = fixture.queue.pull(1, 2 * fixture.span).await.expect("pull answers");
    assert_eq!(batch.len(), 1, "one who waits gets the task when it is due");
}

pub(super) async fn tasks_of_a_durable_queue_outlive_its_process(fixture: &Fixture) {
    let reopened = fixture.reopened().await;
    let durable = fixture.queue.traits().durable;
    assert_eq!(durable, reopened.is_some(), "the fixture says how a durable queue is opened again, and only such");
    let Some(reopened) = reopened else { return };
    fixture.push_named(&["a"]).await;
    let batch = reopened.pull(1, Duration::ZERO).await.expect("pull answers");
    assert_eq!(batch.len(), 1);
}
