//! Edits that wait before they are published: written, sent for review, read beside what is published, approved or sent back.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use store::{FaqRecord, PendingEdit, PendingState};

use super::super::diff::Piece;
use super::super::links::{faq_entry, with_query};
use super::super::page::{Page, render, render_as, see_other};
use super::desk::Desk;
use super::editor::live;
use super::form::{Change, EntryForm, changes, channel_choices};
use super::list::ListView;
use super::merge::{self, Against};
use crate::auth::{AsEditor, AsViewer, Staff};
use crate::error::ApiError;
use crate::faq_bulk::note;
use crate::review::Review;

#[derive(Template)]
#[template(path = "console/faq_pending.html")]
struct PendingPage {
    page: Page,
    list: ListView,
    id: String,
    form: EntryForm,
    /// Nothing while the edit was not saved yet.
    edit: Option<PendingEdit>,
    published: Option<FaqRecord>,
    /// From what is published to the edit.
    changes: Vec<Change>,
    may_approve: bool,
    problem: Option<String>,
}

impl PendingPage {
    fn path(&self, rest: &str) -> String {
        self.list.link(&format!("{}{rest}", faq_entry(&self.id)))
    }

    fn state(&self) -> &'static str {
        self.edit.as_ref().map_or("", |edit| self.page.t.one_of("pending", edit.state.as_str()))
    }

    fn waits(&self) -> bool {
        self.edit.as_ref().is_some_and(|edit| edit.state == PendingState::Review)
    }

    /// Whether the entry was published anew since the edit was begun.
    fn is_behind(&self) -> bool {
        let published = self.published.as_ref().map(|record| record.version);
        self.edit.as_ref().is_some_and(|edit| published.is_some_and(|version| version != edit.base_version))
    }

    fn check_path(&self) -> String {
        self.list.link(&with_query("/console/faq/check", &[("entry", &self.id)]))
    }

    fn channels(&self) -> Vec<(String, String)> {
        channel_choices(self.page.t)
    }
}

async fn lay(desk: &Desk, staff: &Staff, id: &str, typed: Option<EntryForm>) -> Result<PendingPage, ApiError> {
    let (store, page) = (&desk.app.store, desk.page(staff));
    let edit = store.faq_pending(id).await?;
    let published = match store.faq_get(id).await {
        Err(store::Error::NotFound { .. }) => None,
        other => Some(other?),
    };
    let stored = edit
        .as_ref()
        .map(|edit| EntryForm { pending: edit.version, ..EntryForm::of_draft(&edit.entry, edit.base_version) });
    let form =
        typed.or(stored).ok_or_else(|| ApiError::NotFound { what: "draft of the FAQ entry", id: id.to_owned() })?;
    let review = Review::of(store).await?;
    let changes = published.as_ref().map(|record| changes(&EntryForm::of(record), &form, page.t)).unwrap_or_default();
    Ok(PendingPage {
        list: desk.list(Some(id)).await?,
        id: id.to_owned(),
        may_approve: edit.as_ref().is_some_and(|edit| review.lets_approve(staff, edit)),
        form,
        edit,
        published,
        changes,
        problem: None,
        page,
    })
}

#[get("/faq/entry/{id}/draft")]
pub(super) async fn show(desk: Desk, viewer: AsViewer, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    render(&lay(&desk, &viewer.staff, &id, None).await?)
}

#[post("/faq/new/draft")]
pub(super) async fn begin(desk: Desk, editor: AsEditor, form: web::Form<EntryForm>) -> Result<HttpResponse, ApiError> {
    let id = format!("faq-{}", uuid::Uuid::now_v7().simple());
    keep(&desk, &id, EntryForm { version: 0, pending: 0, ..form.into_inner() }, &editor.staff).await
}

#[post("/faq/entry/{id}/draft")]
pub(super) async fn save(
    desk: Desk,
    editor: AsEditor,
    id: web::Path<String>,
    form: web::Form<EntryForm>,
) -> Result<HttpResponse, ApiError> {
    keep(&desk, &id, form.into_inner(), &editor.staff).await
}

/// Keeps the form as the edit that waits, and sends it for review if wished; or shows it again with what stands in the way.
pub(super) async fn keep(desk: &Desk, id: &str, form: EntryForm, by: &Staff) -> Result<HttpResponse, ApiError> {
    let (store, page) = (&desk.app.store, desk.page(by));
    let entry = match form.problem(page.t) {
        Some(problem) => Err(problem.to_owned()),
        None => form.draft(id.to_owned()).map_err(|error| error.to_string()),
    };
    let entry = match entry {
        Ok(entry) => entry,
        Err(problem) => {
            let laid = lay(desk, by, id, Some(form)).await?;
            return render_as(StatusCode::UNPROCESSABLE_ENTITY, &PendingPage { problem: Some(problem), ..laid });
        }
    };
    let edit = match store.faq_pending_put(entry, form.version, Some(form.pending), &by.name).await {
        Ok(edit) => edit,
        Err(store::Error::VersionConflict { current: 0, .. }) => {
            let laid = lay(desk, by, id, Some(EntryForm { pending: 0, ..form })).await?;
            let problem = Some(laid.page.t.pending_is_gone.to_owned());
            return render_as(StatusCode::PRECONDITION_FAILED, &PendingPage { problem, ..laid });
        }
        Err(store::Error::VersionConflict { .. }) => return merge::meet(desk, page, id, Against::Pending, form).await,
        Err(other) => return Err(other.into()),
    };
    let mut notice = "draft_saved";
    if form.step == "review" {
        store.faq_pending_submit(id, Some(edit.version)).await?;
        notice = "draft_sent";
    }
    Ok(see_other(&with_query(&desk.query.at(&format!("{}/draft", faq_entry(id))), &[("notice", notice)])))
}

/// The edit beside what was published since it was begun.
#[get("/faq/entry/{id}/draft/merge")]
pub(super) async fn meet_published(
    desk: Desk,
    editor: AsEditor,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let edit = desk.app.store.faq_pending(&id).await?;
    let edit = edit.ok_or_else(|| ApiError::NotFound { what: "draft of the FAQ entry", id: id.to_string() })?;
    let yours = EntryForm { pending: edit.version, ..EntryForm::of_draft(&edit.entry, edit.base_version) };
    merge::meet(&desk, desk.page(&editor.staff), &id, Against::Published, yours).await
}

#[derive(Debug, Deserialize)]
struct StepForm {
    /// The version of the edit that was looked at.
    pending: i64,
    #[serde(default)]
    note: String,
}

#[post("/faq/entry/{id}/draft/approve")]
pub(super) async fn approve(
    desk: Desk,
    editor: AsEditor,
    id: web::Path<String>,
    form: web::Form<StepForm>,
) -> Result<HttpResponse, ApiError> {
    let store = &desk.app.store;
    let edit = store.faq_pending(&id).await?;
    let edit = edit.ok_or_else(|| ApiError::NotFound { what: "draft of the FAQ entry", id: id.to_string() })?;
    if !Review::of(store).await?.lets_approve(&editor.staff, &edit) {
        return Err(ApiError::ReviewRequired);
    }
    let here = desk.query.at(&format!("{}/draft", faq_entry(&id)));
    match store.faq_pending_approve(&id, Some(form.pending), &editor.staff.name).await {
        Ok(record) => {
            Ok(see_other(&live(&desk.app, record.revision, &desk.query.at(&faq_entry(&id)), "published").await?))
        }
        Err(store::Error::VersionConflict { what: "draft", .. }) => {
            Ok(see_other(&with_query(&here, &[("notice", "draft_changed")])))
        }
        Err(store::Error::VersionConflict { .. }) => {
            Ok(see_other(&desk.query.at(&format!("{}/draft/merge", faq_entry(&id)))))
        }
        Err(other) => Err(other.into()),
    }
}

#[post("/faq/entry/{id}/draft/return")]
pub(super) async fn send_back(
    desk: Desk,
    editor: AsEditor,
    id: web::Path<String>,
    form: web::Form<StepForm>,
) -> Result<HttpResponse, ApiError> {
    let StepForm { pending, note: words } = form.into_inner();
    let here = desk.query.at(&format!("{}/draft", faq_entry(&id)));
    let done = desk.app.store.faq_pending_return(&id, Some(pending), &note(&words), &editor.staff.name).await;
    let notice = match done {
        Ok(_) => "draft_returned",
        Err(store::Error::VersionConflict { .. }) => "draft_changed",
        Err(other) => return Err(other.into()),
    };
    Ok(see_other(&with_query(&here, &[("notice", notice)])))
}

#[post("/faq/entry/{id}/draft/delete")]
pub(super) async fn remove(
    desk: Desk,
    _editor: AsEditor,
    id: web::Path<String>,
    form: web::Form<StepForm>,
) -> Result<HttpResponse, ApiError> {
    match desk.app.store.faq_pending_drop(&id, Some(form.pending)).await {
        Ok(()) => Ok(see_other(&with_query(&desk.query.at("/console/faq"), &[("notice", "draft_dropped")]))),
        Err(store::Error::VersionConflict { .. }) => {
            let here = desk.query.at(&format!("{}/draft", faq_entry(&id)));
            Ok(see_other(&with_query(&here, &[("notice", "draft_changed")])))
        }
        Err(other) => Err(other.into()),
    }
}
