//! The FAQ: read, edit with history, search. A saved change is searchable when the reply arrives.

mod entry;
mod progress;
mod transfer;

use actix_web::http::header::{self, EntityTag};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use retrieval::SearchQuery;
use serde::{Deserialize, Serialize};
use store::{FaqDraft, FaqFilter, FaqRecord};
use utoipa::ToSchema;

pub(crate) use entry::{FaqReply, FaqRequest};
pub(super) use transfer::{export, import};

use super::extract::Body;
use crate::app::App;
use crate::auth::AsViewer;
use crate::error::{ApiError, Problem};
use crate::faq_import::draft_of_entry;
use crate::review::AsPublisher;

#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    text: Option<String>,
    language: Option<String>,
    category: Option<String>,
    branch: Option<String>,
    enabled: Option<bool>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// A page of the FAQ.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListReply {
    pub entries: Vec<FaqReply>,
    pub total: i64,
    /// The newest revision of the FAQ.
    pub revision: i64,
}

/// Lists entries, newest change first.
#[utoipa::path(tag = "faq", params(("text" = Option<String>, Query), ("language" = Option<String>, Query), ("category" = Option<String>, Query),
    ("branch" = Option<String>, Query, description = "a category with everything below it"), ("enabled" = Option<bool>, Query), ("limit" = Option<i64>, Query), ("offset" = Option<i64>, Query)),
    responses((status = 200, body = ListReply), (status = 401, body = Problem)), security(("staff" = [])))]
#[get("/faq")]
pub(super) async fn list(
    app: web::Data<App>,
    _staff: AsViewer,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    let filter = FaqFilter {
        text: query.text,
        language: query.language,
        category: query.category,
        branch: query.branch,
        enabled: query.enabled,
    };
    let (limit, offset) = (query.limit.unwrap_or(50).clamp(1, 500), query.offset.unwrap_or(0));
    let (entries, total) = app.store.faq_list(&filter, limit, offset).await?;
    let revision = app.store.revision().await?;
    Ok(HttpResponse::Ok().json(ListReply {
        entries: entries.into_iter().map(FaqReply::from).collect(),
        total,
        revision,
    }))
}

/// Adds an entry.
#[utoipa::path(tag = "faq", request_body = FaqRequest, responses((status = 201, body = FaqReply), (status = 412, body = Problem),
    (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/faq")]
pub(super) async fn create(
    app: web::Data<App>,
    editor: AsPublisher,
    body: Body<FaqRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let id = body.id.clone().unwrap_or_else(|| format!("faq-{}", uuid::Uuid::now_v7().simple()));
    let record = app.store.faq_put(draft(id, body)?, Some(0), &editor.staff.name).await?;
    saved(&app, record, HttpResponse::Created()).await
}

/// Reads an entry.
#[utoipa::path(tag = "faq", params(("id" = String, Path)), responses((status = 200, body = FaqReply), (status = 404, body = Problem)),
    security(("staff" = [])))]
#[get("/faq/{id}")]
pub(super) async fn show(
    app: web::Data<App>,
    _staff: AsViewer,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let record = app.store.faq_get(&id).await?;
    if record.deleted {
        return Err(ApiError::NotFound { what: "FAQ entry", id: id.into_inner() });
    }
    Ok(HttpResponse::Ok().insert_header(header::ETag(tag(&record))).json(FaqReply::from(record)))
}

/// Saves an entry. With `If-Match` (or `version`) it refuses to overwrite what somebody else saved meanwhile.
#[utoipa::path(tag = "faq", request_body = FaqRequest, params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = FaqReply), (status = 412, body = Problem), (status = 422, body = Problem)), security(("staff" = [])))]
#[put("/faq/{id}")]
pub(super) async fn save(
    app: web::Data<App>,
    editor: AsPublisher,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<FaqRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let expected = if_match(&request)?.or(body.version);
    let record = app.store.faq_put(draft(id.into_inner(), body)?, expected, &editor.staff.name).await?;
    saved(&app, record, HttpResponse::Ok()).await
}

/// Deletes an entry; its history stays and can be restored.
#[utoipa::path(tag = "faq", params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)), security(("staff" = [])))]
#[delete("/faq/{id}")]
pub(super) async fn remove(
    app: web::Data<App>,
    editor: AsPublisher,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let record = app.store.faq_delete(&id, if_match(&request)?, &editor.staff.name).await?;
    app.faq.wait_until_searchable(record.revision).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Every version of an entry, newest first.
#[utoipa::path(tag = "faq", params(("id" = String, Path)), responses((status = 200, body = Vec<FaqReply>), (status = 404, body = Problem)),
    security(("staff" = [])))]
#[get("/faq/{id}/history")]
pub(super) async fn history(
    app: web::Data<App>,
    _staff: AsViewer,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let versions: Vec<FaqReply> = app.store.faq_history(&id).await?.into_iter().map(FaqReply::from).collect();
    Ok(HttpResponse::Ok().json(versions))
}

/// Which version to bring back.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RestoreRequest {
    pub version: i64,
}

/// Makes an earlier version the newest; nothing of the history is lost.
#[utoipa::path(tag = "faq", request_body = RestoreRequest, params(("id" = String, Path)),
    responses((status = 200, body = FaqReply), (status = 404, body = Problem)), security(("staff" = [])))]
#[post("/faq/{id}/restore")]
pub(super) async fn restore(
    app: web::Data<App>,
    editor: AsPublisher,
    id: web::Path<String>,
    body: Body<RestoreRequest>,
) -> Result<HttpResponse, ApiError> {
    let record = app.store.faq_restore(&id, body.0.version, &editor.staff.name).await?;
    saved(&app, record, HttpResponse::Ok()).await
}

/// A question to try.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchRequest {
    pub text: String,
    pub top: Option<usize>,
    pub language: Option<String>,
    /// Search as on this channel: `widget`, `rasa` or `api`; entries of all channels without it.
    pub channel: Option<String>,
    /// Say which terms and fields made each score.
    #[serde(default)]
    pub explain: bool,
}

/// Searches the FAQ as the bot does.
#[utoipa::path(tag = "faq", request_body = SearchRequest, responses((status = 200, body = serde_json::Value), (status = 422, body = Problem)),
    security(("staff" = [])))]
#[post("/search")]
pub(super) async fn search(
    app: web::Data<App>,
    _staff: AsViewer,
    body: Body<SearchRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let language = body.language.as_deref().and_then(text::Language::parse);
    let top = body.top.unwrap_or(5).clamp(1, 100);
    let query = SearchQuery { text: body.text, language, top, today: None, channel: body.channel };
    let index = std::sync::Arc::clone(app.assistant.index());
    let found = web::block(move || {
        let hits = index.search(&query);
        let hits: Vec<serde_json::Value> = hits
            .iter()
            .map(|hit| {
                let mut wire = serde_json::to_value(hit).unwrap_or_default();
                if body.explain {
                    wire["explanation"] = serde_json::to_value(index.explain(&query, &hit.id)).unwrap_or_default();
                }
                wire
            })
            .collect();
        serde_json::json!({ "hits": hits, "revision": index.revision() })
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

pub(super) async fn saved(
    app: &App,
    record: FaqRecord,
    mut response: actix_web::HttpResponseBuilder,
) -> Result<HttpResponse, ApiError> {
    app.faq.wait_until_searchable(record.revision).await?;
    Ok(response.insert_header(header::ETag(tag(&record))).json(FaqReply::from(record)))
}

fn tag(record: &FaqRecord) -> EntityTag {
    EntityTag::new_strong(record.version.to_string())
}

pub(super) fn if_match(request: &HttpRequest) -> Result<Option<i64>, ApiError> {
    let Some(value) = request.headers().get(header::IF_MATCH) else { return Ok(None) };
    let version = value.to_str().ok().map(|value| value.trim().trim_start_matches("W/").trim_matches('"'));
    match version {
        Some("*") => Ok(None),
        Some(version) => version
            .parse()
            .map(Some)
            .map_err(|_| ApiError::Invalid("If-Match must be the ETag of the entry".to_owned())),
        None => Err(ApiError::Invalid("If-Match must be the ETag of the entry".to_owned())),
    }
}

fn draft(id: String, body: FaqRequest) -> Result<FaqDraft, ApiError> {
    body.entry(id).map(draft_of_entry)
}
