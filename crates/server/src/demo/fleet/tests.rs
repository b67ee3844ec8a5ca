#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use futures_util::future::select_all;

use super::*;
use crate::demo::order::REQUESTS_MAX;
use crate::demo::part::Part;
use crate::demo::process::Program;
use crate::demo::process::tests::common;

const LONG: Duration = Duration::from_secs(60);

/// Processes that run this instead.
fn troupe(script: &str) -> Troupe {
    let program = Program { path: "/bin/sh".into(), arguments: ["-c", script].map(Into::into).into() };
    Troupe { program, part: Part::of_nothing(), store: "redis://h".into(), common: common() }
}

#[tokio::test]
async fn a_fleet_whose_processes_do_not_begin_is_an_error_that_names_one() {
    let error = Fleet::start(troupe("exit 1")).await.unwrap_err().to_string();
    assert_eq!(error, "the demo's process web 1 has not begun: it ended (exit status: 1)");
}

#[tokio::test]
async fn beyond_the_bound_requests_are_refused_and_the_buttons_still_have_room() {
    let troupe = troupe(r#"echo '"Ready"'; exec sleep 600"#);
    let post = Post::start(Place::Web1, &troupe, false).unwrap();
    assert_eq!(post.begun(LONG).await, Phase::Alive);
    let fleet = Fleet::of(vec![post], Some(troupe));
    let asked: Vec<_> = (0..=REQUESTS_MAX).map(|_| Box::pin(fleet.get())).collect();
    let (refused, _, waiting) = select_all(asked).await;
    let Outcome::Refused(refused) = refused.outcome else { panic!("{refused:?}") };
    assert_eq!((&*refused.error, &*refused.reason), ("too-many", "too many requests are under way"));
    assert!(matches!(fleet.crowd(1).await, Err(NotUp::TooMany)));
    let moment = Duration::from_millis(50);
    // It is asked, and says nothing.
    assert_eq!(fleet.posts[0].order(Order::Freeze(true), moment).await.err(), Some(NoAnswer::Silent));
    assert_eq!(waiting.len(), REQUESTS_MAX);
}
