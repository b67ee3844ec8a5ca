//! What a request to the health checks is answered.

use freshen_metrics::METRICS_CONTENT_TYPE;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Response, StatusCode};

use crate::standing::Standing;

const TEXT: &str = "text/plain; charset=utf-8";

/// The answer to a method and a path.
pub(crate) async fn answer(method: &Method, path: &str, standing: &Standing) -> Response<String> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut refusal = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    match path {
        "/health/live" => verdict("alive", standing.alive()),
        "/health/ready" => verdict("ready", standing.ready().await),
        "/metrics" => match standing.page().await {
            Some(Ok(page)) => response(StatusCode::OK, METRICS_CONTENT_TYPE, page),
            Some(Err(reason)) => text(StatusCode::SERVICE_UNAVAILABLE, &reason),
            None => text(StatusCode::NOT_FOUND, "this worker was given no metrics"),
        },
        _ => text(StatusCode::NOT_FOUND, "there are /health/live, /health/ready and /metrics"),
    }
}

fn verdict(good: &str, verdict: Result<(), String>) -> Response<String> {
    match verdict {
        Ok(()) => text(StatusCode::OK, good),
        Err(reason) => text(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

fn text(status: StatusCode, line: &str) -> Response<String> {
    response(status, TEXT, format!("{line}\n"))
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
