//! What the widget needs before anybody says anything: the greeting, the first suggestions, whether people are there.

use actix_web::{HttpResponse, get, web};
use dialogue::Language;
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
    /// Whether questions are offered while the customer types.
    pub suggest_while_typing: bool,
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
    Ok(HttpResponse::Ok().json(introduction(&app, asked)))
}

fn introduction(app: &App, asked: Option<Language>) -> WidgetReply {
    let script = app.assistant.script();
    let config = &script.config;
    let language = config.language_for(asked, None);
    let welcome = config.welcome.as_ref();
    let suggestions = welcome.and_then(|welcome| welcome.suggestions.get(language)).cloned().unwrap_or_default();
    WidgetReply {
        name: config.name.get(language).cloned().unwrap_or_default(),
        text: welcome.and_then(|welcome| welcome.text.get(language)).cloned().unwrap_or_default(),
        suggestions: suggestions.into_iter().map(|text| QuickReplyReply { title: text.clone(), text }).collect(),
        suggest_while_typing: app.suggestions.settings().while_typing,
        open: script.is_open(jiff::Timestamp::now()),
        opening_hours: script.opening_hours(language),
    }
}
