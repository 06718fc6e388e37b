//! One span, one log line, one histogram and the security headers for every request.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing::Instrument as _;

use crate::telemetry::with_request_id;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Pages of ours load only from here; nobody may frame them.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";
/// The interface at /docs starts itself with an inline script.
const DOCS_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Middleware: gives the request an id, serves it inside a span, and records what came of it.
/// The query string is never logged: the WebSocket's token travels there.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let request_id = request_id(request.headers());
    let method = request.method().clone();
    let path = request.path().to_owned();
    let span = tracing::info_span!("request", request_id = %request_id, method = %method, path = %path);
    let served = with_request_id(request_id.clone(), next.call(request)).instrument(span.clone()).await;
    let mut response = served?;

    let seconds = started.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    span.in_scope(|| match status {
        500.. => tracing::error!(status, seconds, "served"),
        400..=499 => tracing::info!(status, seconds, "served"),
        _ => tracing::debug!(status, seconds, "served"),
    });
    metrics::histogram!("frontdesk_http_request_seconds", "route" => route, "method" => method.to_string(), "status" => status.to_string())
        .record(seconds);

    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    add_security_headers(headers, &path);
    Ok(response)
}

/// The caller's own id when it is short and plain, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| {
            !id.is_empty()
                && id.len() <= 64
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
        .map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

fn add_security_headers(headers: &mut HeaderMap, path: &str) {
    let policy = if path.starts_with("/docs") { DOCS_SECURITY_POLICY } else { CONTENT_SECURITY_POLICY };
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("content-security-policy", policy),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ] {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
