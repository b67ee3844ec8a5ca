//! A process of ours that serves, as the one that started it sees it: it says its address, and at each order how it stands.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;

use crate::Failure;

/// A process that serves until this is dropped, or nobody can give it orders any more.
pub struct Child {
    process: Process,
    orders: ChildStdin,
    says: BufReader<ChildStdout>,
    pub address: SocketAddr,
}

impl Child {
    /// Runs this program with these arguments, and waits for its address.
    pub fn start(arguments: &[&str]) -> Result<Child, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let orders = process.stdin.take().ok_or("a process that is piped has a stdin")?;
        let says = BufReader::new(process.stdout.take().ok_or("a process that is piped has a stdout")?);
        let mut child = Child { process, orders, says, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        child.address = child.line()?.parse().map_err(|_| format!("{} serves nothing", arguments.join(" ")))?;
        Ok(child)
    }

    /// Gives an order and reads what is said to it.
    pub fn order<T: DeserializeOwned>(&mut self, order: &str) -> Result<T, Failure> {
        writeln!(self.orders, "{order}")?;
        Ok(serde_json::from_str(&self.line()?)?)
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.says.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that has ended by itself needs no end.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
