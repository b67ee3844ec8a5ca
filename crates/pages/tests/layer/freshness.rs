//! A page is made once, and served for as long as it may be.

use std::time::Duration;

use freshen_http::Grace;
use freshen_pages::Settings;

use crate::origin::answer;
use crate::site::{pass, settle, site, site_with};

const SECOND: Duration = Duration::from_secs(1);

/// RFC 9111, section 4.2.
#[tokio::test(start_paused = true)]
async fn a_page_is_served_while_it_is_fresh_and_not_longer() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    let first = site.get("GET /a").await;
    assert_eq!((first.status(), first.text.as_str(), site.origin.count()), (200, "hello", 1));
    assert_eq!(first.told(), "fwd=uri-miss;stored;detail=max-age");
    pass(30 * SECOND).await;
    let hit = site.get("GET /a").await;
    assert_eq!((hit.text.as_str(), hit.field("age"), hit.told()), ("hello", "30", "hit;ttl=30;detail=fresh"));
    assert_eq!(site.origin.count(), 1);
    pass(29 * SECOND).await;
    assert!(site.get("GET /a").await.is_hit());
    pass(SECOND).await;
    let again = site.get("GET /a").await;
    assert_eq!((again.told(), site.origin.count()), ("fwd=stale;stored;detail=max-age", 2));
}

/// RFC 5861, section 3. Nobody waits: not even the one whose request has the page made again.
#[tokio::test(start_paused = true)]
async fn a_stale_page_is_served_and_made_again_behind_the_request_once() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60, stale-while-revalidate=30 | old"));
    site.get("GET /a").await;
    site.origin
        .answers(|_| answer("200 | cache-control: max-age=60, stale-while-revalidate=30 | new"))
        .takes(10 * SECOND);
    pass(70 * SECOND).await;
    for _ in 0..5 {
        let began = tokio::time::Instant::now();
        let stale = site.get("GET /a").await;
        assert_eq!((stale.text.as_str(), stale.told()), ("old", "hit;ttl=-10;detail=stale-while-revalidate"));
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody waits");
    }
    settle().await;
    assert_eq!(site.origin.count(), 2);
    pass(10 * SECOND).await;
    let fresh = site.get("GET /a").await;
    assert_eq!((fresh.text.as_str(), fresh.is_hit(), site.origin.count()), ("new", true, 2));
    pass(1000 * SECOND).await;
    assert_eq!(site.origin.count(), 2, "nothing is made again that nobody asks for");
}

/// RFC 9111, section 4.3: the origin is asked whether it is current, and its content is not sent again.
#[tokio::test(start_paused = true)]
async fn a_page_is_called_current_by_its_origin_and_is_fresh_again() {
    let site = site().await;
    site.origin.answers(|request| match request.headers.get("if-none-match") {
        Some(tag) if tag == "\"1\"" => answer("304 | etag: \"1\" | cache-control: max-age=60 | x-seen: again"),
        _ => answer("200 | etag: \"1\" | cache-control: max-age=60 | hello"),
    });
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    let validated = site.get("GET /a").await;
    assert_eq!((validated.status(), validated.text.as_str(), validated.field("x-seen")), (200, "hello", "again"));
    assert_eq!(site.origin.count(), 2);
    pass(59 * SECOND).await;
    assert!(site.get("GET /a").await.is_hit());
    let none_match = site.get("GET /a | if-none-match: \"1\"").await;
    assert_eq!((none_match.status(), none_match.text.as_str()), (304, ""));
    assert_eq!(site.origin.count(), 2);
}

/// RFC 9111, section 5.2.2.4: it is kept, and served to nobody before its origin has called it current.
#[tokio::test(start_paused = true)]
async fn a_page_that_is_to_be_validated_at_each_use_is() {
    let site = site().await;
    site.origin.answers(|request| match request.headers.get("if-none-match") {
        Some(_) => answer("304 | etag: \"1\""),
        None => answer("200 | etag: \"1\" | cache-control: no-cache | hello"),
    });
    for asked in 1..=3 {
        let got = site.get("GET /a").await;
        assert_eq!((got.text.as_str(), site.origin.count()), ("hello", asked), "{}", got.told());
    }
    assert_eq!(site.origin.asked()[2].headers["if-none-match"], "\"1\"");
}

/// RFC 9111, section 5.2.1.7.
#[tokio::test(start_paused = true)]
async fn who_wants_only_what_is_stored_gets_that_or_504() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    let only = "GET /a | cache-control: only-if-cached";
    assert_eq!(site.get(only).await.status(), 504);
    assert_eq!(site.origin.count(), 0);
    site.get("GET /a").await;
    assert_eq!(site.get(only).await.text, "hello");
}

/// The same where it is known that nothing is kept, and where only a part is.
#[tokio::test(start_paused = true)]
async fn who_wants_only_what_is_stored_is_not_sent_on_for_what_is_not_kept() {
    for head in
        ["200 | cache-control: no-store", "206 | content-range: bytes 0-1/9 | etag: \"1\" | cache-control: max-age=60"]
    {
        let site = site().await;
        site.origin.answers(move |_| answer(&format!("{head} | he")));
        site.get("GET /a").await;
        let got = site.get("GET /a | cache-control: only-if-cached").await;
        assert_eq!((got.status(), site.origin.count()), (504, 1), "{head}");
    }
}

/// A user may let pages be served stale that say nothing of it.
#[tokio::test(start_paused = true)]
async fn windows_of_the_users_own_are_for_pages_that_say_none() {
    let mut settings = Settings::default();
    settings.rules.grace = Grace { stale_while_revalidate: 30 * SECOND, stale_if_error: Duration::ZERO };
    let site = site_with(settings).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    site.get("GET /a").await;
    pass(89 * SECOND).await;
    assert!(site.get("GET /a").await.is_hit());
    pass(62 * SECOND).await;
    assert!(site.get("GET /a").await.is_hit(), "it was made again behind the last request");
}

/// Each answer explains itself, and so does the cache where nobody has asked.
#[tokio::test(start_paused = true)]
async fn why_a_request_would_be_answered_so_is_told_without_any_effect() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | vary: accept-language | hello"));
    let told = async |line: &str| {
        let (request, _) = crate::site::request(line).into_parts();
        site.pages.explain(&request).await.unwrap().to_string()
    };
    let before = told("GET /a | accept-language: de").await;
    assert!(before.starts_with("GET http://a.example/a\n  first variant: nothing is kept\n"), "{before}");
    site.get("GET /a | accept-language: de").await;
    pass(10 * SECOND).await;
    let german = told("GET /a | accept-language: de").await;
    assert!(
        german.contains("\n  first variant: Serve by fresh (RFC 9111 4.2), 10 s old, fresh for 50 s\n"),
        "{german}"
    );
    let english = told("GET /a | accept-language: en").await;
    assert!(english.contains("first variant: was selected by other fields"), "{english}");
    assert!(english.contains("\n  variant ") && english.contains(": nothing is kept\n"), "{english}");
    let post = told("POST /a").await;
    assert_eq!(post, "http://a.example/a\n  passes: method-unsafe (RFC 9111 4.4)");
    assert_eq!(site.origin.count(), 1);
}

/// RFC 9211, section 6.
#[tokio::test(start_paused = true)]
async fn what_was_done_is_told_to_those_who_may_know() {
    let site = site_with(Settings { tells: false, ..Settings::default() }).await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    for line in ["GET /a", "GET /a", "POST /a"] {
        assert_eq!(site.get(line).await.field("cache-status"), "", "{line}");
    }
}

/// Layers of one cache may differ: what a route guesses, another does not.
#[tokio::test(start_paused = true)]
async fn each_route_has_settings_of_its_own() {
    let site = site().await;
    let mut settings = Settings::default();
    settings.rules.heuristic = None;
    let other = site.beside(settings);
    for site in [&site, &other] {
        site.origin.answers(|_| answer("200 | last-modified: Thu, 01 Jan 1970 00:00:00 GMT | hello"));
    }
    site.get("GET /guessed").await;
    assert!(site.get("GET /guessed").await.is_hit());
    other.get("GET /not").await;
    assert!(!other.get("GET /not").await.is_hit());
}

/// A monitor asks by HEAD alone: the page is made again for it all the same. Who wants nothing stored has nothing made.
#[tokio::test(start_paused = true)]
async fn a_stale_page_is_made_again_for_head_and_not_for_who_wants_nothing_stored() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60, stale-while-revalidate=600 | hello"));
    site.get("GET /a").await;
    pass(90 * SECOND).await;
    assert!(site.get("GET /a | cache-control: no-store").await.is_hit());
    settle().await;
    assert_eq!(site.origin.count(), 1);
    assert!(site.get("HEAD /a").await.is_hit());
    settle().await;
    assert_eq!((site.origin.count(), site.origin.asked()[1].method.as_str()), (2, "GET"));
    assert_eq!(site.get("HEAD /a").await.told(), "hit;ttl=59;detail=fresh");
}

/// RFC 9111, section 5.2.1.4. Where clients are obeyed, who reloads gets nothing that was asked for before he came.
#[tokio::test(start_paused = true)]
async fn who_wants_a_validation_waits_for_none_that_began_before() {
    let mut settings = Settings::default();
    (settings.rules.obeys_reloads, settings.rules.grace) = (true, Grace::default());
    let site = site_with(settings).await;
    site.origin.answers(|request| match request.headers.contains_key("if-none-match") {
        true => answer("304 | etag: \"1\" | cache-control: max-age=60"),
        false => answer("200 | etag: \"1\" | cache-control: max-age=60 | page"),
    });
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    site.origin.takes(2 * SECOND);
    let first = site.getting("GET /a");
    pass(SECOND).await;
    let began = tokio::time::Instant::now();
    let reload = site.get("GET /a | cache-control: no-cache").await;
    assert_eq!((reload.text.as_str(), site.origin.count()), ("page", 3), "{}", reload.told());
    assert_eq!(began.elapsed(), 2 * SECOND);
    assert_eq!(first.await.unwrap().text, "page");
    let follower = site.getting("GET /a | cache-control: no-cache");
    settle().await;
    assert_eq!(follower.await.unwrap().text, "page");
    assert_eq!(site.origin.count(), 4, "what is fresh is validated for him");
}

/// RFC 9111, section 4.3.2: what is not there yet cannot be held against a condition. What comes is.
#[tokio::test(start_paused = true)]
async fn conditions_are_held_against_nothing_but_what_is_there_or_came() {
    for (condition, status) in [
        ("if-none-match: \"1\"", 304),
        ("if-none-match: \"2\"", 200),
        ("if-none-match: *", 304),
        ("if-modified-since: Sat, 21 Nov 2026 12:00:00 GMT", 304),
        ("if-modified-since: Sat, 21 Nov 2026 10:00:00 GMT", 200),
    ] {
        let site = site().await;
        let page =
            "200 | etag: \"1\" | last-modified: Sat, 21 Nov 2026 11:00:00 GMT | cache-control: max-age=60 | page";
        site.origin.answers(move |_| answer(page));
        let none = site.get(&format!("GET /a | cache-control: only-if-cached | {condition}")).await;
        assert_eq!((none.status(), site.origin.count()), (504, 0), "{condition}");
        let got = site.get(&format!("GET /a | {condition}")).await;
        assert_eq!(got.status(), status, "{condition}");
        let asked = &site.origin.asked()[0].headers;
        assert!(!asked.contains_key("if-none-match") && !asked.contains_key("if-modified-since"), "{condition}");
        assert_eq!(site.get("GET /a").await.text, "page", "the whole was fetched");
        assert_eq!(site.origin.count(), 1);
    }
}

/// RFC 9111, section 7: what a page has in it, those alone get whom it may be served to.
#[tokio::test(start_paused = true)]
async fn what_people_are_told_of_a_page_has_nothing_of_what_is_in_it() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | etag: \"SECRET\" | x-any: SECRET | SECRET"));
    site.get("GET /a").await;
    let (request, _) = crate::site::request("GET /a").into_parts();
    let explained = site.pages.explain(&request).await.unwrap();
    let told = [explained.to_string(), format!("{explained:?}"), format!("{:?}", site.pages)];
    assert!(told.iter().all(|told| !told.contains("SECRET")), "{told:?}");
    assert!(told[0].contains("Serve by fresh"));
    let passing = site.get("GET /a").await;
    assert!(!passing.told().contains("a.example"), "nor does a client learn the key");
}

/// RFC 9111, section 4.3.5, by way of GET: what comes is held against all that was outdated meanwhile, as any load is.
#[tokio::test(start_paused = true)]
async fn a_stale_page_is_freshened_or_replaced_for_head_as_for_get() {
    for (again, tag, text) in [
        ("304 | etag: \"1\" | cache-control: max-age=60", "\"1\"", "hello"),
        ("200 | etag: \"2\" | cache-control: max-age=60 | other", "\"2\"", "other"),
    ] {
        let site = site().await;
        site.origin.answers(move |request| match request.headers.contains_key("if-none-match") {
            true => answer(again),
            false => answer("200 | etag: \"1\" | cache-control: max-age=60 | hello"),
        });
        site.get("GET /a").await;
        pass(61 * SECOND).await;
        let head = site.get("HEAD /a").await;
        assert_eq!((head.status(), head.text.as_str(), head.field("etag")), (200, "", tag), "{}", head.told());
        assert_eq!(head.field("content-length"), "5");
        assert_eq!((site.origin.count(), site.origin.asked()[1].method.as_str()), (2, "GET"));
        settle().await;
        let get = site.get("GET /a").await;
        assert_eq!((get.text.as_str(), get.is_hit(), site.origin.count()), (text, true, 2));
    }
}

/// Whoever comes first: what is sent is a GET.
#[tokio::test(start_paused = true)]
async fn many_who_ask_by_head_and_get_for_a_stale_page_send_one_request() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    site.origin.takes(SECOND);
    let all = ["HEAD", "GET", "HEAD", "GET"].map(|method| (method, site.getting(&format!("{method} /a"))));
    for (method, got) in all {
        let text = if method == "GET" { "hello" } else { "" };
        let got = got.await.unwrap();
        assert_eq!((got.text.as_str(), got.field("content-length")), (text, "5"), "{method}");
    }
    assert_eq!(site.origin.count(), 2);
}

/// What was outdated while it was asked for stays so.
#[tokio::test(start_paused = true)]
async fn a_page_that_is_outdated_while_head_freshens_it_is_not_fresh() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | etag: \"1\" | cache-control: max-age=60 | old"));
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    site.origin.then(|_| async {
        tokio::time::sleep(2 * SECOND).await;
        Ok(answer("304 | etag: \"1\" | cache-control: max-age=60"))
    });
    let head = tokio::spawn(site.send("HEAD /a"));
    pass(SECOND).await;
    site.origin.answers(|_| answer("200 | etag: \"2\" | cache-control: max-age=60 | new"));
    site.pages.invalidate(freshen_pages::Pages::At("/a"), freshen_core::Strength::Hard).await.unwrap();
    head.await.unwrap();
    assert_eq!(site.get("GET /a").await.text, "new");
}

/// RFC 9110, section 9.3.2: whatever came for it. Where nothing is stored it goes on as it is, unless the page is under way.
#[tokio::test(start_paused = true)]
async fn head_gets_no_content_of_what_was_fetched_for_it() {
    for other in ["200 | cache-control: no-store | mine", "500 | oh no"] {
        let site = site().await;
        site.origin.then(|_| async { Ok(answer("200 | cache-control: max-age=60 | hello")) });
        site.get("GET /a").await;
        pass(61 * SECOND).await;
        site.origin.answers(move |_| answer(other));
        let head = site.get("HEAD /a").await;
        assert_eq!((&head.status().to_string()[..], head.text.as_str()), (&other[..3], ""), "{other}");
        assert_eq!(site.origin.asked()[1].method, "GET");
    }
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | hello"));
    let cold = site.get("HEAD /b").await;
    assert_eq!((cold.status(), site.origin.asked().last().unwrap().method.as_str()), (200, "HEAD"));
    site.origin.takes(SECOND);
    let asked = site.origin.count();
    let first = site.getting("GET /c");
    settle().await;
    let follows = site.get("HEAD /c").await;
    assert_eq!((follows.text.as_str(), follows.field("content-length"), site.origin.count()), ("", "5", asked + 1));
    assert_eq!(first.await.unwrap().text, "hello");
}
