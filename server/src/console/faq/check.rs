//! Before saving: what the entry would change as it stands in the form. Scripts put the report beside the form; without
//! them the page comes back with the report and with everything that was typed.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, post, web};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::super::links::{encoded, faq_entry, with_query};
use super::super::page::{Page, render, render_as};
use super::super::trace::percent;
use super::super::words::Words;
use super::desk::Desk;
use super::editor::lay;
use super::form::EntryForm;
use crate::auth::AsEditor;
use crate::error::ApiError;
use crate::rehearsal::{self, Answered, ChangedQuestion, Rehearsal, Relation};

/// Stands for the id of an entry that has none yet.
const NEW: &str = "new entry";
/// Questions of a list that are shown.
const MOST_SHOWN: usize = 30;

#[derive(Template)]
#[template(path = "console/faq_check.html")]
struct CheckView {
    page: Page,
    rehearsal: Rehearsal,
    lists: Vec<ListOfChanges>,
}

/// Questions whose answers change in the same way.
struct ListOfChanges {
    title: String,
    tone: &'static str,
    rows: Vec<ChangeRow>,
    /// Questions that are not shown.
    further: usize,
}

/// One question with what it gets before and after, in words.
struct ChangeRow {
    question: String,
    times: i64,
    link: String,
    before: String,
    after: String,
}

/// One entry beside the written one.
struct NearRow<'a> {
    link: String,
    question: &'a str,
    answer: &'a str,
    contradicts: bool,
    wording: &'a str,
    matched: &'a str,
    percent: String,
}

impl CheckView {
    fn new(page: Page, rehearsal: Rehearsal) -> Self {
        let (t, changes) = (page.t, &rehearsal.questions);
        let list = |words: &str, tone, changed: &[ChangedQuestion]| ListOfChanges {
            title: page.n(words, changed.len()),
            tone,
            rows: changed.iter().take(MOST_SHOWN).map(|change| row(change, t)).collect(),
            further: changed.len().saturating_sub(MOST_SHOWN),
        };
        let lists = vec![
            list(t.gains_n, "good", &changes.gains),
            list(t.loses_n, "bad", &changes.loses),
            list(t.others_n, "warn", &changes.others),
        ];
        Self { lists: lists.into_iter().filter(|list| !list.rows.is_empty()).collect(), rehearsal, page }
    }

    fn near(&self) -> Vec<NearRow<'_>> {
        let rows = self.rehearsal.near.iter().map(|near| NearRow {
            link: faq_entry(&near.id),
            question: &near.question,
            answer: &near.answer,
            contradicts: near.relation == Relation::Contradiction,
            wording: &near.wording,
            matched: &near.matched,
            percent: percent(near.probability),
        });
        rows.collect()
    }
}

fn row(change: &ChangedQuestion, t: &'static Words) -> ChangeRow {
    let conversation = format!("/console/conversations/{}", encoded(&change.conversation_id));
    ChangeRow {
        question: change.question.clone(),
        times: change.times,
        link: with_query(&conversation, &[("message", &change.message_id)]),
        before: said(&change.before, t),
        after: said(&change.after, t),
    }
}

/// The kind of an answer, and which one it is.
fn said(answered: &Answered, t: &'static Words) -> String {
    let kind = t.one_of("action", answered.action);
    match answered.entry.as_ref().or(answered.intent.as_ref()) {
        Some(which) => format!("{kind}: {which}"),
        None => kind.to_owned(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CheckQuery {
    /// The entry that the form belongs to; empty while it is new.
    entry: String,
}

/// The report for scripts.
#[derive(Debug, Serialize)]
struct CheckReply {
    html: String,
}

#[post("/faq/check")]
pub(super) async fn check(
    desk: Desk,
    editor: AsEditor,
    request: HttpRequest,
    query: web::Query<CheckQuery>,
    form: web::Form<EntryForm>,
) -> Result<HttpResponse, ApiError> {
    let (id, form, page) = (query.into_inner().entry, form.into_inner(), desk.page(&editor.staff));
    let scripted = request.headers().get(ACCEPT).is_some_and(|accept| accept.as_bytes() == b"application/json");
    let html = match form.entry(if id.is_empty() { NEW.to_owned() } else { id.clone() }) {
        Ok(entry) => {
            let rehearsal = rehearsal::rehearse(&desk.app, entry, rehearsal::DAYS).await?;
            CheckView::new(page.clone(), rehearsal).render().map_err(anyhow::Error::from)?
        }
        Err(error) if scripted => return Err(error),
        Err(error) => {
            let mut laid = lay(&desk, &editor.staff, &id, form).await?;
            laid.problem = Some(error.to_string());
            return render_as(StatusCode::UNPROCESSABLE_ENTITY, &laid);
        }
    };
    if scripted {
        return Ok(HttpResponse::Ok().json(CheckReply { html }));
    }
    let mut laid = lay(&desk, &editor.staff, &id, form).await?;
    laid.report = Some(html);
    if !id.is_empty() {
        laid.stored = Some(desk.app.store.faq_get(&id).await?);
    }
    render(&laid)
}
