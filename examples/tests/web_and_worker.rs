//! Web and worker as processes of their own, over a real Redis.
//!
//! The processes are this file again, told which of the two to be; that is why it has a `main` of its own.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.
#![allow(clippy::duplicate_mod)] // Each program is whole, with its jobs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use freshen_testkit::servers::{Flavour, Server};

#[path = "../07_web_and_worker/web.rs"]
mod web;
#[path = "../07_web_and_worker/worker.rs"]
mod worker;

/// Longer than anything here takes on a slow machine, and shorter than a marker, after which a reader would ask again.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often a worker may end its load before it is killed.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("--as-web") => return web::main().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
        Some("--as-worker") => return worker::main().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
        Some("--list") => println!("what_a_killed_worker_had_in_hand_is_loaded_by_the_next: test"),
        _ => return run(),
    }
    ExitCode::SUCCESS
}

fn run() -> ExitCode {
    println!("\nrunning 1 tests");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::redis(Flavour::Redis).start());
    let passed =
        catch_unwind(AssertUnwindSafe(|| what_a_killed_worker_had_in_hand_is_loaded_by_the_next(&server.url())))
            .is_ok();
    let (word, ok, failed) = if passed { ("ok", 1, 0) } else { ("FAILED", 0, 1) };
    println!("test what_a_killed_worker_had_in_hand_is_loaded_by_the_next ... {word}");
    println!("\ntest result: {word}. {ok} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out\n");
    if passed { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn what_a_killed_worker_had_in_hand_is_loaded_by_the_next(store: &str) {
    let web = Started::new("--as-web", store);
    let address = until("it says where it listens", || web.said("http://").map(|rest| rest.replace("/7", "")));
    let report = || page(&address);
    assert_eq!(report(), (web.process(), "loaded".into()), "nothing is there, so the request waits");

    let outdated = (0..ROUNDS).find_map(|_| killed_in_a_load(store, &report));
    let outdated = outdated.expect("a worker that is killed before its load ends");
    assert_eq!(report(), (outdated, "stale".into()), "the page goes on being served at once");

    // Nobody reads until it has begun: the task that the dead worker held comes back by itself.
    let next = Started::new("--as-worker", store);
    until("the next worker has the task", || next.said("reads month"));
    until("its value is served", || (report() == (next.process(), "hit".into())).then_some(()));
    assert_eq!(web.count("reads month"), 1, "the web process leaves refreshing to workers");
}

/// Kills a worker in the middle of a load, and tells by whom the value was that is served then; nothing, if its load had
/// ended before.
fn killed_in_a_load(store: &str, report: &impl Fn() -> (u32, String)) -> Option<u32> {
    let worker = Started::new("--as-worker", store);
    let (before, _) = until("the page is stale", || Some(report()).filter(|(_, status)| status == "stale"));
    until("the worker has the task", || worker.said("reads month"));
    drop(worker);
    (report().0 == before).then_some(before)
}

/// Who has read the report that is served, and how it is served.
fn page(address: &str) -> (u32, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /7 HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (process, rest) = answer.split_once("read by process ").expect(&answer).1.split_once(" (").unwrap();
    (process.parse().unwrap(), rest.split_once(',').unwrap().0.into())
}

/// Looks until there is something to see.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that was started. Dropping it kills it.
struct Started {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Started {
    fn new(role: &str, store: &str) -> Started {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(role).env("FRESHEN_STORE", store).env("FRESHEN_VISIBILITY", "6s").env("PORT", "0");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdout, lines) = (BufReader::new(child.stdout.take().unwrap()), Arc::new(Mutex::new(Vec::new())));
        let heard = lines.clone();
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).for_each(|line| heard.lock().unwrap().push(line))
        });
        Started { child, lines }
    }

    fn process(&self) -> u32 {
        self.child.id()
    }

    /// What follows these words on the first line that has them.
    fn said(&self, words: &str) -> Option<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().find_map(|line| Some(line.split_once(words)?.1.to_owned()))
    }

    fn count(&self, words: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|line| line.contains(words)).count()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It fails where the process is already gone, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
