//! References as Location and Content-Location have them, resolved against a target (RFC 3986, section 5).

use http::uri::PathAndQuery;

use crate::origin::{Origin, Scheme};
use crate::target::Target;

/// Longest reference, in bytes. What is longer names nothing.
pub const REFERENCE_BYTES_MOST: usize = 64 << 10;

/// The parts of a reference (RFC 3986, section 3). A fragment is no part of a target.
struct Reference<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

impl Target {
    /// What a reference names, seen from here (RFC 3986, section 5.2); `None`: nothing that HTTP could ask for.
    ///
    /// The parts are kept as they are written: a browser that follows the reference asks for the same bytes.
    pub fn resolve(&self, reference: &[u8]) -> Option<Target> {
        let text = std::str::from_utf8(reference).ok().filter(|text| text.len() <= REFERENCE_BYTES_MOST)?;
        let reference = Reference::parse(text)?;
        let scheme = match reference.scheme {
            Some(name) => Scheme::of(name).ok()?,
            None => self.origin().scheme(),
        };
        let origin = match (reference.scheme, reference.authority) {
            (_, Some(authority)) => Origin::new(scheme, authority.as_bytes()).ok()?,
            (None, None) => self.origin().clone(),
            // `http:a`: section 5.2.2, for a strict parser, and then a URI without a host.
            (Some(_), None) => return None,
        };
        let (path, query) = match reference.path {
            "" if reference.authority.is_none() => (self.path().to_owned(), reference.query.or(self.query())),
            path if path.starts_with('/') || reference.authority.is_some() => (without_dots(path), reference.query),
            path => (without_dots(&merged(self.path(), path)), reference.query),
        };
        let resource = query.map_or(path.clone(), |query| format!("{path}?{query}"));
        Target::new(origin, PathAndQuery::try_from(resource).ok()?).ok()
    }
}

impl<'a> Reference<'a> {
    /// Takes a reference apart (RFC 3986, appendix B).
    fn parse(text: &'a str) -> Option<Reference<'a>> {
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (scheme, rest) = scheme_of(text)?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                (Some(&rest[..end]), &rest[end..])
            }
            None => (None, rest),
        };
        Some(Reference { scheme, authority, path, query })
    }
}

/// The scheme, if there is one, and the rest. A first segment with a colon that is no scheme makes no reference (RFC 3986,
/// section 4.2).
fn scheme_of(text: &str) -> Option<(Option<&str>, &str)> {
    let Some(end) = text.find([':', '/', '?']).filter(|end| text.as_bytes()[*end] == b':') else {
        return Some((None, text));
    };
    let (name, rest) = text.split_at(end);
    let is_scheme = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (is_scheme && name.starts_with(|first: char| first.is_ascii_alphabetic())).then(|| (Some(name), &rest[1..]))
}

/// RFC 3986, section 5.2.3.
fn merged(base: &str, path: &str) -> String {
    let folder = base.rfind('/').map_or("/", |last| &base[..=last]);
    format!("{folder}{path}")
}

/// RFC 3986, section 5.2.4, for a path that begins with a slash or is empty.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            _ => {
                kept.push(segment);
                continue;
            }
        }
        // A path that ends with dots ends with a slash.
        if last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Target {
        let uri: http::Uri = text.parse().unwrap();
        let origin =
            Origin::new(Scheme::of(uri.scheme_str().unwrap()).unwrap(), uri.authority().unwrap().as_str().as_bytes());
        Target::new(origin.unwrap(), uri.path_and_query().unwrap().clone()).unwrap()
    }

    fn resolved(reference: &str) -> Option<String> {
        base("http://a/b/c/d;p?q").resolve(reference.as_bytes()).map(|target| target.to_string())
    }

    /// RFC 3986, section 5.4, without fragments, which are no part of a target.
    #[test]
    fn references_resolve_as_the_examples_of_rfc_3986_do() {
        let cases = [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/../x", "http://a/b/c/g"),
        ];
        for (reference, expected) in cases {
            assert_eq!(resolved(reference).as_deref(), Some(expected), "{reference:?}");
        }
    }

    #[test]
    fn whole_uris_and_odd_ones_resolve_to_themselves_or_to_nothing() {
        let some = [
            ("http://x/y/../z?q", "http://x/z?q"),
            ("HTTPS://X:443", "https://x/"),
            ("https://x?q", "https://x/?q"),
            ("//x?q", "http://x/?q"),
            ("/a//b/", "http://a/a//b/"),
            ("/%2e%2e/a", "http://a/%2e%2e/a"),
            ("\\\\x/y", "http://a/b/c/\\\\x/y"),
            ("?", "http://a/b/c/d;p?"),
            ("g:80/x/../y:1", ""),
            ("./g:80", "http://a/b/c/g:80"),
        ];
        for (reference, expected) in some {
            assert_eq!(resolved(reference).unwrap_or_default(), expected, "{reference:?}");
        }
        let none = [
            "http:g",
            "http:",
            "http:///g",
            "http://",
            "///g",
            "ftp://a/g",
            "1:g",
            ":g",
            "http://u@a/g",
            "a b",
            "http://a:x/",
        ];
        for reference in none {
            assert_eq!(resolved(reference), None, "{reference:?}");
        }
        for bytes in [&b"\xff"[..], b"/\xff", b"/a\tb", b"/a\x7f"] {
            assert_eq!(base("http://a/").resolve(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_reference_that_is_too_long_names_nothing() {
        let long = |bytes: usize| format!("/{}", "../".repeat(bytes / 3));
        assert!(base("http://a/").resolve(long(REFERENCE_BYTES_MOST - 3).as_bytes()).is_some());
        assert!(base("http://a/").resolve(long(2 * REFERENCE_BYTES_MOST).as_bytes()).is_none());
    }
}
