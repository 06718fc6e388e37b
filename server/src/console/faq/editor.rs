//! Writing, changing and deleting entries. Nobody overwrites what somebody else saved meanwhile without having seen it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use store::{FaqDraft, FaqRecord};

use super::super::diff::{Piece, pieces};
use super::super::links::{faq_entry, with_query};
use super::super::page::{Page, Section, Visit, render, render_as, see_other};
use super::super::preview::{PreviewRequest, rendered};
use super::super::words::Words;
use super::Categories;
use super::list::{ListQuery, ListView};
use crate::api::faq::draft_of_entry;
use crate::app::App;
use crate::auth::{AsEditor, AsViewer};
use crate::error::ApiError;

/// The form of an entry, as it is typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EntryForm {
    pub(super) question: String,
    /// One a line.
    pub(super) similar: String,
    pub(super) answer: String,
    pub(super) language: String,
    pub(super) category: String,
    pub(super) valid_from: String,
    pub(super) valid_until: String,
    /// A ticked box sends `on`.
    pub(super) enabled: String,
    /// The version that is edited; 0 for a new entry.
    pub(super) version: i64,
    /// The unanswered question that this entry answers.
    pub(super) resolves: String,
}

impl EntryForm {
    pub(super) fn of(record: &FaqRecord) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            question: record.question.clone(),
            similar: record.similar.join("\n"),
            answer: record.answer.clone(),
            language: text(&record.language),
            category: text(&record.category),
            valid_from: text(&record.valid_from),
            valid_until: text(&record.valid_until),
            enabled: if record.enabled { "on".to_owned() } else { String::new() },
            version: record.version,
            resolves: String::new(),
        }
    }

    /// What a person must mend before the entry can be kept.
    fn problem(&self, t: &'static Words) -> Option<&'static str> {
        let dates = !self.valid_from.is_empty() && !self.valid_until.is_empty();
        match self {
            _ if self.question.trim().is_empty() => Some(t.question_is_empty),
            _ if self.answer.trim().is_empty() => Some(t.answer_is_empty),
            _ if dates && self.valid_from > self.valid_until => Some(t.dates_are_reversed),
            _ => None,
        }
    }

    fn draft(&self, id: String) -> Result<FaqDraft, ApiError> {
        let some = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let entry = retrieval::FaqEntry {
            id,
            question: self.question.clone(),
            similar: self.similar.lines().filter_map(some).collect(),
            answer: self.answer.replace("\r\n", "\n"),
            language: some(&self.language),
            category: some(&self.category),
            valid_from: some(&self.valid_from),
            valid_until: some(&self.valid_until),
            enabled: !self.enabled.is_empty(),
        };
        let entry = entry.checked().map_err(|error| ApiError::Invalid(error.to_string()))?;
        Ok(draft_of_entry(entry))
    }
}

/// What somebody else saved while this entry was being edited.
struct Conflict {
    theirs: Box<FaqRecord>,
    deleted: bool,
    /// From theirs to what is in the form.
    changes: Vec<Change>,
}

/// How one field differs.
pub(super) struct Change {
    pub(super) field: &'static str,
    pub(super) pieces: Vec<Piece>,
}

/// The fields in which two versions differ.
pub(super) fn changes(old: &EntryForm, new: &EntryForm, t: &'static Words) -> Vec<Change> {
    let on = |form: &EntryForm| if form.enabled.is_empty() { t.off } else { t.on };
    let fields = [
        (t.question, old.question.as_str(), new.question.as_str()),
        (t.similar_questions, &old.similar, &new.similar),
        (t.answer, &old.answer, &new.answer),
        (t.language, &old.language, &new.language),
        (t.category, &old.category, &new.category),
        (t.valid_from, &old.valid_from, &new.valid_from),
        (t.valid_until, &old.valid_until, &new.valid_until),
        (t.enabled, on(old), on(new)),
    ];
    let plain = |text: &str| text.replace("\r\n", "\n");
    let differing =
        fields.into_iter().map(|(field, old, new)| (field, plain(old), plain(new))).filter(|(_, old, new)| old != new);
    differing.map(|(field, old, new)| Change { field, pieces: pieces(&old, &new) }).collect()
}

#[derive(Template)]
#[template(path = "console/faq_editor.html")]
struct EditorPage {
    page: Page,
    list: ListView,
    /// Empty for a new entry.
    id: String,
    form: EntryForm,
    action: String,
    stored: Option<FaqRecord>,
    conflict: Option<Conflict>,
    problem: Option<String>,
    /// The question tried without scripts, and what came of it.
    tried: String,
    preview: Option<String>,
}

impl EditorPage {
    fn is_new(&self) -> bool {
        self.id.is_empty()
    }

    fn path(&self, rest: &str) -> String {
        self.list.link(&format!("{}{rest}", faq_entry(&self.id)))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TryQuery {
    #[serde(rename = "try")]
    text: String,
}

/// Everything around one entry's form.
struct Desk<'a> {
    app: &'a App,
    categories: &'a Categories,
    query: ListQuery,
    page: Page,
}

impl Desk<'_> {
    async fn lay(self, id: &str, form: EntryForm) -> Result<EditorPage, ApiError> {
        let list = ListView::read(self.app, self.categories, self.query, self.page.t, Some(id)).await?;
        let path = if id.is_empty() { "/console/faq/new".to_owned() } else { faq_entry(id) };
        let action = list.link(&path);
        let (conflict, problem, preview) = (None, None, None);
        Ok(EditorPage {
            page: self.page,
            list,
            id: id.to_owned(),
            form,
            action,
            stored: None,
            conflict,
            problem,
            tried: String::new(),
            preview,
        })
    }
}

#[get("/faq/new")]
pub(super) async fn write_new(
    app: web::Data<App>,
    editor: AsEditor,
    visit: Visit,
    categories: web::Data<Categories>,
    query: web::Query<ListQuery>,
    prefilled: web::Query<EntryForm>,
) -> Result<HttpResponse, ApiError> {
    let page = visit.page(Section::Faq, &editor.staff);
    let mut form = EntryForm { version: 0, enabled: "on".to_owned(), ..prefilled.into_inner() };
    let mut query = query.into_inner();
    if !form.resolves.is_empty() {
        // The new entry's language came in the query; it is not a filter of the list.
        query = ListQuery::default();
    }
    form.answer = form.answer.trim().to_owned();
    let desk = Desk { app: &app, categories: &categories, query, page };
    render(&desk.lay("", form).await?)
}

#[post("/faq/new")]
pub(super) async fn add(
    app: web::Data<App>,
    editor: AsEditor,
    visit: Visit,
    categories: web::Data<Categories>,
    query: web::Query<ListQuery>,
    form: web::Form<EntryForm>,
) -> Result<HttpResponse, ApiError> {
    let form = EntryForm { version: 0, ..form.into_inner() };
    let id = format!("faq-{}", uuid::Uuid::now_v7().simple());
    let page = visit.page(Section::Faq, &editor.staff);
    let desk = Desk { app: &app, categories: &categories, query: query.into_inner(), page };
    put(desk, Target { id: &id, shown_as: "" }, form, &editor.staff.name).await
}

#[get("/faq/entry/{id}")]
pub(super) async fn edit(
    app: web::Data<App>,
    viewer: AsViewer,
    visit: Visit,
    categories: web::Data<Categories>,
    id: web::Path<String>,
    query: web::Query<ListQuery>,
    tried: web::Query<TryQuery>,
) -> Result<HttpResponse, ApiError> {
    let record = app.store.faq_get(&id).await?;
    if record.deleted {
        return Ok(see_other(&query.from_path(&format!("{}/history", faq_entry(&id)))));
    }
    let tried = tried.into_inner().text;
    let preview = if tried.trim().is_empty() {
        None
    } else {
        let request =
            PreviewRequest { text: tried.clone(), language: record.language.clone(), faq_id: Some(record.id.clone()) };
        Some(rendered(&app, &request, visit.clone(), &viewer.staff).await?)
    };
    let page = visit.page(Section::Faq, &viewer.staff);
    let desk = Desk { app: &app, categories: &categories, query: query.into_inner(), page };
    let laid = desk.lay(&record.id, EntryForm::of(&record)).await?;
    render(&EditorPage { stored: Some(record), tried, preview, ..laid })
}

#[post("/faq/entry/{id}")]
pub(super) async fn save(
    app: web::Data<App>,
    editor: AsEditor,
    visit: Visit,
    categories: web::Data<Categories>,
    id: web::Path<String>,
    query: web::Query<ListQuery>,
    form: web::Form<EntryForm>,
) -> Result<HttpResponse, ApiError> {
    let page = visit.page(Section::Faq, &editor.staff);
    let desk = Desk { app: &app, categories: &categories, query: query.into_inner(), page };
    put(desk, Target { id: &id, shown_as: &id }, form.into_inner(), &editor.staff.name).await
}

/// The entry to write: its id, and the id its form belongs to (none while it is new).
struct Target<'a> {
    id: &'a str,
    shown_as: &'a str,
}

/// Keeps the form as the next version, or shows it again with what stands in the way.
async fn put(desk: Desk<'_>, target: Target<'_>, form: EntryForm, by: &str) -> Result<HttpResponse, ApiError> {
    let app = desk.app;
    let t = desk.page.t;
    let draft = match form.problem(t) {
        Some(problem) => Err(problem.to_owned()),
        None => form.draft(target.id.to_owned()).map_err(|error| error.to_string()),
    };
    let draft = match draft {
        Ok(draft) => draft,
        Err(problem) => {
            let laid = desk.lay(target.shown_as, form).await?;
            return render_as(StatusCode::UNPROCESSABLE_ENTITY, &EditorPage { problem: Some(problem), ..laid });
        }
    };
    match app.store.faq_put(draft, Some(form.version), by).await {
        Ok(record) => {
            if !form.resolves.is_empty() {
                app.store.resolve_unanswered(&form.resolves, by).await?;
            }
            let saved = desk.query.from_path(&faq_entry(&record.id));
            Ok(see_other(&live(app, record.revision, &saved, "saved").await?))
        }
        Err(store::Error::VersionConflict { .. }) => {
            let theirs = Box::new(app.store.faq_get(target.id).await?);
            let changes = changes(&EntryForm::of(&theirs), &form, t);
            let conflict = Conflict { deleted: theirs.deleted, changes, theirs };
            let form = EntryForm { version: conflict.theirs.version, ..form };
            let laid = desk.lay(target.shown_as, form).await?;
            render_as(StatusCode::PRECONDITION_FAILED, &EditorPage { conflict: Some(conflict), ..laid })
        }
        Err(other) => Err(other.into()),
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
    app: web::Data<App>,
    editor: AsEditor,
    id: web::Path<String>,
    query: web::Query<ListQuery>,
    form: web::Form<DeleteForm>,
) -> Result<HttpResponse, ApiError> {
    let record = match app.store.faq_delete(&id, Some(form.version), &editor.staff.name).await {
        Ok(record) => record,
        Err(store::Error::VersionConflict { current, .. }) => {
            let address = query.from_path(&faq_entry(&id));
            return Ok(see_other(&with_query(
                &address,
                &[("notice", "changed_before_delete"), ("n", &current.to_string())],
            )));
        }
        Err(other) => return Err(other.into()),
    };
    let version = form.version.to_string();
    let address = with_query(&query.from_path("/console/faq"), &[("undo", &record.id), ("version", &version)]);
    Ok(see_other(&live(&app, record.revision, &address, "deleted").await?))
}
