//! The site, as browsers see it: who sees what, and from the cache or not.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[allow(dead_code)] // Its `main`.
#[path = "../../09_site/main.rs"]
mod site;

mod browser;

use axum::http::{Method, StatusCode};

use crate::browser::Browser;

const PASSWORDS: [(&str, &str); 2] = [("Ann", "tea"), ("Bob", "juice")];

/// A site of its own, for browsers of these languages.
async fn open<const BROWSERS: usize>(languages: [&str; BROWSERS]) -> [Browser; BROWSERS] {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let site = site::site().await.unwrap();
    tokio::spawn(async { axum::serve(listener, site).await.unwrap() });
    languages.map(|language| Browser::new(&address, language))
}

/// Signs Ann in, or Bob, who has then been told so.
async fn sign_in(browser: &mut Browser, (name, password): (&str, &str)) {
    let seen = browser.fill("/login", "/login", &format!("name={name}&password={password}")).await;
    assert_eq!((seen.greets(), seen.flash().is_some()), (Some(name), true), "{}", seen.text);
}

#[tokio::test]
async fn visitors_share_a_page_in_each_language() {
    let [mut german, mut english, mut other] = open(["de-AT, en", "de;q=0.5, en", "fr, de;q=0"]).await;
    for round in 1..=2 {
        for (browser, language, words) in
            [(&mut german, "de", "Neue Notiz"), (&mut english, "en", "New note"), (&mut other, "en", "New note")]
        {
            let seen = browser.get("/").await;
            assert_eq!((seen.field("content-language"), seen.field("vary")), (language, "accept-language"));
            assert!(seen.text.contains(words) && seen.greets().is_none(), "{}", seen.text);
            assert_eq!((seen.field("surrogate-key"), seen.field("set-cookie")), ("", ""));
            assert!(seen.is_hit() || round == 1, "{}", seen.field("cache-status"));
        }
    }
}

/// A visitor who has been to a form has a cookie, and is nobody in particular all the same.
#[tokio::test]
async fn a_session_without_a_user_shares_the_pages_of_all_visitors() {
    let [mut one, mut two] = open(["en", "en"]).await;
    one.get("/").await;
    two.get("/login").await;
    assert!(!two.cookie.is_empty());
    assert!(two.get("/").await.is_hit());
    two.cookie = "session=that-there-is-not".into();
    assert!(two.get("/").await.is_hit());
}

#[tokio::test]
async fn users_and_visitors_never_see_each_others_name() {
    let [mut ann, mut bob, mut visitor] = open(["en", "en", "en"]).await;
    sign_in(&mut ann, PASSWORDS[0]).await;
    sign_in(&mut bob, PASSWORDS[1]).await;
    for round in 0..6 {
        for path in ["/", "/people", "/?page=1"] {
            let mut all = [(&mut ann, Some("Ann")), (&mut bob, Some("Bob")), (&mut visitor, None)];
            all.rotate_left(round % 3);
            for (browser, name) in all {
                let seen = browser.get(path).await;
                assert_eq!((seen.greets(), seen.is_hit()), (name, round > 0), "{path}: {}", seen.field("cache-status"));
                let says = if name.is_some() { "private, no-cache" } else { "no-cache" };
                assert_eq!(seen.field("cache-control"), says);
            }
        }
    }
}

#[tokio::test]
async fn who_has_left_is_a_visitor_and_his_cookie_is_worth_nothing() {
    let [mut ann, mut visitor] = open(["en", "en"]).await;
    sign_in(&mut ann, PASSWORDS[0]).await;
    assert_eq!(ann.get("/").await.greets(), Some("Ann"));
    let before = ann.cookie.clone();
    let seen = ann.fill("/account", "/logout", "").await;
    assert_eq!((seen.greets(), seen.flash()), (None, Some("See you.")));
    // A form outdates the page to which it leads (RFC 9111, section 4.4).
    visitor.get("/").await;
    for cookie in [ann.cookie.clone(), before] {
        ann.cookie = cookie;
        let seen = ann.get("/").await;
        assert_eq!((seen.greets(), seen.flash(), seen.is_hit()), (None, None, true));
    }
}

#[tokio::test]
async fn a_form_counts_only_with_the_token_of_its_own_session() {
    let [mut ann, mut bob, mut visitor] = open(["en", "en", "en"]).await;
    sign_in(&mut ann, PASSWORDS[0]).await;
    sign_in(&mut bob, PASSWORDS[1]).await;
    let [anns, bobs] = [&mut ann, &mut bob].map(|browser| async { browser.get("/new").await.csrf().to_owned() });
    let (anns, bobs) = (anns.await, bobs.await);
    assert_ne!(anns, bobs);
    for (browser, csrf) in [(&mut ann, &*bobs), (&mut bob, &*anns), (&mut visitor, "")] {
        for (action, fields) in [("/new", "text=forged"), ("/login", "name=Ann&password=tea"), ("/logout", "")] {
            let seen = browser.post(action, &format!("csrf={csrf}&{fields}")).await;
            assert_eq!(seen.status(), StatusCode::FORBIDDEN, "{action} {csrf}");
        }
    }
    let forged = visitor.fill("/login", "/new", "text=forged").await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN, "the token is his, but he is nobody");
    assert!(!visitor.get("/").await.text.contains("forged"));
    assert_eq!(ann.get("/").await.greets(), Some("Ann"));
}

#[tokio::test]
async fn what_carries_a_token_is_never_shared() {
    let [mut one, mut two] = open(["en", "en"]).await;
    for path in ["/login", "/new", "/account"] {
        let (first, second) = (one.get(path).await, two.get(path).await);
        assert_ne!(first.csrf(), second.csrf(), "{path}");
        for seen in [first, second, one.get(path).await] {
            assert_eq!((seen.field("cache-control"), seen.is_hit()), ("no-store", false), "{path}");
        }
    }
}

#[tokio::test]
async fn a_message_is_shown_once_and_to_nobody_else() {
    let [mut ann, mut other] = open(["de", "de"]).await;
    sign_in(&mut ann, PASSWORDS[0]).await;
    other.cookie = ann.cookie.clone();
    assert_eq!(ann.get("/").await.flash(), None);
    assert!(ann.get("/").await.is_hit());
    for text in ["Eins", "Zwei"] {
        let seen = ann.fill("/new", "/new", &format!("text={text}")).await;
        assert_eq!((seen.flash(), seen.field("cache-control")), (Some("Gespeichert."), "no-store"));
        assert_eq!(ann.get("/").await.flash(), None);
        assert_eq!(other.get("/").await.flash(), None);
    }
    other.cookie = String::new();
    let seen = other.fill("/login", "/login", "name=Ann&password=juice").await;
    assert_eq!((seen.greets(), seen.flash()), (None, Some("Das stimmt nicht.")));
    assert_eq!(other.get("/login").await.flash(), None);
}

/// Two windows of one browser ask at once: one of them tells it.
#[tokio::test]
async fn a_message_is_told_by_one_of_many_pages() {
    let [mut ann, mut window] = open(["en", "en"]).await;
    sign_in(&mut ann, PASSWORDS[0]).await;
    for round in 0..20 {
        let csrf = ann.get("/new").await.csrf().to_owned();
        window.cookie = ann.cookie.clone();
        let added = ann.ask(Method::POST, "/new", format!("csrf={csrf}&text={round}").into()).await;
        assert_eq!(added.status(), StatusCode::SEE_OTHER);
        let (one, two) = tokio::join!(ann.get("/"), window.get("/"));
        assert_eq!([one, two].iter().filter(|seen| seen.flash().is_some()).count(), 1, "{round}");
    }
}

#[tokio::test]
async fn a_write_shows_at_once_for_all_and_leaves_what_is_of_other_tables() {
    // Not where the form leads: that page is outdated in any case (RFC 9111, section 4.4).
    const LIST: &str = "/?all";
    let [mut ann, mut bob, mut german, mut english] = open(["en", "de", "de", "en"]).await;
    sign_in(&mut ann, PASSWORDS[0]).await;
    sign_in(&mut bob, PASSWORDS[1]).await;
    for text in ["Bake", "Sow"] {
        for browser in [&mut ann, &mut bob, &mut german, &mut english] {
            browser.get(LIST).await;
            assert!(browser.get(LIST).await.is_hit());
            browser.get("/people").await;
        }
        assert!(ann.fill("/new", "/new", &format!("text={text}")).await.text.contains(text));
        for browser in [&mut english, &mut german, &mut bob, &mut ann] {
            assert!(browser.get(LIST).await.text.contains(text));
            assert!(browser.get("/people").await.is_hit());
        }
    }
}

#[tokio::test]
async fn what_users_write_is_text() {
    let [mut ann] = open(["en"]).await;
    sign_in(&mut ann, PASSWORDS[0]).await;
    let seen = ann.fill("/new", "/new", "text=%3Cscript%3E%22%26").await;
    assert!(seen.text.contains("<li>&lt;script&gt;&quot;&amp;, Ann</li>"), "{}", seen.text);
    let refused = ann.fill("/new", "/new", &format!("text={}", "a".repeat(501))).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn of_too_many_sessions_the_oldest_leave() {
    let [mut ann, mut bob, mut visitor] = open(["en", "en", "en"]).await;
    sign_in(&mut ann, PASSWORDS[0]).await;
    sign_in(&mut bob, PASSWORDS[1]).await;
    // Since Ann's there were two of Bob's: with all but three of them, hers is the oldest.
    for _ in 0..site::SESSIONS_MOST - 3 {
        visitor.cookie.clear();
        visitor.get("/login").await;
    }
    assert_eq!(ann.get("/").await.greets(), Some("Ann"));
    visitor.cookie.clear();
    visitor.get("/login").await;
    assert_eq!((ann.get("/").await.greets(), bob.get("/").await.greets()), (None, Some("Bob")));
}
