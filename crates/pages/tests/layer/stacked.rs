//! A layer around another of the same cache, as where a route has one and the whole site as well.

use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use crate::origin::answer;
use crate::site::{read, request, site};

/// Both would wait for the one load of the page, which is made by way of the inner one.
#[tokio::test(start_paused = true)]
async fn a_layer_within_another_waits_for_nobody_and_the_outer_one_keeps_the_page() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
    let mut both = site.pages.layer(site.pages.layer(site.origin.clone()));
    let began = Instant::now();
    for hit in [false, true] {
        let got = read(both.call(request("GET /a")).await.unwrap()).await;
        let outer = got.response.headers().get_all("cache-status").iter().next_back().unwrap().to_str().unwrap();
        assert_eq!((got.text.as_str(), outer.starts_with("freshen;hit")), ("page", hit), "{outer}");
    }
    assert_eq!((site.origin.count(), began.elapsed()), (1, Duration::ZERO));
}
