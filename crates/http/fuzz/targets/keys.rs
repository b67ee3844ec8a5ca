//! Requests for any target, with any headers: what keys, tags and selects a response holds together, whatever they say.
#![no_main]

use freshen_core::Key;
use freshen_http::{
    Asked, AskedBy, CacheKey, Choices, Config, Content, Counting, HostAlias, Hosts, Invalidation, KeyParts,
    NoVarySearch, OriginSees, Parameters, Rule, Scheme, Selecting, Sent, TARGET_BYTES_MOST, Target, tags,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version, request, response};
use libfuzzer_sys::fuzz_target;

// A request, a response and a second request, with a record separator between them. The first line of a head is a target, or nothing.
fuzz_target!(|bytes: &[u8]| {
    let mut messages = bytes.split(|byte| *byte == b'\x1e');
    let Some(request) = messages.next().and_then(request) else { return };
    let Some(response) = messages.next().and_then(response) else { return };
    let Some(other) = messages.next().and_then(self::request) else { return };
    for config in [Config::default(), chosen(OriginSees::Keyed), chosen(OriginSees::Asked)] {
        for scheme in [Scheme::Http, Scheme::Https] {
            let Ok(target) = Target::of(&request, scheme, &config) else { continue };
            targets(&target, &response.headers, &config);
            let sent = Sent::of(&request, &target, &config);
            keys(&sent, &response.headers, &config);
            selected(&sent, &response.headers, &Sent::of(&other, &target, &config), &config);
            outdated(&request, &target, &response, &config);
        }
    }
});

fn chosen(origin_sees: OriginSees) -> Config {
    let hosts =
        Hosts::new([HostAlias::new("www.a", "a"), HostAlias::new("m.a", "a")].map(|alias| alias.expect("two hosts")));
    let counting = Counting::AllBut(["utm_*", "id"].into_iter().collect());
    let parameters = Parameters { counting, sorted: true };
    let choices = Choices { parameters, decoded: true, hosts: hosts.expect("each stands for one"), origin_sees };
    Config { choices, no_vary_search: true, ..Config::default() }
}

fn targets(target: &Target, response: &HeaderMap, config: &Config) {
    let keyed = config.choices.keyed(target);
    assert_eq!(config.choices.keyed(&keyed), keyed);
    assert!(keyed.resource().as_str().len() <= target.resource().as_str().len());
    for reference in response.get_all("location") {
        if let Some(named) = target.resolve(reference.as_bytes()) {
            assert_eq!(target.resolve(named.to_string().as_bytes()).as_ref(), Some(&named));
        }
    }
}

fn keys(sent: &Sent<'_>, response: &HeaderMap, config: &Config) {
    let head = sent.head(Version::HTTP_11);
    assert_eq!(head.uri.to_string(), sent.target().to_string());
    assert_eq!(head.headers.get_all("host").iter().count(), 1);
    let parts = KeyParts { asked: AskedBy::Get, sent, content: Content::Absent, audience: None };
    let key = match CacheKey::of(&parts, config) {
        Ok(key) => key,
        Err(Rule::TargetTooLong) => return assert!(sent.target().resource().as_str().len() > TARGET_BYTES_MOST),
        Err(rule) => return assert!(matches!(rule, Rule::MethodOverridden | Rule::SteeringNotKept)),
    };
    let says = NoVarySearch::read(response, config);
    let simplified = key.simplified(&says);
    assert_eq!(simplified.simplified(&says), simplified);
    assert!(says.matches(key.target(), simplified.target()));
    for key in [&key, &simplified] {
        let text = serde_json::to_string(key).expect("a key is text");
        assert_eq!(serde_json::from_str::<CacheKey>(&text).ok().as_ref(), Some(key));
        let engines = Key::new("default", "page", key).expect("a key is shorter than the engine's");
        assert_eq!(engines.decode::<CacheKey>().ok().as_ref(), Some(key));
        let Ok(tags) = tags(response, key, config) else { continue };
        let of_target = Invalidation::of_target(sent.target(), config);
        assert!(tags.as_slice().iter().any(|tag| of_target.tags.contains(tag)));
    }
}

fn selected(sent: &Sent<'_>, response: &HeaderMap, other: &Sent<'_>, config: &Config) {
    let Ok(selecting) = Selecting::of(sent, response, config) else { return };
    assert!(selecting.matches(sent));
    let same = selecting.matches(other);
    assert_eq!(same, selecting.key_of(other) == selecting.key());
    let back = Selecting::of(other, response, config);
    assert!(back.is_err() || back.is_ok_and(|back| back.matches(sent) == same));
}

fn outdated(request: &request::Parts, target: &Target, response: &response::Parts, config: &Config) {
    let mut request = request.clone();
    request.method = http::Method::POST;
    assert_eq!(Asked::of(&request, config).method, AskedBy::Unsafe);
    let Some(made) = Invalidation::of(&request, target, response, config) else { return };
    let own = Invalidation::of_target(target, config).tags;
    assert_eq!(made.tags[..own.len()], own);
}

fn request(head: &[u8]) -> Option<request::Parts> {
    let (target, headers) = headers(head)?;
    let (mut parts, ()) = Request::get(if target.is_empty() { b"/" } else { target }).body(()).ok()?.into_parts();
    parts.headers = headers;
    // HTTP/1.1 would have to name its host twice.
    parts.version = if parts.uri.host().is_some() { Version::HTTP_2 } else { Version::HTTP_11 };
    Some(parts)
}

fn response(head: &[u8]) -> Option<response::Parts> {
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.headers = headers(head)?.1;
    Some(parts)
}

fn headers(head: &[u8]) -> Option<(&[u8], HeaderMap)> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        headers.append(name, HeaderValue::from_bytes(&line[at + 1..]).ok()?);
    }
    Some((first, headers))
}
