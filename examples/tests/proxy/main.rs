//! The proxy before a real origin, over real connections: what passes through is unharmed.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[allow(dead_code)] // Its `main`.
#[path = "../../08_proxy.rs"]
mod proxy;

/// That of the demo's own tests.
#[allow(dead_code)] // What it can do is not all wanted here.
#[path = "../../../crates/server/tests/browser/chromium.rs"]
mod chromium;

mod admin;
mod asking;
mod both;
mod django;
mod documentation;
mod documents;
mod guest;
mod hosts;
mod login;
mod nginx;
mod office;
mod origin;
mod passing;
mod visitor;

use std::time::Duration;

use crate::origin::Origin;
use crate::visitor::Visitor;

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A proxy before an origin, as a visitor finds it.
async fn proxied() -> (Origin, Visitor) {
    let origin = Origin::start().await;
    let visitor = before(&origin.address).await;
    (origin, visitor)
}

/// A proxy before what listens there.
async fn before(origin: &str) -> Visitor {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let origin = format!("http://{origin}").parse().unwrap();
    tokio::spawn(async { proxy::serve(listener, origin).await.unwrap() });
    Visitor::of(address)
}
