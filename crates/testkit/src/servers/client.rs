//! Asking a server: the flavour's own client, once for each command.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::Flavour;

/// How long a server may take to answer; one that was stopped never does.
const LIMIT: Duration = Duration::from_secs(10);

/// How a server is reached.
pub(super) struct Client {
    flavour: Flavour,
    options: Vec<String>,
}

impl Client {
    /// To the port on the loopback address, with more of the client's options.
    pub(super) fn new(flavour: Flavour, port: u16, more: impl IntoIterator<Item = String>) -> Client {
        // -e makes an error of the server one of the client.
        let mut options = ["-e", "-h", "127.0.0.1", "-p"].map(String::from).to_vec();
        options.push(port.to_string());
        options.extend(more);
        Client { flavour, options }
    }

    /// What the client prints, without the line's end; or the error.
    pub(super) async fn ask(&self, command: &[&str]) -> Result<String, String> {
        let arguments = self.options.iter().map(String::as_str).chain(command.iter().copied());
        run(self.flavour, arguments).await
    }
}

/// Runs the flavour's client with these arguments.
pub(super) async fn run<'a>(flavour: Flavour, arguments: impl Iterator<Item = &'a str>) -> Result<String, String> {
    let mut client = Command::new(flavour.client());
    client.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(LIMIT, client.output()).await.map_err(|_| format!("no answer within {LIMIT:?}"))?;
    let output = output.map_err(|error| format!("the client cannot be started: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("{} {}", text(&output.stdout), text(&output.stderr))),
    }
}
