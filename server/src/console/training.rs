//! Training in the console: start it, watch it learn, stop it, and see what became of earlier ones.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use store::{Job, JobEvent};

use super::links::with_query;
use super::page::{Page, Section, Visit, render, see_other};
use super::trace::percent;
use super::words::{Words, n};
use crate::app::App;
use crate::auth::{AsEditor, AsViewer};
use crate::error::ApiError;
use crate::jobs::TrainRequest;

const JOBS_SHOWN: usize = 30;
const MOST_EVENTS: usize = 10_000;

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes.service(show).service(start).service(cancel);
}

/// One line of the list of jobs.
struct JobRow {
    id: String,
    status: &'static str,
    status_name: &'static str,
    by: String,
    created_at: i64,
    seconds: Option<String>,
    error: Option<String>,
    open: bool,
}

/// The job that is shown in full.
struct JobView {
    id: String,
    status: &'static str,
    status_name: &'static str,
    /// Whether more will happen.
    live: bool,
    by: String,
    created_at: i64,
    /// Share of the steps done, of 100.
    done: String,
    left: String,
    error: Option<String>,
    epochs: Vec<EpochRow>,
    /// What happened besides learning, in order.
    news: Vec<String>,
    promote: bool,
}

/// The end of one pass over the data.
struct EpochRow {
    epoch: String,
    loss: String,
    train_accuracy: String,
    validation_loss: String,
    validation_accuracy: String,
}

#[derive(Template)]
#[template(path = "console/training.html")]
struct TrainingPage {
    page: Page,
    job: Option<JobView>,
    jobs: Vec<JobRow>,
    busy: bool,
}

#[derive(Debug, Deserialize)]
struct JobQuery {
    job: Option<String>,
}

#[get("/training")]
async fn show(
    app: web::Data<App>,
    viewer: AsViewer,
    visit: Visit,
    query: web::Query<JobQuery>,
) -> Result<HttpResponse, ApiError> {
    let page = visit.page(Section::Training, &viewer.staff);
    let jobs = app.store.job_list(JOBS_SHOWN).await?;
    let shown = match &query.job {
        Some(id) => Some(app.store.job_get(id).await?),
        None => jobs.iter().find(|job| !job.status.is_final()).or(jobs.first()).cloned(),
    };
    let job = match &shown {
        Some(job) => {
            let events = app.store.job_events_after(&job.id, 0, MOST_EVENTS).await?;
            Some(job_view(job, &events, page.t))
        }
        None => None,
    };
    let busy = jobs.iter().any(|job| !job.status.is_final());
    let open = shown.as_ref().map(|job| job.id.as_str());
    let jobs = jobs.iter().map(|job| job_row(job, open, page.t)).collect();
    render(&TrainingPage { page, job, jobs, busy })
}

fn job_row(job: &Job, open: Option<&str>, t: &'static Words) -> JobRow {
    let seconds = job.started_at.zip(job.finished_at).map(|(from, to)| duration((to - from) as f64 / 1000.0, t));
    JobRow {
        status: job.status.as_str(),
        status_name: t.one_of("job", job.status.as_str()),
        by: job.params["by"].as_str().unwrap_or_default().to_owned(),
        created_at: job.created_at,
        seconds,
        error: job.error.clone(),
        open: open == Some(job.id.as_str()),
        id: job.id.clone(),
    }
}

fn job_view(job: &Job, events: &[JobEvent], t: &'static Words) -> JobView {
    let progress = job.progress.as_ref().unwrap_or(&Value::Null);
    let share = match (progress["step"].as_f64(), progress["steps"].as_f64()) {
        (Some(step), Some(steps)) if steps > 0.0 => (step / steps * 100.0).clamp(0.0, 100.0),
        _ => 0.0,
    };
    let live = !job.status.is_final();
    let left = progress["seconds_left"].as_f64().filter(|_| live).map(|seconds| n(t.time_left, duration(seconds, t)));
    JobView {
        id: job.id.clone(),
        status: job.status.as_str(),
        status_name: t.one_of("job", job.status.as_str()),
        live,
        by: job.params["by"].as_str().unwrap_or_default().to_owned(),
        created_at: job.created_at,
        done: format!("{share:.1}"),
        left: left.unwrap_or_default(),
        error: job.error.clone(),
        epochs: epoch_rows(events),
        news: events.iter().filter_map(|event| news(&event.body, t)).collect(),
        promote: job.params["promote"] == true,
    }
}

/// The rows of all epochs; of a training that went on from a checkpoint, those behind it are there once.
fn epoch_rows(events: &[JobEvent]) -> Vec<EpochRow> {
    let (mut rows, mut before) = (Vec::new(), Vec::new());
    for JobEvent { body, .. } in events {
        match body["event"].as_str() {
            Some("data") => before = std::mem::take(&mut rows),
            Some("continued") => {
                before.truncate(body["reports"].as_u64().map_or(usize::MAX, |reports| reports as usize));
                rows = std::mem::take(&mut before);
            }
            _ => rows.extend(epoch_row(body)),
        }
    }
    rows
}

/// The row of a report that ends an epoch.
fn epoch_row(event: &Value) -> Option<EpochRow> {
    let validation = event.get("validation").filter(|validation| validation.is_object())?;
    let loss = |value: &Value| value.as_f64().map_or_else(String::new, |loss| format!("{loss:.3}"));
    let share = |value: &Value| value.as_f64().map_or_else(String::new, |share| percent(share as f32));
    Some(EpochRow {
        epoch: event["epoch"].to_string(),
        loss: loss(&event["loss"]),
        train_accuracy: share(&event["train_accuracy"]),
        validation_loss: loss(&validation["loss"]),
        validation_accuracy: share(&validation["accuracy"]),
    })
}

/// What a job did besides learning.
fn news(event: &Value, t: &'static Words) -> Option<String> {
    let version = event["version"].as_str().unwrap_or_default();
    let count = |list: &Value| list.as_array().map_or(0, Vec::len);
    match event["event"].as_str()? {
        "resumed" => Some(t.news_resumed.to_owned()),
        "continued" => Some(t.news_continued.replace("{epoch}", &event["epoch"].to_string())),
        "registered" => {
            let (passed, failed) = (count(&event["golden"]["passed"]), count(&event["golden"]["failed"]));
            Some(
                t.news_registered
                    .replace("{version}", version)
                    .replace("{passed}", &passed.to_string())
                    .replace("{all}", &(passed + failed).to_string()),
            )
        }
        "promoted" => Some(t.news_promoted.replace("{version}", version)),
        "not_promoted" => {
            let message = event["message"].as_str().unwrap_or_default();
            let regressed = message.contains("golden conversations");
            let words = if regressed { t.news_regressed } else { t.news_not_promoted };
            let words = words.replace("{version}", version);
            Some(if regressed { words } else { format!("{words} {message}") })
        }
        "data" => {
            let number = |value: &Value| value.as_u64().unwrap_or_default().to_string();
            let labelled = number(&event["by_origin"]["labelled"]);
            let words = t.news_data.replace("{train}", &number(&event["train"]));
            Some(words.replace("{validation}", &number(&event["validation"])).replace("{labelled}", &labelled))
        }
        _ => None,
    }
}

/// Seconds as people say them.
fn duration(seconds: f64, t: &'static Words) -> String {
    let seconds = seconds.max(0.0).round() as i64;
    if seconds < 90 { n(t.seconds, seconds) } else { n(t.minutes, (seconds + 30) / 60) }
}

#[derive(Debug, Deserialize)]
struct TrainForm {
    #[serde(default)]
    promote: String,
    #[serde(default)]
    epochs: String,
}

#[post("/training")]
async fn start(app: web::Data<App>, editor: AsEditor, form: web::Form<TrainForm>) -> Result<HttpResponse, ApiError> {
    let epochs = match form.epochs.trim() {
        "" => None,
        text => match text.parse() {
            Ok(epochs @ 1..=1_000) => Some(epochs),
            _ => return Err(ApiError::Invalid(format!("epochs is {text:?}; it can be 1 to 1000, or empty"))),
        },
    };
    let request = TrainRequest { epochs, promote: !form.promote.is_empty(), ..TrainRequest::default() };
    let job = app.jobs.train(&request, &editor.staff.name).await?;
    Ok(see_other(&with_query("/console/training", &[("job", &job.id)])))
}

#[post("/training/{id}/cancel")]
async fn cancel(app: web::Data<App>, _editor: AsEditor, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    app.store.job_get(&id).await?;
    app.jobs.cancel(&id).await?;
    Ok(see_other(&with_query("/console/training", &[("job", &id), ("notice", "cancelled")])))
}
