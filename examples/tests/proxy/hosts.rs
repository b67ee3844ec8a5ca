//! Whom a request is about, and what of it goes on.

use axum::http::Method;

use crate::visitor::raw;
use crate::{before, proxied, proxy};

/// RFC 9110, sections 7.2, 7.6.1 and 7.6.3.
#[tokio::test]
async fn what_is_for_one_connection_goes_no_further() {
    let (origin, visitor) = proxied().await;
    let fields =
        [("connection", "x-hop"), ("x-hop", "1"), ("keep-alive", "5"), ("proxy-authorization", "a"), ("x-on", "2")];
    for (method, path) in [("GET", "/hop"), ("POST", "/hop")] {
        let got = visitor.ask(method, path, &fields, "").await;
        assert_eq!((got.field("x-hop"), got.field("x-on"), got.field("keep-alive")), ("", "2", ""), "{method}");
    }
    for asked in origin.asked() {
        assert_eq!(
            (&asked.headers["host"], &asked.headers["via"]),
            (&visitor.address.parse().unwrap(), &"1.1 freshen".parse().unwrap())
        );
        assert_eq!(asked.headers["x-on"], "2");
        for name in ["x-hop", "keep-alive", "proxy-authorization"] {
            assert!(!asked.headers.contains_key(name), "{} {name}", asked.method);
        }
    }
}

/// Who makes a host up gets what that brings about, and nobody else does.
#[tokio::test]
async fn a_host_goes_on_and_has_pages_of_its_own() {
    let (origin, visitor) = proxied().await;
    let visit = async |host| visitor.ask("GET", "/host", &[("host", host)], "").await;
    for (host, says, hit) in [
        ("evil.example", "evil.example", false),
        ("a.example", "a.example", false),
        ("a.example:81", "a.example:81", false),
        ("A.EXAMPLE:80", "a.example", true),
        ("evil.example", "evil.example", true),
        (&*visitor.address, &*visitor.address, false),
    ] {
        let got = visit(host).await;
        assert_eq!((got.status(), &got.body[..], got.is_hit()), (200, says.as_bytes(), hit), "{host}");
    }
    assert_eq!(origin.count(), 4);
}

/// RFC 9112, section 3.2.2: what a target names counts.
#[tokio::test]
async fn a_host_that_only_the_target_names_goes_on_and_none_is_the_origins_own() {
    let (origin, visitor) = proxied().await;
    for (request, host) in [
        ("GET http://a.example/host HTTP/1.1\r\nHost: a.example", "a.example"),
        ("GET http://b.example/host HTTP/1.0", "b.example"),
        ("GET /host HTTP/1.0\r\nHost: c.example", "c.example"),
        ("GET /host HTTP/1.0", &origin.address),
    ] {
        let got = raw(&visitor.address, &format!("{request}\r\nConnection: close\r\n\r\n")).await;
        assert!(got.contains(" 200 OK") && got.ends_with(&format!("\r\n\r\n{host}")), "{request}: {got}");
    }
    assert_eq!(origin.count(), 4);
}

/// RFC 9112, section 3.2, and what is about no resource of the origin.
#[tokio::test]
async fn what_names_nothing_does_not_reach_the_origin() {
    let (origin, visitor) = proxied().await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n", "400"),
        ("GET / HTTP/1.0\r\nHost:\r\n", "400"),
        ("GET http://a/ HTTP/1.1\r\nHost: b\r\n", "400"),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n", "501"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n", "501"),
    ] {
        let got = raw(&visitor.address, &format!("{request}Connection: close\r\n\r\n")).await;
        assert_eq!(got.split(' ').nth(1), Some(status), "{request}: {got}");
    }
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn an_origin_that_is_gone_is_a_bad_gateway() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let visitor = before(&address).await;
    assert_eq!(visitor.ask("POST", "/", &[], "a").await.status(), 502);
    assert_eq!(visitor.ask(Method::GET.as_str(), "/", &[], "").await.status(), 504);
}

#[tokio::test]
async fn what_is_no_origin_is_refused() {
    for origin in ["https://a.example", "http://a.example/path", "a.example"] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refused = proxy::serve(listener, origin.parse().unwrap()).await.unwrap_err();
        assert!(refused.to_string().ends_with("is no origin: http://HOST:PORT"), "{refused}");
    }
}
