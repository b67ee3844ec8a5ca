//! What is chosen where its user says nothing, as the guide tells it.

use std::time::Duration;

use freshen_http::{Config, Grace, Outdating, Scheme};
use freshen_pages::{CacheSettings, Settings};

use crate::origin::answer;
use crate::site::{pass, site_with};

const SECOND: Duration = Duration::from_secs(1);
const NONE: Grace = Grace { stale_while_revalidate: Duration::ZERO, stale_if_error: Duration::ZERO };

/// Who sets `rules` to those of the crate below has none.
#[test]
fn the_layer_gives_a_grace_that_the_rules_by_themselves_do_not() {
    let grace = Grace { stale_while_revalidate: 60 * SECOND, stale_if_error: 3600 * SECOND };
    assert_eq!(Settings::default().rules.grace, grace);
    assert_eq!(Config::default().grace, NONE);
    assert_eq!((Config::private().grace, Config::default().outdates_named), (NONE, Outdating::Soft));
}

#[test]
fn bounds_and_spans_are_those_of_the_guide() {
    let Settings { bounds, head_timeout, content_timeout, passing_ttl, kept_for_validation, tells, .. } =
        Settings::default();
    assert_eq!((bounds.bytes_most, bounds.window_bytes, bounds.readers_most), (8 << 20, 256 << 10, 1024));
    assert_eq!((head_timeout, content_timeout, bounds.stall_timeout), (30 * SECOND, 60 * SECOND, 5 * SECOND));
    assert_eq!((passing_ttl, kept_for_validation, tells), (10 * SECOND, 3600 * SECOND, true));
    let whole = CacheSettings::default();
    assert_eq!((whole.refreshes_most, whole.asking_most, whole.asking_timeout), (16, 1_000, 5 * SECOND));
    assert_eq!((whole.loads_most, whole.coming_bytes_most), (10_000, 256 << 20));
}

/// A server that ends TLS by itself, whose user has not said so: nothing is answered, rather than kept under another name.
#[tokio::test(start_paused = true)]
async fn a_request_over_another_scheme_than_the_chosen_one_is_refused() {
    for (scheme, chosen, status) in
        [("https", Scheme::Http, 421), ("https", Scheme::Https, 200), ("http", Scheme::Http, 200)]
    {
        let site = site_with(Settings { scheme: chosen, ..Settings::default() }).await;
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
        assert_eq!(site.get(&format!("GET {scheme}://a.example/a")).await.status(), status, "{scheme}");
    }
}

/// The same page under both.
#[tokio::test(start_paused = true)]
async fn a_page_past_its_lifetime_is_served_by_the_layers_rules_and_waited_for_by_the_others() {
    for (rules, hit) in [(Settings::default().rules, true), (Config::default(), false)] {
        let site = site_with(Settings { rules, ..Settings::default() }).await;
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
        site.get("GET /a").await;
        pass(100 * SECOND).await;
        assert_eq!(site.get("GET /a").await.is_hit(), hit);
    }
}
