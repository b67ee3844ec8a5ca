//! Waiting for a server by asking it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Generous, for the machines that tests run on are slow at times.
const DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// Asks until there is an answer, and gives it. Panics when there is none after 30 s, with what was waited for and said
/// last.
pub(super) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(said) => assert!(Instant::now() < deadline, "waited {DEADLINE:?} in vain for {what}: {said}"),
        }
        sleep(PAUSE).await;
    }
}
