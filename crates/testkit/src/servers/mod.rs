//! Real servers for the tests of adapters: started on loopback ports of their own, and gone with the test process.
//!
//! A server is a child of the test process, with its files in a temporary folder. It is killed when its handle is
//! dropped, and when the process ends, however it ends: so a server that many tests share may live in a `static`. A
//! program that is not installed fails the test and is named; nothing is skipped. These are functions of tests: what
//! goes wrong panics and says why.
//!
//! ```no_run
//! use freshen_testkit::servers::{Flavour, Server};
//! use tokio::sync::OnceCell;
//!
//! static SHARED: OnceCell<Server> = OnceCell::const_new();
//!
//! # async fn example() {
//! let shared = SHARED.get_or_init(|| Server::redis(Flavour::Valkey).arg("--maxmemory", "20mb").start()).await;
//! assert_eq!(shared.command(&["SET", "a", "1"]).await, "OK");
//!
//! let own = Server::redis(Flavour::Redis).arg("--appendonly", "yes").start().await;
//! own.kill();
//! own.restart().await;
//! # }
//! ```

mod certificates;
mod client;
mod cluster;
mod flavour;
mod folder;
mod port;
mod process;
mod relay;
mod sentinels;
mod single;
mod site;
mod topology;
mod until;
mod wording;

pub use certificates::Certificates;
pub use cluster::{Cluster, Move};
pub use flavour::Flavour;
pub use process::program;
pub use relay::Relay;
pub use sentinels::Sentinels;
pub use single::{Server, ServerBuilder};
pub use site::Site;
