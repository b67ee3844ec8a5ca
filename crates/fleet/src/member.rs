//! A member, seen by its parent: a process of its own that takes orders.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use crate::order::{Force, How, Order, Reply, Served, What};
use crate::setting::Setting;
use crate::wire::{Caller, Gone};

/// The program that is a member, and what stands before the settings on its command line.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<String>,
}

impl Program {
    /// A program, which calls [`run`](crate::run) with its last argument.
    pub fn new(path: impl Into<PathBuf>, arguments: &[&str]) -> Program {
        Program { path: path.into(), arguments: arguments.iter().map(ToString::to_string).collect() }
    }
}

/// A process of a fleet. It is killed when this is dropped, and ends by itself when its parent does.
pub struct Member {
    child: Mutex<Child>,
    caller: Caller<Order, Reply>,
}

impl Member {
    pub(crate) fn start(program: &Program, setting: &Setting) -> Member {
        let setting = serde_json::to_string(setting).expect("settings can be written");
        let mut command = Command::new(&program.path);
        command.args(&program.arguments).arg(setting).kill_on_drop(true);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.expect("the member's program can be started");
        let orders = child.stdin.take().expect("it was asked for");
        let replies = child.stdout.take().expect("it was asked for");
        Member { child: Mutex::new(child), caller: Caller::new(replies, orders) }
    }

    /// Gives an order and waits for what comes of it.
    ///
    /// # Errors
    /// [`Gone`] when the process is; what was ordered may have happened.
    pub async fn order(&self, order: Order) -> Result<Reply, Gone> {
        self.caller.call(order).await
    }

    /// What one caller is served. Panics where the process is gone.
    pub async fn get(&self, key: u32) -> Served {
        self.crowd(&[key], 1).await.remove(0)
    }

    /// What one caller of each key is served.
    pub async fn get_all(&self, keys: impl IntoIterator<Item = u32>) -> Vec<Served> {
        self.crowd(&keys.into_iter().collect::<Vec<_>>(), 1).await
    }

    /// What many callers of each key are served, who come at once.
    pub async fn crowd(&self, keys: &[u32], callers: usize) -> Vec<Served> {
        match self.order(Order::Get { keys: keys.to_vec(), callers, strict: false }).await {
            Ok(Reply::Served(served)) => served,
            other => panic!("a get was answered {other:?}"),
        }
    }

    /// Outdates.
    ///
    /// # Errors
    /// Why it is not promised.
    pub async fn invalidate(&self, what: What, force: Force) -> Result<(), String> {
        self.done(Order::Invalidate(what, force)).await
    }

    /// Outdates, again and again until it is promised.
    pub async fn invalidate_at_last(&self, what: What, force: Force) {
        while self.invalidate(what.clone(), force).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Does what is answered with nothing.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn done(&self, order: Order) -> Result<(), String> {
        match self.order(order).await {
            Ok(Reply::Done(done)) => done,
            Ok(other) => panic!("an order was answered {other:?}"),
            Err(gone) => Err(gone.to_string()),
        }
    }

    /// Writes a key at the source and puts it.
    ///
    /// # Errors
    /// Why it was not put.
    pub async fn put(&self, key: u32) -> Result<u64, String> {
        match self.order(Order::Put(key)).await {
            Ok(Reply::Put(put)) => put,
            Ok(other) => panic!("a put was answered {other:?}"),
            Err(gone) => Err(gone.to_string()),
        }
    }

    /// Tasks that are ready, delayed, held and in quarantine.
    ///
    /// # Errors
    /// Why it is not known.
    pub async fn depth(&self) -> Result<[u64; 4], String> {
        match self.order(Order::Depth).await {
            Ok(Reply::Depth(depth)) => depth,
            Ok(other) => panic!("an order was answered {other:?}"),
            Err(gone) => Err(gone.to_string()),
        }
    }

    /// Whether a caller is served this version and told that it is fresh.
    pub async fn has_fresh(&self, key: u32, version: u64) -> bool {
        self.get(key).await.how.is_ok_and(|(how, served)| how == How::Hit && served == version)
    }

    /// What the member knows of a key.
    pub async fn explain(&self, key: u32) -> String {
        match self.order(Order::Explain(key)).await {
            Ok(Reply::Text(text)) => text,
            other => format!("{other:?}"),
        }
    }

    /// Ends it at once, as a crash does. It is gone when this returns.
    pub async fn kill(&self) {
        {
            let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
            // It fails where the process has ended by itself, which is as good.
            let _ = child.start_kill();
        }
        while self.is_up() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// Stops the process as it is, or lets it go on.
    pub fn pause(&self, paused: bool) {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody waits for the child meanwhile, so its id is not given to another process.
        let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) else { return };
        let signal = if paused { Signal::SIGSTOP } else { Signal::SIGCONT };
        // It fails where the process has ended by itself, which the next order tells.
        let _ = kill(Pid::from_raw(pid), signal);
    }

    /// Whether it has not ended.
    pub fn is_up(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().expect("a child can be waited for").is_none()
    }
}
