//! Edits of the FAQ that wait before they are published: saved, sent for review, approved or sent back.

use actix_web::http::header::{self, EntityTag};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use serde::{Deserialize, Serialize};
use store::{PendingEdit, PendingState};
use utoipa::ToSchema;

use super::extract::{Body, BodyOrDefault};
use super::faq::{FaqReply, FaqRequest, if_match, saved};
use super::wire::LinkReply;
use crate::app::App;
use crate::auth::{AsEditor, AsOwner, AsViewer};
use crate::error::{ApiError, Problem};
use crate::faq_bulk::note;
use crate::faq_import::draft_of_entry;
use crate::review::Review;

/// An edit that customers do not get yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct PendingReply {
    pub id: String,
    /// Counts what happened to the edit; its ETag.
    pub version: i64,
    /// The entry's version that it was written over; 0 for a new entry.
    pub base_version: i64,
    /// `draft`, `review` or `returned`.
    pub state: String,
    pub question: String,
    pub similar: Vec<String>,
    pub answer: String,
    pub language: Option<String>,
    pub category: Option<String>,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    pub enabled: bool,
    pub channels: Vec<String>,
    pub links: Vec<LinkReply>,
    /// Why it was sent back.
    pub note: Option<String>,
    pub written_by: String,
    pub reviewed_by: Option<String>,
    /// Milliseconds since 1970, UTC.
    pub updated_at: i64,
}

impl From<PendingEdit> for PendingReply {
    fn from(edit: PendingEdit) -> Self {
        let entry = edit.entry;
        Self {
            id: edit.id,
            version: edit.version,
            base_version: edit.base_version,
            state: edit.state.as_str().to_owned(),
            question: entry.question,
            similar: entry.similar,
            answer: entry.answer,
            language: entry.language,
            category: entry.category,
            valid_from: entry.valid_from,
            valid_until: entry.valid_until,
            enabled: entry.enabled,
            channels: entry.channels,
            links: entry.links.into_iter().map(LinkReply::from).collect(),
            note: edit.note,
            written_by: edit.written_by,
            reviewed_by: edit.reviewed_by,
            updated_at: edit.updated_at,
        }
    }
}

fn told(edit: PendingEdit) -> HttpResponse {
    let tag = EntityTag::new_strong(edit.version.to_string());
    HttpResponse::Ok().insert_header(header::ETag(tag)).json(PendingReply::from(edit))
}

/// The edit of an entry that waits.
#[utoipa::path(tag = "faq", params(("id" = String, Path)), responses((status = 200, body = PendingReply), (status = 404, body = Problem)),
    security(("staff" = [])))]
#[get("/faq/{id}/draft")]
pub(super) async fn show(
    app: web::Data<App>,
    _staff: AsViewer,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let edit = app.store.faq_pending(&id).await?;
    edit.map(told).ok_or_else(|| ApiError::NotFound { what: "draft of the FAQ entry", id: id.into_inner() })
}

/// Saves an edit without publishing it; the entry need not exist yet. `version` is the entry's version that it was written
/// over (0 for a new entry; the newest one when absent), `If-Match` the edit's own ETag. Somebody else's edit is replaced
/// only with `If-Match`.
#[utoipa::path(tag = "faq", request_body = FaqRequest, params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PendingReply), (status = 412, body = Problem), (status = 422, body = Problem)), security(("staff" = [])))]
#[put("/faq/{id}/draft")]
pub(super) async fn save(
    app: web::Data<App>,
    editor: AsEditor,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<FaqRequest>,
) -> Result<HttpResponse, ApiError> {
    let (Body(body), id, by) = (body, id.into_inner(), &editor.staff.name);
    let base = match body.version {
        Some(version) => version,
        None => newest(&app, &id).await?,
    };
    let expected = match if_match(&request)? {
        Some(version) => Some(version),
        None => app
            .store
            .faq_pending(&id)
            .await?
            .map_or(Some(0), |edit| (edit.written_by == *by).then_some(edit.version).or(Some(0))),
    };
    let entry = draft_of_entry(body.entry(id)?);
    Ok(told(app.store.faq_pending_put(entry, base, expected, by).await?))
}

/// The newest version of an entry; 0 where there is none.
async fn newest(app: &App, id: &str) -> Result<i64, ApiError> {
    match app.store.faq_get(id).await {
        Ok(record) => Ok(record.version),
        Err(store::Error::NotFound { .. }) => Ok(0),
        Err(other) => Err(other.into()),
    }
}

/// Drops an edit; what is published stays.
#[utoipa::path(tag = "faq", params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)), security(("staff" = [])))]
#[delete("/faq/{id}/draft")]
pub(super) async fn remove(
    app: web::Data<App>,
    _editor: AsEditor,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    app.store.faq_pending_drop(&id, if_match(&request)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sends an edit for review.
#[utoipa::path(tag = "faq", params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PendingReply), (status = 404, body = Problem), (status = 412, body = Problem)), security(("staff" = [])))]
#[post("/faq/{id}/draft/submit")]
pub(super) async fn submit(
    app: web::Data<App>,
    _editor: AsEditor,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    Ok(told(app.store.faq_pending_submit(&id, if_match(&request)?).await?))
}

/// Publishes an edit. Where review is required, somebody else than its writer must do it.
#[utoipa::path(tag = "faq", params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = FaqReply), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem)), security(("staff" = [])))]
#[post("/faq/{id}/draft/approve")]
pub(super) async fn approve(
    app: web::Data<App>,
    editor: AsEditor,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let edit = app.store.faq_pending(&id).await?;
    let edit = edit.ok_or_else(|| ApiError::NotFound { what: "draft of the FAQ entry", id: id.to_string() })?;
    if !Review::of(&app.store).await?.lets_approve(&editor.staff, &edit) {
        return Err(ApiError::ReviewRequired);
    }
    // Only what was looked at is published, even where the caller names no version.
    let expected = if_match(&request)?.unwrap_or(edit.version);
    let record = app.store.faq_pending_approve(&id, Some(expected), &editor.staff.name).await?;
    saved(&app, record, HttpResponse::Ok()).await
}

/// Why an edit is sent back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReturnRequest {
    pub note: String,
}

/// Sends an edit back to its writer.
#[utoipa::path(tag = "faq", request_body = ReturnRequest, params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = PendingReply), (status = 404, body = Problem), (status = 412, body = Problem)), security(("staff" = [])))]
#[post("/faq/{id}/draft/return")]
pub(super) async fn send_back(
    app: web::Data<App>,
    editor: AsEditor,
    request: HttpRequest,
    id: web::Path<String>,
    body: BodyOrDefault<ReturnRequest>,
) -> Result<HttpResponse, ApiError> {
    let note = note(&body.0.note);
    Ok(told(app.store.faq_pending_return(&id, if_match(&request)?, &note, &editor.staff.name).await?))
}

#[derive(Debug, Deserialize)]
pub(super) struct PendingQuery {
    state: Option<String>,
}

/// All edits that wait, the latest first.
#[utoipa::path(tag = "faq", params(("state" = Option<String>, Query, description = "`draft`, `review` or `returned`")),
    responses((status = 200, body = Vec<PendingReply>), (status = 422, body = Problem)), security(("staff" = [])))]
#[get("/faq/pending")]
pub(super) async fn list(
    app: web::Data<App>,
    _staff: AsViewer,
    query: web::Query<PendingQuery>,
) -> Result<HttpResponse, ApiError> {
    let state = query.state.as_deref().filter(|state| !state.is_empty()).map(parse_state).transpose()?;
    let edits = app.store.faq_pending_list(state).await?;
    Ok(HttpResponse::Ok().json(edits.into_iter().map(PendingReply::from).collect::<Vec<_>>()))
}

fn parse_state(name: &str) -> Result<PendingState, ApiError> {
    PendingState::parse(name)
        .ok_or_else(|| ApiError::Invalid(format!("state is {name:?}; use draft, review or returned")))
}

/// Whether edits of the FAQ are read by somebody else before they are published.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    pub required: Review,
}

/// Who must have read an edit before it is published.
#[utoipa::path(tag = "faq", responses((status = 200, body = ReviewRequest)), security(("staff" = [])))]
#[get("/settings/faq-review")]
pub(super) async fn review(app: web::Data<App>, _staff: AsViewer) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(ReviewRequest { required: Review::of(&app.store).await? }))
}

/// Sets who must have read an edit before it is published.
#[utoipa::path(tag = "faq", request_body = ReviewRequest, responses((status = 200, body = ReviewRequest), (status = 403, body = Problem),
    (status = 422, body = Problem)), security(("staff" = [])))]
#[put("/settings/faq-review")]
pub(super) async fn set_review(
    app: web::Data<App>,
    owner: AsOwner,
    body: Body<ReviewRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(wish) = body;
    wish.required.set(&app.store, &owner.staff).await?;
    Ok(HttpResponse::Ok().json(wish))
}
