//! Fetching a source over HTTP, bounded in size. The cached job bounds it in time.

use std::error::Error;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};

use crate::demo::listing::{Listing, NoListing};
use crate::demo::source::Source;
use crate::failure::Failure;

/// The longest body that is read.
pub const BODY_BYTES_MAX: usize = 1 << 20;
const REDIRECTS_MAX: usize = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Fetches the list of one source. Cloning gives a handle to the same connections.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    url: Url,
}

/// Why there is no list, and what to do. Trying again may help with each: sources change their minds.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No whole answer came. Its innermost cause is part of the message, so it is not told as a source once more.
    #[error("the source cannot be reached: {}; check that it runs, and that --source has its address", innermost(.0))]
    Unreachable(reqwest::Error),
    /// It answered with an error.
    #[error("the source answered {}; {}", .0, advice(*.0))]
    Status(StatusCode),
    /// Too much.
    #[error("the source sent more than {BODY_BYTES_MAX} bytes; give a --source with a shorter list")]
    TooLong,
    /// No list.
    #[error(transparent)]
    NoListing(#[from] NoListing),
    /// Somebody broke it on purpose.
    #[error("the source was broken on this page; bring it back there")]
    SwitchedOff,
    /// Another process asked for it, and tells why it has none.
    #[error("{0}")]
    Told(String),
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        // The URL may hold a secret, and errors are shown.
        FetchError::Unreachable(error.without_url())
    }
}

impl Fetcher {
    /// A client for this source.
    pub fn new(source: &Source) -> Result<Fetcher, Failure> {
        // An error says that the process has one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = builder(source).build().or_else(|error| match source.url().scheme() {
            // A machine without certificates can still fetch what needs none.
            "http" => builder(source).tls_certs_only([]).build(),
            _ => Err(error),
        });
        let client = client.map_err(|error| Failure::Client { reason: innermost(&error) })?;
        Ok(Fetcher { client, url: source.url().clone() })
    }

    /// Fetches the list.
    pub async fn fetch(&self) -> Result<Listing, FetchError> {
        let response = self.client.get(self.url.clone()).send().await?;
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status()));
        }
        let says_json = says_json(&response);
        Ok(Listing::read(&body(response).await?, says_json)?)
    }
}

/// What to do about an answer that is an error.
fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "it wants credentials: write them into --source, or give another one",
        404 | 410 => "check the path of --source",
        400..=499 => "check --source",
        _ => "the fault is its own, and it is asked again by itself",
    }
}

fn builder(source: &Source) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(concat!("freshen/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::limited(REDIRECTS_MAX))
        .connect_timeout(CONNECT_TIMEOUT);
    if source.is_local() { builder.no_proxy() } else { builder }
}

fn says_json(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// The whole body, unless it is longer than its bound: then the rest is never read.
async fn body(mut response: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The cause at the bottom: "connection refused" tells more than "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
