//! Counts are exact, from however many threads they come, and a page can be written meanwhile.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{cache, openmetrics, value};
use freshen_core::{Event, Observer, Rule, Status};
use freshen_metrics::Metrics;

const THREADS: usize = 8;
const ROUNDS: u64 = 20_000;
const JOBS: [&str; 3] = ["one", "two", "three"];

fn answered(job: &'static str, rule: Rule) -> Event<'static> {
    Event::Answered { job, status: Status::Hit, rule, age: Duration::from_secs(2), waited: Duration::from_secs(1) }
}

fn count(metrics: &Metrics) {
    for round in 0..ROUNDS {
        for job in JOBS {
            let rule = if round % 2 == 0 { Rule::Fresh } else { Rule::WithinStale };
            metrics.observe(&answered(job, rule));
        }
    }
}

#[tokio::test]
async fn threads_that_count_at_once_lose_nothing_while_pages_are_written() {
    let metrics = Metrics::new();
    let (cache, _clock) = cache(&metrics).await;
    let counting = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| count(&metrics))).collect();
        let reader = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            while counting.load(Ordering::Relaxed) {
                openmetrics::read(&runtime.block_on(metrics.render(&cache))).unwrap();
            }
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        counting.store(false, Ordering::Relaxed);
        reader.join().unwrap();
    });
    let page = metrics.render(&cache).await;
    let all = THREADS as f64 * ROUNDS as f64;
    for job in JOBS {
        for rule in ["fresh", "within-stale"] {
            let series = format!(r#"freshen_answers_total{{job_name="{job}",status="hit",rule="{rule}"}}"#);
            assert_eq!(value(&page, &series), Some(all / 2.0), "{series}");
        }
        for (name, secs) in [("answer_age", 2.0), ("wait", 1.0)] {
            let series = |part: &str| format!(r#"freshen_{name}_seconds_{part}{{job_name="{job}"}}"#);
            assert_eq!(value(&page, &series("count")), Some(all));
            assert_eq!(value(&page, &series("sum")), Some(all * secs));
        }
    }
}
