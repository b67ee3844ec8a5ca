//! Questions that one process asks another.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;

use crate::demo::wire::{Lines, NoAnswer};

/// Questions that may wait for their answers, for those that matter most.
pub const QUESTIONS_MAX: usize = 1024;

/// Questions that wait for their answers, by number.
#[derive(Debug)]
pub struct Questions<A>(Mutex<Waiting<A>>);

#[derive(Debug)]
struct Waiting<A> {
    asked: u64,
    /// Nothing once no answer can come.
    askers: Option<HashMap<u64, oneshot::Sender<A>>>,
}

impl<A> Default for Questions<A> {
    fn default() -> Self {
        Questions(Mutex::new(Waiting { asked: 0, askers: Some(HashMap::new()) }))
    }
}

impl<A> Questions<A> {
    /// Asks by a line that is made of the question's number, unless so many wait already, and waits for the answer.
    ///
    /// # Errors
    /// There is none within the time, or too much is asked already.
    pub async fn ask<L: Serialize + Send + 'static>(
        &self,
        lines: &Lines<L>,
        room: usize,
        within: Duration,
        line: impl FnOnce(u64) -> L,
    ) -> Result<A, NoAnswer> {
        let (id, answered) = self.enlist(room)?;
        let answer = tokio::time::timeout(within, async {
            lines.say(line(id)).await?;
            answered.await.map_err(|_| NoAnswer::Silent)
        });
        let answer = answer.await;
        // Where one came it is gone already.
        self.asker(id);
        answer.unwrap_or(Err(NoAnswer::Silent))
    }

    /// An answer has come. Whoever asked may have left.
    pub fn answered(&self, id: u64, answer: A) {
        if let Some(asker) = self.asker(id) {
            let _ = asker.send(answer);
        }
    }

    /// No answer can come any more.
    pub fn close(&self) {
        self.lock().askers.take();
    }

    fn enlist(&self, room: usize) -> Result<(u64, oneshot::Receiver<A>), NoAnswer> {
        let mut waiting = self.lock();
        let id = waiting.asked;
        let askers = waiting.askers.as_mut().ok_or(NoAnswer::Silent)?;
        // Those who left without an answer need no place.
        if askers.len() >= room {
            askers.retain(|_, asker| !asker.is_closed());
        }
        if askers.len() >= room {
            return Err(NoAnswer::TooMany);
        }
        let (asker, answered) = oneshot::channel();
        askers.insert(id, asker);
        waiting.asked += 1;
        Ok((id, answered))
    }

    fn asker(&self, id: u64) -> Option<oneshot::Sender<A>> {
        self.lock().askers.as_mut()?.remove(&id)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::demo::wire::Hearing;

    const LONG: Duration = Duration::from_secs(60);
    type Two = (Arc<Questions<u64>>, Lines<u64>, Hearing<tokio::io::DuplexStream, u64>);

    /// One who asks by numbers, and the other end, which hears them.
    fn two() -> Two {
        let (here, there) = tokio::io::duplex(1 << 16);
        (Arc::default(), Lines::over(here), Hearing::over(there))
    }

    fn ask(two: &Two) -> tokio::task::JoinHandle<Result<u64, NoAnswer>> {
        let (questions, lines) = (two.0.clone(), two.1.clone());
        tokio::spawn(async move { questions.ask(&lines, QUESTIONS_MAX, LONG, |id| id).await })
    }

    #[tokio::test(start_paused = true)]
    async fn answers_find_whoever_asked_in_whatever_order_they_come() {
        let mut two = two();
        let first = ask(&two);
        let one = two.2.next().await.unwrap();
        let second = ask(&two);
        let other = two.2.next().await.unwrap();
        two.0.answered(other, 20);
        two.0.answered(one, 10);
        // An answer to nobody is dropped.
        two.0.answered(one, 30);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (Ok(10), Ok(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_given_up_when_its_time_is_over_and_when_no_answer_can_come() {
        let two = two();
        assert_eq!(ask(&two).await.unwrap(), Err(NoAnswer::Silent));
        let asked = ask(&two);
        tokio::task::yield_now().await;
        two.0.close();
        assert_eq!(asked.await.unwrap(), Err(NoAnswer::Silent));
        assert_eq!(ask(&two).await.unwrap(), Err(NoAnswer::Silent));
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_the_bound_no_question_is_asked_until_somebody_has_left() {
        let two = two();
        let refused = |room| two.0.enlist(room).err() == Some(NoAnswer::TooMany);
        let mut asked: Vec<_> = (0..10).map(|_| two.0.enlist(10).unwrap()).collect();
        assert!(refused(10), "its room is taken");
        asked.extend((10..QUESTIONS_MAX).map(|_| two.0.enlist(QUESTIONS_MAX).unwrap()));
        assert!(refused(10) && refused(QUESTIONS_MAX));
        asked.pop();
        assert!(refused(10) && two.0.enlist(QUESTIONS_MAX).is_ok(), "what matters most has room left");
    }
}
