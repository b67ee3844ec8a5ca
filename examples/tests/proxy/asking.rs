//! Documents behind nginx, asked for in every way but simply for all of them.

use crate::both::assert_alike;
use crate::nginx::{HOST, Nginx};
use crate::visitor::Got;

/// In parts, compressed and too long to be kept.
const PATHS: [&str; 4] = ["/made/short.txt", "/made/packed.gz", "/made/large.txt", "/made/huge.bin"];

/// What the proxy answers at first, and what when it has been asked for the whole: each has to be what the origin answers.
async fn twice(nginx: &Nginx, path: &str, fields: &[(&str, &str)]) -> [Got; 2] {
    let first = nginx.both.ask("GET", path, fields).await;
    nginx.both.ask("GET", path, &[]).await;
    [first, nginx.both.ask("GET", path, fields).await]
}

#[tokio::test]
async fn parts_are_those_of_the_origin() {
    let nginx = Nginx::start().await;
    for path in PATHS {
        let whole = nginx.both.origin.get(path).await;
        let (tag, modified) = (whole.field("etag"), whole.field("last-modified"));
        let bytes = whole.body.len();
        let ranges = [
            ("bytes=0-0".to_owned(), 206),
            ("bytes=0-49".to_owned(), 206),
            (format!("bytes={}-{}", bytes / 2, bytes / 2 + 9), 206),
            (format!("bytes={}-", bytes - 1), 206),
            (format!("bytes={}-{}", bytes - 5, bytes + 5), 206),
            ("bytes=-1".to_owned(), 206),
            (format!("bytes=-{}", bytes + 1), 206),
            // Of what is short, a cache sends all: the parts with what is said of them would be longer.
            (if bytes > 1000 { "bytes=0-9,100-900,-5" } else { "bytes=0-0" }.to_owned(), 206),
            (format!("bytes={bytes}-"), 416),
            ("lines=0-5".to_owned(), 200),
        ];
        for (range, status) in &ranges {
            let fresh = format!("{path}?{range}");
            for got in twice(&nginx, &fresh, &[("range", range)]).await {
                assert_eq!(got.status(), *status, "{fresh}");
            }
        }
        for (condition, status) in
            [(tag, 206), (modified, 206), ("\"another\"", 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200)]
        {
            let fresh = format!("{path}?{}", condition.len());
            for _ in 0..2 {
                let fields = [("range", "bytes=10-19"), ("if-range", condition)];
                let (direct, proxied) = nginx.both.each("GET", &fresh, &fields).await;
                // Who has the rest has its fields too (RFC 9110, section 15.3.7).
                let seen = |got: &Got| {
                    let told = ["content-range", "etag"].map(|name| got.field(name).to_owned());
                    (got.status(), told, got.body.clone())
                };
                assert_eq!(direct.status(), status, "{path} {condition}");
                assert!(seen(&direct) == seen(&proxied), "{path} {condition}: {:?}", proxied.response);
                nginx.both.ask("GET", &fresh, &[]).await;
            }
        }
    }
}

/// What is compressed has no parts at the origin, and may have some in a cache: then of the same bytes.
#[tokio::test]
async fn a_part_of_what_is_compressed_is_one_of_the_compressed_bytes() {
    let nginx = Nginx::start().await;
    let compressed = ("accept-encoding", "gzip");
    let whole = nginx.both.ask("GET", "/made/large.txt", &[compressed]).await;
    assert_eq!(whole.field("content-encoding"), "gzip");
    let part = nginx.both.get("/made/large.txt", &[compressed, ("range", "bytes=100-199")]).await;
    assert_eq!((part.status(), part.field("content-encoding"), part.field("etag")), (206, "gzip", whole.field("etag")));
    assert_eq!(part.body, whole.body[100..200]);
    let condition = ("if-range", whole.field("etag"));
    let (direct, proxied) =
        nginx.both.each("GET", "/made/large.txt", &[compressed, condition, ("range", "bytes=100-199")]).await;
    // Its tag is weak: nobody knows whether what he has is a part of the same bytes.
    assert_alike(&direct, &proxied, "if-range with a weak tag");
}

#[tokio::test]
async fn conditions_are_answered_as_by_the_origin() {
    let nginx = Nginx::start().await;
    // What is too long to be kept is sent whole to who is the first to ask, whatever he has.
    for path in &PATHS[..3] {
        let whole = nginx.both.origin.get(path).await;
        let (tag, modified) = (whole.field("etag"), whole.field("last-modified"));
        let (weak, listed) = (format!("W/{tag}"), format!("\"a\", {tag}, \"b\""));
        let another = ("if-none-match", "\"another\"");
        let cases: [(&[(&str, &str)], u16); 8] = [
            (&[("if-none-match", tag)], 304),
            (&[("if-none-match", &weak)], 304),
            (&[("if-none-match", &listed)], 304),
            (&[("if-none-match", "*")], 304),
            (&[another], 200),
            (&[("if-modified-since", modified)], 304),
            (&[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")], 200),
            (&[another, ("if-modified-since", modified)], 200),
        ];
        for (case, (fields, status)) in cases.into_iter().enumerate() {
            for encoding in ["identity", "gzip"] {
                let fields = [fields, &[("accept-encoding", encoding)]].concat();
                for got in twice(&nginx, &format!("{path}?{encoding}{case}"), &fields).await {
                    assert_eq!(got.status(), status, "{path} {fields:?} {}", got.field("cache-status"));
                }
            }
        }
        // These are for the origin alone (RFC 9110, section 13.1.1), which is asked while nothing is stored.
        let refused = nginx.both.ask("GET", &format!("{path}?new"), &[("if-match", "\"another\"")]).await;
        assert_eq!(refused.status(), 412);
    }
}

#[tokio::test]
async fn head_and_what_is_not_allowed_are_answered_as_by_the_origin() {
    let nginx = Nginx::start().await;
    for path in PATHS.into_iter().chain(["/made/", "/made", "/none"]) {
        for _ in 0..2 {
            let got = nginx.both.ask("HEAD", path, &[]).await;
            assert!(got.body.is_empty());
            for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "PROPFIND"] {
                let got = nginx.both.ask(method, path, &[("content-type", "text/plain")]).await;
                assert!(path == "/made" || [403, 404, 405].contains(&got.status()), "{method} {path} {}", got.status());
            }
            nginx.both.ask("GET", path, &[]).await;
        }
    }
    // More than it takes: it says so before all of it has come.
    let long = "a".repeat(1_100_000);
    let refused = nginx.both.proxy.ask("POST", "/made/short.txt", &[], &long).await;
    assert_eq!(refused.status(), 413);
    // A refusal changes nothing.
    assert!(nginx.both.ask("GET", "/made/short.txt", &[]).await.is_hit());
    assert_eq!(nginx.both.ask("GET", "/none", &[]).await.body, "<h1>There is none</h1>");
}

/// Each way to write a path is asked for as it is written: what two of them have in common, only the origin knows.
#[tokio::test]
async fn paths_and_queries_reach_the_origin_as_they_are_written() {
    let nginx = Nginx::start().await;
    let odd =
        ["a%20b", "a%2520b", "a+b", "a%2Bb", "a%2bb", "a;b=c", "a%3Bb=c", "a&b=c", "a,b", "what%3F", "what?", "%231"];
    let odd =
        odd.into_iter().chain(["it's%20%22so%22", "back%5Cslash", ".", "not%20utf-8%20%FF", "100%25", "100%2525"]);
    let odd = odd.map(|name| format!("/odd/{name}.txt"));
    let written = [
        "/made/short.txt?",
        "/made/short.txt?a",
        "/made/short.txt?a=1&b=2",
        "/made/short.txt?b=2&a=1",
        "/made/short.txt?a=%20+?/../x",
        "//made//short.txt",
        "/made/./short.txt",
        "/none/../made/short.txt",
        "/made%2Fshort.txt",
        "/%6Dade/%73hort.txt",
        "/MADE/short.txt",
        "/made/short.txt/",
        "/made/short.txt%00",
        "/../short.txt",
        "/made?a=1",
        "/made/?a=1",
    ];
    let written: Vec<_> = odd.chain(written.map(String::from)).collect();
    for _ in 0..2 {
        for path in &written {
            nginx.both.ask("GET", path, &[]).await;
        }
    }
    nginx.reached().await;
    nginx.both.get("/made/short.txt?a=%20+?/../x&never", &[]).await;
    assert_eq!(nginx.reached().await, ["GET /made/short.txt?a=%20+?/../x&never 200"]);
}

/// Where a folder is asked for without its slash, nginx names the host by which it was asked.
#[tokio::test]
async fn a_host_that_is_made_up_sends_nobody_else_astray() {
    let nginx = Nginx::start().await;
    let led = async |host: &str| {
        let got = nginx.both.proxy.ask("GET", "/kept/made", &[("host", host)], "").await;
        (got.status(), got.field("location").split(':').nth(1).unwrap().to_owned(), got.is_hit())
    };
    for round in 1..=2 {
        for host in ["evil.example", HOST, "other.example"] {
            assert_eq!(led(host).await, (301, format!("//{host}"), round == 2));
        }
    }
    nginx.both.ask("GET", "/kept/made", &[]).await;
}
