//! Tasks of the runtime that carry out one thing after another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::BoxFuture;

/// Tasks that wait for something to do at most; what ends beyond that ends its task.
const IDLE_MAX: usize = 64;

type Work = BoxFuture<'static, ()>;

/// The tasks that wait for something to do.
///
/// The runtime aligns a task to 128 bytes, and there are allocators, glibc's among them, that find no place for one where the
/// last such was. A new one with every load would leave a hole beside every value that stays; what a task is given to do is a
/// plain allocation and leaves none.
///
/// The lock guards the list; it is not held while anybody is woken.
#[derive(Default)]
pub(crate) struct Crew(Mutex<Idle>);

#[derive(Default)]
struct Idle {
    waiting: Vec<oneshot::Sender<Work>>,
    closed: bool,
}

impl Crew {
    /// Has something carried out by a task that waits, or by a new one.
    pub fn carry_out(self: &Arc<Self>, runtime: &Handle, mut work: Work) {
        while let Some(idle) = self.next_idle() {
            match idle.send(work) {
                Ok(()) => return,
                // That task has gone with its runtime.
                Err(back) => work = back,
            }
        }
        runtime.spawn(stay(Arc::downgrade(self), work));
    }

    /// Lets the tasks go that wait, and from now on each that ends.
    pub fn close(&self) {
        let gone = {
            let mut idle = self.idle();
            idle.closed = true;
            std::mem::take(&mut idle.waiting)
        };
        drop(gone);
    }

    fn next_idle(&self) -> Option<oneshot::Sender<Work>> {
        self.idle().waiting.pop()
    }

    /// A place to wait for something to do; `None`: enough others wait.
    fn wait(&self) -> Option<oneshot::Receiver<Work>> {
        let mut idle = self.idle();
        if idle.closed || idle.waiting.len() >= IDLE_MAX {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        idle.waiting.push(sender);
        Some(receiver)
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One task. It ends when the crew is gone, and when what it carries out panics.
async fn stay(crew: Weak<Crew>, mut work: Work) {
    loop {
        work.await;
        let Some(next) = crew.upgrade().and_then(|crew| crew.wait()) else { return };
        match next.await {
            Ok(next) => work = next,
            Err(_) => return,
        }
    }
}
