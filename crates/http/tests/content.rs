//! What of a QUERY makes its key (RFC 10008, section 2.7).

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use freshen_http::{Config, ContentHash, ContentHasher, Rule};
use http::Request;
use http::header::HeaderName;

fn hash(fields: &[(&str, &str)], content: &[u8]) -> ContentHash {
    let mut request = Request::builder().method("QUERY");
    for (name, value) in fields {
        request = request.header(name.parse::<HeaderName>().unwrap(), *value);
    }
    let request = request.body(()).unwrap().into_parts().0;
    let mut hasher = ContentHasher::new(&request, &Config::default()).unwrap();
    hasher.update(content).unwrap();
    hasher.finish()
}

const JSON: (&str, &str) = ("content-type", "application/json");

/// RFC 10008, section 2.7: the key MUST incorporate the content and related metadata.
#[test]
fn another_content_or_another_field_about_it_is_another_key() {
    let hashes = [
        hash(&[JSON], b"{}"),
        hash(&[JSON], b"{ }"),
        hash(&[JSON], b""),
        hash(&[], b"{}"),
        hash(&[("content-type", "application/sql")], b"{}"),
        hash(&[("content-type", "application/json;charset=utf-8")], b"{}"),
        hash(&[("content-type", "application/json;charset=UTF-8")], b"{}"),
        hash(&[JSON, ("content-encoding", "gzip")], b"{}"),
        hash(&[JSON, ("content-encoding", "br")], b"{}"),
        hash(&[JSON, ("content-encoding", "br"), ("content-encoding", "gzip")], b"{}"),
        hash(&[JSON, ("content-encoding", "gzip"), ("content-encoding", "br")], b"{}"),
        hash(&[JSON, ("content-language", "de")], b"{}"),
        hash(&[JSON, ("content-location", "/a")], b"{}"),
        hash(&[JSON, ("content-unheard-of", "1")], b"{}"),
        hash(&[("content-type", "application/json, application/sql")], b"{}"),
        hash(&[JSON, ("content-type", "application/sql")], b"{}"),
    ];
    for (at, one) in hashes.iter().enumerate() {
        assert!(!hashes[..at].contains(one), "{at}");
    }
}

#[test]
fn what_is_not_about_the_content_makes_no_other_key() {
    let plain = hash(&[JSON, ("content-encoding", "gzip")], b"{}");
    let other = [("accept", "text/html"), ("content-length", "2"), ("content-encoding", "gzip"), JSON];
    assert_eq!(hash(&other, b"{}"), plain);
}

/// A field cannot pass for the beginning of the content, nor the content for a field.
#[test]
fn where_the_fields_end_and_the_content_begins_cannot_be_forged() {
    let mut field = b"\0\0\0\0\0\0\0\x10content-language".to_vec();
    field.extend(b"\0\0\0\0\0\0\0\x02de");
    assert_ne!(hash(&[JSON, ("content-language", "de")], b""), hash(&[JSON], &field));
    assert_ne!(hash(&[("content-type", "ab")], b""), hash(&[("content-type", "a")], b"b"));
    assert_ne!(hash(&[("content-a", "bc")], b""), hash(&[("content-ab", "c")], b""));
}

#[test]
fn a_content_that_comes_in_pieces_is_the_same() {
    let request = Request::builder().method("QUERY").header(JSON.0, JSON.1).body(()).unwrap().into_parts().0;
    let mut hasher = ContentHasher::new(&request, &Config::default()).unwrap();
    for piece in [&b"{"[..], b"", b"}"] {
        hasher.update(piece).unwrap();
    }
    assert_eq!(hasher.finish(), hash(&[JSON], b"{}"));
}

/// RFC 10008, section 2.7, lets a cache normalise; but the origin gets the fields as they are, and may answer by them.
#[test]
fn how_a_media_type_is_written_makes_another_key() {
    let plain = hash(&[("content-type", "application/json;charset=utf-8")], b"{}");
    for other in
        ["Application/JSON;charset=utf-8", "application/json; Charset=utf-8", "application/json;charset=\"utf-8\""]
    {
        assert_ne!(hash(&[("content-type", other)], b"{}"), plain, "{other}");
    }
    let kept = [("content-type", "application/json;charset=utf-8"), ("cache-control", "no-transform")];
    assert_eq!(hash(&kept, b"{}"), plain);
}

#[test]
fn a_content_that_is_too_long_is_not_hashed() {
    let config = Config { query_content_bytes_most: 100, ..Config::default() };
    let request = Request::builder().method("QUERY").body(()).unwrap().into_parts().0;
    // Eight bytes say that there are no fields.
    let mut hasher = ContentHasher::new(&request, &config).unwrap();
    assert_eq!(hasher.update(&[0; 92]), Ok(()));
    assert_eq!(hasher.update(&[0; 1]), Err(Rule::QueryContentTooLong));
    let long =
        Request::builder().method("QUERY").header("content-type", "a".repeat(100)).body(()).unwrap().into_parts().0;
    assert_eq!(ContentHasher::new(&long, &config).err(), Some(Rule::QueryContentTooLong));
}
