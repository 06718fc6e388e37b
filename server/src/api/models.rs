//! The models of this home: what each is worth, which is live, and the way there and back.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::BodyOrDefault;
use crate::app::App;
use crate::auth::{AsEditor, AsViewer};
use crate::error::{ApiError, Problem};
use crate::models::Insistence;

/// A model and what is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelReply {
    pub version: String,
    /// Whether customers are answered with it.
    pub current: bool,
    pub created_at: i64,
    /// Measured when it was trained, and what the golden conversations say.
    #[schema(value_type = Object)]
    pub metrics: serde_json::Value,
}

/// Lists the models, newest first.
#[utoipa::path(tag = "models", responses((status = 200, body = Vec<ModelReply>)), security(("staff" = [])))]
#[get("/models")]
pub(super) async fn list(app: web::Data<App>, _staff: AsViewer) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(replies(&app).await?))
}

/// Whether to insist.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct PromoteRequest {
    /// Promote although golden conversations get worse.
    pub force: bool,
    /// Why, for the audit log; needed with `force`.
    pub reason: Option<String>,
}

/// Makes a model live. Refused when a golden conversation gets worse, unless forced with a reason.
#[utoipa::path(tag = "models", request_body = PromoteRequest, params(("version" = String, Path)),
    responses((status = 200, body = ModelReply), (status = 404, body = Problem), (status = 409, body = Problem)), security(("staff" = [])))]
#[post("/models/{version}/promote")]
pub(super) async fn promote(
    app: web::Data<App>,
    editor: AsEditor,
    version: web::Path<String>,
    body: BodyOrDefault<PromoteRequest>,
) -> Result<HttpResponse, ApiError> {
    let insistence = match (body.0.force, body.0.reason) {
        (false, _) => Insistence::Careful,
        (true, Some(reason)) if !reason.trim().is_empty() => Insistence::Forced { reason },
        (true, _) => return Err(ApiError::Invalid("force needs a reason; it goes to the audit log".to_owned())),
    };
    app.models.promote(&version, &editor.staff.name, insistence).await?;
    current(&app).await
}

/// Goes back to the model that was live before.
#[utoipa::path(tag = "models", responses((status = 200, body = ModelReply), (status = 409, body = Problem)), security(("staff" = [])))]
#[post("/models/rollback")]
pub(super) async fn rollback(app: web::Data<App>, editor: AsEditor) -> Result<HttpResponse, ApiError> {
    app.models.rollback(&editor.staff.name).await?;
    current(&app).await
}

async fn current(app: &App) -> Result<HttpResponse, ApiError> {
    let live = replies(app).await?.into_iter().find(|model| model.current);
    Ok(HttpResponse::Ok().json(live.ok_or_else(|| ApiError::Conflict("no model is live".to_owned()))?))
}

async fn replies(app: &App) -> Result<Vec<ModelReply>, ApiError> {
    let models = app.store.model_list().await?;
    Ok(models
        .into_iter()
        .map(|model| ModelReply {
            current: model.current,
            version: model.version,
            created_at: model.added_at,
            metrics: model.metrics,
        })
        .collect())
}
