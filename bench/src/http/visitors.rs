//! Who asks: connections that each ask again as soon as they are answered.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;

const REQUEST: &[u8] =
    b"GET /page HTTP/1.1\r\nhost: www.example.org\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
    accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\naccept-language: en-GB,en;q=0.7\r\n\
    accept-encoding: gzip, deflate, br\r\n\r\n";

/// Asks so often, over so many connections, and wants so many bytes of content each time.
pub fn ask(address: SocketAddr, connections: u16, requests: u32, bytes: usize) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let each = requests.div_ceil(connections.into());
        let visitors: Vec<_> = (0..connections).map(|_| tokio::spawn(visit(address, each, bytes))).collect();
        for visitor in visitors {
            visitor.await??;
        }
        Ok(())
    })
}

async fn visit(address: SocketAddr, requests: u32, bytes: usize) -> Result<(), Failure> {
    let mut connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    let mut buffer = vec![0; 128 << 10];
    for _ in 0..requests {
        connection.write_all(REQUEST).await?;
        answer(&mut connection, &mut buffer, bytes).await?;
    }
    Ok(())
}

/// Reads one response: it is a 200 with so much content.
async fn answer(connection: &mut TcpStream, buffer: &mut [u8], bytes: usize) -> Result<(), Failure> {
    let mut there = 0;
    let head = loop {
        there += read(connection, &mut buffer[there..]).await?;
        if let Some(end) = buffer[..there].windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    if !buffer.starts_with(b"HTTP/1.1 200") {
        return Err(format!("answered with {}", String::from_utf8_lossy(&buffer[..there.min(200)])).into());
    }
    while there < head + bytes {
        there += read(connection, &mut buffer[there..]).await?;
    }
    if there == head + bytes { Ok(()) } else { Err("more content than there should be".into()) }
}

async fn read(connection: &mut TcpStream, into: &mut [u8]) -> Result<usize, Failure> {
    match connection.read(into).await? {
        0 => Err("the server has closed the connection".into()),
        read => Ok(read),
    }
}
