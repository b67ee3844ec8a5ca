//! A server that is measured, in a process of its own. It ends when nobody gives it orders any more.

use std::io::{BufRead, Write, stdin, stdout};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use freshen::pages::PageCache;
use tokio::net::TcpListener;

use crate::http::Server;
use crate::{Failure, cpu};

/// Serves until its orders end. It says its address, and at each order how many microseconds of CPU time it has spent.
pub fn serve(server: Server, bytes: usize) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let page = Bytes::from(vec![b'x'; bytes]);
        let handler =
            || async move { ([("cache-control", "public, max-age=3600"), ("content-type", "text/html")], page) };
        let site: Router = Router::new().route("/page", get(handler));
        let site = match server {
            Server::Bare => site,
            Server::Freshen => site.layer(PageCache::embedded().await?),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        say(&listener.local_addr()?.to_string())?;
        let serving = tokio::spawn(async { axum::serve(listener, site).await });
        tokio::task::spawn_blocking(orders).await??;
        serving.abort();
        Ok(())
    })
}

fn orders() -> Result<(), Failure> {
    for order in stdin().lock().lines() {
        order?;
        say(&cpu::of_this_process().as_micros().to_string())?;
    }
    Ok(())
}

fn say(line: &str) -> Result<(), Failure> {
    writeln!(stdout(), "{line}")?;
    Ok(stdout().flush()?)
}
