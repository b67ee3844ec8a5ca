//! Django's admin, used through the proxy.

use futures_util::future::join_all;

use crate::django::{Django, ROOT};
use crate::guest::Guest;

/// What a superuser sees.
const PAGES: [&str; 9] = [
    "/admin/",
    "/admin/auth/",
    "/admin/auth/user/",
    "/admin/auth/user/?o=1&q=ro",
    "/admin/auth/user/add/",
    "/admin/auth/user/1/change/",
    "/admin/auth/group/add/",
    "/admin/password_change/",
    "/admin/jsi18n/",
];

#[tokio::test]
async fn the_admin_is_as_it_is_without_a_proxy() {
    let django = Django::start().await;
    let mut root = Guest::of(&django.both);
    assert!(root.open("/admin/").await.field("location").starts_with("/admin/login/"));
    assert_eq!(root.sign_in([ROOT[0], "guessed"]).await, None);
    assert_eq!(root.sign_in(ROOT).await.as_deref(), Some("/admin/"));
    for _ in 0..2 {
        for page in PAGES {
            let got = root.compare(page).await;
            assert!(got.status() == 200 && !got.is_hit(), "{page}");
        }
    }
    assert!(root.open("/admin/").await.text().contains("Welcome,"));
    let added = root.fill("/admin/auth/group/add/", "name=cooks&_save=Save").await;
    assert_eq!((added.status(), added.field("location")), (302, "/admin/auth/group/"));
    let list = root.open("/admin/auth/group/").await;
    assert!(list.text().contains("was added successfully") && list.text().contains(">cooks</a>"));
    assert!(!root.compare("/admin/auth/group/").await.text().contains("successfully"), "a message is shown once");
    assert_eq!(root.open("/groups/").await.text(), "cooks");
    root.fill("/admin/auth/group/1/change/", "name=bakers&_save=Save").await;
    assert_eq!(root.open("/groups/").await.text(), "bakers");
    root.compare("/admin/auth/group/1/history/").await;
    assert_eq!(root.fill("/admin/auth/group/1/delete/", "post=yes").await.status(), 302);
    assert_eq!(root.open("/groups/").await.text(), "");
    assert!(root.open("/admin/auth/group/1/change/").await.status() == 302);
    let before = root.cookies.clone();
    let token = root.cookies["csrftoken"].clone();
    let site = format!("http://{}", django.both.proxy.address);
    let left = root.send("/admin/logout/", &format!("csrfmiddlewaretoken={token}"), &site).await;
    assert!(left.status() == 200 && left.text().contains("Logged out"));
    for cookies in [root.cookies.clone(), before] {
        root.cookies = cookies;
        assert_eq!(root.compare("/admin/").await.status(), 302);
    }
}

/// Django holds where a form comes from against the Host that it got.
#[tokio::test]
async fn a_form_without_its_token_or_from_elsewhere_is_refused() {
    let django = Django::start().await;
    let mut guest = Guest::of(&django.both);
    let words = format!("username={}&password={}", ROOT[0], ROOT[1]);
    let site = format!("http://{}", django.both.proxy.address);
    assert_eq!(guest.send("/admin/login/", &words, &site).await.status(), 403);
    guest.open("/admin/login/").await;
    assert_eq!(guest.send("/admin/login/", &words, &site).await.status(), 403);
    let words = format!("{words}&csrfmiddlewaretoken={}", guest.cookies["csrftoken"]);
    let another = format!("csrfmiddlewaretoken={}", "a".repeat(32));
    for (words, site, status) in [
        (&*another, &*site, 403),
        (&words, "http://evil.example", 403),
        (&words, &format!("http://{}", django.both.origin.address), 403),
        (&words, &site, 302),
    ] {
        assert_eq!(guest.send("/admin/login/", words, site).await.status(), status, "{words} {site}");
    }
    // A host that is not its own is refused by the site, and by that alone: nobody else gets to see it.
    for (host, status) in [("evil.example", 400), ("office.example", 200), ("evil.example", 400)] {
        assert_eq!(django.both.proxy.ask("GET", "/where/", &[("host", host)], "").await.status(), status, "{host}");
    }
    assert_eq!(Guest::of(&django.both).compare("/where/").await.text(), format!("{site}/where/"));
}

#[tokio::test]
async fn nobody_sees_what_is_anothers() {
    let django = Django::start().await;
    let (mut root, mut clerk, nobody) = (Guest::of(&django.both), Guest::of(&django.both), Guest::of(&django.both));
    root.sign_in(ROOT).await.unwrap();
    let added = root
        .fill("/admin/auth/user/add/", "username=clerk&usable_password=true&password1=tea4two22&password2=tea4two22")
        .await;
    assert_eq!(added.field("location"), "/admin/auth/user/2/change/", "{}", added.text());
    let staff = "username=clerk&is_active=on&is_staff=on&date_joined_0=2026-01-01&date_joined_1=00:00:00";
    assert_eq!(root.fill("/admin/auth/user/2/change/", staff).await.status(), 302);
    root.open("/admin/").await;
    assert_eq!(clerk.sign_in(["clerk", "tea4two22"]).await.as_deref(), Some("/admin/"));
    let all = [(&root, "root"), (&clerk, "clerk"), (&nobody, "nobody")];
    for round in 1..=3 {
        // In another order each time, and at once.
        let visits = (0..9).map(|turn| all[(turn * round + round) % 3]).map(|(guest, name)| async move {
            for path in ["/me/", "/me/kept/", "/me/paged/", "/me/private/"] {
                let got = guest.compare(path).await;
                assert_eq!(got.text(), format!("You are {name}."), "{path}");
                let kept = path == "/me/kept/" || path == "/me/paged/";
                assert!(if got.is_hit() { kept } else { !kept || round == 1 }, "{path}: {}", got.field("cache-status"));
            }
            let index = guest.compare("/admin/").await;
            let (welcome, sees) = (index.text().contains("Welcome,"), index.text().contains("/admin/auth/user/add/"));
            assert_eq!((welcome, sees), (name != "nobody", name == "root"), "{name}");
            // Among what root did of late is that he made a clerk.
            assert!(name == "root" || !index.text().contains("root"), "{name}");
        });
        join_all(visits).await;
    }
}
