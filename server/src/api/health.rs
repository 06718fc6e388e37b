//! Whether the service lives, whether it can serve, and its metrics.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde_json::json;

use crate::app::App;

/// The process runs.
#[utoipa::path(tag = "operation", responses((status = 200)))]
#[get("/healthz")]
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// The service can answer: the database is reachable, the index follows it and is not being built anew.
#[utoipa::path(tag = "operation", responses((status = 200), (status = 503)))]
#[get("/readyz")]
pub(super) async fn ready(app: web::Data<App>) -> HttpResponse {
    let store = app.store.ping().await;
    let newest = app.store.revision().await.ok();
    let state = json!({
        "store": store.as_ref().map_or_else(ToString::to_string, |()| "ok".to_owned()),
        "model": app.assistant.model_version(),
        "index_revision": app.faq.searchable_revision(),
        "faq_revision": newest,
        "index": if app.faq.is_rebuilding() { "being built anew; the FAQ is not searched, or as it was" } else { "ok" },
    });
    let ready = store.is_ok() && app.faq.is_alive() && !app.faq.is_rebuilding();
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(state)
}

/// Prometheus metrics.
#[utoipa::path(tag = "operation", responses((status = 200, content_type = "text/plain", body = String)))]
#[get("/metrics")]
pub(super) async fn metrics(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(app.metrics.render())
}
