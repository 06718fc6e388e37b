//! Server-sent events: a reply that tells one thing after the other.

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::http::header;
use bytes::Bytes;
use futures_util::Stream;

/// A reply of frames as they come; nothing between here and the reader keeps them back or keeps them for later.
pub fn event_stream(frames: impl Stream<Item = Result<Bytes, Infallible>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(frames)
}
