//! Bodies, trailers and other protocols, from an origin that has all of them.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use futures_util::future::join_all;
use http_body_util::BodyExt;

use crate::origin::{content, serve_raw};
use crate::visitor::raw;
use crate::{PATIENCE, before, proxied};

#[tokio::test]
async fn bodies_are_the_same_to_the_byte_from_the_origin_and_from_the_cache() {
    let (origin, visitor) = proxied().await;
    for kind in ["length", "chunked"] {
        for bytes in [0, 1, 2 << 10, 10 << 20] {
            for round in 1..=2 {
                let got = visitor.get(&format!("/body/{kind}/{bytes}")).await;
                assert_eq!(got.status(), 200);
                assert!(got.body == content(bytes), "{kind} {bytes}, round {round}: {} bytes", got.body.len());
                assert_eq!(
                    got.is_hit(),
                    round == 2 && bytes < 8 << 20,
                    "{kind} {bytes}: {}",
                    got.field("cache-status")
                );
            }
        }
    }
    assert_eq!(origin.count(), 2 * (3 + 2));
}

#[tokio::test]
async fn ranges_and_head_are_answered_as_the_origin_would() {
    let (origin, visitor) = proxied().await;
    for path in ["/body/length/2048", "/body/length/10485760"] {
        let head = visitor.ask("HEAD", path, &[], "").await;
        let length = path.rsplit('/').next().unwrap();
        assert_eq!((head.status(), head.field("content-length"), head.body.len()), (200, length, 0));
        for _ in 0..2 {
            let part = visitor.ask("GET", path, &[("range", "bytes=1000-1999")], "").await;
            let whole = content(length.parse().unwrap());
            assert!(
                part.status() == 206 && part.body == whole[1000..2000] || part.status() == 200 && part.body == whole
            );
        }
    }
    // From here on the whole is there.
    visitor.ask("GET", "/body/length/2048", &[], "").await;
    let asked = origin.count();
    let part = visitor.ask("GET", "/body/length/2048", &[("range", "bytes=-48")], "").await;
    assert_eq!((part.status(), part.field("content-range")), (206, "bytes 2000-2047/2048"));
    assert_eq!(part.body, content(2048)[2000..]);
    assert_eq!(visitor.ask("HEAD", "/body/length/2048", &[], "").await.field("content-length"), "2048");
    assert_eq!(origin.count(), asked);
}

#[tokio::test]
async fn content_of_requests_and_errors_pass_as_they_are() {
    let (origin, visitor) = proxied().await;
    let text = "what is asked, with some é".repeat(1000);
    for method in ["POST", "PUT", "PATCH", "DELETE", "QUERY", "PROPFIND"] {
        let got = visitor.ask(method, "/echo", &[("content-type", "text/x"), ("expect", "100-continue")], &text).await;
        assert_eq!((got.status(), got.field("method"), got.field("content-type")), (200, method, "text/x"));
        assert!(got.body == text, "{method}");
    }
    for status in [404, 410, 418, 500, 503] {
        let got = visitor.get(&format!("/status/{status}")).await;
        assert_eq!((got.status(), &got.body[..]), (status, format!("this is {status}").as_bytes()));
    }
    assert_eq!(visitor.get("/status/204").await.body.len(), 0);
    assert_eq!(origin.count(), 12);
}

/// RFC 9110, section 6.5.1: whoever says that he takes them.
#[tokio::test]
async fn trailers_pass_both_ways_and_are_kept() {
    let (origin, visitor) = proxied().await;
    for round in 1..=2 {
        let got = visitor.ask("GET", "/trailers", &[("te", "trailers"), ("connection", "te")], "").await;
        assert_eq!(&got.body[..], b"hello");
        assert_eq!(got.trailers.as_ref().unwrap()["x-sum"], "5", "round {round}: {:?}", got.response);
    }
    assert_eq!(origin.count(), 1);
    let frames = [Ok::<_, std::io::Error>(hyper::body::Frame::data(Bytes::from("hello")))];
    let trailers = [("x-sum", "5".parse().unwrap())].map(|(name, value)| (name.parse().unwrap(), value));
    let frames = frames.into_iter().chain([Ok(hyper::body::Frame::trailers(trailers.into_iter().collect()))]);
    let body = Body::new(http_body_util::StreamBody::new(futures_util::stream::iter(frames)));
    let request = Request::post(visitor.uri("/echo")).header("trailer", "x-sum").body(body).unwrap();
    let got = visitor.send(request).await;
    assert_eq!((&got.body[..], got.field("trailed")), (&b"hello"[..], "5"));
}

#[tokio::test]
async fn a_slow_body_is_read_while_it_comes() {
    let (origin, visitor) = proxied().await;
    let mut response = visitor.begin("/slow").await;
    let first = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(&first[..], b"first ", "the last is not sent yet");
    let mut follower = visitor.begin("/slow").await;
    assert_eq!(follower.body_mut().frame().await.unwrap().unwrap().into_data().unwrap(), first);
    origin.release();
    for response in [response, follower] {
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "last");
    }
    assert_eq!(origin.count(), 1);
}

/// Where it waited for the receipt of its head, which clients put off, each would take 40 ms.
#[tokio::test]
async fn content_that_comes_behind_its_head_does_not_wait() {
    let (_origin, visitor) = proxied().await;
    let mut quickest = PATIENCE;
    for visit in 0..40 {
        let begun = std::time::Instant::now();
        assert_eq!(visitor.get(&format!("/behind/{visit}")).await.body, "behind");
        // A new connection is acknowledged at once.
        quickest = if visit < 20 { quickest } else { quickest.min(begun.elapsed()) };
    }
    assert!(quickest < Duration::from_millis(35), "{quickest:?}");
}

#[tokio::test]
async fn a_crowd_is_one_request_at_the_origin() {
    let (origin, visitor) = proxied().await;
    let crowd = join_all((0..50).map(|_| visitor.get("/held")));
    let release = async {
        origin.until_asked().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        origin.release();
    };
    let (all, ()) = tokio::join!(crowd, release);
    assert!(all.iter().all(|got| &got.body[..] == b"held"));
    assert_eq!(origin.count(), 1);
}

/// There is no window of ours: what is past its lifetime is served no more, and nobody gets it while it is made again.
#[tokio::test]
async fn what_is_past_its_lifetime_is_not_served() {
    let (_origin, visitor) = proxied().await;
    assert_eq!(&visitor.get("/brief").await.body[..], b"1");
    let until_new = async {
        loop {
            let got = visitor.get("/brief").await;
            if &got.body[..] != b"1" {
                return;
            }
            assert!(!got.field("cache-status").contains("ttl=-"), "{}", got.field("cache-status"));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, until_new).await.unwrap();
}

#[tokio::test]
async fn what_is_to_be_validated_is_validated_each_time() {
    let (origin, visitor) = proxied().await;
    for round in 1..=3 {
        let got = visitor.get("/validated").await;
        assert_eq!((got.status(), &got.body[..], origin.count()), (200, &b"hello"[..], round));
    }
    let asked = origin.asked();
    assert!(!asked[0].headers.contains_key("if-none-match") && asked[2].headers["if-none-match"] == "\"1\"");
    let got = visitor.ask("GET", "/validated", &[("if-none-match", "\"1\"")], "").await;
    assert_eq!((got.status(), got.body.len()), (304, 0));
}

#[tokio::test]
async fn another_protocol_is_spoken_where_the_origin_takes_it() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello from behind";
    let origin = serve_raw(answer).await;
    let visitor = before(&origin).await;
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    let got = raw(&visitor.address, request).await;
    assert!(got.starts_with("HTTP/1.1 101 ") && got.ends_with("\r\n\r\nhello from behind"), "{got}");
    assert!(got.to_lowercase().contains("upgrade: echo"), "{got}");
}

/// The client library takes them in; what they are followed by passes.
#[tokio::test]
async fn interim_responses_harm_nothing() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let origin = serve_raw(&format!("{hints}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")).await;
    let got = before(&origin).await.get("/").await;
    assert_eq!((got.status(), &got.body[..]), (200, &b"hello"[..]));
}

#[tokio::test]
async fn an_origin_of_http_1_0_is_answered_for_in_the_version_of_the_client() {
    let origin = serve_raw("HTTP/1.0 200 OK\r\n\r\nto the end").await;
    let visitor = before(&origin).await;
    for method in ["GET", "POST"] {
        let request = format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let got = raw(&visitor.address, &request).await;
        assert!(got.starts_with("HTTP/1.1 200 ") && got.contains("to the end"), "{got}");
    }
}

/// RFC 9112, section 8: the client has to see that it is not whole.
#[tokio::test]
async fn a_body_that_breaks_off_breaks_off_for_the_client() {
    let origin = serve_raw("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 9\r\n\r\nhello").await;
    let visitor = before(&origin).await;
    for _ in 0..2 {
        assert!(visitor.begin("/").await.into_body().collect().await.is_err());
    }
}
