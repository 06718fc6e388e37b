//! Bringing entries in from a file, first as a trial that changes nothing. A script sends a chosen file to the interface;
//! without scripts the rows are pasted.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use retrieval::{FaqFormat, RowProblem};
use serde::Deserialize;
use store::{FaqDraft, ImportOutcome};

use super::super::page::{Page, render, render_as};
use super::desk::Desk;
use super::list::ListView;
use crate::api::faq::draft_of_entry;
use crate::app::App;
use crate::auth::AsEditor;
use crate::error::ApiError;

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
    outcome: ImportOutcome,
    problems: Vec<RowProblem>,
}

#[get("/faq/import")]
pub(super) async fn show(desk: Desk, editor: AsEditor) -> Result<HttpResponse, ApiError> {
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
    editor: AsEditor,
    form: web::Form<ImportForm>,
) -> Result<HttpResponse, ApiError> {
    let ImportForm { rows, step } = form.into_inner();
    let taken = take(&desk.app, &rows, step, &editor.staff.name).await;
    let (page, list) = (desk.page(&editor.staff), desk.list(None).await?);
    match taken {
        Ok(outcome) => render(&ImportPage { page, list, rows, outcome: Some(outcome), problem: None }),
        Err(ApiError::Invalid(words)) => {
            let refused = ImportPage { page, list, rows, outcome: None, problem: Some(words) };
            render_as(StatusCode::UNPROCESSABLE_ENTITY, &refused)
        }
        Err(other) => Err(other),
    }
}

async fn take(app: &App, rows: &str, step: Step, by: &str) -> Result<OutcomeView, ApiError> {
    let bytes = rows.as_bytes().to_vec();
    let format = if rows.trim_start().starts_with('{') { FaqFormat::Jsonl } else { FaqFormat::Csv };
    let imported = web::block(move || retrieval::parse_faq(&bytes, format)).await?;
    let imported = imported.map_err(|error| ApiError::Invalid(error.to_string()))?;
    let drafts: Vec<FaqDraft> = imported.entries.into_iter().map(draft_of_entry).collect();
    let outcome = match step {
        Step::Try => app.store.faq_import_preview(drafts).await?,
        Step::Import => app.store.faq_import(drafts, by).await?,
    };
    if step == Step::Import {
        app.faq.wait_until_searchable(outcome.revision).await?;
    }
    Ok(OutcomeView { trial: step == Step::Try, outcome, problems: imported.problems })
}
