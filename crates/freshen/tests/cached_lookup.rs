//! Arguments that are taken by reference: kept owned in the job, looked up borrowed, without an allocation.
#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use common::{Stage, stage};
use equivalent::Equivalent;
use freshen::{Job, Lookup, Status, cached};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Filter {
    word: String,
    most: u32,
}

#[cached(ttl = "1h")]
#[allow(clippy::too_many_arguments)]
async fn found(
    text: &str,
    list: &[u16],
    filter: &Filter,
    path: &Path,
    maybe: Option<&str>,
    maybe_list: Option<&[Filter]>,
    maybe_filter: Option<&Filter>,
    whole: Vec<String>,
    number: i64,
) -> String {
    format!("{text}{list:?}{filter:?}{path:?}{maybe:?}{maybe_list:?}{maybe_filter:?}{whole:?}{number}")
}

fn filter() -> impl Strategy<Value = Filter> {
    ("[ab]{0,2}", 0..2u32).prop_map(|(word, most)| Filter { word, most })
}

prop_compose! {
    fn job()(
        (text, list, filter_, path) in ("[ab]{0,2}", prop::collection::vec(0..3u16, 0..3), filter(), "[ab/]{0,3}"),
        maybe in prop::option::of("[ab]{0,1}"),
        maybe_list in prop::option::of(prop::collection::vec(filter(), 0..2)),
        maybe_filter in prop::option::of(filter()),
        whole in prop::collection::vec("[ab]{0,1}", 0..2),
        number in -1..2i64,
    ) -> Found {
        Found { text, list, filter: filter_, path: path.into(), maybe, maybe_list, maybe_filter, whole, number }
    }
}

fn lookup(job: &Found) -> FoundOf<'_> {
    Found::of(
        &job.text,
        &job.list,
        &job.filter,
        &job.path,
        job.maybe.as_deref(),
        job.maybe_list.as_deref(),
        job.maybe_filter.as_ref(),
        job.whole.clone(),
        job.number,
    )
}

proptest! {
    #[test]
    fn a_borrowed_lookup_hashes_and_compares_as_its_job(one in job(), other in job()) {
        let hasher = RandomState::new();
        prop_assert_eq!(hasher.hash_one(lookup(&one)), hasher.hash_one(&one));
        prop_assert!(lookup(&one).equivalent(&one));
        prop_assert_eq!(lookup(&one).to_job(), one.clone());
        prop_assert_eq!(lookup(&one).equivalent(&other), one == other);
    }

    /// Two jobs that differ in one field only.
    #[test]
    fn a_lookup_differs_wherever_its_job_does(one in job(), other in job(), field in 0..9usize) {
        let mut near = one.clone();
        match field {
            0 => near.text = other.text,
            1 => near.list = other.list,
            2 => near.filter = other.filter,
            3 => near.path = other.path,
            4 => near.maybe = other.maybe,
            5 => near.maybe_list = other.maybe_list,
            6 => near.maybe_filter = other.maybe_filter,
            7 => near.whole = other.whole,
            _ => near.number = other.number,
        }
        prop_assert_eq!(lookup(&one).equivalent(&near), one == near);
        prop_assert_eq!(lookup(&near).equivalent(&one), one == near);
    }
}

#[tokio::test(start_paused = true)]
async fn lookup_and_job_find_the_same_value() {
    let stage = stage::<Found>().await;
    let word = Filter { word: "w".into(), most: 1 };
    let list = [word.clone()];
    let of = |maybe, number| {
        Found::of("a", &[1, 2], &word, Path::new("/p"), maybe, Some(&list), Some(&word), vec!["x".into()], number)
    };
    let (value, status) = stage.seen(&of(Some("m"), 1)).await;
    assert_eq!((value.starts_with("a[1, 2]Filter"), status), (true, Status::Loaded));
    assert_eq!(stage.seen(&of(Some("m"), 1)).await.1, Status::Hit);
    assert_eq!(stage.seen(&of(Some("m"), 1).to_job()).await.1, Status::Hit);
    assert_eq!(stage.seen(&Found::from(of(Some("m"), 1))).await.1, Status::Hit);
    assert_eq!(stage.seen(&of(None, 1)).await.1, Status::Loaded);
    assert_eq!(stage.seen(&of(Some("m"), 2)).await.1, Status::Loaded);
}

#[cached(ttl = "1h")]
async fn page(user: &str, words: &[String], most: Option<&str>, number: u32) -> Vec<usize> {
    vec![user.len(), words.len(), most.map_or(0, str::len), number as usize]
}

fn page_of(words: &[String]) -> PageOf<'_> {
    Page::of("ann", words, Some("most"), 1)
}

/// What a future gives that is ready at its first poll.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a hit waits for nothing"),
    }
}

fn allocations(hit: impl FnOnce()) -> u64 {
    allocation_counter::measure(hit).count_total
}

#[tokio::test]
async fn a_hit_by_borrowed_arguments_allocates_nothing() {
    let Stage { cache, .. } = stage::<Page>().await;
    let words = ["a".to_owned(), "b".to_owned()];
    cache.get(&page_of(&words)).await.unwrap();
    let roads: [(&str, &dyn Fn()); 3] = [
        ("get", &|| drop(black_box(ready(cache.get(&page_of(&words))).unwrap()))),
        ("get_with", &|| assert_eq!(ready(cache.get_with(&page_of(&words), |value| value[0])).unwrap(), 3)),
        ("get_ready", &|| drop(black_box(cache.get_ready(&page_of(&words)).unwrap()))),
    ];
    for (road, hit) in roads {
        assert_eq!(allocations(hit), 0, "{road}");
    }
    assert!(allocations(|| drop(black_box(page_of(&words).to_job()))) > 0, "an allocation is noticed");
    assert_eq!(cache.get(&page_of(&words)).await.unwrap().status(), Status::Hit);
}

#[test]
fn where_nothing_is_borrowed_of_makes_the_job_itself() {
    #[cached]
    async fn sum(one: u32, other: Option<u32>) -> u32 {
        one + other.unwrap_or_default()
    }
    let job: Sum = Sum::of(1, None);
    assert_eq!((job.one, job.other, Sum::NAME), (1, None, "sum"));
}
