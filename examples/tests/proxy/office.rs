//! Pages of Django that are easily served wrong, and the static files of its admin.

use std::collections::BTreeSet;

use crate::django::{Django, ROOT};
use crate::guest::Guest;

/// What a page asks its browser to load.
fn loaded(text: &str) -> BTreeSet<String> {
    text.split('"').filter(|piece| piece.starts_with("/static/")).map(String::from).collect()
}

#[tokio::test]
async fn static_files_come_from_the_cache_whoever_asks() {
    let django = Django::start().await;
    let mut root = Guest::of(&django.both);
    root.sign_in(ROOT).await.unwrap();
    let pages = [root.open("/admin/").await.text(), root.open("/admin/auth/user/1/change/").await.text()];
    let files: BTreeSet<_> = pages.iter().flat_map(|page| loaded(page)).collect();
    assert!(files.len() > 10, "{files:?}");
    let cookies = "sessionid=a; csrftoken=b";
    for round in 1..=2 {
        for file in &files {
            for encoding in ["gzip", "identity"] {
                let fields = [("accept-encoding", encoding), ("cookie", cookies)];
                let got = django.both.ask("GET", file, if round == 1 { &fields } else { &fields[..1] }).await;
                assert_eq!((got.status(), got.is_hit()), (200, round == 2), "{file}: {}", got.field("cache-status"));
            }
            let whole = django.both.ask("GET", file, &[("accept-encoding", "identity")]).await;
            let modified = ("if-modified-since", whole.field("last-modified"));
            assert_eq!(django.both.ask("GET", file, &[modified]).await.status(), 304, "{file}");
            let part = django.both.get(file, &[("accept-encoding", "identity"), ("range", "bytes=1-9")]).await;
            assert_eq!((part.status(), &part.body[..]), (206, &whole.body[1..10]), "{file}");
        }
    }
    assert_eq!(django.both.ask("GET", "/static/none.css", &[]).await.status(), 404);
}

#[tokio::test]
async fn what_sets_a_cookie_is_made_for_each() {
    let django = Django::start().await;
    let mut baskets = BTreeSet::new();
    for _ in 0..5 {
        let mut guest = Guest::of(&django.both);
        let got = guest.open("/basket/").await;
        assert_eq!((&*got.text(), got.is_hit()), ("Welcome.", false));
        assert!(baskets.insert(guest.cookies["basket"].clone()), "{baskets:?}");
    }
}

#[tokio::test]
async fn what_is_not_to_be_stored_is_made_for_each() {
    let django = Django::start().await;
    let mut all = BTreeSet::new();
    for _ in 0..5 {
        assert!(all.insert(django.both.get("/now/", &[]).await.text()), "{all:?}");
    }
}

/// Nothing is guessed of what came to a cookie.
#[tokio::test]
async fn what_does_not_say_that_it_varies_by_cookies_is_not_shared_among_those_who_have_some() {
    let django = Django::start().await;
    for _ in 0..2 {
        for theme in ["light", "dark"] {
            let got = django.both.ask("GET", "/theme/", &[("cookie", &format!("theme={theme}"))]).await;
            assert_eq!((&*got.text(), got.is_hit()), (theme, false));
        }
    }
}

#[tokio::test]
async fn pages_vary_by_what_they_say() {
    let django = Django::start().await;
    for round in 1..=2 {
        for language in ["de", "en", "de-AT, en;q=0.5"] {
            let got = django.both.ask("GET", "/language/", &[("accept-language", language)]).await;
            assert_eq!((&*got.text(), got.is_hit()), (language, round == 2));
        }
    }
    assert_eq!(django.both.ask("GET", "/language/", &[]).await.text(), "none");
}

#[tokio::test]
async fn what_streams_and_what_is_downloaded_is_whole() {
    let django = Django::start().await;
    for round in 1..=2 {
        let got = django.both.ask("GET", "/stream/", &[]).await;
        assert_eq!((got.text().lines().count(), got.is_hit()), (10_000, round == 2));
    }
    // Django knows no parts: who asks for one gets the whole, or the part from what is kept of it.
    for round in 1..=2 {
        for _ in 0..2 {
            let (direct, proxied) = django.both.each("GET", "/download/", &[("range", "bytes=399000-")]).await;
            assert_eq!((direct.status(), direct.body.len()), (200, 400_000));
            let is_part = proxied.status() == 206 && proxied.field("content-range") == "bytes 399000-399999/400000";
            assert!(if is_part { direct.body[399_000..] == proxied.body } else { direct.body == proxied.body });
            assert_eq!(direct.field("content-disposition"), proxied.field("content-disposition"));
        }
        assert_eq!(django.both.ask("GET", "/download/", &[]).await.is_hit(), round == 2);
    }
}
