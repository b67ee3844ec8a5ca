//! A crowd of visitors: each has a connection, and all ask for one page at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{CONTENT, GIVES_UP};
use crate::Failure;
use crate::http::reply::Reply;
use crate::waits::Waits;

/// What a crowd was answered.
pub struct Seen {
    pub waits: Waits,
    /// How many got each status; 0 is no answer.
    pub statuses: BTreeMap<u16, usize>,
}

impl Seen {
    /// This crowd and another, as one; of each wait the longer.
    pub fn and(mut self, other: Seen) -> Seen {
        let (one, other_waits) = (self.waits, other.waits);
        let longer = |figure: fn(&Waits) -> f64| figure(&one).max(figure(&other_waits));
        self.waits =
            Waits { p50: longer(|waits| waits.p50), p99: longer(|waits| waits.p99), max: longer(|waits| waits.max) };
        for (status, visitors) in other.statuses {
            *self.statuses.entry(status).or_default() += visitors;
        }
        self
    }

    /// Whether all were answered with this.
    pub fn are_all(&self, status: u16) -> bool {
        self.statuses.keys().all(|seen| *seen == status)
    }

    /// In words: `200 × 200`, so many of this status.
    pub fn statuses(&self) -> String {
        let words = self.statuses.iter().map(|(status, visitors)| match status {
            0 => format!("{visitors} × no answer"),
            status => format!("{visitors} × {status}"),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// What one visitor was answered; `None`: nothing in his time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    pub waited: Duration,
    pub status: Option<u16>,
}

/// Asks with so many at once.
pub async fn ask(address: SocketAddr, path: &str, visitors: usize) -> Result<Seen, Failure> {
    let gate = watch::Sender::new(false);
    let mut crowd = Vec::with_capacity(visitors);
    for _ in 0..visitors {
        let connection = TcpStream::connect(address).await?;
        connection.set_nodelay(true)?;
        let (path, mut gate) = (path.to_owned(), gate.subscribe());
        crowd.push(tokio::spawn(async move {
            // A gate that is gone is open too.
            _ = gate.wait_for(|open| *open).await;
            visit(connection, &path).await
        }));
    }
    gate.send_replace(true);
    let mut answers = Vec::with_capacity(visitors);
    for visitor in crowd {
        answers.push(visitor.await?);
    }
    seen(&answers)
}

/// Purges a page softly, as our configuration of Varnish understands it.
pub async fn purge(address: SocketAddr, path: &str) -> Result<(), Failure> {
    let mut connection = TcpStream::connect(address).await?;
    match exchange(&mut connection, "PURGE", path).await? {
        200 => Ok(()),
        status => Err(format!("{path} is not purged: {status}").into()),
    }
}

/// Asks once.
pub async fn ask_alone(address: SocketAddr, path: &str) -> Result<Answered, Failure> {
    Ok(visit(TcpStream::connect(address).await?, path).await)
}

async fn visit(mut connection: TcpStream, path: &str) -> Answered {
    let begun = Instant::now();
    let status = match timeout(GIVES_UP, exchange(&mut connection, "GET", path)).await {
        Ok(Ok(status)) => Some(status),
        // Hung up on, or nothing in time.
        Ok(Err(_)) | Err(_) => None,
    };
    Answered { waited: begun.elapsed(), status }
}

/// The status, once the content is there. A 200 has the right one.
async fn exchange(connection: &mut TcpStream, method: &str, path: &str) -> Result<u16, Failure> {
    connection.write_all(format!("{method} {path} HTTP/1.1\r\nhost: www.example.org\r\n\r\n").as_bytes()).await?;
    let mut read = Vec::with_capacity(1 << 10);
    loop {
        if connection.read_buf(&mut read).await? == 0 {
            return Err("the server hung up".into());
        }
        if let Some(response) = Reply::of(&read)? {
            let right = method != "GET" || response.status != 200 || *response.content == *CONTENT.as_bytes();
            return if right { Ok(response.status) } else { Err("the content of the answer is another".into()) };
        }
    }
}

fn seen(answers: &[Answered]) -> Result<Seen, Failure> {
    let mut statuses = BTreeMap::new();
    for answered in answers {
        *statuses.entry(answered.status.unwrap_or(0)).or_default() += 1;
    }
    let waits = Waits::of(answers.iter().map(|answered| answered.waited).collect()).ok_or("nobody asked")?;
    Ok(Seen { waits, statuses })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_no_answer_is_counted_and_has_waited_all_the_same() {
        let answered = |millis, status| Answered { waited: Duration::from_millis(millis), status };
        let seen = seen(&[answered(1, Some(200)), answered(9, None), answered(2, Some(200))]).unwrap();
        assert_eq!(seen.statuses, BTreeMap::from([(0, 1), (200, 2)]));
        assert_eq!(seen.waits.max, 9.0);
    }
}
