//! What Prometheus is told.

use crate::binary::Freshen;
use crate::origin::Origin;

/// The number at the end of the line that begins so.
fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

#[test]
fn the_metrics_are_served_for_prometheus_and_count_what_the_page_does() {
    let origin = Origin::list(&["one"]);
    let freshen = Freshen::start(Some(&origin.url));
    freshen.until("served", |state| state["served"].is_object());
    let hits = || {
        value(&freshen.get("/metrics").body, r#"freshen_answers_total{job_name="latest",status="hit",rule="fresh"}"#)
    };
    let before = hits().unwrap_or(0.0);
    assert_eq!(freshen.state()["served"]["status"], "hit");
    assert_eq!(hits(), Some(before + 1.0), "and a look at the metrics is no answer");

    let page = freshen.get("/metrics");
    assert_eq!(page.status, 200);
    let content_type = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n";
    assert!(page.head.contains(content_type), "{}", page.head);
    assert!(
        page.body.starts_with("# TYPE freshen_answers counter\n") && page.body.ends_with("# EOF\n"),
        "{}",
        page.body
    );
    assert_eq!(value(&page.body, "freshen_near_entries"), Some(1.0));
    assert_eq!(value(&page.body, r#"freshen_loads_total{job_name="latest",end="stored"}"#), Some(1.0));
    assert!(!page.body.contains(&origin.url), "a URL is no label");
}
