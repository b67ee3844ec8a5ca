//! One client's odd field has the origin answer with an error: that is for him alone.

use freshen_pages::Settings;

use crate::origin::answer;
use crate::site::{Site, pass, settle, site, site_with};
use crate::visit::SECOND;

const ODD: &str = "GET /a | x-odd: 1";
/// What origins answer to fields that are too long, or that they do not understand.
const STATUSES: [u16; 16] = [400, 401, 403, 404, 405, 406, 411, 412, 413, 414, 416, 417, 421, 429, 431, 501];

/// An origin that answers the odd request with this status, and others with a page.
fn troubled(site: &Site, status: u16) {
    site.origin.answers(move |request| match request.headers.contains_key("x-odd") {
        true => answer(&format!("{status} | oh no")),
        false => answer("200 | cache-control: max-age=60, stale-while-revalidate=60, stale-if-error=6000 | good"),
    });
}

#[tokio::test(start_paused = true)]
async fn an_error_that_one_client_brought_about_is_given_to_no_other() {
    for status in STATUSES {
        let site = site().await;
        troubled(&site, status);
        site.origin.takes(SECOND);
        let odd = site.getting(ODD);
        settle().await;
        let crowd: Vec<_> = (0..5).map(|_| site.getting("GET /a")).collect();
        assert_eq!(odd.await.unwrap().status(), status);
        for got in crowd {
            assert_eq!(got.await.unwrap().text, "good", "{status}");
        }
        assert_eq!(site.get("GET /a").await.text, "good", "{status}");
    }
}

/// What tells nothing of the page says nothing of how its next response is: the next is kept. A 404 does tell.
#[tokio::test(start_paused = true)]
async fn an_error_that_one_client_brought_about_keeps_no_page_from_being_kept() {
    for status in STATUSES.into_iter().filter(|status| *status != 404) {
        let site = site().await;
        troubled(&site, status);
        site.get(ODD).await;
        assert_eq!(site.get("GET /a").await.text, "good", "{status}");
        let next = site.get("GET /a").await;
        assert!(next.is_hit(), "{status}: {}", next.told());
    }
}

/// The odd request comes upon a page that is stale, and has it made again.
#[tokio::test(start_paused = true)]
async fn an_error_that_one_client_brought_about_drives_out_no_page() {
    for status in STATUSES.into_iter().filter(|status| *status != 404) {
        let site = site().await;
        troubled(&site, status);
        site.get("GET /a").await;
        pass(61 * SECOND).await;
        assert_eq!(site.get(ODD).await.text, "good");
        settle().await;
        let next = site.get("GET /a").await;
        assert!(next.is_hit() && next.text == "good", "{status}: {}", next.told());
        // He waits for it himself, once its window is over.
        pass(200 * SECOND).await;
        assert_eq!(site.get(ODD).await.status(), status);
        site.origin.answers(|_| answer("503"));
        let next = site.get("GET /a").await;
        assert_eq!(next.text, "good", "{status}: it stands in all the same: {}", next.told());
    }
}

/// The opposite: the origin says for how long it is one.
#[tokio::test(start_paused = true)]
async fn an_error_is_kept_where_it_says_for_how_long() {
    for status in [400, 403, 404, 405, 410, 414, 501] {
        let site = site().await;
        site.origin.answers(move |_| answer(&format!("{status} | cache-control: max-age=60 | oh no")));
        site.get("GET /a").await;
        let next = site.get("GET /a").await;
        assert_eq!((next.is_hit(), next.status(), next.text.as_str()), (true, status, "oh no"));
    }
}

/// Nobody else sent his precondition, his expectation or his Range: not even a lifetime makes that a page.
#[tokio::test(start_paused = true)]
async fn what_answers_the_fields_of_one_request_is_never_kept() {
    for status in [412, 416, 417, 428, 429, 431, 511] {
        let site = site_with(Settings::default()).await;
        site.origin
            .then(move |_| async move { Ok(answer(&format!("{status} | cache-control: public, max-age=60 | oh no"))) });
        site.origin.answers(|_| answer("200 | cache-control: max-age=60 | good"));
        assert_eq!(site.get(ODD).await.status(), status);
        assert_eq!(site.get("GET /a").await.text, "good", "{status}");
        assert!(site.get("GET /a").await.is_hit(), "{status}");
    }
}
