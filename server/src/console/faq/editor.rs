//! Writing, changing and deleting entries. Nobody overwrites what somebody else saved meanwhile without having seen it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use store::{FaqRecord, PendingEdit};

use super::super::links::{faq_entry, with_query};
use super::super::page::{Page, render, render_as, see_other};
use super::super::preview::{PreviewRequest, rendered};
use super::desk::Desk;
use super::form::{EntryForm, channel_choices};
use super::list::{ListQuery, ListView};
use super::merge::{self, Against};
use super::pending;
use crate::app::App;
use crate::auth::{AsEditor, AsViewer, Staff};
use crate::error::ApiError;
use crate::faq_drafts;
use crate::review::{AsPublisher, Review};

#[derive(Template)]
#[template(path = "console/faq_editor.html")]
pub(super) struct EditorPage {
    page: Page,
    list: ListView,
    /// Empty for a new entry.
    id: String,
    form: EntryForm,
    action: String,
    pub(super) stored: Option<FaqRecord>,
    pub(super) problem: Option<String>,
    /// What the entry would change, tried without scripts.
    pub(super) report: Option<String>,
    /// The question tried without scripts, and what came of it.
    tried: String,
    preview: Option<String>,
    /// The edit of this entry that waits.
    pending: Option<PendingEdit>,
}

impl EditorPage {
    fn is_new(&self) -> bool {
        self.id.is_empty()
    }

    /// Whether the stored entry is switched off.
    fn is_off(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| !stored.enabled)
    }

    fn path(&self, rest: &str) -> String {
        self.list.link(&format!("{}{rest}", faq_entry(&self.id)))
    }

    fn draft_path(&self) -> String {
        if self.is_new() { self.list.link("/console/faq/new/draft") } else { self.path("/draft") }
    }

    fn channels(&self) -> Vec<(String, String)> {
        channel_choices(self.page.t)
    }

    fn check_path(&self) -> String {
        self.list.link(&with_query("/console/faq/check", &[("entry", &self.id)]))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EditQuery {
    /// A question to try.
    #[serde(rename = "try")]
    tried: String,
    /// A question to fill in among the similar ones, for the editor to keep or not.
    similar: String,
}

/// The page around an entry's form; `id` is empty while it is new.
pub(super) async fn lay(desk: &Desk, staff: &Staff, id: &str, form: EntryForm) -> Result<EditorPage, ApiError> {
    let list = desk.list(Some(id)).await?;
    let path = if id.is_empty() { "/console/faq/new".to_owned() } else { faq_entry(id) };
    Ok(EditorPage {
        page: desk.page(staff),
        action: list.link(&path),
        list,
        id: id.to_owned(),
        form,
        stored: None,
        problem: None,
        report: None,
        tried: String::new(),
        preview: None,
        pending: desk.app.store.faq_pending(id).await?,
    })
}

#[get("/faq/new")]
pub(super) async fn write_new(
    mut desk: Desk,
    editor: AsEditor,
    prefilled: web::Query<EntryForm>,
) -> Result<HttpResponse, ApiError> {
    let form = EntryForm { version: 0, enabled: "on".to_owned(), ..prefilled.into_inner() };
    // What is filled in beforehand came in the query; it is no filter of the list.
    if !form.question.is_empty() {
        desk.query = ListQuery::default();
    }
    render(&lay(&desk, &editor.staff, "", form).await?)
}

#[post("/faq/new")]
pub(super) async fn add(desk: Desk, editor: AsEditor, form: web::Form<EntryForm>) -> Result<HttpResponse, ApiError> {
    let form = EntryForm { version: 0, ..form.into_inner() };
    let id = format!("faq-{}", uuid::Uuid::now_v7().simple());
    put(&desk, Target { id: &id, shown_as: "" }, form, &editor.staff).await
}

#[get("/faq/entry/{id}")]
pub(super) async fn edit(
    desk: Desk,
    viewer: AsViewer,
    id: web::Path<String>,
    asked: web::Query<EditQuery>,
) -> Result<HttpResponse, ApiError> {
    let record = desk.app.store.faq_get(&id).await?;
    if record.deleted {
        return Ok(see_other(&desk.query.at(&format!("{}/history", faq_entry(&id)))));
    }
    let page = desk.page(&viewer.staff);
    let EditQuery { tried, similar } = asked.into_inner();
    let (language, faq_id) = (record.language.clone(), Some(record.id.clone()));
    let preview = match tried.trim() {
        "" => None,
        text => {
            Some(rendered(&desk.app, page.clone(), &PreviewRequest { text: text.to_owned(), language, faq_id }).await?)
        }
    };
    let mut form = EntryForm::of(&record);
    form.offer_similar(&similar);
    let laid = lay(&desk, &viewer.staff, &record.id, form).await?;
    render(&EditorPage { stored: Some(record), tried, preview, ..laid })
}

#[post("/faq/entry/{id}")]
pub(super) async fn save(
    desk: Desk,
    editor: AsEditor,
    id: web::Path<String>,
    form: web::Form<EntryForm>,
) -> Result<HttpResponse, ApiError> {
    put(&desk, Target { id: &id, shown_as: &id }, form.into_inner(), &editor.staff).await
}

/// The entry to write: its id, and the id its form belongs to (none while it is new).
pub(super) struct Target<'a> {
    pub(super) id: &'a str,
    pub(super) shown_as: &'a str,
}

/// Keeps the form as the next version, or shows it again with what stands in the way.
pub(super) async fn put(
    desk: &Desk,
    target: Target<'_>,
    form: EntryForm,
    by: &Staff,
) -> Result<HttpResponse, ApiError> {
    if !Review::of(&desk.app.store).await?.lets_publish(by) {
        // Nothing typed is lost: what may not be published waits.
        return pending::keep(desk, target.id, form, by).await;
    }
    let (store, page) = (&desk.app.store, desk.page(by));
    let draft = match form.problem(page.t) {
        Some(problem) => Err(problem.to_owned()),
        None => form.draft(target.id.to_owned()).map_err(|error| error.to_string()),
    };
    let draft = match draft {
        Ok(draft) => draft,
        Err(problem) => {
            let laid = lay(desk, by, target.shown_as, form).await?;
            return render_as(StatusCode::UNPROCESSABLE_ENTITY, &EditorPage { problem: Some(problem), ..laid });
        }
    };
    match store.faq_put(draft, Some(form.version), &by.name).await {
        Ok(record) => {
            if !form.resolves.is_empty() {
                store.resolve_unanswered(&form.resolves, &by.name).await?;
            }
            if !form.draft.is_empty() {
                take_over(&desk.app, &form, &record.id, &by.name).await?;
            }
            let saved = desk.query.at(&faq_entry(&record.id));
            Ok(see_other(&live(&desk.app, record.revision, &saved, "saved").await?))
        }
        Err(store::Error::VersionConflict { .. }) => merge::meet(desk, page, target.id, Against::Entry, form).await,
        Err(other) => Err(other.into()),
    }
}

/// Takes the draft that an entry was made of off the list; one that is gone needs nothing.
async fn take_over(app: &App, form: &EntryForm, id: &str, by: &str) -> Result<(), ApiError> {
    let days = form.draft_days.parse().unwrap_or(faq_drafts::DAYS);
    match app.drafts.get(&form.draft, days).await {
        Ok(draft) => app.drafts.taken_over(&draft, id, by).await,
        Err(ApiError::NotFound { .. }) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Waits until customers get a revision, and gives the address that says so.
pub(super) async fn live(app: &App, revision: i64, address: &str, notice: &str) -> Result<String, ApiError> {
    let notice = match app.faq.wait_until_searchable(revision).await {
        Ok(()) => notice,
        Err(ApiError::IndexBehind) => "saved_behind",
        Err(other) => return Err(other),
    };
    Ok(with_query(address, &[("notice", notice), ("n", &revision.to_string())]))
}

#[derive(Debug, Deserialize)]
struct DeleteForm {
    version: i64,
}

#[post("/faq/entry/{id}/delete")]
pub(super) async fn delete(
    desk: Desk,
    editor: AsPublisher,
    id: web::Path<String>,
    form: web::Form<DeleteForm>,
) -> Result<HttpResponse, ApiError> {
    let record = match desk.app.store.faq_delete(&id, Some(form.version), &editor.staff.name).await {
        Ok(record) => record,
        Err(store::Error::VersionConflict { current, .. }) => {
            let said = [("notice", "changed_before_delete"), ("n", &*current.to_string())];
            return Ok(see_other(&with_query(&desk.query.at(&faq_entry(&id)), &said)));
        }
        Err(other) => return Err(other.into()),
    };
    let version = form.version.to_string();
    let address = with_query(&desk.query.at("/console/faq"), &[("undo", &record.id), ("version", &version)]);
    Ok(see_other(&live(&desk.app, record.revision, &address, "deleted").await?))
}
