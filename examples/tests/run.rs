//! Each example prints what it says it shows.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[allow(dead_code)] // Its `main`.
#[path = "../01_cached_function.rs"]
mod cached_function;
#[allow(dead_code)]
#[path = "../02_invalidate.rs"]
mod invalidate;
#[allow(dead_code)]
#[path = "../03_many_and_warm_up.rs"]
mod many_and_warm_up;
#[allow(dead_code)]
#[path = "../04_job_by_hand.rs"]
mod job_by_hand;
#[allow(dead_code)]
#[path = "../05_read_jobs.rs"]
mod read_jobs;

#[tokio::test(start_paused = true)]
async fn a_cached_function_is_loaded_once_and_stays_callable() {
    let mut lines = Vec::new();
    cached_function::run(|line| lines.push(line)).await.unwrap();
    let expected = [
        "loaded: hello, ann, for the 1. time",
        "hit: hello, ann, for the 1. time",
        "called: hello, bob, for the 2. time",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test(start_paused = true)]
async fn soft_invalidation_serves_stale_and_hard_does_not() {
    let mut lines = Vec::new();
    invalidate::run(|line| lines.push(line)).await.unwrap();
    let expected = [
        "at first: product 7 costs 10 (loaded, missing)",
        "invalidated softly: product 7 costs 10 (stale, invalidated)",
        "a moment later: product 7 costs 12 (hit, fresh)",
        "invalidated hard: product 7 costs 15 (loaded, invalidated-hard)",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_of_many_is_loaded_together() {
    let mut lines = Vec::new();
    many_and_warm_up::run(|line| lines.push(line)).await.unwrap();
    let expected = [
        "asked for 2 refreshes",
        "1: hit, computed with 0 others",
        "4: hit, computed with 0 others",
        "9: loaded, computed with 2 others",
        "16: loaded, computed with 2 others",
        "25: loaded, computed with 2 others",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test(start_paused = true)]
async fn a_job_written_by_hand_is_loaded_and_then_a_hit() {
    let mut lines = Vec::new();
    job_by_hand::run(|line| lines.push(line)).await.unwrap();
    assert_eq!(lines, ["loaded: hello, ann", "hit: hello, ann"]);
}

#[tokio::test]
async fn rows_are_read_once_until_their_table_is_written() {
    let mut lines = Vec::new();
    read_jobs::run(|line| lines.push(line)).await.unwrap();
    let expected = [
        r#"one row: Some((1, "tea", 3))"#,
        r#"of many: Some((1, "tea", 3)) (hit)"#,
        r#"of many: Some((2, "juice", 5)) (loaded)"#,
        "of many: None (loaded)",
        r#"many rows: [("juice",), ("tea",)]"#,
        r#"one row: Some((1, "tea", 9))"#,
        r#"of many: Some((1, "tea", 9)) (hit)"#,
        r#"of many: Some((2, "juice", 5)) (loaded)"#,
        "of many: None (loaded)",
        r#"many rows: [("tea",), ("juice",)]"#,
    ];
    assert_eq!(lines, expected);
}
