//! FAQ drafts made from questions that went unanswered: read, taken over as entries, dismissed.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::BodyOrDefault;
use super::faq::FaqReply;
use crate::app::App;
use crate::auth::{AsEditor, AsViewer};
use crate::error::{ApiError, Problem};
use crate::faq_drafts::{DAYS, DraftList};
use crate::faq_import::draft_of_entry;
use crate::review::Review;

const MOST_DAYS: i64 = 3_650;

#[derive(Debug, Deserialize)]
pub(super) struct DaysQuery {
    days: Option<i64>,
}

impl DaysQuery {
    fn days(&self) -> i64 {
        self.days.unwrap_or(DAYS).clamp(1, MOST_DAYS)
    }
}

/// Drafts of entries that the FAQ lacks: questions that went unanswered or were badly rated, grouped by meaning, each
/// language apart, with the best reply that a person gave.
#[utoipa::path(tag = "faq", params(("days" = Option<i64>, Query, description = "days of conversations to look at, 30 when absent; logs of the bot folder count whatever their age")),
    responses((status = 200, body = DraftList)), security(("staff" = [])))]
#[get("/faq/drafts")]
pub(super) async fn list(
    app: web::Data<App>,
    _staff: AsViewer,
    query: web::Query<DaysQuery>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(app.drafts.list(query.days()).await?))
}

/// What is to be different from the draft.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AcceptRequest {
    pub question: Option<String>,
    pub similar: Option<Vec<String>>,
    /// Needed where nobody of the staff has answered it yet.
    pub answer: Option<String>,
    pub category: Option<String>,
    /// Whether customers get it at once; otherwise it waits, switched off, to be read.
    pub enabled: bool,
}

/// Makes an entry of a draft, switched off unless told otherwise. Its questions are resolved once the entry is live.
#[utoipa::path(tag = "faq", request_body = AcceptRequest, params(("id" = String, Path), ("days" = Option<i64>, Query)),
    responses((status = 201, body = FaqReply), (status = 404, body = Problem), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/faq/drafts/{id}/accept")]
pub(super) async fn accept(
    app: web::Data<App>,
    editor: AsEditor,
    id: web::Path<String>,
    query: web::Query<DaysQuery>,
    body: BodyOrDefault<AcceptRequest>,
) -> Result<HttpResponse, ApiError> {
    let BodyOrDefault(wish) = body;
    if wish.enabled && !Review::of(&app.store).await?.lets_publish(&editor.staff) {
        return Err(ApiError::ReviewRequired);
    }
    let draft = app.drafts.get(&id, query.days()).await?;
    let entry = draft.entry();
    let entry = retrieval::FaqEntry {
        question: wish.question.unwrap_or(entry.question),
        similar: wish.similar.unwrap_or(entry.similar),
        answer: wish.answer.unwrap_or(entry.answer),
        category: wish.category,
        enabled: wish.enabled,
        ..entry
    };
    if entry.answer.trim().is_empty() {
        return Err(ApiError::Invalid("nobody has answered this yet: send an `answer`".to_owned()));
    }
    let entry = entry.checked().map_err(|fault| ApiError::Invalid(fault.to_string()))?;
    let record = app.drafts.accept(&draft, draft_of_entry(entry), &editor.staff.name).await?;
    app.faq.wait_until_searchable(record.revision).await?;
    Ok(HttpResponse::Created().json(FaqReply::from(record)))
}

/// Offers a draft no more.
#[utoipa::path(tag = "faq", params(("id" = String, Path), ("days" = Option<i64>, Query)),
    responses((status = 204), (status = 404, body = Problem)), security(("staff" = [])))]
#[post("/faq/drafts/{id}/dismiss")]
pub(super) async fn dismiss(
    app: web::Data<App>,
    editor: AsEditor,
    id: web::Path<String>,
    query: web::Query<DaysQuery>,
) -> Result<HttpResponse, ApiError> {
    app.drafts.dismiss(&id, query.days(), &editor.staff.name).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Offers a dismissed draft again.
#[utoipa::path(tag = "faq", params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)), security(("staff" = [])))]
#[post("/faq/drafts/{id}/restore")]
pub(super) async fn restore(
    app: web::Data<App>,
    _editor: AsEditor,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    app.drafts.offer_again(&id).await?;
    Ok(HttpResponse::NoContent().finish())
}
