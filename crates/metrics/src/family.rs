//! Every family of metrics: its name, its meaning, and the lines that a cache has in it.

use freshen_core::queue::Depth;
use freshen_core::{Dropped, LoadEnd, Rule, Status, Strength, TaskEnd};

use crate::counts::{Count, KINDS};
use crate::histogram::{SPANS, Spread};
use crate::job::JobCounts;
use crate::page::Part;
use crate::text::Lines;

/// A family of metrics.
#[derive(Debug)]
pub struct Family {
    /// Its name, without the `_total` that the lines of a counter end in.
    pub name: &'static str,
    pub kind: Kind,
    pub unit: Option<&'static str>,
    pub help: &'static str,
    /// Writes the lines of one cache.
    pub write: fn(&Part<'_>, &mut Lines<'_>),
}

/// What kind of numbers a family has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    /// Its name in the format.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// All of them, in the order of the page. A counter's line is there from the start where its labels have few values, so
/// that its first increase shows as one.
pub static FAMILIES: &[Family] = &[
    counter("freshen_answers", "Answers, by what was served and the rule that decided.", answers),
    seconds("freshen_answer_age_seconds", Kind::Histogram, "Age of the values that were served.", ages),
    counter("freshen_refused", "Callers who got an error because nothing could be served.", |part, lines| {
        by_job(part, lines, |counts| &counts.refused);
    }),
    seconds("freshen_wait_seconds", Kind::Histogram, "Time that callers waited, of those not served at once.", waits),
    counter("freshen_loads_begun", "Loads that began.", |part, lines| {
        by_job(part, lines, |counts| &counts.begun);
    }),
    counter("freshen_loads", "Loads that ended, by how.", loads),
    seconds("freshen_load_duration_seconds", Kind::Histogram, "Time that loads took, by how they ended.", durations),
    counter("freshen_refreshes_asked", "Refreshes asked of the store, by whether they were granted.", asked),
    counter("freshen_refreshes_dropped", "Refreshes not asked for or not queued, by why.", dropped),
    counter("freshen_tasks", "Turns of tasks, by their queue and how they ended.", |part, lines| {
        for (queue, counts) in part.counts.tasks.iter() {
            for end in TaskEnd::ALL {
                lines.number(&[("queue", queue), ("end", end.as_str())], counts[end as usize].read());
            }
        }
    }),
    counter("freshen_invalidations", "Invalidations by this process, by what they cover and how.", invalidations),
    counter("freshen_removals", "Records removed by this process.", |part, lines| {
        lines.number(&[], part.counts.removed.read());
    }),
    counter("freshen_undecodable", "Stored values that did not decode into their job's type.", |part, lines| {
        by_job(part, lines, |counts| &counts.undecodable);
    }),
    counter("freshen_warm_ups_failed", "Scheduled warm-ups that enqueued nothing.", |part, lines| {
        by_job(part, lines, |counts| &counts.warm_ups_failed);
    }),
    counter("freshen_port_failures", "Failures of a store, queue or bus that were survived.", |part, lines| {
        for ((port, operation), failures) in part.counts.port_failures.iter() {
            lines.number(&[("port", port), ("operation", operation)], failures.read());
        }
    }),
    counter("freshen_near_trust_changes", "Times that the near tier began or ceased to answer.", |part, lines| {
        lines.number(&[("to", "distrusted")], part.counts.distrusted.read());
        lines.number(&[("to", "trusted")], part.counts.trusted.read());
    }),
    gauge(
        "freshen_near_trusted",
        "1 while the near tier answers, 0 while messages of the bus may be missing.",
        |part, lines| {
            lines.number(&[], part.gauges.near_is_trusted.into());
        },
    ),
    gauge("freshen_near_entries", "Values in the near tier.", |part, lines| {
        lines.number(&[], part.gauges.near_entries);
    }),
    Family {
        name: "freshen_near_bytes",
        kind: Kind::Gauge,
        unit: Some("bytes"),
        help: "Weight of the values in the near tier.",
        write: |part, lines| lines.number(&[], part.gauges.near_bytes),
    },
    gauge(
        "freshen_loads_in_flight",
        "Loads under way in this process, and those that wait for a lease.",
        |part, lines| {
            lines.number(&[], part.gauges.loads_in_flight);
        },
    ),
    gauge("freshen_workers_paused", "1 while the workers of this process take no tasks, else 0.", |part, lines| {
        lines.number(&[], part.gauges.workers_paused.into());
    }),
    gauge("freshen_queue_tasks", "Tasks in the queues, by their state.", queue_tasks),
    seconds(
        "freshen_queue_oldest_task_age_seconds",
        Kind::Gauge,
        "Age of the oldest task that waits, 0 without one.",
        |part, lines| {
            for (queue, depth) in queues(part) {
                lines.secs(&[("queue", queue)], depth.oldest.unwrap_or_default().as_secs_f64());
            }
        },
    ),
];

type Write = fn(&Part<'_>, &mut Lines<'_>);

const fn counter(name: &'static str, help: &'static str, write: Write) -> Family {
    Family { name, kind: Kind::Counter, unit: None, help, write }
}

const fn gauge(name: &'static str, help: &'static str, write: Write) -> Family {
    Family { name, kind: Kind::Gauge, unit: None, help, write }
}

const fn seconds(name: &'static str, kind: Kind, help: &'static str, write: Write) -> Family {
    Family { name, kind, unit: Some("seconds"), help, write }
}

/// Most pairs of a status and a rule do not exist, so a pair has a line from its first answer on.
fn answers(part: &Part<'_>, lines: &mut Lines<'_>) {
    for (job, counts) in part.counts.jobs.iter() {
        for (status, rule) in Status::ALL.into_iter().flat_map(|status| Rule::ALL.map(|rule| (status, rule))) {
            let answers = counts.answers(status, rule);
            if answers > 0 {
                let labels = [("job_name", job), ("status", status.as_str()), ("rule", rule.as_str())];
                lines.number(&labels, answers);
            }
        }
    }
}

fn by_job(part: &Part<'_>, lines: &mut Lines<'_>, count: fn(&JobCounts) -> &Count) {
    for (job, counts) in part.counts.jobs.iter() {
        lines.number(&[("job_name", job)], count(counts).read());
    }
}

fn ages(part: &Part<'_>, lines: &mut Lines<'_>) {
    for (job, counts) in part.counts.jobs.iter() {
        lines.spread(&[("job_name", job)], &counts.ages());
    }
}

fn waits(part: &Part<'_>, lines: &mut Lines<'_>) {
    for (job, counts) in part.counts.jobs.iter() {
        lines.spread(&[("job_name", job)], &Spread::of(&SPANS, [&counts.waits]));
    }
}

fn loads(part: &Part<'_>, lines: &mut Lines<'_>) {
    for (job, counts) in part.counts.jobs.iter() {
        for end in LoadEnd::ALL {
            lines.number(&[("job_name", job), ("end", end.as_str())], counts.loads[end as usize].count());
        }
    }
}

/// A histogram is twenty lines, so an end has one from its first load on.
fn durations(part: &Part<'_>, lines: &mut Lines<'_>) {
    for (job, counts) in part.counts.jobs.iter() {
        for end in LoadEnd::ALL {
            let spread = Spread::of(&SPANS, [&counts.loads[end as usize]]);
            if spread.count > 0 {
                lines.spread(&[("job_name", job), ("end", end.as_str())], &spread);
            }
        }
    }
}

fn asked(part: &Part<'_>, lines: &mut Lines<'_>) {
    for (job, counts) in part.counts.jobs.iter() {
        for (granted, asked) in ["false", "true"].into_iter().zip(&counts.asked) {
            lines.number(&[("job_name", job), ("granted", granted)], asked.read());
        }
    }
}

fn dropped(part: &Part<'_>, lines: &mut Lines<'_>) {
    for (job, counts) in part.counts.jobs.iter() {
        for why in Dropped::ALL {
            lines.number(&[("job_name", job), ("reason", why.as_str())], counts.dropped[why as usize].read());
        }
    }
}

fn invalidations(part: &Part<'_>, lines: &mut Lines<'_>) {
    for (kind, counts) in KINDS.into_iter().zip(&part.counts.invalidated) {
        for strength in Strength::ALL {
            lines.number(&[("kind", kind), ("strength", strength.as_str())], counts[strength as usize].read());
        }
    }
}

fn queue_tasks(part: &Part<'_>, lines: &mut Lines<'_>) {
    for (queue, Depth { ready, delayed, held, quarantined, .. }) in queues(part) {
        for (state, tasks) in [("ready", ready), ("delayed", delayed), ("held", held), ("quarantined", quarantined)] {
            lines.number(&[("queue", queue), ("state", state)], *tasks as u64);
        }
    }
}

/// The queues that answered.
fn queues<'a>(part: &'a Part<'_>) -> impl Iterator<Item = (&'a str, &'a Depth)> {
    part.gauges.queues.iter().filter_map(|(queue, depth)| Some((&**queue, depth.as_ref()?)))
}
