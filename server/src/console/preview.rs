//! "A customer asks …": what the bot would answer right now, and why. Asks the real assistant on a fresh conversation
//! and stores nothing.

use actix_web::{HttpResponse, post, web};
use askama::Template;
use dialogue::{Conversation, Decision, Language, Link};
use model::Explanation;
use serde::{Deserialize, Serialize};

use super::explanation::ExplanationView;
use super::hits::{self, Asked};
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
    links: Vec<Link>,
    /// Whether the entry being edited is what was answered; absent when none is edited.
    is_this_entry: Option<bool>,
    trace: TraceView,
    /// What the words of the question did, when there is a model.
    explanation: Option<ExplanationView>,
}

/// What the bot decided, and why its model understood what it did.
struct Answer {
    decision: Decision,
    explanation: Option<Explanation>,
}

#[post("/preview")]
pub(super) async fn preview(
    app: web::Data<App>,
    viewer: AsViewer,
    visit: Visit,
    body: web::Json<PreviewRequest>,
) -> Result<HttpResponse, ApiError> {
    let request = body.into_inner();
    let answer = ask(&app, &request).await?;
    let decision = answer.decision.clone();
    let page = visit.page(Section::Faq, &viewer.staff);
    let html = view(&app, page, answer, &request).await?.render().map_err(anyhow::Error::from)?;
    Ok(HttpResponse::Ok().json(PreviewReply { decision, html }))
}

/// The rendered preview of a question.
pub(super) async fn rendered(app: &App, page: Page, request: &PreviewRequest) -> Result<String, ApiError> {
    let answer = ask(app, request).await?;
    Ok(view(app, page, answer, request).await?.render().map_err(anyhow::Error::from)?)
}

async fn ask(app: &App, request: &PreviewRequest) -> Result<Answer, ApiError> {
    let (length, limit) = (request.text.chars().count(), app.config.limits.message_characters);
    if length > limit {
        return Err(ApiError::MessageTooLong { length, limit });
    }
    let language = request.language.as_deref().and_then(Language::parse);
    let conversation = Conversation { language, ..Conversation::default() };
    let (assistant, text) = (std::sync::Arc::clone(&app.assistant), request.text.clone());
    let work = move || Answer {
        decision: assistant.answer(&conversation, &text, jiff::Timestamp::now()),
        explanation: assistant.model().and_then(|model| model.explain(&text)),
    };
    Ok(web::block(work).await?)
}

async fn view(app: &App, page: Page, answer: Answer, request: &PreviewRequest) -> Result<PreviewView, ApiError> {
    let Answer { decision, explanation } = answer;
    let edited = request.faq_id.as_deref().filter(|id| !id.is_empty());
    let explained = hits::explained(app, Asked::about(&request.text, None, &decision.trace), page.t).await?;
    let reader = Reader { store: &app.store, t: page.t, marked: edited, explained };
    Ok(PreviewView {
        text: decision.text.clone(),
        quick_replies: decision.quick_replies.iter().map(|quick| quick.title.clone()).collect(),
        sources: decision.sources.iter().map(|source| source.question.clone()).collect(),
        links: decision.sources.iter().flat_map(|source| source.links.clone()).collect(),
        is_this_entry: edited.map(|id| decision.faq_id.as_deref() == Some(id)),
        trace: TraceView::new(decision.action, &decision.trace, reader).await,
        explanation: explanation.map(|explanation| ExplanationView::new(&request.text, explanation)),
        page,
    })
}
