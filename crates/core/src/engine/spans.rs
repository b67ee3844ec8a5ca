//! The spans in which jobs' code and tasks run, with the fields that OpenTelemetry gives a meaning.
//!
//! A span without an error leaves its status unset, as instrumentation should.

use tracing::Span;
use tracing::field::{Empty, display};

use crate::engine::fault::Fault;
use crate::engine::work::Product;
use crate::event::TaskEnd;
use crate::key::Key;

/// One run of a job's code for one key.
pub(crate) fn load(key: &Key) -> Span {
    tracing::info_span!(
        target: "freshen", "load", %key,
        otel.kind = "internal", otel.status_code = Empty, otel.status_description = Empty, "error.type" = Empty
    )
}

/// One run of a job's code for many keys.
pub(crate) fn load_many(job: &str, keys: usize) -> Span {
    tracing::info_span!(
        target: "freshen", "load_many", job, keys,
        otel.kind = "internal", otel.status_code = Empty, otel.status_description = Empty, "error.type" = Empty
    )
}

/// The turn of a task.
pub(crate) fn task(key: &Key, queue: &str, attempts: u32) -> Span {
    tracing::info_span!(
        target: "freshen", "task", %key, attempts,
        otel.kind = "consumer", otel.status_code = Empty, otel.status_description = Empty, "error.type" = Empty,
        messaging.system = "freshen", messaging.operation.name = "process", messaging.operation.type = "process",
        messaging.destination.name = queue
    )
}

/// Tells how a load ended.
pub(crate) fn load_ended(span: &Span, result: &Result<Product, Fault>) {
    if let Err(fault) = result {
        failed(span, fault.end().as_str(), &fault.reason());
    }
}

/// Tells how a load of many ended: it has failed where it gave no value at all.
pub(crate) fn load_many_ended(span: &Span, results: &[Result<Product, Fault>]) {
    if let (Some(first), true) = (results.first(), results.iter().all(Result::is_err)) {
        load_ended(span, first);
    }
}

/// Tells how a task ended. One that is put back has met no error: it was not its turn.
pub(crate) fn task_ended(span: &Span, end: TaskEnd, reason: Option<&str>) {
    if matches!(end, TaskEnd::Retried | TaskEnd::Quarantined) {
        failed(span, end.as_str(), reason.unwrap_or_default());
    }
}

fn failed(span: &Span, error_type: &str, description: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("otel.status_description", display(description));
    span.record("error.type", error_type);
}
