//! A worker process that was started, and a client of its health checks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::subject::{AS_WORKER, Place};

const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until there is something to see.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A worker process. Dropping it kills it.
pub struct Started {
    child: Child,
    said: Arc<Mutex<String>>,
    heard: Option<JoinHandle<()>>,
    place: TempDir,
}

/// How a process ended, and what it said.
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Started {
    pub fn at(role: &str, address: &str) -> Started {
        let place = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([AS_WORKER, role]).arg(place.path()).arg(address);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (stderr, hearing) = (BufReader::new(child.stderr.take().unwrap()), said.clone());
        let heard = std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                *hearing.lock().unwrap() += &format!("{line}\n");
            }
        });
        Started { child, said, heard: Some(heard), place }
    }

    /// One that serves health checks; it has begun, and has its tasks.
    pub fn of(role: &str) -> Started {
        let started = Started::at(role, "127.0.0.1:0");
        started.address();
        started.place().leave("go");
        started
    }

    /// Where its health checks are.
    pub fn address(&self) -> String {
        until("it says where its health checks are", || {
            let said = self.said.lock().unwrap().clone();
            Some(said.split_once("http://")?.1.split_once("/health")?.0.to_owned())
        })
    }

    pub fn place(&self) -> Place {
        Place(self.place.path().to_owned())
    }

    /// Waits until a load has begun.
    pub fn has_begun(&self) {
        until("a load begins", || self.place().has("begun").then_some(()));
    }

    /// Waits until all of its tasks are in the queue.
    pub fn has_pushed(&self) {
        until("the tasks are pushed", || self.place().has("pushed").then_some(()));
    }

    /// Waits until it has said this.
    pub fn says(&self, words: &str) {
        until(words, || self.said.lock().unwrap().contains(words).then_some(()));
    }

    /// The status and the body.
    pub fn get(&self, path: &str) -> (u16, String) {
        let (head, body) = ask(&self.address(), &format!("GET {path} HTTP/1.1\r\nHost: worker\r\n\r\n"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for its end.
    pub fn ended(mut self) -> Ended {
        let status = until("it ends", || self.child.try_wait().unwrap());
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        self.heard.take().unwrap().join().unwrap();
        let stderr = self.said.lock().unwrap().clone();
        Ended { status, stdout, stderr }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The head and the body of what a request is answered.
pub fn ask(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may have been answered and closed before all of it was sent.
    let _ = stream.write_all(request.as_bytes());
    let mut whole = String::new();
    let _ = stream.read_to_string(&mut whole);
    let (head, body) = whole.split_once("\r\n\r\n").unwrap_or((&whole, ""));
    (head.to_owned(), body.to_owned())
}
