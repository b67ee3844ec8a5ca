//! Those who go to a server together: what comes at the same time is asked in one go, and each hears its own answer.
//!
//! Whoever comes first waits for one turn of the runtime, and takes along whoever has come by then. One who is alone pays
//! that turn; under load it saves most of what a question costs on both sides.

use std::mem::{replace, take};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot::{self, Receiver, Sender};

use crate::link::LinkError;

/// Most bytes that go together, but for one question alone.
const TOGETHER_BYTES_MOST: usize = 1 << 20;

/// Who brings questions to the server.
pub(crate) trait Carrier: Clone + Send + Sync + 'static {
    type Question: Send + 'static;
    type Answer: Send + 'static;

    /// Most questions that go together: the server does nothing else while it answers them.
    const TOGETHER_MOST: usize = 64;

    /// Those who wait to go with it.
    fn party(&self) -> &Party<Self>;

    /// How many bytes are sent for a question.
    fn bytes(question: &Self::Question) -> usize;

    /// Has a task carried out, whoever drives the caller. Where no runtime is left, it is dropped.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Asks them all in one go.
    fn carry(&self, questions: Vec<Self::Question>) -> impl Future<Output = Answers<Self::Answer>> + Send;
}

/// The answers to some questions, in their order, or why there are none.
pub(crate) type Answers<A> = Result<Vec<Result<A, LinkError>>, LinkError>;

/// The questions that wait to go. Its lock is never held across an await.
pub(crate) struct Party<C: Carrier>(Mutex<Vec<Guest<C>>>);

struct Guest<C: Carrier> {
    question: C::Question,
    told: Sender<Result<C::Answer, LinkError>>,
}

impl<C: Carrier> Default for Party<C> {
    fn default() -> Self {
        Party(Mutex::default())
    }
}

/// Has a question carried to the server, together with whatever else is asked just now.
///
/// # Cancellation
/// What has not set off is not asked. The others are answered all the same.
pub(crate) async fn ask<C: Carrier>(carrier: C, question: C::Question) -> Result<C::Answer, LinkError> {
    let (told, own) = oneshot::channel();
    let own = if carrier.party().enter(Guest { question, told }) {
        let departure = Departure { carrier, own: Some(own) };
        tokio::task::yield_now().await;
        departure.leave().await
    } else {
        Some(own)
    };
    let Some(own) = own else { return Err(LinkError::given_up()) };
    // A sender is only dropped unused when its runtime ends.
    own.await.unwrap_or_else(|_| Err(LinkError::given_up()))
}

impl<C: Carrier> Party<C> {
    /// Whether it is the first.
    fn enter(&self, guest: Guest<C>) -> bool {
        let mut guests = self.guests();
        guests.push(guest);
        guests.len() == 1
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.guests().is_empty()
    }

    /// All who wait, but for those who have left.
    fn gather(&self) -> Vec<Guest<C>> {
        let mut guests = take(&mut *self.guests());
        guests.retain(|guest| !guest.told.is_closed());
        guests
    }

    fn guests(&self) -> MutexGuard<'_, Vec<Guest<C>>> {
        // Nothing under this lock calls foreign code, so a poisoned one still guards a whole state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first of a party, who sets off for all. When he is dropped before, the others set off without him.
struct Departure<C: Carrier> {
    carrier: C,
    /// Where he hears his own answer, until he has left.
    own: Option<Receiver<Result<C::Answer, LinkError>>>,
}

impl<C: Carrier> Departure<C> {
    async fn leave(mut self) -> Option<Receiver<Result<C::Answer, LinkError>>> {
        let own = self.own.take();
        let guests = self.carrier.party().gather();
        if guests.len() == 1 {
            // When he is dropped on his way, nobody else is harmed.
            go(&self.carrier, guests).await;
        } else {
            set_off(&self.carrier, guests);
        }
        own
    }
}

impl<C: Carrier> Drop for Departure<C> {
    fn drop(&mut self) {
        let Some(own) = self.own.take() else { return };
        drop(own);
        let guests = self.carrier.party().gather();
        // Where their runtime has ended, they hear that nobody asks for them.
        set_off(&self.carrier, guests);
    }
}

/// Has all of them asked, in tasks that end with the answers.
fn set_off<C: Carrier>(carrier: &C, mut guests: Vec<Guest<C>>) {
    while !guests.is_empty() {
        let rest = guests.split_off(fitting::<C>(&guests));
        let (group, own) = (replace(&mut guests, rest), carrier.clone());
        carrier.spawn(async move { go(&own, group).await });
    }
}

/// How many of the first go together.
fn fitting<C: Carrier>(guests: &[Guest<C>]) -> usize {
    let sums = guests.iter().scan(0_usize, |sum, guest| {
        *sum = sum.saturating_add(C::bytes(&guest.question));
        Some(*sum)
    });
    sums.take(C::TOGETHER_MOST).take_while(|sum| *sum <= TOGETHER_BYTES_MOST).count().max(1)
}

async fn go<C: Carrier>(carrier: &C, group: Vec<Guest<C>>) {
    let (questions, told): (Vec<_>, Vec<_>) = group.into_iter().map(|guest| (guest.question, guest.told)).unzip();
    match carrier.carry(questions).await {
        Ok(answers) => {
            for (told, answer) in told.into_iter().zip(answers) {
                let _left = told.send(answer);
            }
        }
        Err(error) => {
            for told in told {
                let _left = told.send(Err(error.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
