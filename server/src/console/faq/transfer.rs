//! Bringing entries in from a file, first as a trial that changes nothing. A script sends a chosen file to the interface;
//! without scripts the rows are pasted.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use store::ImportOutcome;
use text::Language;

use super::super::page::{Page, render, render_as};
use super::desk::Desk;
use super::list::ListView;
use crate::app::App;
use crate::error::ApiError;
use crate::faq_import::{self, ChangeKind, Ending, EntryChange, ImportFile};
use crate::review::AsPublisher;

#[derive(Template)]
#[template(path = "console/faq_import.html")]
struct ImportPage {
    page: Page,
    list: ListView,
    rows: String,
    outcome: Option<OutcomeView>,
    problem: Option<String>,
}

/// What an import did, or would do.
struct OutcomeView {
    trial: bool,
    /// Whether the next customer gets it.
    live: bool,
    outcome: ImportOutcome,
    changes: Vec<EntryChange>,
    /// Where, and what is wrong.
    problems: Vec<(String, String)>,
}

/// A page shows so many changes.
const SHOWN: usize = 200;

#[get("/faq/import")]
pub(super) async fn show(desk: Desk, editor: AsPublisher) -> Result<HttpResponse, ApiError> {
    let (page, list) = (desk.page(&editor.staff), desk.list(None).await?);
    render(&ImportPage { page, list, rows: String::new(), outcome: None, problem: None })
}

/// The button that was pressed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Step {
    Try,
    Import,
}

#[derive(Debug, Deserialize)]
struct ImportForm {
    rows: String,
    step: Step,
}

#[post("/faq/import")]
pub(super) async fn import(
    desk: Desk,
    editor: AsPublisher,
    form: web::Form<ImportForm>,
) -> Result<HttpResponse, ApiError> {
    let ImportForm { rows, step } = form.into_inner();
    let page = desk.page(&editor.staff);
    let language = if page.t.is_chinese() { Language::Chinese } else { Language::English };
    let taken = take(&desk.app, &rows, step, &editor.staff.name, language).await;
    let list = desk.list(None).await?;
    match taken {
        Ok(outcome) => render(&ImportPage { page, list, rows, outcome: Some(outcome), problem: None }),
        Err(ApiError::Invalid(words)) => {
            let refused = ImportPage { page, list, rows, outcome: None, problem: Some(words) };
            render_as(StatusCode::UNPROCESSABLE_ENTITY, &refused)
        }
        Err(other) => Err(other),
    }
}

async fn take(app: &App, rows: &str, step: Step, by: &str, language: Language) -> Result<OutcomeView, ApiError> {
    let file = ImportFile { bytes: bytes::Bytes::from(rows.to_owned()), name: None, format: None };
    let read = web::block(move || file.read()).await?;
    let read = read.map_err(|fault| ApiError::Invalid(fault.in_language(language)))?;
    let ending = if step == Step::Try { Ending::DryRun } else { Ending::Take };
    let imported = faq_import::import(&app.store, read.rows, ending, by, &|_| {}).await?;
    let live = ending == Ending::Take && app.faq.wait_until_searchable(imported.outcome.revision).await.is_ok();
    let said = |problem: &retrieval::RowProblem| (problem.place_in(language), problem.fault.in_language(language));
    let problems = read.problems.iter().map(said).collect();
    let changes = imported.changes.into_iter().take(SHOWN).collect();
    Ok(OutcomeView { trial: step == Step::Try, live, outcome: imported.outcome, changes, problems })
}
