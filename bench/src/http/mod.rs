//! The command `http`: what a page from the cache costs its server, beside the bare handler that answers with the same bytes.

mod site;
mod visitors;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::Failure;
use crate::summary::median;

pub use site::serve;

#[derive(Args)]
pub struct Http {
    /// Rounds; in each, every server is visited once. Medians are printed
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Requests in each visit
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
    /// Connections that ask at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
}

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Server {
    /// An axum handler, with nothing before it: the limit.
    Bare,
    /// The same behind the layer, which has the page.
    Freshen,
}

/// How large the page is, in bytes.
const SIZES: [usize; 2] = [2 << 10, 64 << 10];

impl Server {
    fn name(self) -> &'static str {
        match self {
            Server::Bare => "axum",
            Server::Freshen => "freshen",
        }
    }
}

/// Measures and prints.
pub fn run(http: &Http) -> Result<(), Failure> {
    println!(
        "A page from the cache over HTTP/1.1, {} connections: CPU microseconds of the server a request, all threads, and as a\n\
         multiple of the bare handler's; medians of {} rounds of {} requests\n",
        http.connections, http.rounds, http.requests
    );
    println!("{:<16}{:>20}{:>20}", "", "2 KiB", "64 KiB");
    let servers = Server::value_variants();
    let mut micros = vec![vec![Vec::new(); SIZES.len()]; servers.len()];
    for _ in 0..http.rounds {
        for (size, bytes) in SIZES.into_iter().enumerate() {
            for (server, of_server) in servers.iter().zip(&mut micros) {
                of_server[size].push(visit(*server, bytes, http)?);
            }
        }
    }
    for (server, of_server) in servers.iter().zip(&micros) {
        let cells = of_server.iter().zip(&micros[0]).map(|(own, bare)| {
            let ratio = median(own.iter().zip(bare).map(|(own, bare)| own / bare).collect());
            format!("{:>20}", format!("{:.2}  {ratio:.2}x", median(own.clone())))
        });
        println!("{:<16}{}", server.name(), cells.collect::<String>());
    }
    Ok(())
}

/// CPU microseconds of one server a request.
fn visit(server: Server, bytes: usize, http: &Http) -> Result<f64, Failure> {
    let mut site = Site::start(server, bytes)?;
    // The page is made, and connections and threads are warm.
    visitors::ask(site.address, http.connections, http.requests / 10, bytes)?;
    let before = site.spent()?;
    visitors::ask(site.address, http.connections, http.requests, bytes)?;
    let spent = site.spent()? - before;
    Ok(spent.as_secs_f64() * 1e6 / f64::from(http.requests))
}

/// A server in a process of its own, which ends with this.
struct Site {
    child: Child,
    orders: ChildStdin,
    says: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Site {
    fn start(server: Server, bytes: usize) -> Result<Site, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let server = server.to_possible_value().ok_or("every server has a name")?;
        command.args(["site", server.get_name(), &bytes.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let orders = child.stdin.take().ok_or("a child that is piped has a stdin")?;
        let says = BufReader::new(child.stdout.take().ok_or("a child that is piped has a stdout")?);
        let mut site = Site { child, orders, says, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        site.address = site.line()?.parse()?;
        Ok(site)
    }

    /// How much CPU time its process has spent.
    fn spent(&mut self) -> Result<Duration, Failure> {
        self.orders.write_all(b"spent\n")?;
        Ok(Duration::from_micros(self.line()?.parse()?))
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.says.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // One that has ended by itself needs no end.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
