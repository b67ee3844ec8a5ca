//! Fields that would end before they should. The types of `http` hold no line break, so that none can be sent or stored.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Uri};

use crate::origin::answer;
use crate::site::{request, site};
use crate::visit::get;

#[test]
fn no_field_and_no_target_can_hold_a_line_break() {
    for evil in ["a\r\nset-cookie: sid=1", "a\nb", "a\rb", "a\0b", "\r\n\r\n<html>"] {
        assert!(HeaderValue::from_str(evil).is_err() && HeaderValue::from_maybe_shared(Bytes::from(evil)).is_err());
        assert!(HeaderName::from_bytes(evil.as_bytes()).is_err());
        assert!(format!("/{evil}").parse::<Uri>().is_err());
    }
}

/// What they do hold comes back as it was, from the origin and from the page, and no more of it than was there.
#[tokio::test(start_paused = true)]
async fn what_is_written_like_a_line_break_stays_what_it_is() {
    let site = site().await;
    let odd: &[u8] = b"a%0d%0aset-cookie: sid=1\tb \xe5\x98\x8a\xe5\x98\x8d, \\r\\n";
    site.origin.answers(move |_| {
        let mut answer = answer("200 | cache-control: max-age=60 | HTTP/1.1 200 OK\r\nset-cookie:sid=1\r\n\r\nevil");
        answer.headers_mut().insert("x-odd", HeaderValue::from_bytes(odd).unwrap());
        answer
    });
    for hit in [false, true] {
        let got = get(&site, request("GET /a%0d%0aset-cookie:%20sid=1")).await;
        assert_eq!((got.is_hit(), got.response.headers()["x-odd"].as_bytes()), (hit, odd));
        assert!(!got.response.headers().contains_key("set-cookie"));
        assert!(got.text.ends_with("evil") && got.field("cache-control") == "max-age=60");
    }
}

/// Nothing of a request comes back in what the cache says itself, but for the reason of a refusal, which is text and not kept.
#[tokio::test(start_paused = true)]
async fn what_the_cache_says_itself_is_text_and_kept_by_nobody() {
    let site = site().await;
    for line in ["GET /a | host: <script>", "GET /a | cache-control: only-if-cached"] {
        let got = site.get(line).await;
        assert!(got.status() >= 400 && !got.text.contains("script"), "{got:?}");
        assert_eq!((got.field("content-type"), got.field("cache-control")), ("text/plain; charset=utf-8", "no-store"));
    }
}
