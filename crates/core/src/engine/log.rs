//! What the log is told of events.

use crate::event::{Event, TaskEnd};

/// Tells the log of an event: a warning for what somebody should look at.
pub(crate) fn log(event: &Event<'_>) {
    match event {
        Event::LoadEnded { key, end, took, reason: Some(reason) } => {
            tracing::warn!(target: "freshen", %key, ?end, ?took, reason, "load ended without a value");
        }
        Event::LoadEnded { key, end, took, reason: None } => {
            tracing::debug!(target: "freshen", %key, ?end, ?took, "load ended")
        }
        Event::PortFailed { error } => tracing::warn!(target: "freshen", %error, "going on without"),
        Event::Undecodable { key, reason } => {
            tracing::warn!(target: "freshen", %key, reason, "a stored value does not decode")
        }
        // A retried task's load has been told already.
        Event::TaskEnded { key, end: TaskEnd::Quarantined, reason, queue } => {
            let key = key.map(tracing::field::display);
            tracing::warn!(target: "freshen", key, queue, reason, "task quarantined");
        }
        Event::WarmUpFailed { job, reason } => {
            tracing::warn!(target: "freshen", job, reason, "a scheduled warm-up enqueued nothing")
        }
        Event::NearDistrusted { .. } => {
            tracing::warn!(target: "freshen", "bus messages were lost: the near tier answers nothing")
        }
        // Hits are told to observers only: formatting them would cost more than they do.
        Event::Answered { .. } => {}
        event => tracing::debug!(target: "freshen", ?event),
    }
}
