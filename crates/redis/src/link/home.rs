//! The runtime that carries out what callers share.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

use crate::link::LinkError;
use crate::link::thread::Thread;

/// Where connections live, and what else several callers wait for. A clone is the same home.
///
/// A caller's own runtime drives nothing while he blocks its only thread, and nobody else may wait for that. So it is the
/// runtime in which this was made if that one has threads for its tasks; and else, or once that one has ended, a thread of our own.
#[derive(Clone)]
pub struct Home(Arc<Rooms>);

struct Rooms {
    /// The runtime in which this was made, if it has threads for its tasks.
    threads: Option<Handle>,
    /// Started when it is first needed. The lock is never held across an await.
    own: Mutex<Option<Thread>>,
}

impl Home {
    /// That of whoever makes this.
    pub fn here() -> Home {
        let threads = Handle::try_current().ok().filter(|here| here.runtime_flavor() != RuntimeFlavor::CurrentThread);
        Home(Arc::new(Rooms { threads, own: Mutex::default() }))
    }

    /// Has a task carried out for several callers. It may be dropped once it has begun, if its runtime ends.
    pub fn spawn<F>(&self, task: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match &self.0.threads {
            Some(runtime) => {
                let mut errand = Errand { home: self.clone(), task: Some(task) };
                runtime.spawn(async move {
                    if let Some(task) = errand.task.take() {
                        task().await;
                    }
                });
            }
            None => self.spawn_in_own(task),
        }
    }

    /// Has something carried out for several callers, and waits for it.
    ///
    /// # Errors
    /// Its own, and that its runtime ended.
    ///
    /// # Cancellation
    /// It goes on.
    pub async fn run<T, F>(&self, task: impl FnOnce() -> F + Send + 'static) -> Result<T, LinkError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, LinkError>> + Send + 'static,
    {
        let (told, outcome) = oneshot::channel();
        self.spawn(move || async move {
            let _left = told.send(task().await);
        });
        outcome.await.unwrap_or_else(|_| Err(LinkError::given_up()))
    }

    /// Polls a caller's future inside of a runtime: his own, or our own thread's if he has none.
    ///
    /// # Errors
    /// The future's own, and that no thread could be started.
    pub async fn host<T>(&self, future: impl Future<Output = Result<T, LinkError>>) -> Result<T, LinkError> {
        let (mut future, mut own) = (pin!(future), None);
        poll_fn(|context| {
            if Handle::try_current().is_ok() {
                return future.as_mut().poll(context);
            }
            if own.is_none() {
                match self.own() {
                    Ok(thread) => own = Some(thread),
                    Err(error) => return Poll::Ready(Err(LinkError::homeless(&error))),
                }
            }
            let _entered = own.as_ref().map(Handle::enter);
            future.as_mut().poll(context)
        })
        .await
    }

    fn spawn_in_own<F>(&self, task: impl FnOnce() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match self.own() {
            Ok(thread) => drop(thread.spawn(task())),
            Err(error) => tracing::error!(target: "freshen", %error, "no thread for connections could be started"),
        }
    }

    /// The runtime of our own thread.
    fn own(&self) -> std::io::Result<Handle> {
        let mut own = self.0.own.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = match &*own {
            Some(thread) => thread,
            None => own.insert(Thread::start()?),
        };
        Ok(thread.runtime().clone())
    }
}

/// A task on its way into a runtime with threads. One that has ended drops it before it begins, and then it goes elsewhere.
struct Errand<F, T>
where
    F: Future<Output = ()> + Send + 'static,
    T: FnOnce() -> F,
{
    home: Home,
    task: Option<T>,
}

impl<F, T> Drop for Errand<F, T>
where
    F: Future<Output = ()> + Send + 'static,
    T: FnOnce() -> F,
{
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            self.home.spawn_in_own(task);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    fn one_thread() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    fn threads() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).thread_name("theirs").build().unwrap()
    }

    /// The thread that carries out what is spawned from this runtime.
    fn carrier(home: &Home, from: &Runtime) -> Option<String> {
        let (told, heard) = mpsc::channel();
        let task = move || async move {
            told.send(std::thread::current().name().map(str::to_owned)).unwrap();
        };
        from.block_on(async { home.spawn(task) });
        heard.recv_timeout(LONG).expect("it is carried out")
    }

    #[test]
    fn a_runtime_with_threads_carries_out_what_is_made_in_it_and_one_without_does_not() {
        let (threads, one) = (threads(), one_thread());
        let with_threads = threads.block_on(async { Home::here() });
        for from in [&threads, &one] {
            assert_eq!(carrier(&with_threads, from).as_deref(), Some("theirs"));
        }
        assert!(with_threads.0.own.lock().unwrap().is_none(), "a thread that nobody needs");
        for without in [Home::here(), one.block_on(async { Home::here() })] {
            for from in [&threads, &one] {
                assert_eq!(carrier(&without, from).as_deref(), Some("freshen-redis"));
            }
        }
    }

    #[test]
    fn what_a_runtime_that_has_ended_does_not_begin_is_carried_out_all_the_same() {
        let (ends, one) = (threads(), one_thread());
        let home = ends.block_on(async { Home::here() });
        drop(ends);
        for _ in 0..2 {
            assert_eq!(carrier(&home, &one).as_deref(), Some("freshen-redis"));
        }
    }

    #[test]
    fn what_had_begun_when_its_runtime_ended_is_an_error() {
        let (ends, one) = (threads(), one_thread());
        let home = ends.block_on(async { Home::here() });
        let (told, begun) = mpsc::channel();
        let task = move || async move {
            told.send(()).unwrap();
            std::future::pending::<Result<(), LinkError>>().await
        };
        let mut outcome = pin!(home.run(task));
        one.block_on(async { assert!(outcome.as_mut().now_or_never().is_none()) });
        begun.recv_timeout(LONG).expect("it begins");
        drop(ends);
        let error = one.block_on(outcome).unwrap_err();
        assert!(!error.is_lasting(), "{error}");
    }

    /// Says that it was dropped.
    struct Dropped(mpsc::Sender<()>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            let _nobody = self.0.send(());
        }
    }

    #[test]
    fn our_own_thread_ends_with_the_last_home_wherever_that_is_dropped() {
        let (home, one) = (Home::here(), one_thread());
        let (told, dropped) = mpsc::channel();
        let last = home.clone();
        let task = move || async move {
            let _dropped = Dropped(told);
            std::future::pending().await
        };
        home.spawn(task);
        drop(home);
        assert!(dropped.recv_timeout(Duration::from_millis(50)).is_err(), "another has it");
        one.block_on(async { drop(last) });
        dropped.recv_timeout(LONG).expect("it ends");
    }
}
