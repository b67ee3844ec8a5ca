//! What came for the one client whose request brought it.

use std::time::Duration;

use crate::origin::answer;
use crate::site::{Site, pass, settle, site};

const SECOND: Duration = Duration::from_secs(1);
const COOKIE: &str = "cache-control: max-age=60, private=\"set-cookie\" | set-cookie: s=1";

/// What the first of two gets who ask together, and the second.
async fn two(site: &Site, line: &str) -> [crate::site::Got; 2] {
    let first = site.getting(line);
    settle().await;
    let second = site.getting(line);
    [first.await.unwrap(), second.await.unwrap()]
}

/// RFC 9111, section 5.2.2.7. Neither his conditions nor his Range went with his request.
#[tokio::test(start_paused = true)]
async fn a_part_or_a_304_for_the_first_has_his_cookie_and_those_of_the_others_have_none() {
    for (field, status, text) in
        [("x-any: x", 200, "hello"), ("range: bytes=0-", 206, "hello"), ("if-none-match: \"1\"", 304, "")]
    {
        let site = site().await;
        site.origin.answers(|_| answer(&format!("200 | etag: \"1\" | {COOKIE} | hello"))).takes(SECOND);
        let [first, second] = two(&site, &format!("GET /a | {field}")).await;
        for (got, cookie) in [(&first, "s=1"), (&second, "")] {
            assert_eq!((got.status(), got.text.as_str(), got.field("set-cookie")), (status, text, cookie), "{field}");
            assert!(!site.origin.asked()[0].headers.contains_key(field.split(':').next().unwrap()) || status == 200);
        }
        assert_eq!(first.told(), "fwd=uri-miss;stored;detail=max-age", "{field}");
        let hit = site.get("GET /a").await;
        assert_eq!((hit.text.as_str(), hit.field("set-cookie"), site.origin.count()), ("hello", "", 1));
    }
}

/// RFC 9111, sections 3.2 and 7.3.
#[tokio::test(start_paused = true)]
async fn a_304_gives_its_cookie_to_the_one_whose_request_led_to_it_and_to_no_other() {
    let site = site().await;
    site.origin.answers(|request| match request.headers.contains_key("if-none-match") {
        true => answer(&format!("304 | etag: \"1\" | {COOKIE}")),
        false => answer("200 | etag: \"1\" | cache-control: max-age=60 | hello"),
    });
    site.get("GET /a").await;
    pass(61 * SECOND).await;
    site.origin.takes(SECOND);
    let [first, second] = two(&site, "GET /a").await;
    assert_eq!((first.text.as_str(), first.field("set-cookie")), ("hello", "s=1"));
    assert_eq!((second.text.as_str(), second.field("set-cookie")), ("hello", ""));
    assert_eq!(first.told(), "fwd=stale;stored;detail=max-age");
    assert_eq!(second.told(), "fwd=stale;collapsed;detail=fresh");
    let hit = site.get("GET /a").await;
    assert_eq!((hit.is_hit(), hit.field("set-cookie"), site.origin.count()), (true, "", 2));
}
