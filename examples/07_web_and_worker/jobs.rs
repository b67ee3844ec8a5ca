//! The jobs that web and worker share. Which of the two loads is not said here.

use std::time::Duration;

use freshen::{Jobs, cached};

/// All that both processes know.
pub fn all() -> Jobs {
    Jobs::new().add::<Report>()
}

/// In place of a query that takes a second. It says which process has made it.
#[cached(job = Report, ttl = "5s", stale_while_revalidate = "1h", lease = "5s", load_timeout = "4s")]
pub async fn report(month: u32) -> String {
    let process = std::process::id();
    println!("process {process} reads month {month}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    format!("month {month}, read by process {process}")
}
