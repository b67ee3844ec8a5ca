//! Whom a page may be shown to.

use std::sync::atomic::{AtomicUsize, Ordering};

use freshen_pages::{Audience, Settings};
use futures_util::future::join_all;

use crate::origin::{Answer, NoConnection, answer, written};
use crate::site::{Site, pass, read, request, settle, site, site_with};
use crate::visit::{SECOND, get, said};

/// Answers each request with its number in the place of `#`.
fn numbered(line: &'static str) -> impl Fn(&http::request::Parts) -> Answer + Send + Sync {
    let count = AtomicUsize::new(0);
    move |_| answer(&line.replace('#', &count.fetch_add(1, Ordering::SeqCst).to_string()))
}

/// What a crowd, and one who comes later, find in their pages.
async fn texts(site: &Site, lines: &[&str]) -> Vec<String> {
    let mut all: Vec<String> =
        join_all(lines.iter().map(|line| site.getting(line))).await.into_iter().map(|got| got.unwrap().text).collect();
    for line in lines {
        all.push(site.get(line).await.text);
    }
    all
}

/// No two of them have the same.
fn all_differ(mut texts: Vec<String>) -> bool {
    let all = texts.len();
    texts.sort();
    texts.dedup();
    texts.len() == all
}

/// A login: what sets a session is for one browser, although it has a lifetime.
#[tokio::test(start_paused = true)]
async fn a_page_that_sets_a_cookie_is_given_to_one_alone() {
    for says in ["max-age=60", "s-maxage=60", "max-age=60, must-revalidate"] {
        let site = site().await;
        let line: &'static str = format!("200 | cache-control: {says} | set-cookie: sid=# | page #").leak();
        site.origin.answers(numbered(line)).takes(SECOND);
        assert!(all_differ(texts(&site, &["GET /a"; 20]).await), "{says}");
        assert_eq!(site.origin.count(), 40, "{says}");
    }
}

/// Without a lifetime as well, and though it has a date by which one could be guessed.
#[tokio::test(start_paused = true)]
async fn a_page_that_sets_a_cookie_and_says_nothing_is_given_to_one_alone() {
    let site = site_with(Settings::default()).await;
    site.origin.answers(numbered("200 | last-modified: Tue, 01 Jan 2019 00:00:00 GMT | set-cookie: sid=# | page #"));
    assert!(all_differ(texts(&site, &["GET /a"; 20]).await));
}

/// RFC 9111, sections 5.2.2.4 and 5.2.2.7: the page is for all, and its cookie for the one whom it was set for.
#[tokio::test(start_paused = true)]
async fn a_follower_never_gets_the_cookie_of_the_first() {
    for says in ["no-cache=\"set-cookie\"", "private=\"set-cookie\"", "private=\"Set-Cookie, x-name\""] {
        let site = site().await;
        let line = format!("200 | cache-control: max-age=60, {says} | set-cookie: sid=1 | page");
        site.origin.answers(move |_| answer(&line)).takes(SECOND);
        let first = site.getting("GET /a");
        settle().await;
        let all = join_all((0..20).map(|_| site.getting("GET /a"))).await;
        assert_eq!(first.await.unwrap().field("set-cookie"), "sid=1", "{says}");
        assert!(all.into_iter().all(|got| got.unwrap().field("set-cookie").is_empty()), "{says}");
        let hit = site.get("GET /a").await;
        assert!(hit.is_hit() && hit.field("set-cookie").is_empty(), "{says}");
        assert_eq!(site.origin.count(), 1, "{says}");
    }
}

/// His conditions did not go with his request: the 304 that is made for him has what came for him alone.
#[tokio::test(start_paused = true)]
async fn the_cookie_goes_to_the_first_though_he_asked_for_a_change_alone() {
    let site = site().await;
    let line = "200 | cache-control: max-age=60, no-cache=\"set-cookie\" | etag: \"1\" | set-cookie: sid=1 | page";
    site.origin.answers(|_| answer(line));
    let got = site.get("GET /a | if-none-match: \"1\"").await;
    assert_eq!((got.status(), got.field("set-cookie"), got.text.as_str()), (304, "sid=1", ""));
    let next = site.get("GET /a | if-none-match: \"1\"").await;
    assert_eq!((next.status(), next.field("set-cookie")), (304, ""));
}

/// A trailer is a field too.
#[tokio::test(start_paused = true)]
async fn a_cookie_in_a_trailer_is_for_nobody_else() {
    let site = site().await;
    let (writing, response) = written("200 | cache-control: max-age=60");
    site.origin.then(|_| async { Ok(response) });
    let first = site.send("GET /a").await;
    let follower = site.send("GET /a").await;
    writing.write("page");
    writing.trailers("set-cookie", "sid=1");
    drop(writing);
    read(first).await;
    let follower = read(follower).await;
    assert!(!follower.trailers.unwrap_or_default().contains_key("set-cookie"));
    settle().await;
    let hit = site.get("GET /a").await;
    assert!(hit.is_hit() && !hit.trailers.unwrap_or_default().contains_key("set-cookie"));
}

/// RFC 9111, section 3.5.
#[tokio::test(start_paused = true)]
async fn what_came_for_a_password_is_shown_to_nobody_else() {
    let site = site().await;
    let owner = |request: &http::request::Parts| said(request, "authorization").to_owned();
    site.origin.answers(move |request| answer(&format!("200 | cache-control: max-age=60 | {}", owner(request))));
    site.origin.takes(SECOND);
    let lines = ["GET /a | authorization: alice", "GET /a | authorization: bob"];
    let all = join_all(lines.iter().map(|line| site.getting(line))).await;
    let all: Vec<_> = all.into_iter().map(|got| got.unwrap().text).collect();
    assert_eq!(all, ["alice", "bob"]);
    assert_eq!(site.get("GET /a").await.text, "-");
    assert_eq!(site.get("GET /b | authorization: alice").await.text, "alice");
    assert_eq!(site.get("GET /b").await.text, "-", "nobody has the password");
}

/// The opposite: the page says that it is for all.
#[tokio::test(start_paused = true)]
async fn what_came_for_a_password_and_is_public_is_shown_to_all() {
    for says in ["public, max-age=60", "s-maxage=60", "max-age=60, must-revalidate"] {
        let site = site().await;
        site.origin.answers(move |_| answer(&format!("200 | cache-control: {says} | page")));
        site.get("GET /a | authorization: alice").await;
        assert!(site.get("GET /a").await.is_hit(), "{says}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_private_is_shown_to_one_alone() {
    for says in ["private", "private, max-age=60", "max-age=60, private", "no-store, max-age=60", "PRIVATE, max-age=60"]
    {
        let site = site_with(Settings::default()).await;
        let line: &'static str = format!("200 | cache-control: {says} | etag: \"#\" | page #").leak();
        site.origin.answers(numbered(line)).takes(SECOND);
        assert!(all_differ(texts(&site, &["GET /a"; 20]).await), "{says}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_varies_by_cookie_is_shown_to_those_who_carry_the_same() {
    let site = site().await;
    site.origin.answers(|request| {
        answer(&format!("200 | cache-control: max-age=60 | vary: cookie | {}", said(request, "cookie")))
    });
    site.origin.takes(SECOND);
    let lines = ["GET /a | cookie: sid=alice", "GET /a | cookie: sid=bob", "GET /a", "GET /a | cookie: sid=alice; b=1"];
    let cookies = ["sid=alice", "sid=bob", "-", "sid=alice; b=1"];
    assert_eq!(texts(&site, &lines).await, [cookies, cookies].concat());
    assert_eq!(site.origin.count(), 4);
}

/// Who follows what came for another cookie, and cannot follow it because something was written meanwhile, waits for its end.
#[tokio::test(start_paused = true)]
async fn a_write_to_another_page_shows_nobody_the_page_of_another_cookie() {
    let site = site().await;
    site.origin.answers(|request| match request.method.as_str() {
        "GET" => answer(&format!("200 | cache-control: max-age=60 | vary: cookie | {}", said(request, "cookie"))),
        _ => answer("204"),
    });
    site.get("GET /other").await;
    site.origin.takes(SECOND);
    let cookies = ["alice", "bob", "alice", "eve"];
    let all = cookies.map(|cookie| site.getting(&format!("GET /a | cookie: {cookie}")));
    settle().await;
    site.origin.takes(SECOND / 2);
    site.get("POST /other").await;
    for (got, cookie) in all.into_iter().zip(cookies) {
        assert_eq!(got.await.unwrap().text, cookie);
    }
}

/// A form with a hidden token that belongs to a cookie, as frameworks write it: the first visit sets the cookie, the next carry it.
#[tokio::test(start_paused = true)]
async fn nobody_gets_the_token_of_anothers_form() {
    let site = site_with(Settings::default()).await;
    let count = AtomicUsize::new(0);
    site.origin.answers(move |request| match said(request, "cookie") {
        "-" => {
            let token = count.fetch_add(1, Ordering::SeqCst);
            answer(&format!(
                "200 | cache-control: max-age=60 | vary: cookie | set-cookie: csrf={token} | token csrf={token}"
            ))
        }
        cookie => answer(&format!("200 | cache-control: max-age=60 | vary: cookie | token {cookie}")),
    });
    site.origin.takes(SECOND);
    assert!(all_differ(texts(&site, &["GET /form"; 20]).await));
    let lines = ["GET /form | cookie: csrf=7", "GET /form | cookie: csrf=8"];
    assert_eq!(texts(&site, &lines).await, ["token csrf=7", "token csrf=8", "token csrf=7", "token csrf=8"]);
}

/// The same from a framework that says nothing of caches: neither lifetime nor Vary.
#[tokio::test(start_paused = true)]
async fn nobody_gets_a_page_that_was_made_for_a_cookie_and_says_nothing() {
    let dated = "200 | last-modified: Tue, 01 Jan 2019 00:00:00 GMT";
    for head in ["200", dated, "404", "301 | location: /b"] {
        let site = site_with(Settings::default()).await;
        site.origin.answers(move |request| answer(&format!("{head} | flash for {}", said(request, "cookie"))));
        site.origin.takes(SECOND);
        let lines = ["GET /a | cookie: sid=alice", "GET /a | cookie: sid=bob"];
        let wanted = ["flash for sid=alice", "flash for sid=bob"];
        assert_eq!(texts(&site, &lines).await, [wanted, wanted].concat(), "{head}");
        assert_eq!(site.get("GET /a").await.text, "flash for -", "{head}");
    }
}

/// A visitor who is known comes upon a page that is stale: it is made again by his request, and not from what is his.
#[tokio::test(start_paused = true)]
async fn a_refresh_by_one_who_is_known_puts_nothing_of_his_before_others() {
    for (field, fresh) in [("cookie: sid=alice", ""), ("authorization: alice", " | cache-control: max-age=60")] {
        let site = site_with(Settings::default()).await;
        let first = "200 | cache-control: max-age=60, stale-while-revalidate=600 | etag: \"1\" | for all";
        site.origin.then(move |_| async move { Ok(answer(first)) });
        site.origin.answers(move |request| {
            match request.headers.contains_key("cookie") || request.headers.contains_key("authorization") {
                true => answer(&format!("200{fresh} | last-modified: Tue, 01 Jan 2019 00:00:00 GMT | for alice")),
                false => answer(first),
            }
        });
        site.get("GET /a").await;
        pass(61 * SECOND).await;
        site.get(&format!("GET /a | {field}")).await;
        settle().await;
        for _ in 0..3 {
            assert_eq!(site.get("GET /a").await.text, "for all", "{field}");
            settle().await;
        }
    }
}

/// What comes for him says nothing of what others get: the page is served on while it may be, and stands in. Where something was
/// written, nobody knows for how long that would be, and it goes.
#[tokio::test(start_paused = true)]
async fn a_refresh_by_one_who_is_known_drives_out_no_page_that_may_be_served() {
    let dated = "200 | last-modified: Tue, 01 Jan 2019 00:00:00 GMT";
    for (field, own) in [("authorization: alice", "200 | cache-control: max-age=60"), ("cookie: sid=alice", dated)] {
        for written in [false, true] {
            let site = site().await;
            site.origin.answers(move |request| {
                match request.headers.keys().any(|name| field.starts_with(name.as_str())) {
                    true => answer(&format!("{own} | for alice")),
                    false => answer("200 | cache-control: max-age=60, stale-while-revalidate=600 | for all"),
                }
            });
            site.get("GET /a").await;
            match written {
                true => site.pages.wrote(&["posts"]).await.unwrap(),
                false => pass(61 * SECOND).await,
            }
            assert_eq!(site.get(&format!("GET /a | {field}")).await.text, "for all", "{field}");
            settle().await;
            let next = site.get("GET /a").await;
            assert_eq!((next.text.as_str(), next.is_hit()), ("for all", !written), "{field} {}", next.told());
        }
    }
}

#[derive(Clone)]
struct User(&'static str);

async fn by_session(site: &Site, user: Option<&'static str>) -> String {
    let mut request = request("GET /a");
    if let Some(user) = user {
        request.extensions_mut().insert(User(user));
    }
    get(site, request).await.text
}

/// The session is known to the application alone: nothing in the request tells.
#[tokio::test(start_paused = true)]
async fn an_audience_has_its_own_pages_and_those_who_are_nobody_share() {
    let audience = Audience::by(|request| request.extensions.get::<User>().map(|user| user.0.to_owned()));
    let site = site_with(Settings { audience, ..Settings::default() }).await;
    site.origin.answers(|request| {
        let user = request.extensions.get::<User>().map_or("nobody", |user| user.0);
        answer(&format!("200 | cache-control: max-age=60 | for {user}"))
    });
    site.origin.takes(SECOND);
    for _ in 0..2 {
        let all =
            join_all([Some("alice"), Some("bob"), None, Some("alice"), Some("")].map(|user| by_session(&site, user)));
        assert_eq!(all.await, ["for alice", "for bob", "for nobody", "for alice", "for "]);
    }
    assert_eq!(site.origin.count(), 4);
}

/// What the application did not tell apart, only its responses can: by `private`, or by no lifetime.
#[tokio::test(start_paused = true)]
async fn without_an_audience_a_session_that_no_field_shows_is_told_by_the_response_alone() {
    for (head, shares) in
        [("200 | cache-control: private, max-age=60", false), ("200", false), ("200 | cache-control: max-age=60", true)]
    {
        let site = site_with(Settings::default()).await;
        site.origin.answers(move |request| {
            let user = request.extensions.get::<User>().map_or("nobody", |user| user.0);
            answer(&format!("{head} | for {user}"))
        });
        assert_eq!(by_session(&site, Some("alice")).await, "for alice");
        assert_eq!(by_session(&site, Some("bob")).await == "for alice", shares, "{head}");
    }
}

/// A name that is longer than a key has passes, and is not cut to another's.
#[tokio::test(start_paused = true)]
async fn an_audience_with_an_endless_name_shares_with_nobody() {
    let audience = Audience::by(|request| Some("x".repeat(5_000) + request.headers["x-user"].to_str().unwrap()));
    let site = site_with(Settings { audience, ..Settings::default() }).await;
    site.origin
        .answers(|request| answer(&format!("200 | cache-control: max-age=60 | for {}", said(request, "x-user"))));
    for user in ["alice", "bob", "alice"] {
        assert_eq!(site.get(&format!("GET /a | x-user: {user}")).await.text, format!("for {user}"));
    }
    assert_eq!(site.origin.count(), 3);
}

/// What keeps a page from being kept where it comes first, and what the page says.
const FIRST_ALONE: [(&str, &str); 2] = [
    ("authorization: x", "200 | cache-control: max-age=600"),
    ("cookie: x", "200 | last-modified: Tue, 01 Jan 2019 00:00:00 GMT"),
];

/// A client asks again and again with what keeps a page from being kept, and always comes first.
#[tokio::test(start_paused = true)]
async fn one_client_who_always_comes_first_keeps_no_page_from_being_kept() {
    for (field, head) in FIRST_ALONE {
        let site = site_with(Settings::default()).await;
        site.origin.answers(move |_| answer(&format!("{head} | page"))).takes(SECOND);
        let mut hits = 0;
        for _ in 0..20 {
            let first = site.getting(&format!("GET /a | {field}"));
            settle().await;
            let all: Vec<_> = (0..10).map(|_| site.getting("GET /a")).collect();
            first.await.unwrap();
            for got in all {
                hits += usize::from(got.await.unwrap().is_hit());
            }
        }
        assert!(hits >= 150, "{field}: {hits} of 200");
    }
}

/// Each of those who had waited looked for the page again while the others still sat in the load that was over, and found that: so
/// they all asked by themselves. Now they leave it together.
#[tokio::test(start_paused = true)]
async fn those_who_waited_for_what_is_for_the_first_alone_come_to_one_load_of_their_own() {
    for (field, head) in FIRST_ALONE {
        let site = site_with(Settings::default()).await;
        site.origin.answers(move |_| answer(&format!("{head} | page"))).takes(SECOND);
        let first = site.getting(&format!("GET /a | {field}"));
        settle().await;
        let all: Vec<_> = (0..50).map(|_| site.getting("GET /a")).collect();
        first.await.unwrap();
        for got in all {
            let got = got.await.unwrap();
            assert!(got.text == "page" && got.told().starts_with("fwd=uri-miss;"), "{field}: {}", got.told());
        }
        assert_eq!(site.origin.count(), 2, "{field}");
        assert!(site.get("GET /a").await.is_hit(), "{field}");
    }
}

/// A service in front of ours cuts the connection of a client whose field it does not like. That is nobody else's failure.
#[tokio::test(start_paused = true)]
async fn a_connection_that_one_clients_field_has_cut_is_cut_for_no_other() {
    let site = site().await;
    site.origin.then(|_| async { Err(NoConnection.into()) });
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | good"));
    site.get("GET /a | x-odd: 1").await;
    assert_eq!(site.get("GET /a").await.text, "good");
}
