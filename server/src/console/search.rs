//! The search of the top bar: FAQ entries and conversations that hold some words.

use actix_web::{HttpResponse, get, web};
use askama::Template;
use serde::Deserialize;
use store::{ConversationFilter, FaqFilter};

use super::links::{encoded, faq_entry, with_query};
use super::page::{Page, Section, Visit, render};
use crate::app::App;
use crate::auth::AsViewer;
use crate::error::ApiError;

const MOST: usize = 20;

/// Something that was found.
struct Found {
    title: String,
    link: String,
    at: i64,
}

#[derive(Template)]
#[template(path = "console/search.html")]
struct SearchPage {
    page: Page,
    text: String,
    entries: Vec<Found>,
    total_entries: i64,
    all_entries: String,
    conversations: Vec<Found>,
    all_conversations: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SearchQuery {
    text: String,
}

#[get("/search")]
pub(super) async fn search(
    app: web::Data<App>,
    viewer: AsViewer,
    visit: Visit,
    query: web::Query<SearchQuery>,
) -> Result<HttpResponse, ApiError> {
    let page = visit.page(Section::Elsewhere, &viewer.staff);
    let text = query.into_inner().text.trim().to_owned();
    let (mut entries, mut total_entries, mut conversations) = (Vec::new(), 0, Vec::new());
    if !text.is_empty() {
        let filter = FaqFilter { text: Some(text.clone()), ..FaqFilter::default() };
        (entries, total_entries) = app.store.faq_list(&filter, MOST, 0).await?;
        let filter = ConversationFilter { text: Some(text.clone()), ..ConversationFilter::default() };
        conversations = app.store.list_conversations(&filter, MOST, None).await?;
    }
    let entries = entries.into_iter().map(|record| Found {
        link: faq_entry(&record.id),
        title: record.question,
        at: record.updated_at,
    });
    let conversations = conversations.into_iter().map(|conversation| Found {
        link: format!("/console/conversations/{}", encoded(&conversation.id)),
        title: conversation.last_text.unwrap_or(conversation.id),
        at: conversation.updated_at,
    });
    render(&SearchPage {
        entries: entries.collect(),
        total_entries,
        all_entries: with_query("/console/faq", &[("text", &text)]),
        conversations: conversations.collect(),
        all_conversations: with_query("/console/conversations", &[("text", &text)]),
        text,
        page,
    })
}
