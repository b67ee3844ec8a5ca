//! The tasks behind the requests, and those that were set aside.

use freshen::queue::{Depth, Quarantined};
use freshen::{Cache, Timestamp};
use serde::{Deserialize, Serialize};

use crate::demo::stats::millis;

/// Reasons that are shown at most.
const REASONS_MAX: usize = 5;

/// What is in the queue. The names are those of `/state.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tasks {
    pub ready: usize,
    pub delayed: usize,
    pub held: usize,
    pub quarantined: usize,
    /// The age of the oldest that is ready or delayed.
    pub oldest_ms: Option<f64>,
    /// Why the newest were set aside, the newest first.
    pub set_aside: Vec<SetAside>,
}

/// A task that was set aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetAside {
    pub reason: String,
    pub attempts: u32,
    pub ago_ms: f64,
}

impl Tasks {
    /// What is in the cache's queue; nothing where the queue cannot be reached.
    pub async fn of(cache: &Cache, now: Timestamp) -> Option<Tasks> {
        let depth = cache.queue_depth().await.ok()?;
        let quarantined = cache.quarantined(REASONS_MAX).await.ok()?;
        Some(Tasks::told(depth, &quarantined, now))
    }

    fn told(depth: Depth, quarantined: &[Quarantined], now: Timestamp) -> Tasks {
        Tasks {
            ready: depth.ready,
            delayed: depth.delayed,
            held: depth.held,
            quarantined: depth.quarantined,
            oldest_ms: depth.oldest.map(millis),
            set_aside: quarantined.iter().map(|task| SetAside::of(task, now)).collect(),
        }
    }
}

impl SetAside {
    fn of(quarantined: &Quarantined, now: Timestamp) -> SetAside {
        SetAside {
            reason: quarantined.reason.to_string(),
            attempts: quarantined.task.attempts,
            ago_ms: millis(now.since(quarantined.at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use freshen::queue::{MemoryQueue, NewTask, Priority, Queue, Settlement};
    use freshen::{Clock, Key};

    use super::*;

    #[tokio::test]
    async fn what_was_set_aside_is_told_with_its_reason() {
        let clock = Clock::manual(Timestamp::ZERO);
        let queue = MemoryQueue::builder(clock.clone()).build().unwrap();
        let key = Key::new("default", "latest", &1).unwrap();
        for delay in [Duration::ZERO, Duration::from_secs(9)] {
            queue.push(&[NewTask { key: key.clone(), delay, priority: Priority::Normal }]).await.unwrap();
        }
        let pulled = queue.pull(1, Duration::ZERO).await.unwrap();
        queue.settle(&pulled[0].receipt, Settlement::Quarantine("the source is gone".into())).await.unwrap();
        clock.advance(Duration::from_secs(2));
        let set_aside = queue.quarantined(REASONS_MAX).await.unwrap();
        let tasks = Tasks::told(queue.depth().await.unwrap(), &set_aside, clock.now());
        assert_eq!((tasks.ready, tasks.delayed, tasks.held, tasks.quarantined), (0, 1, 0, 1));
        assert_eq!(tasks.oldest_ms, Some(2000.0));
        let expected = SetAside { reason: "the source is gone".into(), attempts: 1, ago_ms: 2000.0 };
        assert_eq!(tasks.set_aside, [expected]);
    }
}
