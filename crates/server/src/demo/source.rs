//! Where the list comes from: a URL of the user's, or the demo's own.

use std::fmt;

use reqwest::Url;

/// Where the list comes from. It is shown without credentials and without its query, which may hold a key.
#[derive(Clone, Debug)]
pub struct Source {
    url: Url,
    own: bool,
}

impl Source {
    /// Reads what a user wrote.
    pub fn parse(text: &str) -> Result<Source, String> {
        const EXAMPLE: &str = "such as https://example.org/list.json";
        let url = Url::parse(text).map_err(|error| format!("not a URL, {EXAMPLE}: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("not a URL that begins with http:// or https://, {EXAMPLE}"));
        }
        Ok(Source { url, own: false })
    }

    /// The demo's own.
    pub fn own(url: Url) -> Source {
        Source { url, own: true }
    }

    /// Whether it is the demo's own.
    pub fn is_own(&self) -> bool {
        self.own
    }

    /// The whole URL, for the one who fetches it.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it stands on this machine, where no proxy leads.
    pub fn is_local(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.url.host_str().unwrap_or_default())?;
        if let Some(port) = self.url.port() {
            write!(f, ":{port}")?;
        }
        write!(f, "{}{}", self.url.path(), if self.url.query().is_some() { "?…" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_web_address_is_refused_with_an_example() {
        for text in
            ["", "nonsense", "localhost:3000", "ftp://example.org/", "http://", "http://a:99999/", "file:///etc/passwd"]
        {
            let reason = Source::parse(text).expect_err(text);
            assert!(reason.contains("https://example.org/"), "{text}: {reason}");
        }
    }

    #[test]
    fn it_is_shown_without_its_secrets() {
        let shown = |text| Source::parse(text).unwrap().to_string();
        assert_eq!(shown("https://ann:secret@example.org:8443/a/b?key=1#c"), "https://example.org:8443/a/b?…");
        assert_eq!(shown("http://[::1]:80/"), "http://[::1]/");
    }

    #[test]
    fn loopback_is_local() {
        for (text, local) in [
            ("http://localhost:1/", true),
            ("http://127.0.0.5/", true),
            ("http://[::1]/", true),
            ("http://example.org/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(Source::parse(text).unwrap().is_local(), local, "{text}");
        }
    }
}
