//! The FAQ: read, edit with history, search. A saved change is searchable when the reply arrives.

mod transfer;

use actix_web::http::header::{self, EntityTag};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use retrieval::{Link, SearchQuery};
use serde::{Deserialize, Serialize};
use store::{FaqDraft, FaqFilter, FaqRecord};
use utoipa::ToSchema;

pub(super) use transfer::{export, import};

use super::extract::Body;
use super::wire::LinkReply;
use crate::app::App;
use crate::auth::AsViewer;
use crate::error::{ApiError, Problem};
use crate::faq_import::draft_of_entry;
use crate::review::AsPublisher;

/// An FAQ entry as an editor writes it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaqRequest {
    /// Chosen by the service when absent.
    pub id: Option<String>,
    pub question: String,
    /// Other ways to ask the same.
    #[serde(default)]
    pub similar: Vec<String>,
    pub answer: String,
    /// `zh` or `en`; detected from the question when absent.
    pub language: Option<String>,
    pub category: Option<String>,
    /// First day the entry is valid, `YYYY-MM-DD`.
    pub valid_from: Option<String>,
    /// Last day the entry is valid, `YYYY-MM-DD`.
    pub valid_until: Option<String>,
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Where it serves, of `widget`, `rasa` and `api`; everywhere when empty.
    #[serde(default)]
    pub channels: Vec<String>,
    /// What customers may read further.
    #[serde(default)]
    pub links: Vec<LinkReply>,
    /// The version that was edited; `If-Match` says the same.
    pub version: Option<i64>,
}

fn yes() -> bool {
    true
}

/// An FAQ entry as it is stored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FaqReply {
    pub id: String,
    pub version: i64,
    /// The FAQ revision that this version made.
    pub revision: i64,
    pub question: String,
    pub similar: Vec<String>,
    pub answer: String,
    pub language: Option<String>,
    pub category: Option<String>,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    pub enabled: bool,
    /// Where it serves, of `widget`, `rasa` and `api`; everywhere when empty.
    pub channels: Vec<String>,
    pub links: Vec<LinkReply>,
    pub deleted: bool,
    pub updated_by: String,
    /// Milliseconds since 1970, UTC.
    pub updated_at: i64,
    /// Why this version was made.
    pub note: Option<String>,
    /// Who published what `updated_by` wrote.
    pub approved_by: Option<String>,
    /// The bulk edit that made this version.
    pub bulk: Option<String>,
}

impl From<FaqRecord> for FaqReply {
    fn from(record: FaqRecord) -> Self {
        Self {
            id: record.id,
            version: record.version,
            revision: record.revision,
            question: record.question,
            similar: record.similar,
            answer: record.answer,
            language: record.language,
            category: record.category,
            valid_from: record.valid_from,
            valid_until: record.valid_until,
            enabled: record.enabled,
            channels: record.channels,
            links: record.links.into_iter().map(LinkReply::from).collect(),
            deleted: record.deleted,
            updated_by: record.updated_by,
            updated_at: record.updated_at,
            note: record.note,
            approved_by: record.approved_by,
            bulk: record.bulk,
        }
    }
}

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

impl FaqRequest {
    /// The entry of this id, checked the way a file's row is checked.
    pub(super) fn entry(self, id: String) -> Result<retrieval::FaqEntry, ApiError> {
        let entry = retrieval::FaqEntry {
            id,
            question: self.question,
            similar: self.similar,
            answer: self.answer,
            language: self.language,
            category: self.category,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            enabled: self.enabled,
            channels: self.channels,
            links: self.links.into_iter().map(|LinkReply { title, url }| Link { title, url }).collect(),
        };
        entry.checked().map_err(|fault| ApiError::Invalid(fault.to_string()))
    }
}

fn draft(id: String, body: FaqRequest) -> Result<FaqDraft, ApiError> {
    body.entry(id).map(draft_of_entry)
}
