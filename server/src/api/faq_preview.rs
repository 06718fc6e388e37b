//! What an FAQ entry would change if it were saved as it is written.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;

use super::extract::Body;
use super::faq::FaqRequest;
use crate::app::App;
use crate::auth::AsEditor;
use crate::error::{ApiError, Problem};
use crate::rehearsal::{self, Rehearsal};

/// Stands for the id of an entry that has none yet.
const NEW: &str = "new entry";
const MOST_DAYS: i64 = 3_650;

#[derive(Debug, Deserialize)]
pub(super) struct PreviewQuery {
    /// Days of questions to ask again.
    days: Option<i64>,
}

/// Tries an entry out without saving it: entries it duplicates or contradicts, customers' questions of the last days that
/// would get another answer, golden conversations that would go another way. With the `id` of an entry it is tried in its
/// place.
#[utoipa::path(tag = "faq", request_body = FaqRequest, params(("days" = Option<i64>, Query, description = "30 when absent")),
    responses((status = 200, body = Rehearsal), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/faq/preview")]
pub(super) async fn preview(
    app: web::Data<App>,
    _editor: AsEditor,
    query: web::Query<PreviewQuery>,
    body: Body<FaqRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let id = body.id.clone().unwrap_or_else(|| NEW.to_owned());
    let entry = body.entry(id)?;
    let days = query.days.unwrap_or(rehearsal::DAYS).clamp(1, MOST_DAYS);
    Ok(HttpResponse::Ok().json(rehearsal::rehearse(&app, entry, days).await?))
}
