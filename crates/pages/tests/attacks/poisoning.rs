//! A page that one client has made wrong is not given to others.

use freshen_http::{HostAlias, Hosts};
use freshen_pages::{Settings, WholeUri};
use http::{HeaderName, HeaderValue, Request, Uri, Version};
use http_body_util::Full;

use crate::origin::answer;
use crate::site::{request, site, site_with};
use crate::visit::{SECOND, get, said};

/// By these some origins choose the host, the scheme or the path that they answer for.
const STEERING: [&str; 12] = [
    "forwarded",
    "front-end-https",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-host",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
];

#[tokio::test(start_paused = true)]
async fn what_a_steering_field_brought_about_is_given_to_those_alone_who_send_it() {
    for name in STEERING {
        let site = site().await;
        site.origin.answers(move |request| {
            answer(&format!("200 | cache-control: max-age=60 | link to {}", said(request, name)))
        });
        site.origin.takes(SECOND);
        let evil = format!("GET /a | {name}: evil.example");
        let attack = site.getting(&evil);
        let crowd: Vec<_> = (0..5).map(|_| site.getting("GET /a")).collect();
        assert_eq!(attack.await.unwrap().text, "link to evil.example", "{name}");
        for got in crowd {
            assert_eq!(got.await.unwrap().text, "link to -", "{name}");
        }
        assert_eq!(site.get("GET /a").await.text, "link to -", "{name}");
        assert_eq!(site.get(&evil).await.text, "link to evil.example", "{name}");
        assert_eq!(site.get(&format!("GET /a | {name}: evil | {name}: example")).await.text, "link to evil", "{name}");
        assert_eq!(site.origin.count(), 3, "{name}");
    }
}

/// Values that, put one after the other, would be those of another request.
#[tokio::test(start_paused = true)]
async fn no_two_requests_have_the_same_key_by_where_their_parts_end() {
    let site = site().await;
    site.origin.answers(|request| {
        let fields = ["host", "x-forwarded-host", "x-host", "x-original-url"].map(|name| {
            request.headers.get_all(name).iter().map(|line| line.to_str().unwrap()).collect::<Vec<_>>().join("&")
        });
        answer(&format!("200 | cache-control: max-age=60 | {} {}", request.uri, fields.join(" ").replace(": ", "=")))
    });
    let lines = [
        "GET /a",
        "GET /a?",
        "GET /a?b",
        "GET /a%3fb",
        "GET /ax-host",
        "GET /a | x-host: 1",
        "GET /a | x-host: 12",
        "GET /a | x-host: 1 | x-host: 2",
        "GET /a | x-host: 1, 2",
        "GET /a | x-host: 2 | x-host: 1",
        "GET /a | x-forwarded-host: 1x-host2",
        "GET /a | x-forwarded-host: 1 | x-host: 2",
        "GET /a | x-forwarded-host: 1; x-host: 2",
        "GET /a | host: a.example.",
        "GET /a | host: a.example:81",
        "GET /a | host: a.examplex",
        "GET /1/a",
        "GET /a | host: a.example:1",
        "GET /a | x-original-url: /a",
    ];
    let mut seen = Vec::new();
    for line in lines {
        let got = site.get(line).await;
        assert!(!got.is_hit(), "{line}");
        seen.push(got.text);
    }
    for (line, text) in lines.iter().zip(&seen) {
        let got = site.get(line).await;
        assert!(got.is_hit() && got.text == *text, "{line}: {} {}", got.text, got.told());
    }
}

/// Some origins take the method from a field.
#[tokio::test(start_paused = true)]
async fn a_request_that_names_another_method_in_a_field_neither_gets_the_page_nor_makes_it() {
    for name in ["x-http-method-override", "x-method-override", "x-http-method"] {
        let site = site().await;
        site.origin.answers(move |request| {
            answer(&format!("200 | cache-control: max-age=60 | {} {}", request.method, said(request, name)))
        });
        for _ in 0..2 {
            assert_eq!(site.get(&format!("GET /a | {name}: DELETE")).await.text, "GET DELETE");
            assert_eq!(site.get("GET /a").await.text, "GET -");
        }
        assert_eq!(site.origin.count(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn each_host_has_its_own_pages_however_it_is_spelled() {
    let site = site().await;
    site.origin
        .answers(|request| answer(&format!("200 | cache-control: max-age=60 | page of {}", said(request, "host"))));
    assert_eq!(site.get("GET /a | host: evil.example").await.text, "page of evil.example");
    for host in ["a.example", "A.EXAMPLE", "a.Example:80"] {
        assert_eq!(site.get(&format!("GET /a | host: {host}")).await.text, "page of a.example", "{host}");
    }
    assert_eq!(site.get("GET http://a.example/a").await.text, "page of a.example");
    assert_eq!(site.origin.count(), 2, "one for each");
}

/// Two servers behind one another could take another one each.
#[tokio::test(start_paused = true)]
async fn a_request_that_names_two_hosts_or_none_is_refused_and_reaches_nobody() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | page"));
    let lines = [
        "GET /a | host: a.example | host: evil.example",
        "GET /a | host: a.example | host: a.example",
        "GET http://evil.example/a | host: a.example",
        "GET /a | host: ",
        "GET /a | host: a.example, evil.example",
        "GET /a | host: user@a.example",
        "GET /a | host: a.example/evil",
        "GET /a | host: a.example:99999",
    ];
    for line in lines {
        assert_eq!(site.get(line).await.status(), 400, "{line}");
    }
    assert_eq!(site.origin.count(), 0);
}

/// Connection names what goes no further. What the rules go by stays, and what is left out did not make the page.
#[tokio::test(start_paused = true)]
async fn a_field_that_connection_names_neither_makes_the_page_nor_is_lost_to_the_rules() {
    let site = site().await;
    site.origin.answers(|request| {
        answer(&format!(
            "200 | cache-control: max-age=60 | vary: x-beta, cookie | {} {} {}",
            said(request, "x-beta"),
            said(request, "cookie"),
            said(request, "authorization"),
        ))
    });
    let evil =
        "GET /a | connection: x-beta, cookie, authorization, host | x-beta: 1 | cookie: sid=1 | authorization: me";
    assert_eq!(site.get(evil).await.text, "- sid=1 me", "it is not kept");
    assert_eq!(site.get("GET /a").await.text, "- - -");
    assert_eq!(site.get("GET /a | cookie: sid=1").await.text, "- sid=1 -");
    assert_eq!(site.get("GET /a | x-beta: 1").await.text, "1 - -");
    let stripped = site.get("GET /a | connection: x-beta | x-beta: 1").await;
    assert!(stripped.is_hit() && stripped.text == "- - -", "{}", stripped.text);
    assert_eq!(site.origin.count(), 4);
}

/// The same in a response: what it names in Connection is for its connection, and the lifetime is not.
#[tokio::test(start_paused = true)]
async fn a_response_does_not_lose_by_connection_what_the_cache_goes_by() {
    let site = site().await;
    site.origin.answers(|_| {
        answer("200 | cache-control: private, max-age=60 | connection: cache-control, x-hop | x-hop: 1 | page")
    });
    for _ in 0..2 {
        let got = site.get("GET /a").await;
        assert!(!got.is_hit() && got.field("x-hop").is_empty(), "{:?}", got.response);
    }
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | connection: x-hop | x-hop: 1 | page"));
    for hit in [false, true] {
        let got = site.get("GET /b").await;
        assert_eq!((got.is_hit(), got.field("x-hop")), (hit, ""));
    }
}

/// A value that is no text is a value all the same.
#[tokio::test(start_paused = true)]
async fn a_steering_field_that_is_no_text_passes() {
    let site = site().await;
    site.origin.answers(|request| {
        let evil = request.headers.contains_key("x-forwarded-host");
        answer(&format!("200 | cache-control: max-age=60 | {evil}"))
    });
    for _ in 0..2 {
        let mut evil = request("GET /a");
        let value = HeaderValue::from_bytes(b"evil\xff").unwrap();
        evil.headers_mut().insert(HeaderName::from_static("x-forwarded-host"), value);
        assert_eq!(get(&site, evil).await.text, "true");
        assert_eq!(site.get("GET /a").await.text, "false");
    }
    assert_eq!(site.origin.count(), 3);
}

/// In HTTP/2, and where the target is whole, its authority names the host as well: whoever goes by that may answer by no other than
/// the key has, a redirect from the one to the other for instance.
#[tokio::test(start_paused = true)]
async fn the_origin_is_asked_for_the_host_of_the_key_wherever_it_reads_that() {
    let mut settings = Settings::default();
    settings.rules.choices.hosts = Hosts::new([HostAlias::new("www.a.example", "a.example").unwrap()]).unwrap();
    let site = site_with(settings).await;
    site.origin.answers(|request| {
        let authority = request.uri.authority().map_or("-", |authority| authority.as_str());
        answer(&format!("200 | cache-control: max-age=60 | {authority} {}", said(request, "host")))
    });
    for (uri, version) in [
        ("http://www.a.example/1", Version::HTTP_2),
        ("http://www.a.example:80/2", Version::HTTP_11),
        ("http://A.example:80/3", Version::HTTP_2),
    ] {
        let mut request = Request::get(uri).version(version).body(Full::default()).unwrap();
        if version == Version::HTTP_11 {
            request.headers_mut().insert("host", "www.a.example".parse().unwrap());
        }
        assert_eq!(get(&site, request).await.text, "a.example a.example", "{uri}");
    }
}

/// Else the 404 of an odd spelling, which the router within does not know, would be kept as the page of all.
#[tokio::test(start_paused = true)]
async fn within_what_is_nested_the_origin_is_asked_for_the_path_of_the_key() {
    let whole_uri = WholeUri::by(|request| request.extensions.get::<Uri>().cloned());
    let mut settings = Settings { whole_uri, ..Settings::default() };
    settings.rules.choices.decoded = true;
    let site = site_with(settings).await;
    site.origin.answers(|request| answer(&format!("200 | cache-control: max-age=60 | {}", request.uri)));
    for (whole, nested, asked) in [
        ("/s/%61/b?%61", "/%61/b?%61", "/a/b?a"),
        ("/%73/%62", "/%62", "/b"),
        ("/%73/%63/", "/", "/"),
        ("/%73", "/", "/"),
        ("/elsewhere/%64", "/rewritten/%64", "/rewritten/%64"),
    ] {
        let mut request = request(&format!("GET {nested}"));
        request.extensions_mut().insert(Uri::from_static(whole));
        assert_eq!(get(&site, request).await.text, asked, "{whole}");
    }
}
