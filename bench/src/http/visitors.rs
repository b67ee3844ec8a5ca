//! Who asks: connections that each ask again as soon as they are answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::reply::Reply;
use super::site::FILLING;
use crate::Failure;

/// What a browser says of itself.
const FIELDS: &str = "host: www.example.org\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
    accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\naccept-language: en-GB,en;q=0.7\r\n\
    accept-encoding: gzip, deflate, br\r\n\r\n";

/// How much is asked.
#[derive(Clone, Copy)]
pub struct Visit {
    pub address: SocketAddr,
    pub connections: u16,
    /// How much content each has to get.
    pub bytes: usize,
}

/// Asks for the same page, over and over, for so long. Says how often.
pub fn ask(visit: Visit, lasting: Duration) -> Result<u32, Failure> {
    let ends = Instant::now() + lasting;
    all(visit, |_| std::iter::repeat_n("/page".to_owned(), usize::MAX).take_while(move |_| Instant::now() < ends))
}

/// Asks for so many pages, each once.
pub fn ask_each(visit: Visit, pages: u32) -> Result<u32, Failure> {
    let each = usize::from(visit.connections);
    all(visit, move |first| (first.into()..pages).step_by(each).map(|number| format!("/pages/{number}")))
}

/// All connections at once, each with the paths that belong to its number. Says how often was asked.
fn all<P>(visit: Visit, paths: impl Fn(u16) -> P) -> Result<u32, Failure>
where
    P: Iterator<Item = String> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let all: Vec<_> = (0..visit.connections).map(|number| tokio::spawn(connected(visit, paths(number)))).collect();
        let mut asked = 0;
        for visitor in all {
            asked += visitor.await??;
        }
        Ok(asked)
    })
}

async fn connected(visit: Visit, paths: impl Iterator<Item = String>) -> Result<u32, Failure> {
    let mut connection = TcpStream::connect(visit.address).await?;
    connection.set_nodelay(true)?;
    let mut came = Vec::with_capacity(visit.bytes + (64 << 10));
    let page = vec![FILLING; visit.bytes];
    let mut asked = 0;
    for path in paths {
        connection.write_all(format!("GET {path} HTTP/1.1\r\n{FIELDS}").as_bytes()).await?;
        answer(&mut connection, &mut came, &page).await?;
        asked += 1;
    }
    Ok(asked)
}

/// Reads one response: it is a 200, and this page.
async fn answer(connection: &mut TcpStream, came: &mut Vec<u8>, page: &[u8]) -> Result<(), Failure> {
    came.clear();
    loop {
        if connection.read_buf(came).await? == 0 {
            return Err("the server hung up".into());
        }
        let Some(reply) = Reply::of(came)? else { continue };
        let right = *reply.content == *page;
        return match (reply.status, right) {
            (200, true) => Ok(()),
            (200, false) => Err(format!("the content is another, of {} bytes", reply.content.len()).into()),
            (status, _) => Err(format!("the answer is {status}: {}", String::from_utf8_lossy(&reply.content)).into()),
        };
    }
}
