//! A demo on several processes, over a server that all tests share.

use std::sync::OnceLock;

use freshen_testkit::servers::{Flavour, Server};
use serde_json::Value;

use crate::binary::{Freshen, until};
use crate::origin::Origin;

/// The server; each demo has a prefix of its own there.
pub fn redis() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(Server::redis(Flavour::Redis).start())
    })
}

/// A demo on two web processes and two workers, whose list stays fresh unless a button outdates it.
pub fn fleet(origin: &Origin) -> Freshen {
    let freshen = Freshen::start_with(&origin.url, &["--ttl", "1h", "--store", &redis().url()]);
    // One request is answered by one of them, the next by the other.
    let hits = |state: &Value| (0..2).all(|web| member(state, web)["hit"].as_u64() > Some(0));
    freshen.until("both web processes have the list", hits);
    freshen
}

/// The process at a place: web 1, web 2, worker 1, worker 2.
pub fn member(state: &Value, n: usize) -> &Value {
    &state["fleet"]["members"][n]
}

/// The ids of the processes that the demo has started.
pub fn pids(state: &Value) -> Vec<u64> {
    (0..4).map(|n| member(state, n)["pid"].as_u64().unwrap()).collect()
}

/// Whether a process runs. One that has ended and was not waited for does not.
pub fn runs(pid: u64) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = status.rsplit(')').next().unwrap_or_default().trim_start().chars().next();
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// Waits until none of these processes runs.
pub fn gone(pids: &[u64]) {
    until("no process is left", || (!pids.iter().any(|pid| runs(*pid))).then_some(()));
}
