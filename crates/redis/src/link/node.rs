//! One server, and the connection to it that everybody shares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use freshen_core::Clock;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::link::opening::Purpose;
use crate::link::wire::{Breach, Link};
use crate::link::{Access, Address, Home, LinkError, Sentinels};

/// The pause after the first failed attempt to connect; it is doubled with each further one.
const PAUSE_LEAST: Duration = Duration::from_millis(50);
/// The longest pause between two attempts.
const PAUSE_MOST: Duration = Duration::from_secs(1);

/// A server. Its connection is made when it is first wanted, by one attempt at a time, and made anew when it broke.
///
/// While a server is down, whoever asks hears so at once: only those who asked before it was known wait, and they for one
/// attempt. Further attempts are made behind the callers, whenever one comes after the pause.
pub struct Node {
    origin: Origin,
    access: Arc<Access>,
    clock: Clock,
    home: Home,
    state: Mutex<State>,
}

/// How a server is found.
pub enum Origin {
    /// It is known.
    At(Address),
    /// The sentinels tell which one it is now.
    Master(Box<Sentinels>),
}

/// Guarded by the node's lock, which is never held across an await.
enum State {
    Idle,
    Making(watch::Receiver<Option<Attempt>>),
    Up(Link),
    Down(Down),
}

type Attempt = Result<Link, LinkError>;

struct Down {
    error: LinkError,
    pause: Duration,
    until: Instant,
    trying: bool,
}

/// What somebody who wants the connection finds.
enum Found {
    Ready(Attempt),
    Making(watch::Receiver<Option<Attempt>>),
}

impl Node {
    pub(super) fn new(origin: Origin, access: Arc<Access>, clock: Clock, home: Home) -> Arc<Node> {
        Arc::new(Node { origin, access, clock, home, state: Mutex::new(State::Idle) })
    }

    /// The connection, made if there is none.
    ///
    /// # Cancellation
    /// The attempt goes on for the others.
    pub async fn link(self: &Arc<Self>) -> Result<Link, LinkError> {
        match self.find() {
            Found::Ready(attempt) => attempt,
            Found::Making(mut made) => {
                let ended = made.wait_for(Option::is_some).await.map(|attempt| attempt.clone());
                ended.ok().flatten().unwrap_or_else(|| Err(self.down("the attempt to connect was given up")))
            }
        }
    }

    /// A connection of its own, on which nothing is timed.
    pub async fn dedicated(&self, purpose: Purpose) -> Result<Link, LinkError> {
        let address = self.locate().await?;
        Link::connect(&self.access, &address, &self.clock, purpose).await
    }

    /// Lets go of the connection, so that whoever comes next finds out who is there now.
    pub fn forget(&self, link: &Link) {
        let mut state = self.state();
        if matches!(&*state, State::Up(held) if held.id() == link.id()) {
            *state = State::Idle;
        }
    }

    /// Its connection, if it has one that is not known to have ended.
    pub fn up(&self) -> Option<Link> {
        match &*self.state() {
            State::Up(link) if link.breach() == Breach::None => Some(link.clone()),
            _ => None,
        }
    }

    /// Where it is, or what it is called.
    pub fn name(&self) -> String {
        match &self.origin {
            Origin::At(address) => address.to_string(),
            Origin::Master(sentinels) => sentinels.master().to_owned(),
        }
    }

    fn find(self: &Arc<Self>) -> Found {
        let (found, wanted) = self.look();
        // Not under the lock: a runtime that has ended drops what is spawned at once, and that may take the lock.
        if let Some(told) = wanted {
            self.attempt(told);
        }
        found
    }

    /// What there is, and whom to tell of an attempt that is to be made now.
    fn look(&self) -> (Found, Option<watch::Sender<Option<Attempt>>>) {
        let mut state = self.state();
        if let State::Up(link) = &*state {
            match link.breach() {
                Breach::None => return (Found::Ready(Ok(link.clone())), None),
                Breach::Closed => *state = State::Idle,
                // One caller has waited for it in vain already.
                Breach::Silent => *state = State::Down(Down::now(self.down("it did not answer in time"))),
            }
        }
        match &mut *state {
            State::Making(made) => (Found::Making(made.clone()), None),
            State::Down(down) => {
                let tries = !down.trying && Instant::now() >= down.until;
                down.trying |= tries;
                (Found::Ready(Err(down.error.clone())), tries.then(|| watch::channel(None).0))
            }
            State::Idle | State::Up(_) => {
                let (told, made) = watch::channel(None);
                *state = State::Making(made.clone());
                (Found::Making(made), Some(told))
            }
        }
    }

    /// Connects in a task of its own, which ends with the attempt: a caller who leaves ends nobody's connection.
    fn attempt(self: &Arc<Self>, told: watch::Sender<Option<Attempt>>) {
        let trial = Trial { node: self.clone(), settled: false };
        self.home.spawn(move || async move {
            let attempt = trial.node.dedicated(Purpose::Shared).await;
            trial.settle(&attempt);
            told.send_replace(Some(attempt));
        });
    }

    fn settle(&self, attempt: &Attempt) {
        let mut state = self.state();
        *state = match attempt {
            Ok(link) => State::Up(link.clone()),
            Err(error) => {
                let pause = match &*state {
                    State::Down(down) => (down.pause * 2).clamp(PAUSE_LEAST, PAUSE_MOST),
                    _ => PAUSE_LEAST,
                };
                let error = if error.is_lasting() { error.clone() } else { self.down(error) };
                State::Down(Down { error, pause, until: Instant::now() + pause, trying: false })
            }
        };
    }

    async fn locate(&self) -> Result<Address, LinkError> {
        match &self.origin {
            Origin::At(address) => Ok(address.clone()),
            Origin::Master(sentinels) => sentinels.locate(&self.clock).await,
        }
    }

    fn down(&self, reason: impl ToString) -> LinkError {
        LinkError::Down { address: self.name(), reason: reason.to_string() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock calls foreign code, so a poisoned one still guards a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt under way. When its runtime ends before it, whoever comes next starts another.
struct Trial {
    node: Arc<Node>,
    settled: bool,
}

impl Trial {
    fn settle(mut self, attempt: &Attempt) {
        self.settled = true;
        self.node.settle(attempt);
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if !self.settled {
            *self.node.state() = State::Idle;
        }
    }
}

impl Down {
    /// Down, and to be tried again at once.
    fn now(error: LinkError) -> Down {
        Down { error, pause: Duration::ZERO, until: Instant::now(), trying: false }
    }
}
