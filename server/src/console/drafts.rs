//! Entries the FAQ lacks, drafted from questions that went unanswered: read one, take it over, or dismiss it.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use askama::Template;
use dialogue::Language;
use serde::Deserialize;

use super::call::Call;
use super::links::{encoded, faq_entry, with_query};
use super::page::{Page, Section, render, see_other};
use super::trace::language_name;
use super::words::Words;
use crate::auth::{AsEditor, AsViewer};
use crate::error::ApiError;
use crate::faq_drafts::{DAYS, Draft};
use crate::faq_import::draft_of_entry;

const PERIODS: [i64; 4] = [1, 7, 30, 365];

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes.service(show).service(accept).service(dismiss).service(offer_again);
}

/// One draft as the page shows it.
struct Card {
    draft: Draft,
    name: String,
    language: &'static str,
    /// Where it was asked last.
    conversation: Option<String>,
    /// Makes an entry of it; without a person's answer it leads to a form to write one.
    take_over: String,
    dismiss: String,
    helped: Option<String>,
}

#[derive(Template)]
#[template(path = "console/drafts.html")]
struct DraftsPage {
    page: Page,
    days: i64,
    periods: Vec<(i64, bool)>,
    cards: Vec<Card>,
    questions: usize,
    waiting: usize,
    /// Customers of all drafts, and those who would have been answered.
    customers: usize,
    served: usize,
    /// Brings back what was just dismissed.
    undo: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DraftsQuery {
    days: Option<i64>,
    undo: String,
}

impl DraftsQuery {
    fn days(&self) -> i64 {
        self.days.filter(|days| PERIODS.contains(days)).unwrap_or(DAYS)
    }

    /// An address of the drafts with the same period.
    fn at(&self, path: &str) -> String {
        with_query(path, &[("days", &self.days().to_string())])
    }
}

#[get("/drafts")]
async fn show(call: Call<DraftsQuery>, viewer: AsViewer) -> Result<HttpResponse, ApiError> {
    let Call { app, visit, query } = call;
    let page = visit.page(Section::Unanswered, &viewer.staff);
    let list = app.drafts.list(query.days()).await?;
    let undo = Some(query.undo.as_str()).filter(|id| !id.is_empty() && page.may_edit());
    render(&DraftsPage {
        days: list.days,
        periods: PERIODS.iter().map(|period| (*period, *period == list.days)).collect(),
        questions: list.questions,
        waiting: list.waiting,
        customers: list.drafts.iter().map(|draft| draft.customers).sum(),
        served: list.drafts.iter().filter_map(|draft| draft.served).sum(),
        undo: undo.map(|id| query.at(&path_of(id, "restore"))),
        cards: list.drafts.into_iter().map(|draft| card(draft, &query, page.t)).collect(),
        page,
    })
}

fn path_of(id: &str, step: &str) -> String {
    format!("/console/drafts/{}/{step}", encoded(id))
}

fn card(draft: Draft, query: &DraftsQuery, t: &'static Words) -> Card {
    let talk = draft.conversation_id.as_deref().zip(draft.message_id.as_deref());
    let conversation = talk.map(|(conversation, message)| {
        with_query(&format!("/console/conversations/{}", encoded(conversation)), &[("message", message)])
    });
    let take_over = match draft.answer {
        Some(_) => query.at(&path_of(&draft.id, "accept")),
        None => with_query(
            "/console/faq/new",
            &[
                ("question", &draft.question),
                ("similar", &draft.similar.join("\n")),
                ("language", &draft.language),
                ("draft", &draft.id),
                ("draft_days", &query.days().to_string()),
            ],
        ),
    };
    Card {
        name: draft.words.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(" · "),
        language: Language::parse(&draft.language).map_or("", |language| language_name(language, t)),
        dismiss: query.at(&path_of(&draft.id, "dismiss")),
        helped: draft.helped.map(|share| format!("{:.0}%", share * 100.0)),
        conversation,
        take_over,
        draft,
    }
}

#[post("/drafts/{id}/accept")]
async fn accept(call: Call<DraftsQuery>, editor: AsEditor, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let draft = call.app.drafts.get(&id, call.query.days()).await?;
    let entry = draft.entry().checked().map_err(|fault| ApiError::Invalid(fault.to_string()))?;
    let record = call.app.drafts.accept(&draft, draft_of_entry(entry), &editor.staff.name).await?;
    Ok(see_other(&with_query(&faq_entry(&record.id), &[("notice", "drafted")])))
}

#[post("/drafts/{id}/dismiss")]
async fn dismiss(call: Call<DraftsQuery>, editor: AsEditor, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    call.app.drafts.dismiss(&id, call.query.days(), &editor.staff.name).await?;
    Ok(see_other(&with_query(&call.query.at("/console/drafts"), &[("notice", "dismissed"), ("undo", &id)])))
}

#[post("/drafts/{id}/restore")]
async fn offer_again(
    call: Call<DraftsQuery>,
    _editor: AsEditor,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    call.app.drafts.offer_again(&id).await?;
    Ok(see_other(&with_query(&call.query.at("/console/drafts"), &[("notice", "offered_again")])))
}
