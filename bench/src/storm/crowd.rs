//! One crowd: many callers ask one cache for one key at once.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::source::Source;
use crate::through::Through;
use crate::waits::Waits;
use crate::{Failure, runtime};

/// What the crowd finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Nothing under the key.
    Cold,
    /// A value whose ttl has ended.
    Stale,
}

/// How large the crowd is and what it waits for.
#[derive(Clone, Copy)]
pub struct Size {
    pub callers: usize,
    pub load: Duration,
}

/// What was seen of one crowd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Loads that the crowd caused, those behind it too.
    pub loads: usize,
    /// Nothing if nobody was answered.
    pub waits: Option<Waits>,
    /// Polls of a caller's future, on average.
    pub polls: f64,
    /// Callers who got an error, panicked or were not answered in time.
    pub errors: usize,
}

/// How long a value is fresh in the stale case. Longer than a load, so that what a refresh brings is worth something.
const TTL: Duration = Duration::from_secs(2);
/// Longer than any measurement.
const HOUR: Duration = Duration::from_secs(3_600);

/// Sends one crowd to a cache of this type.
pub fn visit<C: Through>(size: Size, case: Case) -> Result<Seen, Failure> {
    runtime::threaded()?.block_on(async {
        let source = Source::taking(Duration::ZERO);
        let cache = Arc::new(prepared::<C>(&source, case).await?);
        source.takes(size.load);
        let before = source.loads();
        let answers = ask_all(&cache, size).await;
        // Whoever was answered at once left a refresh behind, which counts too, and so do those after it.
        sleep(size.load * 3 / 2).await;
        Ok(seen(answers, source.loads() - before))
    })
}

async fn prepared<C: Through>(source: &Source, case: Case) -> Result<C, Failure> {
    if case == Case::Cold {
        return Ok(C::over(source.clone(), HOUR).await);
    }
    let cache = C::over(source.clone(), TTL).await;
    cache.get().await?;
    sleep(TTL + Duration::from_millis(200)).await;
    Ok(cache)
}

/// One caller's answer.
struct Answer {
    waited: Duration,
    polls: u64,
    answered: bool,
}

async fn ask_all<C: Through>(cache: &Arc<C>, size: Size) -> Vec<Option<Answer>> {
    let gate = watch::Sender::new(false);
    let callers: Vec<_> = (0..size.callers).map(|_| tokio::spawn(ask(cache.clone(), gate.subscribe()))).collect();
    // All of them stand at the gate before it opens.
    sleep(Duration::from_millis(200)).await;
    gate.send_replace(true);
    let limit = tokio::time::Instant::now() + size.load * 5 + Duration::from_secs(5);
    let mut answers = Vec::with_capacity(callers.len());
    for caller in callers {
        answers.push(answer(caller, limit).await);
    }
    answers
}

async fn ask<C: Through>(cache: Arc<C>, mut gate: watch::Receiver<bool>) -> Answer {
    // A gate that is gone is open too.
    let _ = gate.wait_for(|open| *open).await;
    let begun = Instant::now();
    let (found, polls) = Counted { polls: 0, of: Box::pin(cache.get()) }.await;
    Answer { waited: begun.elapsed(), polls, answered: found.is_ok() }
}

/// `None`: the caller panicked, or was not answered in time.
async fn answer(caller: JoinHandle<Answer>, limit: tokio::time::Instant) -> Option<Answer> {
    let abort = caller.abort_handle();
    let left = limit.saturating_duration_since(tokio::time::Instant::now());
    let answer = timeout(left, caller).await;
    abort.abort();
    answer.ok()?.ok()
}

/// A future that counts how often it is polled.
struct Counted<F> {
    polls: u64,
    of: Pin<Box<F>>,
}

impl<F: Future> Future for Counted<F> {
    type Output = (F::Output, u64);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.polls += 1;
        let polls = self.polls;
        self.of.as_mut().poll(context).map(|output| (output, polls))
    }
}

fn seen(answers: Vec<Option<Answer>>, loads: usize) -> Seen {
    let all = answers.len();
    let answered: Vec<_> = answers.into_iter().flatten().filter(|answer| answer.answered).collect();
    let polls = answered.iter().map(|answer| answer.polls).sum::<u64>() as f64 / answered.len().max(1) as f64;
    let errors = all - answered.len();
    Seen { loads, waits: Waits::of(answered.into_iter().map(|answer| answer.waited).collect()), polls, errors }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::through;

    #[test]
    fn every_cache_answers_each_of_a_small_crowd() {
        let size = Size { callers: 50, load: Duration::from_millis(20) };
        for cache in through::ALL {
            let seen = (cache.crowd)(size, Case::Cold).unwrap();
            assert_eq!((seen.errors, seen.waits.is_some()), (0, true), "{}: {seen:?}", cache.name);
        }
    }

    #[tokio::test]
    async fn every_poll_counts() {
        let counted = Counted { polls: 0, of: Box::pin(tokio::task::yield_now()) };
        assert_eq!(counted.await, ((), 2));
    }
}
