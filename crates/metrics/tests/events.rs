//! Each event is counted where the table says, and the table has all that is on the page.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{cache, openmetrics};
use freshen_core::store::Target;
use freshen_core::{Dropped, Event, Key, LoadEnd, Observer, PortError, Rule, Status, Strength, Tag, TaskEnd};
use freshen_metrics::Metrics;

const MILLI: Duration = Duration::from_millis(1);

/// The lines that a second event changes, buckets left aside: the first brings the lines themselves.
async fn changed(event: Event<'_>) -> Vec<String> {
    let metrics = Metrics::new();
    let (cache, _clock) = cache(&metrics).await;
    metrics.observe(&event);
    let before = metrics.render(&cache).await;
    metrics.observe(&event);
    let before: BTreeSet<&str> = before.lines().collect();
    let after = metrics.render(&cache).await;
    after.lines().filter(|line| !before.contains(line) && !line.contains("_bucket{")).map(str::to_owned).collect()
}

fn key() -> Key {
    Key::new("namespace", "job", &7).unwrap()
}

#[tokio::test]
async fn an_answer_counts_by_status_and_rule_with_its_age_and_its_wait() {
    let aged = [
        r#"freshen_answer_age_seconds_sum{job_name="job"} 0.5"#,
        r#"freshen_answer_age_seconds_count{job_name="job"} 2"#,
    ];
    let waited =
        [r#"freshen_wait_seconds_sum{job_name="job"} 0.004"#, r#"freshen_wait_seconds_count{job_name="job"} 2"#];
    for (status, rule) in Status::ALL.into_iter().flat_map(|status| Rule::ALL.map(|rule| (status, rule))) {
        let event = |waited| Event::Answered { job: "job", status, rule, age: 250 * MILLI, waited };
        let labels = format!(r#"{{job_name="job",status="{}",rule="{}"}}"#, status.as_str(), rule.as_str());
        let answered = format!("freshen_answers_total{labels} 2");
        let aged = if status == Status::Empty { &[][..] } else { &aged };
        assert_eq!(changed(event(Duration::ZERO)).await, [&[&*answered], aged].concat());
        assert_eq!(changed(event(2 * MILLI)).await, [&[&*answered], aged, &waited].concat());
    }
}

#[tokio::test]
async fn a_refusal_counts_with_its_wait() {
    let expected = [
        r#"freshen_refused_total{job_name="job"} 2"#,
        r#"freshen_wait_seconds_sum{job_name="job"} 0.002"#,
        r#"freshen_wait_seconds_count{job_name="job"} 2"#,
    ];
    assert_eq!(changed(Event::Refused { job: "job", waited: MILLI }).await, expected);
}

#[tokio::test]
async fn a_load_counts_when_it_begins_and_by_how_it_ends() {
    let key = &key();
    assert_eq!(changed(Event::LoadBegan { key }).await, [r#"freshen_loads_begun_total{job_name="job"} 2"#]);
    for end in LoadEnd::ALL {
        let labels = format!(r#"{{job_name="job",end="{}"}}"#, end.as_str());
        let expected = [
            format!("freshen_loads_total{labels} 2"),
            format!("freshen_load_duration_seconds_sum{labels} 0.006"),
            format!("freshen_load_duration_seconds_count{labels} 2"),
        ];
        let event = Event::LoadEnded { key, end, took: 3 * MILLI, reason: Some("a text that stays out") };
        assert_eq!(changed(event).await, expected);
    }
}

#[tokio::test]
async fn refreshes_count_by_what_became_of_them() {
    let key = &key();
    for granted in [false, true] {
        let expected = format!(r#"freshen_refreshes_asked_total{{job_name="job",granted="{granted}"}} 2"#);
        assert_eq!(changed(Event::RefreshAsked { key, granted }).await, [expected]);
    }
    for dropped in Dropped::ALL {
        let reason = dropped.as_str();
        let expected = format!(r#"freshen_refreshes_dropped_total{{job_name="job",reason="{reason}"}} 2"#);
        assert_eq!(changed(Event::RefreshDropped { key, dropped }).await, [expected]);
    }
    for end in TaskEnd::ALL {
        let expected = format!(r#"freshen_tasks_total{{queue="slow",end="{}"}} 2"#, end.as_str());
        assert_eq!(changed(Event::TaskEnded { queue: "slow", key: None, end, reason: None }).await, [expected]);
    }
}

#[tokio::test]
async fn invalidations_count_by_kind_and_strength_and_removals_by_themselves() {
    let targets = [
        ("key", Target::Key(key())),
        ("tag", Target::Tag(Tag::new("a tag").unwrap())),
        ("namespace", Target::Namespace("n".into())),
    ];
    for (kind, target) in &targets {
        for strength in Strength::ALL {
            let strong = strength.as_str();
            let expected = format!(r#"freshen_invalidations_total{{kind="{kind}",strength="{strong}"}} 2"#);
            assert_eq!(changed(Event::Invalidated { target, strength }).await, [expected]);
        }
    }
    assert_eq!(changed(Event::Removed { key: &key() }).await, ["freshen_removals_total 2"]);
}

#[tokio::test]
async fn troubles_count_by_where_they_were() {
    let error = &PortError::passing("redis store", "read", "a text that stays out");
    let expected = r#"freshen_port_failures_total{port="redis store",operation="read"} 2"#;
    assert_eq!(changed(Event::PortFailed { error }).await, [expected]);
    let undecodable = Event::Undecodable { key: &key(), reason: "a text that stays out" };
    assert_eq!(changed(undecodable).await, [r#"freshen_undecodable_total{job_name="job"} 2"#]);
    let failed = Event::WarmUpFailed { job: "job", reason: "a text that stays out" };
    assert_eq!(changed(failed).await, [r#"freshen_warm_ups_failed_total{job_name="job"} 2"#]);
    let lost = r#"freshen_near_trust_changes_total{to="distrusted"} 2"#;
    assert_eq!(changed(Event::NearDistrusted { partition: 0 }).await, [lost]);
    assert_eq!(
        changed(Event::NearTrusted { partition: 0 }).await,
        [r#"freshen_near_trust_changes_total{to="trusted"} 2"#]
    );
}

/// The core's own list, so that an event that comes to it is found here.
#[test]
fn no_event_is_left_out() {
    let core = include_str!("../../core/src/event.rs");
    let (_, events) = core.split_once("pub enum Event<'a> {").unwrap();
    let (events, _) = events.split_once("\n}").unwrap();
    let names = events.lines().filter_map(|line| line.strip_prefix("    "));
    let names = names.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    let names: Vec<&str> = names.map(|line| line.trim_end_matches([' ', '{', ','])).collect();
    assert!(names.contains(&"Answered") && names.contains(&"NearTrusted"), "{names:?}");
    let observer = include_str!("../src/metrics.rs");
    let left_out: Vec<&&str> = names.iter().filter(|name| !observer.contains(&format!("Event::{name}"))).collect();
    assert_eq!(left_out, [&""; 0]);
}

/// Name, kind and labels of every metric, as the table has them.
fn table() -> Vec<(String, String, Vec<String>)> {
    let lines = include_str!("../src/table.md").lines().filter(|line| line.starts_with("| `"));
    let cells = lines.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let plain = |text: &str| text.replace('`', "");
    let labels = |text: &str| plain(text).split(", ").filter(|label| !label.is_empty()).map(str::to_owned).collect();
    cells.map(|cells| (plain(cells[1]), cells[2].to_owned(), labels(cells[3]))).collect()
}

#[tokio::test]
async fn the_table_has_every_metric_with_its_kind_and_labels_in_the_order_of_the_page() {
    let metrics = Metrics::new();
    let (cache, _clock) = cache(&metrics).await;
    let (key, waited) = (key(), MILLI);
    metrics.observe(&Event::Answered { job: "job", status: Status::Hit, rule: Rule::Fresh, age: MILLI, waited });
    metrics.observe(&Event::LoadEnded { key: &key, end: LoadEnd::Stored, took: MILLI, reason: None });
    metrics.observe(&Event::PortFailed { error: &PortError::passing("bus", "beat", "down") });
    let families = openmetrics::read(&metrics.render(&cache).await).unwrap();
    let on_page = families.iter().map(|family| {
        let name = if family.kind == "counter" { format!("{}_total", family.name) } else { family.name.clone() };
        let sample = family.samples.last().unwrap_or_else(|| panic!("{name} has no line"));
        (name, family.kind.clone(), sample.labels.iter().map(|(label, _)| label.clone()).collect())
    });
    assert_eq!(table(), on_page.collect::<Vec<_>>());
}
