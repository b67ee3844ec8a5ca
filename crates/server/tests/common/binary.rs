//! The binary under test, and a client for its page.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

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

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_freshen"));
    // None of the settings that the tests themselves were started with.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FRESHEN_")) {
        command.env_remove(name);
    }
    command.arg("demo").args(arguments).stdin(Stdio::null());
    command
}

/// Runs `freshen demo` with arguments with which it ends by itself.
pub fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the binary runs")
}

/// A running `freshen demo`. Dropping it kills it.
pub struct Freshen {
    child: Child,
    address: String,
    said: Arc<Mutex<String>>,
}

/// An answer of the page.
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Freshen {
    /// With a source of the test's, or the demo's own.
    pub fn start(source: Option<&str>) -> Freshen {
        let source: Vec<_> = source.into_iter().flat_map(|source| ["--source", source]).collect();
        Freshen::start_at("127.0.0.1:0", &source)
    }

    /// With more arguments.
    pub fn start_with(source: &str, arguments: &[&str]) -> Freshen {
        Freshen::start_at("127.0.0.1:0", &[&["--source", source], arguments].concat())
    }

    /// On an address that a test chooses.
    pub fn start_at(listen: &str, arguments: &[&str]) -> Freshen {
        Freshen::start_in(&[], &[&["--listen", listen], arguments].concat())
    }

    /// With variables of the environment.
    pub fn start_in(variables: &[(&str, &str)], arguments: &[&str]) -> Freshen {
        let mut command = command(arguments);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let heard = said.clone();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                *heard.lock().unwrap() += &format!("{line}\n");
            }
        });
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let address = first.trim().rsplit("http://").next().unwrap().trim_end_matches('/').to_owned();
        assert!(address.starts_with("127.0.0.1:"), "the first line names no address: {first}");
        Freshen { child, address, said }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn get(&self, path: &str) -> Response {
        self.ask("GET", path, &[])
    }

    /// Presses a button, as a program that is no browser.
    pub fn act(&self, action: &str) -> Value {
        let answer = self.ask("POST", &format!("/actions/{action}"), &[]);
        assert_eq!(answer.status, 200, "{action}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// With headers, of which `Host` takes the place of the usual one.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut stream = self.connect(method, path, headers);
        let mut whole = String::new();
        stream.read_to_string(&mut whole).unwrap();
        let (head, body) = whole.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// A connection on which a request was sent and nothing was read.
    pub fn connect(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let host = if headers.iter().any(|(name, _)| *name == "Host") { &[][..] } else { &[("Host", &*self.address)] };
        let headers: String =
            [headers, host].concat().iter().map(|(name, text)| format!("{name}: {text}\r\n")).collect();
        write!(stream, "{method} {path} HTTP/1.1\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        stream
    }

    pub fn state(&self) -> Value {
        serde_json::from_str(&self.get("/state.json").body).unwrap()
    }

    /// Looks at the state until it is so.
    pub fn until(&self, what: &str, so: impl Fn(&Value) -> bool) -> Value {
        until(what, || Some(self.state()).filter(&so))
    }

    /// What it said on stderr so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    pub fn ended(&mut self) -> ExitStatus {
        until("it ends", || self.child.try_wait().unwrap())
    }
}

impl Drop for Freshen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
