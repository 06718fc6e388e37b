//! The FAQ: read, edit with history, import, export, search. A saved change is searchable when the reply arrives.

use actix_web::http::header::{self, EntityTag};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use retrieval::{FaqFormat, SearchQuery};
use serde::{Deserialize, Serialize};
use store::{FaqDraft, FaqFilter, FaqRecord};
use utoipa::ToSchema;

use super::extract::Body;
use crate::app::App;
use crate::auth::{AsEditor, AsViewer};
use crate::error::{ApiError, Problem};
use crate::faq_follower;

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
    pub deleted: bool,
    pub updated_by: String,
    /// Milliseconds since 1970, UTC.
    pub updated_at: i64,
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
            deleted: record.deleted,
            updated_by: record.updated_by,
            updated_at: record.updated_at,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    text: Option<String>,
    language: Option<String>,
    category: Option<String>,
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
    ("enabled" = Option<bool>, Query), ("limit" = Option<i64>, Query), ("offset" = Option<i64>, Query)),
    responses((status = 200, body = ListReply), (status = 401, body = Problem)), security(("staff" = [])))]
#[get("/faq")]
pub(super) async fn list(
    app: web::Data<App>,
    _staff: AsViewer,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    let filter =
        FaqFilter { text: query.text, language: query.language, category: query.category, enabled: query.enabled };
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
    editor: AsEditor,
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
    editor: AsEditor,
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
    editor: AsEditor,
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
    editor: AsEditor,
    id: web::Path<String>,
    body: Body<RestoreRequest>,
) -> Result<HttpResponse, ApiError> {
    let record = app.store.faq_restore(&id, body.0.version, &editor.staff.name).await?;
    saved(&app, record, HttpResponse::Ok()).await
}

#[derive(Debug, Deserialize)]
pub(super) struct ImportQuery {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    strict: bool,
    format: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportReply {
    pub dry_run: bool,
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub problems: Vec<RowProblem>,
}

/// A row that could not be taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowProblem {
    pub line: usize,
    pub message: String,
}

/// Imports a CSV, TSV or JSONL file sent as the body. Rows that cannot be taken are reported with their line and skipped;
/// with `strict=true` they stop the import. With `dry_run=true` nothing is changed.
#[utoipa::path(tag = "faq", request_body(content = String, content_type = "text/csv"), params(("dry_run" = Option<bool>, Query),
    ("strict" = Option<bool>, Query), ("format" = Option<String>, Query, description = "`csv` or `jsonl`; told from the content when absent")),
    responses((status = 200, body = ImportReply), (status = 413, body = Problem), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/faq/import")]
pub(super) async fn import(
    app: web::Data<App>,
    editor: AsEditor,
    request: HttpRequest,
    payload: web::Payload,
    query: web::Query<ImportQuery>,
) -> Result<HttpResponse, ApiError> {
    let bytes = read_file(&app, payload).await?;
    let format = import_format(query.format.as_deref(), &request, &bytes)?;
    let imported = web::block(move || retrieval::parse_faq(&bytes, format))
        .await?
        .map_err(|error| ApiError::Invalid(error.to_string()))?;
    let problems: Vec<RowProblem> = imported
        .problems
        .iter()
        .map(|problem| RowProblem { line: problem.line, message: problem.message.clone() })
        .collect();
    if query.strict
        && let Some(first) = problems.first()
    {
        let (count, line, message) = (problems.len(), first.line, &first.message);
        return Err(ApiError::Invalid(format!(
            "{count} rows cannot be taken and nothing was imported; the first is line {line}: {message}"
        )));
    }
    let drafts: Vec<FaqDraft> = imported.entries.into_iter().map(draft_of_entry).collect();
    let outcome = if query.dry_run {
        app.store.faq_import_preview(drafts).await?
    } else {
        app.store.faq_import(drafts, &editor.staff.name).await?
    };
    if !query.dry_run {
        app.faq.wait_until_searchable(outcome.revision).await?;
    }
    Ok(HttpResponse::Ok().json(ImportReply {
        dry_run: query.dry_run,
        added: outcome.added,
        changed: outcome.changed,
        unchanged: outcome.unchanged,
        problems,
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct ExportQuery {
    format: Option<String>,
}

/// The whole FAQ as a file that can be imported again.
#[utoipa::path(tag = "faq", params(("format" = Option<String>, Query, description = "`csv` (default) or `jsonl`")),
    responses((status = 200, content_type = "text/csv", body = String)), security(("staff" = [])))]
#[get("/faq/export")]
pub(super) async fn export(
    app: web::Data<App>,
    _staff: AsViewer,
    query: web::Query<ExportQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = parse_format(query.format.as_deref().unwrap_or("csv"))?;
    let entries: Vec<_> = app.store.faq_all().await?.into_iter().map(faq_follower::entry).collect();
    let (kind, name) = match format {
        FaqFormat::Csv => ("text/csv; charset=utf-8", "faq.csv"),
        FaqFormat::Jsonl => ("application/x-ndjson", "faq.jsonl"),
    };
    let bytes = web::block(move || retrieval::write_faq(&entries, format)).await?;
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(HttpResponse::Ok().content_type(kind).insert_header((header::CONTENT_DISPOSITION, disposition)).body(bytes))
}

/// A question to try.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchRequest {
    pub text: String,
    pub top: Option<usize>,
    pub language: Option<String>,
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
    let query = SearchQuery { text: body.text, language, top: body.top.unwrap_or(5).clamp(1, 100), today: None };
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

async fn saved(
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

fn if_match(request: &HttpRequest) -> Result<Option<i64>, ApiError> {
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

/// Checks an entry the way a file's row is checked.
fn draft(id: String, body: FaqRequest) -> Result<FaqDraft, ApiError> {
    let entry = retrieval::FaqEntry {
        id,
        question: body.question,
        similar: body.similar,
        answer: body.answer,
        language: body.language,
        category: body.category,
        valid_from: body.valid_from,
        valid_until: body.valid_until,
        enabled: body.enabled,
    };
    let entry = entry.checked().map_err(ApiError::Invalid)?;
    Ok(draft_of_entry(entry))
}

/// A file's entry as the store takes it.
pub fn draft_of_entry(entry: retrieval::FaqEntry) -> FaqDraft {
    FaqDraft {
        id: Some(entry.id),
        question: entry.question,
        similar: entry.similar,
        answer: entry.answer,
        language: entry.language,
        category: entry.category,
        valid_from: entry.valid_from,
        valid_until: entry.valid_until,
        enabled: entry.enabled,
    }
}

fn parse_format(name: &str) -> Result<FaqFormat, ApiError> {
    match name {
        "csv" | "tsv" => Ok(FaqFormat::Csv),
        "jsonl" | "json" | "ndjson" => Ok(FaqFormat::Jsonl),
        other => Err(ApiError::Invalid(format!("format is {other:?}; it can be \"csv\" or \"jsonl\""))),
    }
}

fn import_format(named: Option<&str>, request: &HttpRequest, bytes: &[u8]) -> Result<FaqFormat, ApiError> {
    if let Some(name) = named {
        return parse_format(name);
    }
    let json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.contains("json"));
    let looks_json = bytes.trim_ascii_start().first() == Some(&b'{');
    Ok(if json || looks_json { FaqFormat::Jsonl } else { FaqFormat::Csv })
}

async fn read_file(app: &App, payload: web::Payload) -> Result<bytes::Bytes, ApiError> {
    let limit = app.config.limits.import_bytes;
    match payload.to_bytes_limited(limit).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(ApiError::Unreadable(format!("the file broke off: {error}"))),
        Err(_) => Err(ApiError::TooLarge { limit }),
    }
}
