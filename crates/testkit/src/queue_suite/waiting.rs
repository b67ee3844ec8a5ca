//! A look at what waits.

use freshen_core::queue::NewTask;

use super::fixture::{Fixture, name, task};

async fn waiting(fixture: &Fixture, most: usize) -> Vec<String> {
    fixture.queue.waiting(most).await.expect("waiting answers").iter().map(name).collect()
}

pub(super) async fn waiting_shows_what_is_ready_and_then_what_is_delayed(fixture: &Fixture) {
    assert!(waiting(fixture, 10).await.is_empty());
    fixture.set_aside("aside", "broken").await;
    fixture.push_named(&["held"]).await;
    fixture.pull_one().await;
    fixture.push(&[NewTask { delay: 10 * fixture.span, ..task("delayed") }, task("a"), task("b")]).await;
    let mut names = waiting(fixture, 10).await;
    if fixture.queue.traits().delays {
        assert_eq!(names.last().map(String::as_str), Some("delayed"));
    }
    names.sort();
    assert_eq!(names, ["a", "b", "delayed"]);
}

pub(super) async fn waiting_shows_at_most_as_many_as_asked(fixture: &Fixture) {
    fixture.push(&[NewTask { delay: 10 * fixture.span, ..task("delayed") }, task("a"), task("b")]).await;
    for most in 0..=3 {
        assert_eq!(waiting(fixture, most).await.len(), most);
    }
}

pub(super) async fn waiting_takes_no_task(fixture: &Fixture) {
    fixture.push_named(&["a", "b"]).await;
    assert_eq!(waiting(fixture, 10).await.len(), 2);
    assert_eq!(waiting(fixture, 10).await.len(), 2);
    let mut names = fixture.pull_names().await;
    names.sort();
    assert_eq!(names, ["a", "b"]);
}
