//! Several processes on one store.

use std::time::Duration;

use freshen_core::store::MemoryStore;
use freshen_core::{Cache, Clock};
use freshen_pages::Settings;

use crate::origin::answer;
use crate::site::{Site, pass, settle, site_over};

const SECOND: Duration = Duration::from_secs(1);

/// Two processes on a store that keeps bytes.
async fn two() -> [Site; 2] {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).encoded().build().unwrap();
    let cache = || Cache::builder().clock(clock.clone()).store(store.clone());
    [site_over(cache(), Settings::default()).await, site_over(cache(), Settings::default()).await]
}

#[tokio::test(start_paused = true)]
async fn a_page_that_another_process_made_is_served_with_all_that_belongs_to_it() {
    let [one, two] = two().await;
    one.origin.answers(|request| {
        let language = request.headers["accept-language"].to_str().unwrap();
        answer(&format!("200 | cache-control: max-age=60 | vary: accept-language | etag: \"{language}\" | {language}"))
    });
    for language in ["de", "en"] {
        one.get(&format!("GET /a | accept-language: {language}")).await;
    }
    pass(10 * SECOND).await;
    for language in ["de", "en"] {
        let got = two.get(&format!("GET /a | accept-language: {language}")).await;
        assert_eq!((got.text.as_str(), got.field("age"), got.is_hit()), (language, "10", true));
        assert_eq!(
            two.get(&format!("GET /a | accept-language: {language} | if-none-match: \"{language}\"")).await.status(),
            304
        );
    }
    assert_eq!(two.origin.count(), 0);
}

/// Crowds in two processes come to one load of the fleet.
#[tokio::test(start_paused = true)]
async fn crowds_in_two_processes_send_one_request() {
    let sites = two().await;
    for site in &sites {
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello")).takes(SECOND);
    }
    let mut all = Vec::new();
    for _ in 0..50 {
        all.extend(sites.iter().map(|site| site.getting("GET /a")));
    }
    for got in all {
        assert_eq!(got.await.unwrap().text, "hello");
    }
    assert_eq!(sites.iter().map(|site| site.origin.count()).sum::<usize>(), 1);
}

/// That a page is not to be stored is known to all.
#[tokio::test(start_paused = true)]
async fn what_is_not_stored_is_remembered_by_all() {
    let sites = two().await;
    for site in &sites {
        site.origin.answers(|_| answer("200 | cache-control: no-store | hello")).takes(SECOND);
    }
    sites[0].get("GET /a").await;
    settle().await;
    let got = sites[1].get("GET /a").await;
    assert_eq!(got.told(), "fwd=bypass;stored=?0;detail=no-store");
}
