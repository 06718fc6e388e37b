//! Bringing entries in from a file, first as a trial that changes nothing. A script sends a chosen file to the interface;
//! without scripts the rows are pasted.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use retrieval::{FaqFormat, RowProblem};
use serde::Deserialize;
use store::{FaqDraft, ImportOutcome};

use super::super::page::{Page, Section, Visit, render, render_as};
use super::Categories;
use super::list::{ListQuery, ListView};
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
pub(super) async fn show(
    app: web::Data<App>,
    editor: AsEditor,
    visit: Visit,
    categories: web::Data<Categories>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let page = visit.page(Section::Faq, &editor.staff);
    let list = ListView::read(&app, &categories, query.into_inner(), page.t, None).await?;
    render(&ImportPage { page, list, rows: String::new(), outcome: None, problem: None })
}

#[derive(Debug, Deserialize)]
struct ImportForm {
    rows: String,
    /// The button that was pressed: `try` or `import`.
    step: String,
}

#[post("/faq/import")]
pub(super) async fn import(
    app: web::Data<App>,
    editor: AsEditor,
    visit: Visit,
    categories: web::Data<Categories>,
    query: web::Query<ListQuery>,
    form: web::Form<ImportForm>,
) -> Result<HttpResponse, ApiError> {
    let ImportForm { rows, step } = form.into_inner();
    let trial = step != "import";
    let page = visit.page(Section::Faq, &editor.staff);
    let taken = take(&app, &rows, trial, &editor.staff.name).await;
    let list = ListView::read(&app, &categories, query.into_inner(), page.t, None).await?;
    match taken {
        Ok(outcome) => render(&ImportPage { page, list, rows, outcome: Some(outcome), problem: None }),
        Err(ApiError::Invalid(words)) => render_as(
            StatusCode::UNPROCESSABLE_ENTITY,
            &ImportPage { page, list, rows, outcome: None, problem: Some(words) },
        ),
        Err(other) => Err(other),
    }
}

async fn take(app: &App, rows: &str, trial: bool, by: &str) -> Result<OutcomeView, ApiError> {
    let bytes = rows.as_bytes().to_vec();
    let format = if rows.trim_start().starts_with('{') { FaqFormat::Jsonl } else { FaqFormat::Csv };
    let imported = web::block(move || retrieval::parse_faq(&bytes, format))
        .await?
        .map_err(|error| ApiError::Invalid(error.to_string()))?;
    let drafts: Vec<FaqDraft> = imported.entries.into_iter().map(draft_of_entry).collect();
    let outcome = if trial {
        app.store.faq_import_preview(drafts).await?
    } else {
        let outcome = app.store.faq_import(drafts, by).await?;
        app.faq.wait_until_searchable(outcome.revision).await?;
        outcome
    };
    Ok(OutcomeView { trial, outcome, problems: imported.problems })
}
