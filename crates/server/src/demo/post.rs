//! A place and whoever holds it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::demo::member::Member;
use crate::demo::not_up::NotUp;
use crate::demo::order::{Order, Reply, Share};
use crate::demo::place::Place;
use crate::demo::process::{Phase, Process};
use crate::demo::troupe::Troupe;
use crate::demo::wire::NoAnswer;

/// How long a process may take to begin.
pub const BEGIN_WITHIN: Duration = Duration::from_secs(30);
/// How long the machine may take to end one that was killed.
const KILL_WITHIN: Duration = Duration::from_secs(10);

/// A place of the fleet.
#[derive(Debug)]
pub struct Post {
    place: Place,
    /// The lock is held only to look, or to put another one there.
    holder: Mutex<Holder>,
}

#[derive(Clone, Debug)]
enum Holder {
    /// This process.
    Here(Member),
    /// A child, which may be gone.
    Child(Arc<Process>),
}

impl Post {
    /// Held by this process.
    pub fn here(member: Member) -> Post {
        Post { place: Place::Alone, holder: Mutex::new(Holder::Here(member)) }
    }

    /// Held by a child.
    ///
    /// # Errors
    /// The machine starts none.
    pub fn start(place: Place, troupe: &Troupe, frozen: bool) -> io::Result<Post> {
        Ok(Post { place, holder: Mutex::new(Holder::Child(troupe.start(place, frozen)?)) })
    }

    /// Which one it is.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Whether whoever holds it can be told what to do.
    pub fn is_up(&self) -> bool {
        self.phase() == Phase::Alive
    }

    /// Whether its process is up and gives no sign of life.
    pub fn is_silent(&self) -> bool {
        match self.holder() {
            Holder::Here(_) => false,
            Holder::Child(process) => process.is_silent(),
        }
    }

    /// Where its process is in its life.
    pub fn phase(&self) -> Phase {
        match self.holder() {
            Holder::Here(_) => Phase::Alive,
            Holder::Child(process) => process.phase(),
        }
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        match self.holder() {
            Holder::Here(_) => std::process::id(),
            Holder::Child(process) => process.pid(),
        }
    }

    /// Gives an order, and waits for what comes of it.
    ///
    /// # Errors
    /// The process is not there, does not answer within the time, or has too much to do.
    pub async fn order(&self, order: Order, within: Duration) -> Result<Reply, NoAnswer> {
        match self.holder() {
            Holder::Here(member) => Ok(member.carry_out(order).await),
            Holder::Child(process) => process.order(order, within).await,
        }
    }

    /// Many requests at once.
    ///
    /// # Errors
    /// As [`Post::order`].
    pub async fn crowd(&self, callers: usize, within: Duration) -> Result<Share, NoAnswer> {
        match self.order(Order::Crowd { callers }, within).await? {
            Reply::Share(share) => Ok(share),
            _ => Err(NoAnswer::Silent),
        }
    }

    /// Waits until its process has begun.
    pub async fn begun(&self, within: Duration) -> Phase {
        match self.holder() {
            Holder::Here(_) => Phase::Alive,
            Holder::Child(process) => process.begun(within).await,
        }
    }

    /// Kills its process; the id that it had.
    pub async fn kill(&self) -> Result<u32, NotUp> {
        let Holder::Child(process) = self.holder() else { return Err(NotUp::Alone) };
        if process.phase().is_over() {
            return Err(NotUp::Already { place: self.place, is: "gone" });
        }
        if !process.kill(KILL_WITHIN).await.is_over() {
            return Err(NotUp::NotGone { place: self.place, after: KILL_WITHIN });
        }
        Ok(process.pid())
    }

    /// Puts a new process in the place of one that is gone; its id.
    pub fn revive(&self, troupe: &Troupe, frozen: bool) -> Result<u32, NotUp> {
        let mut holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        let Holder::Child(gone) = &*holder else { return Err(NotUp::Alone) };
        if !gone.phase().is_over() {
            return Err(NotUp::Already { place: self.place, is: "up" });
        }
        // The one that is gone tells nothing more.
        troupe.common.stats.revived(self.place);
        let started = troupe.start(self.place, frozen);
        let process = started.map_err(|error| NotUp::NotStarted { place: self.place, reason: error.to_string() })?;
        let pid = process.pid();
        *holder = Holder::Child(process);
        Ok(pid)
    }

    /// Ends its process, and waits for it.
    pub async fn end(&self, within: Duration) {
        match self.holder() {
            Holder::Here(member) => member.end(within).await,
            Holder::Child(process) => {
                // It has so long by itself, and a little for the way.
                if !process.end(within + Duration::from_secs(1)).await.is_over() {
                    tracing::warn!("{} does not end: it is killed", self.place.name());
                    process.kill(KILL_WITHIN).await;
                }
            }
        }
    }

    fn holder(&self) -> Holder {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
