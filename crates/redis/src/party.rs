//! Those who go to a server together: what comes at the same time is asked in one go, and each hears its own answer.
//!
//! Who comes while nobody is on the way sets off at once, and pays for no company. While somebody is, the first to come has a
//! task set off after one turn of the runtime, which takes along whoever has come by then: under load that saves most of
//! what a question costs on both sides. It is a task because nobody may wait for a caller: he may not be polled for long.

use std::mem::{replace, take};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use tokio::sync::oneshot::{self, Sender};

use crate::link::LinkError;

/// Most bytes that go together, but for one question alone.
const TOGETHER_BYTES_MOST: usize = 1 << 20;

/// Who brings questions to the server.
pub(crate) trait Carrier: Clone + Send + Sync + 'static {
    type Question: Send + Sync + 'static;
    type Answer: Send + 'static;

    /// Most questions that go together: the server does nothing else while it answers them.
    const TOGETHER_MOST: usize = 64;

    /// Those who wait to go with it.
    fn party(&self) -> &Party<Self>;

    /// How many bytes are sent for a question.
    fn bytes(question: &Self::Question) -> usize;

    /// Has a task carried out, whatever becomes of the caller's runtime. Where no runtime is left, it is dropped.
    fn spawn<F>(&self, task: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static;

    /// Asks them all in one go.
    fn carry(&self, questions: &[Self::Question]) -> impl Future<Output = Answers<Self::Answer>> + Send;
}

/// The answers to some questions, in their order, or why there are none.
pub(crate) type Answers<A> = Result<Vec<Result<A, LinkError>>, LinkError>;

/// The questions of one kind. Its lock is never held across an await.
pub(crate) struct Party<C: Carrier> {
    guests: Mutex<Vec<Guest<C>>>,
    /// How many are on the way.
    trips: AtomicUsize,
}

/// One who waits to go.
struct Guest<C: Carrier> {
    question: C::Question,
    told: Sender<Result<C::Answer, LinkError>>,
}

/// A way to the server and back, until it is dropped.
struct Trip<'a>(&'a AtomicUsize);

impl<C: Carrier> Default for Party<C> {
    fn default() -> Self {
        Party { guests: Mutex::default(), trips: AtomicUsize::default() }
    }
}

/// Has a question carried to the server, together with whatever else is asked just now.
///
/// # Cancellation
/// What has not set off is not asked. The others are answered all the same.
pub(crate) async fn ask<C: Carrier>(carrier: C, question: C::Question) -> Result<C::Answer, LinkError> {
    if let Some(_trip) = carrier.party().try_alone() {
        // Boxed, so that the future of those who go together stays small.
        let answer = Box::pin(carrier.carry(std::slice::from_ref(&question))).await?.pop();
        return answer.unwrap_or_else(|| Err(LinkError::given_up()));
    }
    let (told, own) = oneshot::channel();
    if carrier.party().enter(Guest { question, told }) {
        let departure = Departure { carrier: carrier.clone(), left: false };
        carrier.spawn(move || async move {
            tokio::task::yield_now().await;
            departure.leave().await;
        });
    }
    // A sender is only dropped unused when the runtime ends.
    own.await.unwrap_or_else(|_| Err(LinkError::given_up()))
}

impl<C: Carrier> Party<C> {
    /// Begins a trip, unless somebody is on the way or waits.
    fn try_alone(&self) -> Option<Trip<'_>> {
        let nobody = self.guests().is_empty() && self.trips.compare_exchange(0, 1, Relaxed, Relaxed).is_ok();
        nobody.then(|| Trip(&self.trips))
    }

    fn trip(&self) -> Trip<'_> {
        self.trips.fetch_add(1, Relaxed);
        Trip(&self.trips)
    }

    /// Whether it is the first.
    fn enter(&self, guest: Guest<C>) -> bool {
        let mut guests = self.guests();
        guests.push(guest);
        guests.len() == 1
    }

    /// All who wait, but for those who have left.
    fn gather(&self) -> Vec<Guest<C>> {
        let mut guests = take(&mut *self.guests());
        guests.retain(|guest| !guest.told.is_closed());
        guests
    }

    fn guests(&self) -> MutexGuard<'_, Vec<Guest<C>>> {
        // Nothing under this lock calls foreign code, so a poisoned one still guards a whole state.
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Trip<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// The task in which those who wait set off. Where it is dropped before, as with its runtime, they hear that nobody asks for
/// them, and whoever comes next is the first again.
struct Departure<C: Carrier> {
    carrier: C,
    left: bool,
}

impl<C: Carrier> Departure<C> {
    async fn leave(mut self) {
        // Whoever comes from now on has a departure of his own.
        self.left = true;
        let mut guests = self.carrier.party().gather();
        loop {
            let rest = guests.split_off(fitting::<C>(&guests).min(guests.len()));
            if rest.is_empty() {
                return go(&self.carrier, guests).await;
            }
            let (group, carrier) = (replace(&mut guests, rest), self.carrier.clone());
            self.carrier.spawn(move || async move { go(&carrier, group).await });
        }
    }
}

impl<C: Carrier> Drop for Departure<C> {
    fn drop(&mut self) {
        if !self.left {
            drop(self.carrier.party().gather());
        }
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
    if group.is_empty() {
        return;
    }
    let _trip = carrier.party().trip();
    let (questions, told): (Vec<_>, Vec<_>) = group.into_iter().map(|guest| (guest.question, guest.told)).unzip();
    let answers = match carrier.carry(&questions).await {
        // One of them may lie elsewhere than the others.
        Err(error) if error.is_of_keys() && questions.len() > 1 => apart(carrier, &questions).await,
        answers => answers,
    };
    match answers {
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

/// Asks each by itself.
async fn apart<C: Carrier>(carrier: &C, questions: &[C::Question]) -> Answers<C::Answer> {
    let each = questions.iter().map(async |question| {
        let answer = carrier.carry(std::slice::from_ref(question)).await?.pop();
        answer.unwrap_or_else(|| Err(LinkError::given_up()))
    });
    Ok(join_all(each).await)
}

#[cfg(test)]
mod tests;
