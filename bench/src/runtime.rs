//! The runtimes on which measurements run.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// As a server has it: a thread for each core.
pub fn threaded() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

/// The calling thread alone.
pub fn single() -> Runtime {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime with a timer needs nothing that could be refused")
}
