use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
}

impl Doubling {
    fn groups(&self) -> Vec<Vec<usize>> {
        self.0.groups.lock().unwrap().clone()
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

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    async fn carry(&self, questions: Vec<usize>) -> Answers<usize> {
        self.0.groups.lock().unwrap().push(questions.clone());
        tokio::task::yield_now().await;
        if self.0.fails.load(Ordering::Relaxed) {
            return Err(LinkError::given_up());
        }
        Ok(questions.into_iter().map(|number| Ok(number * 2)).collect())
    }
}

async fn ask_all(carrier: &Doubling, questions: &[usize]) -> Vec<Option<usize>> {
    let asked = questions.iter().map(|question| ask(carrier.clone(), *question));
    join_all(asked).await.into_iter().map(Result::ok).collect()
}

#[tokio::test]
async fn what_comes_together_goes_together_and_each_hears_its_own_answer() {
    let carrier = Doubling::default();
    assert_eq!(ask_all(&carrier, &[1, 2, 3]).await, [Some(2), Some(4), Some(6)]);
    assert_eq!(ask_all(&carrier, &[4]).await, [Some(8)]);
    assert_eq!(carrier.groups(), [vec![1, 2, 3], vec![4]]);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_went_together() {
    let carrier = Doubling::default();
    carrier.0.fails.store(true, Ordering::Relaxed);
    assert_eq!(ask_all(&carrier, &[1, 2]).await, [None, None]);
}

#[tokio::test]
async fn no_more_go_together_than_may() {
    let carrier = Doubling::default();
    let answers = ask_all(&carrier, &[0; 2 * Doubling::TOGETHER_MOST + 1]).await;
    assert_eq!(answers, [Some(0); 2 * Doubling::TOGETHER_MOST + 1]);
    let groups = carrier.groups();
    assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [Doubling::TOGETHER_MOST, Doubling::TOGETHER_MOST, 1]);
}

#[tokio::test]
async fn what_is_long_goes_alone() {
    let carrier = Doubling::default();
    let (long, half) = (TOGETHER_BYTES_MOST + 1, TOGETHER_BYTES_MOST / 2);
    let answers = ask_all(&carrier, &[long, half, half, 1]).await;
    assert_eq!(answers, [Some(2 * long), Some(2 * half), Some(2 * half), Some(2)]);
    assert_eq!(carrier.groups(), [vec![long], vec![half, half], vec![1]]);
}

#[tokio::test]
async fn the_others_set_off_without_the_first_where_he_leaves() {
    let carrier = Doubling::default();
    let first = tokio::spawn(ask(carrier.clone(), 1));
    let second = tokio::spawn(ask(carrier.clone(), 2));
    while carrier.party().is_empty() {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert_eq!(second.await.unwrap().ok(), Some(4));
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(carrier.groups(), [vec![2]], "nobody asks for one who has left");
}

#[tokio::test]
async fn one_who_leaves_before_the_others_set_off_is_not_asked_for() {
    let carrier = Doubling::default();
    let mut asked: Vec<_> = [1, 2, 3].map(|question| Box::pin(ask(carrier.clone(), question))).into();
    for asked in &mut asked {
        assert!(asked.as_mut().now_or_never().is_none());
    }
    drop(asked.remove(1));
    assert_eq!(join_all(asked).await.into_iter().map(Result::ok).collect::<Vec<_>>(), [Some(2), Some(6)]);
    assert_eq!(carrier.groups(), [vec![1, 3]]);
}
