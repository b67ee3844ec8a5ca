//! What a write outdates.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use freshen_core::Strength;
use freshen_http::Grace;
use freshen_pages::{PageTags, Pages, Settings};

use crate::origin::answer;
use crate::site::{pass, settle, site, site_with};

const SECOND: Duration = Duration::from_secs(1);

/// RFC 9111, section 4.4.
#[tokio::test(start_paused = true)]
async fn a_write_to_a_page_outdates_it_and_what_it_names_before_its_answer_is_there() {
    let site = site().await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=60 | page"),
        _ => answer("303 | location: /b"),
    });
    for path in ["/a", "/b", "/c"] {
        site.get(&format!("GET {path}")).await;
    }
    site.get("POST /a").await;
    for (path, hit) in [("/a", false), ("/b", false), ("/c", true)] {
        assert_eq!(site.get(&format!("GET {path}")).await.is_hit(), hit, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_outdates_nothing() {
    let site = site().await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=60 | page"),
        _ => answer("500"),
    });
    site.get("GET /a").await;
    assert_eq!(site.get("DELETE /a").await.status(), 500);
    assert!(site.get("GET /a").await.is_hit());
}

/// All pages of a tag are outdated softly by one step: each is served meanwhile, and made again once.
#[tokio::test(start_paused = true)]
async fn what_is_outdated_softly_is_served_while_it_is_made_again() {
    let mut settings = Settings::default();
    settings.rules.grace = Grace { stale_while_revalidate: 60 * SECOND, stale_if_error: Duration::ZERO };
    let site = site_with(settings).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | surrogate-key: posts | old"));
    site.get("GET /a").await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | surrogate-key: posts | new")).takes(SECOND);
    site.pages.invalidate(Pages::Keyed("posts"), Strength::Soft).await.unwrap();
    for _ in 0..3 {
        let got = site.get("GET /a").await;
        assert_eq!((got.text.as_str(), got.is_hit()), ("old", true), "{}", got.told());
    }
    pass(2 * SECOND).await;
    assert_eq!(site.get("GET /a").await.text, "new");
    assert_eq!(site.origin.count(), 2);
    assert_eq!(site.get("GET /a").await.field("surrogate-key"), "", "it is for the cache");
}

#[tokio::test(start_paused = true)]
async fn what_is_outdated_hard_is_served_no_more() {
    let site = site().await;
    site.origin.answers(|_| {
        answer("200 | cache-control: max-age=600, stale-while-revalidate=600 | surrogate-key: posts | old")
    });
    site.get("GET /a").await;
    site.pages.invalidate(Pages::Keyed("posts"), Strength::Hard).await.unwrap();
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | new"));
    assert_eq!(site.get("GET /a").await.text, "new");
    settle().await;
}

/// By its path, by what lies above it, by name, and all: nothing else is outdated with it.
#[tokio::test(start_paused = true)]
async fn pages_are_outdated_by_path_by_folder_by_name_and_altogether() {
    let hits = async |pages: Pages<'_>| {
        let site = site().await;
        site.origin.answers(|request| {
            let mut page = answer("200 | cache-control: max-age=600 | page");
            if request.uri.path() == "/blog/one" {
                page.extensions_mut().insert(PageTags::new().named("first"));
            }
            page
        });
        let paths = ["/", "/blog", "/blog/one", "/blog/one?q=1", "/blogger"];
        for path in paths {
            site.get(&format!("GET {path}")).await;
        }
        site.pages.invalidate(pages, Strength::Hard).await.unwrap();
        let mut hits = Vec::new();
        for path in paths {
            hits.push(u8::from(site.get(&format!("GET {path}")).await.is_hit()));
        }
        hits
    };
    assert_eq!(hits(Pages::At("/blog/one")).await, [1, 1, 0, 0, 1]);
    assert_eq!(hits(Pages::Below("/blog")).await, [1, 0, 0, 0, 1]);
    assert_eq!(hits(Pages::Named("first")).await, [1, 1, 0, 0, 1]);
    assert_eq!(hits(Pages::Named("second")).await, [1, 1, 1, 1, 1]);
    assert_eq!(hits(Pages::Of("b.example")).await, [1, 1, 1, 1, 1]);
    assert_eq!(hits(Pages::Of("A.example")).await, [0, 0, 0, 0, 0]);
    assert_eq!(hits(Pages::All).await, [0, 0, 0, 0, 0]);
}

/// A generation: a write outdates what was made of its table and what may have been, the previous page is served while one load
/// makes the next, and a table that is excluded outdates nothing.
#[tokio::test(start_paused = true)]
async fn a_write_to_a_table_outdates_what_may_be_made_of_it() {
    let site = site_with(Settings::default()).await;
    let page = |made: &'static str| {
        move |request: &http::request::Parts| {
            let mut page = answer(&format!("200 | cache-control: max-age=600 | {made}"));
            let tables = PageTags::new().table(request.uri.path().trim_start_matches('/'));
            if request.uri.path() != "/any" {
                page.extensions_mut().insert(tables);
            }
            page
        }
    };
    site.origin.answers(page("old"));
    let paths = ["/posts", "/authors", "/any", "/sessions"];
    for path in paths {
        site.get(&format!("GET {path}")).await;
    }
    site.origin.answers(page("new")).takes(SECOND);
    site.pages.wrote(&["sessions"]).await.unwrap();
    site.pages.wrote(&["posts"]).await.unwrap();
    for path in paths {
        let got = site.get(&format!("GET {path}")).await;
        assert_eq!((got.text.as_str(), got.is_hit()), ("old", true), "{path}: nobody waits");
    }
    pass(2 * SECOND).await;
    for (path, text) in [("/posts", "new"), ("/authors", "old"), ("/any", "new"), ("/sessions", "old")] {
        assert_eq!(site.get(&format!("GET {path}")).await.text, text, "{path}");
    }
}

/// A login that fails and leads back to the front page may be sent by anybody: he makes nobody wait, and takes from nobody what stands
/// in for an origin that fails. What he has asked for itself has to go (RFC 9111, section 4.4).
#[tokio::test(start_paused = true)]
async fn what_a_redirect_leads_to_is_served_while_it_is_made_again_and_stands_in() {
    let site = site_with(Settings::default()).await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=600 | old"),
        _ => answer("303 | location: /"),
    });
    site.get("GET /").await;
    site.get("GET /login").await;
    site.get("POST /login").await;
    site.origin.answers(|_| answer("500"));
    let front = site.get("GET /").await;
    assert_eq!((front.text.as_str(), front.is_hit()), ("old", true), "{}", front.told());
    settle().await;
    pass(70 * SECOND).await;
    let front = site.get("GET /").await;
    assert_eq!((front.status(), front.text.as_str()), (200, "old"), "{}", front.told());
    assert_eq!(site.get("GET /login").await.status(), 500, "what was written to is served no more");
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | new")).takes(SECOND);
    pass(3600 * SECOND).await;
    assert_eq!(site.get("GET /").await.text, "new");
}

/// The page is made again by the first who asks for it.
#[tokio::test(start_paused = true)]
async fn what_a_redirect_leads_to_is_made_again_behind_the_next_request() {
    let site = site_with(Settings::default()).await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=600 | old"),
        _ => answer("201 | content-location: /"),
    });
    site.get("GET /").await;
    site.get("PUT /posts").await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | new"));
    assert_eq!(site.get("GET /").await.text, "old");
    settle().await;
    assert_eq!(site.get("GET /").await.text, "new");
}

/// For an application that shows in it what was written just now.
#[tokio::test(start_paused = true)]
async fn what_a_redirect_leads_to_is_served_no_more_where_that_is_chosen() {
    let mut settings = Settings::default();
    settings.rules.outdates_named = freshen_http::Outdating::Hard;
    let site = site_with(settings).await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer("200 | cache-control: max-age=600 | old"),
        _ => answer("303 | location: /"),
    });
    site.get("GET /").await;
    site.get("POST /comment").await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=600 | new"));
    assert_eq!(site.get("GET /").await.text, "new");
}

/// A 304 does not take back what a page was called before. What becomes too much is told anew, with the whole page.
#[tokio::test(start_paused = true)]
async fn a_page_that_is_called_something_else_at_each_validation_stays_one_that_is_kept() {
    let site = site().await;
    let number = AtomicUsize::new(0);
    site.origin.answers(move |request| {
        let head = if request.headers.contains_key("if-none-match") { "304" } else { "200" };
        let text = if head == "200" { " | hello" } else { "" };
        let mut response = answer(&format!("{head} | etag: \"1\" | cache-control: max-age=1{text}"));
        let name = format!("name {}", number.fetch_add(1, Ordering::SeqCst));
        response.extensions_mut().insert(PageTags::new().named(&name));
        response
    });
    for _ in 0..200 {
        site.get("GET /a").await;
        assert!(site.get("GET /a").await.is_hit());
        pass(2 * SECOND).await;
    }
    assert!(site.origin.count() < 210, "{}", site.origin.count());
}
