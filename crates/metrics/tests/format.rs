//! The page is OpenMetrics, and the reader that says so refuses what is not.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::openmetrics::read;
use common::{cache, even};
use freshen_metrics::{METRICS_CONTENT_TYPE, Metrics, render_all};

#[tokio::test]
async fn an_empty_and_a_full_page_are_openmetrics() {
    let metrics = Metrics::new();
    let (cache, _clock) = cache(&metrics).await;
    assert_eq!(read(&metrics.render(&cache).await).map(|_| ()), Ok(()));
    cache.get(&even(2)).await.unwrap();
    cache.get(&even(2)).await.unwrap();
    cache.get(&even(1)).await.unwrap_err();
    let families = read(&metrics.render(&cache).await).unwrap();
    let answers = families.iter().find(|family| family.name == "freshen_answers").unwrap();
    assert_eq!(answers.samples.len(), 2);
    assert_eq!(METRICS_CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

#[tokio::test]
async fn a_page_of_several_caches_has_each_family_once_and_tells_the_caches_apart() {
    let names = ["orders", "a \"b\"\\n\nc"];
    let [one, two] = names.map(Metrics::named);
    let ((first, _), (second, _)) = (cache(&one).await, cache(&two).await);
    first.get(&even(2)).await.unwrap();
    second.get(&even(4)).await.unwrap();
    let families = read(&render_all(&[(&one, &first), (&two, &second)]).await.unwrap()).unwrap();
    for family in families.iter().filter(|family| family.name != "freshen_port_failures") {
        for name in names {
            assert!(family.samples.iter().any(|sample| sample.label("cache") == Some(name)), "{}: {name}", family.name);
        }
    }
}

#[tokio::test]
async fn two_caches_of_one_name_are_refused() {
    let metrics = ["same", "same"].map(Metrics::named);
    let (one, _clock) = cache(&metrics[0]).await;
    let error = render_all(&[(&metrics[0], &one), (&metrics[1], &one)]).await.unwrap_err();
    assert_eq!(error.to_string(), r#"metrics: two caches on one page are named "same""#);
    let without = Metrics::new();
    let error = render_all(&[(&without, &one), (&Metrics::default(), &one)]).await.unwrap_err();
    assert_eq!(error.to_string(), "metrics: two caches on one page have no name");
    assert!(render_all(&[(&without, &one), (&metrics[0], &one)]).await.is_ok());
}

const GOOD: &str = "# TYPE a counter\n# HELP a Some.\na_total{l=\"v\"} 1\n\
    # TYPE b_seconds histogram\n# UNIT b_seconds seconds\n# HELP b_seconds Some.\n\
    b_seconds_bucket{le=\"1.0\"} 1\nb_seconds_bucket{le=\"+Inf\"} 2\nb_seconds_sum 3.5\nb_seconds_count 2\n# EOF\n";

#[test]
fn the_reader_takes_a_good_page_and_refuses_it_with_any_flaw() {
    assert_eq!(read(GOOD).unwrap().len(), 2);
    for (good, flawed) in [
        ("# EOF\n", "# EOF"),
        ("# EOF\n", ""),
        ("# TYPE a counter", "# TYPE a number"),
        ("a_total", "a"),
        ("# HELP a Some.\n", ""),
        ("l=\"v\"", "l=v"),
        ("l=\"v\"", "l=\"\\v\""),
        ("l=\"v\"", "1=\"v\""),
        ("l=\"v\"", "l=\"v\",l=\"w\""),
        ("{l=\"v\"} 1\n", "{l=\"v\"} 1\na_total{l=\"v\"} 1\n"),
        ("{l=\"v\"} 1\n", "{l=\"v\"} one\n"),
        ("{l=\"v\"} 1\n", "{l=\"v\"}1\n"),
        ("seconds seconds", "seconds bytes"),
        ("le=\"1.0\"", "le=\"1\""),
        ("le=\"1.0\"} 1", "le=\"1.0\"} 3"),
        ("b_seconds_sum 3.5\n", ""),
        ("b_seconds_count 2", "b_seconds_count 1"),
        ("# TYPE b_seconds histogram", "# TYPE a counter\n# HELP a Again.\n# TYPE b_seconds histogram"),
    ] {
        let page = GOOD.replacen(good, flawed, 1);
        assert_ne!(page, GOOD);
        assert!(read(&page).is_err(), "{page}");
    }
}
