//! What the widget needs before anybody says anything: the greeting, the first suggestions, whether people are there.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::{check_key, parse_language};
use super::wire::QuickReplyReply;
use crate::app::App;
use crate::error::{ApiError, Problem};

#[derive(Debug, Deserialize)]
pub(super) struct WidgetQuery {
    language: Option<String>,
    key: Option<String>,
}

/// How the bot introduces itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct WidgetReply {
    pub name: String,
    /// The greeting; empty when the bot has none.
    pub text: String,
    pub suggestions: Vec<QuickReplyReply>,
    /// Whether people can take over now.
    pub open: bool,
    pub opening_hours: String,
}

/// Tells a widget how to introduce itself.
#[utoipa::path(tag = "chat", params(("language" = Option<String>, Query), ("key" = Option<String>, Query)),
    responses((status = 200, body = WidgetReply), (status = 403, body = Problem)))]
#[get("/widget")]
pub(super) async fn introduce(app: web::Data<App>, query: web::Query<WidgetQuery>) -> Result<HttpResponse, ApiError> {
    check_key(&app, query.key.as_deref())?;
    let asked = query.language.as_deref().map(parse_language).transpose()?;
    let introduction = app.assistant.introduction(asked, jiff::Timestamp::now());
    let suggestions = introduction.suggestions.into_iter().map(|quick| QuickReplyReply { title: quick.title, text: quick.text }).collect();
    Ok(HttpResponse::Ok().json(WidgetReply {
        name: introduction.name,
        text: introduction.text,
        suggestions,
        open: introduction.open,
        opening_hours: introduction.opening_hours,
    }))
}
