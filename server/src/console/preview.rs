//! "A customer asks …": what the bot would answer right now, and why. Asks the real assistant on a fresh conversation
//! and stores nothing.

use actix_web::{HttpResponse, post, web};
use askama::Template;
use dialogue::{Conversation, Decision, Language};
use serde::{Deserialize, Serialize};

use super::page::{Page, Section, Visit};
use super::trace::{Reader, TraceView};
use crate::app::App;
use crate::auth::AsViewer;
use crate::error::ApiError;

/// A question to try.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PreviewRequest {
    pub(super) text: String,
    /// `zh` or `en`: the language of the page the customer would be on.
    #[serde(default)]
    pub(super) language: Option<String>,
    /// The entry being edited, to be pointed out.
    #[serde(default)]
    pub(super) faq_id: Option<String>,
}

/// What the bot would say.
#[derive(Debug, Serialize)]
struct PreviewReply {
    decision: Decision,
    /// The same for people.
    html: String,
}

#[derive(Template)]
#[template(path = "console/preview.html")]
pub(super) struct PreviewView {
    page: Page,
    text: String,
    quick_replies: Vec<String>,
    sources: Vec<String>,
    /// Whether the entry being edited is what was answered; absent when none is edited.
    is_this_entry: Option<bool>,
    trace: TraceView,
}

#[post("/preview")]
pub(super) async fn preview(
    app: web::Data<App>,
    viewer: AsViewer,
    visit: Visit,
    body: web::Json<PreviewRequest>,
) -> Result<HttpResponse, ApiError> {
    let request = body.into_inner();
    let decision = ask(&app, &request).await?;
    let page = visit.page(Section::Faq, &viewer.staff);
    let view = view(&app, page, &decision, request.faq_id.as_deref()).await;
    let html = view.render().map_err(anyhow::Error::from)?;
    Ok(HttpResponse::Ok().json(PreviewReply { decision, html }))
}

/// The rendered preview of a question.
pub(super) async fn rendered(app: &App, page: Page, request: &PreviewRequest) -> Result<String, ApiError> {
    let decision = ask(app, request).await?;
    let view = view(app, page, &decision, request.faq_id.as_deref()).await;
    Ok(view.render().map_err(anyhow::Error::from)?)
}

async fn ask(app: &App, request: &PreviewRequest) -> Result<Decision, ApiError> {
    let (length, limit) = (request.text.chars().count(), app.config.limits.message_characters);
    if length > limit {
        return Err(ApiError::MessageTooLong { length, limit });
    }
    let language = request.language.as_deref().and_then(Language::parse);
    let conversation = Conversation { language, ..Conversation::default() };
    let (assistant, text) = (std::sync::Arc::clone(&app.assistant), request.text.clone());
    Ok(web::block(move || assistant.answer(&conversation, &text, jiff::Timestamp::now())).await?)
}

/// Where `edited` is the entry whose editor asks.
async fn view(app: &App, page: Page, decision: &Decision, edited: Option<&str>) -> PreviewView {
    let edited = edited.filter(|id| !id.is_empty());
    let reader = Reader { store: &app.store, t: page.t, marked: edited };
    PreviewView {
        text: decision.text.clone(),
        quick_replies: decision.quick_replies.iter().map(|quick| quick.title.clone()).collect(),
        sources: decision.sources.iter().map(|source| source.question.clone()).collect(),
        is_this_entry: edited.map(|id| decision.faq_id.as_deref() == Some(id)),
        trace: TraceView::new(decision.action, &decision.trace, &reader).await,
        page,
    }
}
