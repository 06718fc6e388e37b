//! What the widget needs before anybody says anything: the greeting, the first suggestions, whether people are there.

use actix_web::{HttpRequest, HttpResponse, get, web};
use dialogue::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversations::{LONGEST_PAGE, LONGEST_VISITOR, check_key, parse_language, shortened};
use super::wire::QuickReplyReply;
use crate::app::App;
use crate::error::{ApiError, Problem};

#[derive(Debug, Deserialize)]
pub(super) struct WidgetQuery {
    language: Option<String>,
    key: Option<String>,
    page: Option<String>,
    visitor: Option<String>,
}

/// How the bot introduces itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct WidgetReply {
    pub name: String,
    /// The greeting; empty when the bot has none.
    pub text: String,
    pub suggestions: Vec<QuickReplyReply>,
    /// What to name these suggestions when the conversation begins.
    pub offer: Option<String>,
    /// Whether questions are offered while the customer types.
    pub suggest_while_typing: bool,
    /// Whether people can take over now.
    pub open: bool,
    pub opening_hours: String,
}

/// Tells a widget how to introduce itself, with starting questions for this visitor on this page.
#[utoipa::path(tag = "chat", params(("language" = Option<String>, Query), ("key" = Option<String>, Query),
    ("page" = Option<String>, Query, description = "the page the visitor is on"),
    ("visitor" = Option<String>, Query, description = "the id that the site or the widget gives its visitor")),
    responses((status = 200, body = WidgetReply), (status = 403, body = Problem)))]
#[get("/widget")]
pub(super) async fn introduce(
    app: web::Data<App>,
    request: HttpRequest,
    query: web::Query<WidgetQuery>,
) -> Result<HttpResponse, ApiError> {
    check_key(&app, query.key.as_deref())?;
    let asked = query.language.as_deref().map(parse_language).transpose()?;
    let language = app.assistant.script().config.language_for(asked, None);
    let reply = introduction(&app, language);
    // Whoever asks too often still gets the greeting, and the questions that cost nothing.
    let visitor = app.limits.visitor(&request);
    if app.limits.suggestions(&visitor, &visitor.address.to_string()).is_err() {
        return Ok(HttpResponse::Ok().json(reply));
    }
    let page = shortened(query.page.as_deref().unwrap_or_default(), LONGEST_PAGE);
    let visitor = query.visitor.as_deref().map(|visitor| shortened(visitor, LONGEST_VISITOR));
    let (questions, offer) = app.suggestions.starting(language, &page, visitor.as_deref()).await?;
    let suggestions = questions.into_iter().map(sent_as_shown).collect();
    Ok(HttpResponse::Ok().json(WidgetReply { suggestions, offer: Some(offer), ..reply }))
}

fn introduction(app: &App, language: Language) -> WidgetReply {
    let script = app.assistant.script();
    let config = &script.config;
    let welcome = config.welcome.as_ref();
    let suggestions = welcome.and_then(|welcome| welcome.suggestions.get(language)).cloned().unwrap_or_default();
    WidgetReply {
        name: config.name.get(language).cloned().unwrap_or_default(),
        text: welcome.and_then(|welcome| welcome.text.get(language)).cloned().unwrap_or_default(),
        suggestions: suggestions.into_iter().map(sent_as_shown).collect(),
        offer: None,
        suggest_while_typing: app.suggestions.settings().while_typing,
        open: script.is_open(jiff::Timestamp::now()),
        opening_hours: script.opening_hours(language),
    }
}

fn sent_as_shown(text: String) -> QuickReplyReply {
    QuickReplyReply { title: text.clone(), text }
}
