//! Training jobs: start, watch, cancel.

use std::convert::Infallible;

use actix_web::http::header;
use actix_web::{HttpResponse, delete, get, post, web};
use bytes::Bytes;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use store::{Job, JobEvent, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::extract::Body;
use crate::app::App;
use crate::auth::{AsEditor, AsViewer};
use crate::error::{ApiError, Problem};
use crate::http::event_stream;
use crate::jobs::TrainRequest;

/// What to do.
#[derive(Debug, Deserialize, ToSchema)]
pub struct JobRequest {
    /// Only `train` so far.
    pub kind: String,
    /// Passes over the data; chosen by the data's size when absent.
    pub epochs: Option<u32>,
    pub seed: Option<u64>,
    /// Make the new model live when no golden conversation gets worse.
    #[serde(default)]
    pub promote: bool,
}

/// A job and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobReply {
    pub id: String,
    pub kind: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub status: String,
    /// The last progress: epoch, step, loss, accuracy, seconds left.
    #[schema(value_type = Object)]
    pub progress: Option<serde_json::Value>,
    /// Why it failed, in words.
    pub error: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
    /// Whether the service stopped or died while it ran, and it was taken up again from its last checkpoint.
    pub resumed: bool,
}

impl From<Job> for JobReply {
    fn from(job: Job) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            status: job.status.as_str().to_owned(),
            progress: job.progress,
            error: job.error,
            created_at: job.created_at,
            finished_at: job.finished_at,
            resumed: job.starts > 1,
        }
    }
}

/// Queues a job.
#[utoipa::path(tag = "training", request_body = JobRequest, responses((status = 202, body = JobReply), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/jobs")]
pub(super) async fn create(
    app: web::Data<App>,
    editor: AsEditor,
    body: Body<JobRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    if body.kind != "train" {
        return Err(ApiError::Invalid(format!("kind is {:?}; it can be \"train\"", body.kind)));
    }
    let request = TrainRequest { epochs: body.epochs, seed: body.seed, promote: body.promote };
    let job = app.jobs.train(&request, &editor.staff.name).await?;
    let place = (header::LOCATION, format!("/v1/jobs/{}", job.id));
    Ok(HttpResponse::Accepted().insert_header(place).json(JobReply::from(job)))
}

/// Lists the newest jobs.
#[utoipa::path(tag = "training", responses((status = 200, body = Vec<JobReply>)), security(("staff" = [])))]
#[get("/jobs")]
pub(super) async fn list(app: web::Data<App>, _staff: AsViewer) -> Result<HttpResponse, ApiError> {
    let jobs: Vec<JobReply> = app.store.job_list(50).await?.into_iter().map(JobReply::from).collect();
    Ok(HttpResponse::Ok().json(jobs))
}

/// Reads a job.
#[utoipa::path(tag = "training", params(("id" = String, Path)), responses((status = 200, body = JobReply), (status = 404, body = Problem)), security(("staff" = [])))]
#[get("/jobs/{id}")]
pub(super) async fn show(
    app: web::Data<App>,
    _staff: AsViewer,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(JobReply::from(app.store.job_get(&id).await?)))
}

/// Cancels a job; what is live stays live.
#[utoipa::path(tag = "training", params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)), security(("staff" = [])))]
#[delete("/jobs/{id}")]
pub(super) async fn cancel(
    app: web::Data<App>,
    _editor: AsEditor,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    app.store.job_get(&id).await?;
    app.jobs.cancel(&id).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Deserialize)]
pub(super) struct EventsQuery {
    after: Option<i64>,
}

/// A job's events as server-sent events, from the first (or `after`, or `Last-Event-ID`) to its end. A job that goes on
/// after the service stopped or died says `resumed`, then `continued` with the epochs that stand.
#[utoipa::path(tag = "training", params(("id" = String, Path), ("after" = Option<i64>, Query)),
    responses((status = 200, content_type = "text/event-stream", body = String)), security(("staff" = [])))]
#[get("/jobs/{id}/events")]
pub(super) async fn events(
    app: web::Data<App>,
    _staff: AsViewer,
    request: actix_web::HttpRequest,
    id: web::Path<String>,
    query: web::Query<EventsQuery>,
) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    app.store.job_get(&id).await?;
    let resumed = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let watcher = Watcher {
        store: app.store.clone(),
        news: app.jobs.news(),
        stopping: app.stopping.clone(),
        id,
        after: resumed.or(query.after).unwrap_or(0),
    };
    let frames = stream::unfold(Some(watcher), |watcher| async move { watcher?.next().await });
    Ok(event_stream(frames))
}

/// Where one watcher of a job stands.
struct Watcher {
    store: Store,
    news: watch::Receiver<u64>,
    stopping: CancellationToken,
    id: String,
    after: i64,
}

impl Watcher {
    /// The next frames, and the watcher for those after them; none once the job has ended or the service stops.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Option<Self>)> {
        loop {
            self.news.mark_unchanged();
            let job = self.store.job_get(&self.id).await.ok()?;
            let news = self.store.job_events_after(&self.id, self.after, 500).await.ok()?;
            if let Some(last) = news.last() {
                self.after = last.seq;
                return Some((Ok(news.iter().map(frame).collect::<String>().into()), Some(self)));
            }
            if job.status.is_final() {
                return None;
            }
            tokio::select! {
                news = self.news.changed() => news.ok()?,
                () = self.stopping.cancelled() => return None,
            }
        }
    }
}

fn frame(event: &JobEvent) -> String {
    let name = event.body["event"].as_str().unwrap_or("message");
    format!("id: {}\nevent: {name}\ndata: {}\n\n", event.seq, event.body)
}
