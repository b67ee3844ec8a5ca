use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::*;

/// It notes what goes together and answers each number with its double, or not at all.
#[derive(Clone, Default)]
struct Doubling(Arc<Noted>);

#[derive(Default)]
struct Noted {
    party: Party<Doubling>,
    groups: Mutex<Vec<Vec<usize>>>,
    fails: AtomicBool,
    /// What cannot be asked for, nor whatever goes with it; 0: nothing.
    moved: AtomicUsize,
}

impl Doubling {
    fn groups(&self) -> Vec<Vec<usize>> {
        self.0.groups.lock().unwrap().clone()
    }

    /// In the order of what is in them: those of one departure go side by side.
    fn sorted_groups(&self) -> Vec<Vec<usize>> {
        let mut groups = self.groups();
        groups.sort();
        groups
    }
}

impl Carrier for Doubling {
    type Question = usize;
    type Answer = usize;

    fn party(&self) -> &Party<Doubling> {
        &self.0.party
    }

    fn bytes(question: &usize) -> usize {
        *question
    }

    fn spawn<F>(&self, task: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(task());
    }

    async fn carry(&self, questions: &[usize]) -> Answers<usize> {
        self.0.groups.lock().unwrap().push(questions.to_vec());
        tokio::task::yield_now().await;
        let moved = self.0.moved.load(Ordering::Relaxed);
        if moved != 0 && questions.contains(&moved) {
            return Err(LinkError::Moving { address: "there".to_owned(), partition: 0 });
        }
        if self.0.fails.load(Ordering::Relaxed) {
            return Err(LinkError::given_up());
        }
        Ok(questions.iter().map(|number| Ok(number * 2)).collect())
    }
}

/// Something on its way, so that what comes goes together.
fn under_way(carrier: &Doubling) -> Trip<'_> {
    carrier.party().trip()
}

async fn ask_all(carrier: &Doubling, questions: &[usize]) -> Vec<Option<usize>> {
    let asked = questions.iter().map(|question| ask(carrier.clone(), *question));
    join_all(asked).await.into_iter().map(Result::ok).collect()
}

#[tokio::test]
async fn what_comes_together_goes_together_and_each_hears_its_own_answer() {
    let carrier = Doubling::default();
    let _trip = under_way(&carrier);
    assert_eq!(ask_all(&carrier, &[1, 2, 3]).await, [Some(2), Some(4), Some(6)]);
    assert_eq!(ask_all(&carrier, &[4]).await, [Some(8)]);
    assert_eq!(carrier.groups(), [vec![1, 2, 3], vec![4]]);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_went_together() {
    let carrier = Doubling::default();
    let _trip = under_way(&carrier);
    carrier.0.fails.store(true, Ordering::Relaxed);
    assert_eq!(ask_all(&carrier, &[1, 2]).await, [None, None]);
}

#[tokio::test]
async fn no_more_go_together_than_may() {
    let carrier = Doubling::default();
    let _trip = under_way(&carrier);
    let answers = ask_all(&carrier, &[0; 2 * Doubling::TOGETHER_MOST + 1]).await;
    assert_eq!(answers, [Some(0); 2 * Doubling::TOGETHER_MOST + 1]);
    let groups = carrier.sorted_groups();
    assert_eq!(
        groups.iter().rev().map(Vec::len).collect::<Vec<_>>(),
        [Doubling::TOGETHER_MOST, Doubling::TOGETHER_MOST, 1]
    );
}

#[tokio::test]
async fn what_is_long_goes_alone() {
    let carrier = Doubling::default();
    let _trip = under_way(&carrier);
    let (long, half) = (TOGETHER_BYTES_MOST + 1, TOGETHER_BYTES_MOST / 2);
    let answers = ask_all(&carrier, &[long, half, half, 1]).await;
    assert_eq!(answers, [Some(2 * long), Some(2 * half), Some(2 * half), Some(2)]);
    assert_eq!(carrier.sorted_groups(), [vec![1], vec![half, half], vec![long]]);
}

#[tokio::test]
async fn the_others_set_off_without_the_first_where_he_leaves() {
    let carrier = Doubling::default();
    let _trip = under_way(&carrier);
    let (mut first, mut second) = (Box::pin(ask(carrier.clone(), 1)), Box::pin(ask(carrier.clone(), 2)));
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    drop(first);
    assert_eq!(second.await.ok(), Some(4));
    assert_eq!(carrier.groups(), [vec![2]], "nobody asks for one who has left");
}

#[tokio::test]
async fn one_who_leaves_before_the_others_set_off_is_not_asked_for() {
    let carrier = Doubling::default();
    let _trip = under_way(&carrier);
    let mut asked: Vec<_> = [1, 2, 3].map(|question| Box::pin(ask(carrier.clone(), question))).into();
    for asked in &mut asked {
        assert!(asked.as_mut().now_or_never().is_none());
    }
    drop(asked.remove(1));
    assert_eq!(join_all(asked).await.into_iter().map(Result::ok).collect::<Vec<_>>(), [Some(2), Some(6)]);
    assert_eq!(carrier.groups(), [vec![1, 3]]);
}

/// A caller who is polled once, and then not for long, as in a stream that is refilled or beside a `select!`.
#[tokio::test]
async fn nobody_waits_for_a_caller_who_is_not_polled() {
    let carrier = Doubling::default();
    let _trip = under_way(&carrier);
    let mut first = Box::pin(ask(carrier.clone(), 1));
    assert!(first.as_mut().now_or_never().is_none());
    let second = tokio::time::timeout(Duration::from_secs(20), ask(carrier.clone(), 2)).await;
    assert_eq!(second.expect("he is answered").ok(), Some(4));
    assert_eq!(first.await.ok(), Some(2));
    assert_eq!(carrier.groups(), [vec![1, 2]]);
}

#[tokio::test]
async fn who_finds_nobody_on_the_way_sets_off_at_once_and_is_waited_for_by_none() {
    let carrier = Doubling::default();
    let mut alone = Box::pin(ask(carrier.clone(), 1));
    assert!(alone.as_mut().now_or_never().is_none());
    assert_eq!(carrier.groups(), [vec![1]], "he is on his way");
    let second = tokio::time::timeout(Duration::from_secs(20), ask(carrier.clone(), 2)).await;
    assert_eq!(second.expect("he is answered").ok(), Some(4));
    drop(alone);
    assert!(carrier.party().try_alone().is_some(), "nobody is on the way any more");
}

#[tokio::test]
async fn where_keys_are_being_moved_each_of_a_party_is_asked_by_itself() {
    let carrier = Doubling::default();
    carrier.0.moved.store(2, Ordering::Relaxed);
    let _trip = under_way(&carrier);
    assert_eq!(ask_all(&carrier, &[1, 2, 3]).await, [Some(2), None, Some(6)]);
    assert_eq!(carrier.groups(), [vec![1, 2, 3], vec![1], vec![2], vec![3]]);
}

#[tokio::test]
async fn who_comes_while_others_are_on_their_way_is_asked_for_after_them() {
    let carrier = Doubling::default();
    let _trip = under_way(&carrier);
    let mut first = Box::pin(ask(carrier.clone(), 1));
    while carrier.groups().is_empty() {
        assert!(first.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    let mut second = Box::pin(ask(carrier.clone(), 2));
    assert!(second.as_mut().now_or_never().is_none());
    assert_eq!((first.await.ok(), second.await.ok()), (Some(2), Some(4)));
}

/// A runtime that ends takes the departure with it.
#[test]
fn where_the_task_ends_before_it_sets_off_all_hear_so_and_the_next_is_the_first() {
    let carrier = Doubling::default();
    let _trip = under_way(&carrier);
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ended = runtime();
    let mut lost = Box::pin(ask(carrier.clone(), 1));
    ended.block_on(async { assert!(lost.as_mut().now_or_never().is_none()) });
    drop(ended);
    let next = runtime();
    assert!(next.block_on(lost).is_err());
    assert_eq!(next.block_on(ask(carrier.clone(), 2)).ok(), Some(4));
}
