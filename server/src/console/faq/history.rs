//! Every version of an entry, each with what it changed, and the way back to any of them.

use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;

use super::super::diff::Piece;
use super::super::links::faq_entry;
use super::super::page::{Page, render, see_other};
use super::desk::Desk;
use super::editor::live;
use super::form::{Change, EntryForm, changes};
use super::list::ListView;
use crate::auth::AsViewer;
use crate::error::ApiError;
use crate::review::AsPublisher;

/// One version.
struct VersionView {
    version: i64,
    revision: i64,
    by: String,
    approved_by: Option<String>,
    note: Option<String>,
    /// The bulk edit that made this version.
    bulk: Option<String>,
    at: i64,
    deleted: bool,
    first: bool,
    newest: bool,
    changes: Vec<Change>,
}

#[derive(Template)]
#[template(path = "console/faq_history.html")]
struct HistoryPage {
    page: Page,
    list: ListView,
    id: String,
    question: String,
    gone: bool,
    versions: Vec<VersionView>,
}

impl HistoryPage {
    fn path(&self, rest: &str) -> String {
        self.list.link(&format!("{}{rest}", faq_entry(&self.id)))
    }
}

#[get("/faq/entry/{id}/history")]
pub(super) async fn show(desk: Desk, viewer: AsViewer, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let page = desk.page(&viewer.staff);
    // Newest first, so each one is compared with the one that follows it.
    let records = desk.app.store.faq_history(&id).await?;
    let versions = records.iter().enumerate().map(|(place, record)| {
        let before = records.get(place + 1).filter(|before| !before.deleted && !record.deleted);
        VersionView {
            version: record.version,
            revision: record.revision,
            by: record.updated_by.clone(),
            approved_by: record.approved_by.clone().filter(|approver| *approver != record.updated_by),
            note: record.note.clone(),
            bulk: record.bulk.clone(),
            at: record.updated_at,
            deleted: record.deleted,
            first: place + 1 == records.len(),
            newest: place == 0,
            changes: before
                .map_or_else(Vec::new, |before| changes(&EntryForm::of(before), &EntryForm::of(record), page.t)),
        }
    });
    let versions: Vec<VersionView> = versions.collect();
    let newest = records.first();
    let question = newest.map(|record| record.question.clone()).unwrap_or_default();
    let gone = newest.is_some_and(|record| record.deleted);
    let list = desk.list(Some(&id)).await?;
    render(&HistoryPage { page, list, id: id.into_inner(), question, gone, versions })
}

#[derive(Debug, Deserialize)]
struct RestoreForm {
    version: i64,
}

#[post("/faq/entry/{id}/restore")]
pub(super) async fn restore(
    desk: Desk,
    editor: AsPublisher,
    id: web::Path<String>,
    form: web::Form<RestoreForm>,
) -> Result<HttpResponse, ApiError> {
    let record = desk.app.store.faq_restore(&id, form.version, &editor.staff.name).await?;
    let address = desk.query.at(&faq_entry(&record.id));
    Ok(see_other(&live(&desk.app, record.revision, &address, "restored").await?))
}
