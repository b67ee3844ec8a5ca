//! CPU time that was spent on both sides.

use redis::aio::MultiplexedConnection;

use crate::{Failure, cpu};

/// CPU microseconds so far, of this process and of all these servers.
pub async fn spent_micros(servers: &[MultiplexedConnection]) -> Result<[f64; 2], Failure> {
    let mut there_micros = 0.0;
    for server in servers {
        let told: String = redis::cmd("INFO").arg("cpu").query_async(&mut server.clone()).await?;
        there_micros += told.lines().filter_map(seconds).sum::<f64>() * 1e6;
    }
    Ok([cpu::of_this_process().as_secs_f64() * 1e6, there_micros])
}

fn seconds(line: &str) -> Option<f64> {
    let (name, seconds) = line.trim().split_once(':')?;
    ["used_cpu_sys", "used_cpu_user"].contains(&name).then(|| seconds.parse().ok())?
}
