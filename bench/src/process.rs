//! One measurement in a process of its own: no cache inherits the memory, the threads or the statics of another.

use std::env;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::Failure;

/// How a process of ours ended.
pub enum Ended<T> {
    /// With an answer.
    Answered(T),
    /// Not within the limit: it was stopped.
    Hung,
}

/// Runs this program again with other arguments and reads what it prints as JSON.
pub fn ask<T: DeserializeOwned>(arguments: &[&str], limit: Duration) -> Result<Ended<T>, Failure> {
    let mut command = Command::new(env::current_exe()?);
    let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let said = collect(child.stdout.take());
    let complained = collect(child.stderr.take());
    let Some(status) = wait(&mut child, limit)? else {
        child.kill()?;
        child.wait()?;
        return Ok(Ended::Hung);
    };
    if !status.success() {
        let complained = join(complained);
        return Err(format!("{} failed, {status}: {}", arguments.join(" "), complained.trim()).into());
    }
    Ok(Ended::Answered(serde_json::from_str(&join(said))?))
}

/// Reads a stream to its end on a thread, so that a process that says much does not wait for us while we wait for it.
fn collect(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stream) = stream {
            // What cannot be read is missing in the message of a failure, nowhere else.
            let _ = stream.read_to_string(&mut text);
        }
        text
    })
}

fn join(reader: thread::JoinHandle<String>) -> String {
    reader.join().unwrap_or_default()
}

fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        sleep(Duration::from_millis(10));
    }
    Ok(None)
}
