//! The responses that a layer makes of pages.

use freshen_core::{BoxError, Timestamp};
use freshen_http::{Answer, Asked, CacheStatus, Config, Portion, Rule, Served, Stored, format_date};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, RETRY_AFTER, TRAILER};
use http::{HeaderMap, HeaderValue, Response, StatusCode, response};
use std::time::Duration;

use crate::body::PageBody;
use crate::flight::Coming;

/// Makes of a page what a request gets.
///
/// # Errors
/// The rule by which nothing is made of it: the request goes to the origin by itself.
pub(crate) fn of_stored(
    stored: &Stored,
    request: &HeaderMap,
    asked: &Asked,
    now: Timestamp,
    config: &Config,
) -> Result<Response<PageBody>, Rule> {
    let boundary = fastrand::u128(..);
    match stored.answer(request, asked, now, boundary, config) {
        Answer::Serve(Served { status, mut headers, content, trailers }, _) => {
            // RFC 9110, section 6.6.2: over HTTP/1.1 a server may send no more than is told.
            headers.extend(trailers.keys().map(|name| (TRAILER, name.clone().into())));
            Ok(made(status, headers, PageBody::kept(content, trailers)))
        }
        Answer::NotModified(headers, _) => Ok(made(StatusCode::NOT_MODIFIED, headers, PageBody::without())),
        Answer::Refuse(rule) => Ok(refused(rule)),
        Answer::Fetch(_, rule) | Answer::Pass(rule) => Err(rule),
    }
}

/// Makes of a response that comes what another request gets. `None`: nobody may read it along any more.
///
/// # Errors
/// As of [`of_stored`].
pub(crate) fn of_coming(
    coming: &Coming,
    request: &HeaderMap,
    asked: &Asked,
    now: Timestamp,
    config: &Config,
) -> Result<Option<Response<PageBody>>, Rule> {
    let (following, _) = coming.admitted.answer(request, asked, now, config)?;
    let body = match following.content {
        Portion::Nothing => PageBody::without(),
        portion => match coming.joining.reader() {
            Some(reader) => PageBody::following(reader, portion, &coming.admitted),
            None => return Ok(None),
        },
    };
    Ok(Some(made(following.status, following.headers, body)))
}

/// Nothing may be served, and the request wants nothing to be fetched (RFC 9111, section 5.2.1.7).
pub(crate) fn refused(rule: Rule) -> Response<PageBody> {
    said(StatusCode::GATEWAY_TIMEOUT, format!("nothing is stored that may be served ({})\n", rule.name()))
}

/// The service behind failed, and nothing stands in for it.
pub(crate) fn failed(status: StatusCode, retry_after: Option<Duration>) -> Response<PageBody> {
    let mut response = said(status, "the service behind this cache does not answer\n".to_owned());
    if let Some(after) = retry_after {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// The request is none that anybody could answer.
pub(crate) fn rejected(status: StatusCode, why: &BoxError) -> Response<PageBody> {
    said(status, format!("{why}\n"))
}

/// Gives what is sent on as it came the Date of its receipt, where it has none (RFC 9110, section 6.6.1).
pub(crate) fn date(head: &mut response::Parts, now: Timestamp) {
    if !head.status.is_informational() && !head.headers.contains_key(DATE) {
        let date = HeaderValue::try_from(format_date(now)).expect("words and digits are a value");
        // A response with as many fields as there can be goes without.
        _ = head.headers.try_insert(DATE, date);
    }
}

/// Tells the client what was done.
pub(crate) fn told(
    mut response: Response<PageBody>,
    status: Option<&CacheStatus<'_>>,
    config: &Config,
) -> Response<PageBody> {
    if let Some(status) = status {
        // A response with as many fields as there can be goes without.
        _ = status.append_to(response.headers_mut(), config);
    }
    response
}

fn said(status: StatusCode, text: String) -> Response<PageBody> {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    made(status, headers.into_iter().collect(), PageBody::kept(vec![text.into()], HeaderMap::new()))
}

fn made(status: StatusCode, headers: HeaderMap, body: PageBody) -> Response<PageBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
