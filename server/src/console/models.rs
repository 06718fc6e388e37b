//! The models in the console: what each is worth, which one answers, and the way there and back, each step said in words first.

use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use store::{ModelRecord, PromotionKind};

use super::call::{Call, NoQuery};
use super::links::encoded;
use super::page::{Page, Section, Visit, render, render_as, see_other};
use super::trace::percent;
use super::words::Words;
use crate::app::App;
use crate::auth::{AsEditor, AsViewer};
use crate::error::ApiError;
use crate::models::{Comparison, GoldenOutcome, Insistence};

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes.service(show).service(confirm_rollback).service(rollback).service(confirm).service(promote);
}

/// One model of the list.
struct ModelRow {
    version: String,
    current: bool,
    added_at: i64,
    accuracy: String,
    golden_passed: usize,
    golden_all: usize,
    fixes: usize,
    breaks: usize,
    link: String,
}

/// One switch of the answering model.
struct Switch {
    version: String,
    kind: &'static str,
    by: String,
    reason: String,
    at: i64,
}

#[derive(Template)]
#[template(path = "console/models.html")]
struct ModelsPage {
    page: Page,
    models: Vec<ModelRow>,
    switches: Vec<Switch>,
    fallback: Option<String>,
}

#[get("/models")]
async fn show(app: web::Data<App>, viewer: AsViewer, visit: Visit) -> Result<HttpResponse, ApiError> {
    let page = visit.page(Section::Models, &viewer.staff);
    let records = app.store.model_list().await?;
    let mut models = Vec::with_capacity(records.len());
    for record in &records {
        let comparison = app.models.compare(&record.version).await?;
        models.push(model_row(record, &comparison));
    }
    let promotions = app.store.model_promotions().await?;
    let fallback = promotions.first().and_then(|latest| latest.fallback.clone());
    let switches = promotions.into_iter().take(20).map(|one| Switch {
        version: one.version,
        kind: if one.kind == PromotionKind::Promote { page.t.promoted } else { page.t.rolled_back },
        by: one.promoted_by,
        reason: one.reason,
        at: one.promoted_at,
    });
    let switches = switches.collect();
    render(&ModelsPage { page, models, switches, fallback })
}

fn model_row(record: &ModelRecord, comparison: &Comparison) -> ModelRow {
    let golden = GoldenOutcome::of_metrics(&record.metrics);
    ModelRow {
        link: promote_link(&record.version),
        version: record.version.clone(),
        current: record.current,
        added_at: record.added_at,
        accuracy: accuracy(&record.metrics),
        golden_passed: golden.passed.len(),
        golden_all: golden.passed.len() + golden.failed.len(),
        fixes: comparison.fixes.len(),
        breaks: comparison.breaks.len(),
    }
}

/// Measured on held-out rows when the model was trained.
fn accuracy(metrics: &Value) -> String {
    let measured = &metrics["metrics"];
    let names = ["accuracy", "validation_accuracy", "intent_accuracy"];
    names.iter().find_map(|name| measured[name].as_f64()).map_or_else(String::new, |share| percent(share as f32))
}

fn promote_link(version: &str) -> String {
    format!("/console/models/{}/promote", encoded(version))
}

/// What a step will do, before it is done.
#[derive(Template)]
#[template(path = "console/model_step.html")]
struct StepPage {
    page: Page,
    title: String,
    action: String,
    button: &'static str,
    from: Option<String>,
    to: String,
    to_accuracy: String,
    comparison: Comparison,
    /// The step is refused unless forced with a reason.
    refused: bool,
    problem: Option<&'static str>,
}

impl StepPage {
    async fn promotion(app: &App, page: Page, version: &str) -> Result<Self, ApiError> {
        let record = app.store.model_get(version).await?;
        let comparison = app.models.compare(version).await?;
        Ok(Self {
            title: page.t.promote_title.replace("{version}", version),
            action: promote_link(version),
            button: page.t.promote,
            from: app.store.model_current().await?.map(|current| current.version),
            to: version.to_owned(),
            to_accuracy: accuracy(&record.metrics),
            refused: !comparison.breaks.is_empty(),
            comparison,
            problem: None,
            page,
        })
    }
}

#[get("/models/{version}/promote")]
async fn confirm(
    app: web::Data<App>,
    editor: AsEditor,
    visit: Visit,
    version: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let page = visit.page(Section::Models, &editor.staff);
    render(&StepPage::promotion(&app, page, &version).await?)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromoteForm {
    force: String,
    reason: String,
}

#[post("/models/{version}/promote")]
async fn promote(
    call: Call<NoQuery>,
    editor: AsEditor,
    version: web::Path<String>,
    form: web::Form<PromoteForm>,
) -> Result<HttpResponse, ApiError> {
    let Call { app, visit, .. } = call;
    let page = visit.page(Section::Models, &editor.staff);
    let t: &'static Words = page.t;
    let reason = form.reason.trim();
    let insistence = match (form.force.is_empty(), reason.is_empty()) {
        (true, _) => Insistence::Careful,
        (false, false) => Insistence::Forced { reason: reason.to_owned() },
        (false, true) => return refused(&app, page, &version, t.force_needs_reason).await,
    };
    match app.models.promote(&version, &editor.staff.name, insistence).await {
        Ok(()) => Ok(see_other("/console/models?notice=promoted")),
        Err(ApiError::GoldenRegressed(_)) => refused(&app, page, &version, t.promotion_refused).await,
        Err(other) => Err(other),
    }
}

async fn refused(app: &App, page: Page, version: &str, problem: &'static str) -> Result<HttpResponse, ApiError> {
    let step = StepPage::promotion(app, page, version).await?;
    render_as(StatusCode::CONFLICT, &StepPage { refused: true, problem: Some(problem), ..step })
}

#[get("/models/rollback")]
async fn confirm_rollback(app: web::Data<App>, editor: AsEditor, visit: Visit) -> Result<HttpResponse, ApiError> {
    let page = visit.page(Section::Models, &editor.staff);
    let latest = app.store.model_promotions().await?.into_iter().next();
    let Some(version) = latest.and_then(|latest| latest.fallback) else {
        return Ok(see_other("/console/models?notice=no_fallback"));
    };
    let step = StepPage::promotion(&app, page, &version).await?;
    let t = step.page.t;
    render(&StepPage {
        title: t.rollback_title.replace("{version}", &version),
        action: "/console/models/rollback".to_owned(),
        button: t.roll_back,
        refused: false,
        ..step
    })
}

#[post("/models/rollback")]
async fn rollback(app: web::Data<App>, editor: AsEditor) -> Result<HttpResponse, ApiError> {
    app.models.rollback(&editor.staff.name).await?;
    Ok(see_other("/console/models?notice=rolled_back"))
}
