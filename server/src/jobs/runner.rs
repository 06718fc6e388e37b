//! The queue of jobs: takes the oldest, runs it, records what happens, tells who watches; after a crash it takes up again
//! what was running.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Job, JobStatus, JobUpdate, Store};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::scratch::{self, Scratch};
use super::training::{self, Outcome};
use crate::home::Home;
use crate::models::Models;

/// A job is given up when the service has died under it so many times.
const MOST_CRASHES: i64 = 3;
/// How long a stopping service waits for a job that is between two steps.
const STOP: Duration = Duration::from_secs(10);

/// What a training may be told.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrainRequest {
    /// Passes over the data; chosen by the data's size when absent.
    pub epochs: Option<u32>,
    pub seed: Option<u64>,
    /// Make the new model live when no golden conversation gets worse.
    pub promote: bool,
}

/// Runs jobs one after another.
#[derive(Clone, Debug)]
pub struct JobRunner {
    shared: Arc<Shared>,
    worker: Arc<Mutex<Option<JoinHandle<()>>>>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) home: Home,
    pub(super) models: Arc<Models>,
    pub(super) stopping: CancellationToken,
    wake: Notify,
    /// Counts events, so that watchers know when to look again.
    news: watch::Sender<u64>,
    running: Mutex<HashMap<String, CancellationToken>>,
}

impl JobRunner {
    /// Settles what an earlier process left running, and begins to take jobs.
    pub async fn start(store: Store, home: Home, models: Arc<Models>) -> anyhow::Result<Self> {
        let (news, _) = watch::channel(0);
        let (wake, running, stopping) = (Notify::new(), Mutex::default(), CancellationToken::new());
        let shared = Arc::new(Shared { store, home, models, stopping, wake, news, running });
        shared.settle().await?;
        let worker = Arc::new(Mutex::new(Some(tokio::spawn(work(Arc::clone(&shared))))));
        Ok(Self { shared, worker })
    }

    /// Queues a training and returns its job.
    pub async fn train(&self, request: &TrainRequest, by: &str) -> anyhow::Result<Job> {
        let mut params = serde_json::to_value(request)?;
        params["by"] = json!(by);
        let job = self.shared.store.job_create("train", &params).await?;
        self.shared.wake.notify_one();
        Ok(job)
    }

    /// Stops a running job, or takes a waiting one out of the queue; the wish is on the disk when this returns.
    pub async fn cancel(&self, id: &str) -> anyhow::Result<()> {
        self.shared.store.job_cancel(id).await?;
        if let Some(cancel) = self.shared.running().get(id) {
            cancel.cancel();
        }
        self.shared.tell();
        Ok(())
    }

    /// Stops in good order: the job that runs waits for the next start.
    pub async fn stop(&self) {
        self.shared.stopping.cancel();
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(worker) = worker
            && tokio::time::timeout(STOP, worker).await.is_err()
        {
            tracing::warn!("a job did not stop in time; it is taken up again at the next start");
        }
    }

    /// Changes whenever any job says something new.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }
}

impl Shared {
    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn event(&self, job: &Job, event: &Value) -> anyhow::Result<()> {
        self.store.job_event_append(&job.id, event).await?;
        if event["event"] == "progress" {
            let progress = JobUpdate { progress: Some(event.clone()), ..JobUpdate::default() };
            self.store.job_update(&job.id, &progress).await?;
        }
        self.tell();
        Ok(())
    }

    /// Queues again what was running when an earlier process died, or gives it up, and clears the folders of all others.
    async fn settle(&self) -> anyhow::Result<()> {
        let reason = format!(
            "the service died {MOST_CRASHES} times while this job ran, so it is not started again; see the service's log \
             and the machine's memory and disk, then start a new job"
        );
        for job in self.store.jobs_left_running(MOST_CRASHES, &reason).await? {
            tracing::warn!(
                job = job.id,
                crashes = job.crashes,
                status = job.status.as_str(),
                "the service died under a job"
            );
            if job.status.is_final() {
                self.event(&job, &end(job.status, job.error.as_deref())).await?;
            }
        }
        scratch::clear_all_but(&self.home, &self.store.job_list_queued().await?)
    }

    /// Records how a job ended, in its log and in the list.
    async fn finish(&self, job: &Job, status: JobStatus, error: Option<String>) -> anyhow::Result<()> {
        self.store.job_event_append(&job.id, &end(status, error.as_deref())).await?;
        let ended = JobUpdate { status: Some(status), error, progress: None };
        self.store.job_update(&job.id, &ended).await?;
        Ok(())
    }
}

fn end(status: JobStatus, message: Option<&str>) -> Value {
    json!({ "event": "end", "status": status, "message": message })
}

async fn work(shared: Arc<Shared>) {
    while !shared.stopping.is_cancelled() {
        match shared.store.job_claim().await {
            Ok(Some(job)) => run(&shared, job).await,
            Ok(None) => tokio::select! {
                () = shared.wake.notified() => {}
                () = shared.stopping.cancelled() => {}
            },
            Err(error) => {
                tracing::error!(%error, "the job queue cannot be read; trying again");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}

async fn run(shared: &Shared, job: Job) {
    let cancel = CancellationToken::new();
    shared.running().insert(job.id.clone(), cancel.clone());
    // A wish that came before the job stood among the running ones is in the store.
    if shared.store.job_get(&job.id).await.is_ok_and(|job| job.cancel_asked) {
        cancel.cancel();
    }
    let outcome = training::train(shared, &job, &cancel).await;
    shared.running().remove(&job.id);
    let waits = matches!(outcome, Ok(Outcome::Waits));
    let recorded = match outcome {
        Ok(Outcome::Waits) => shared.store.job_requeue(&job.id).await.map(|_| ()).map_err(Into::into),
        Ok(Outcome::Done) => shared.finish(&job, JobStatus::Done, None).await,
        Ok(Outcome::Cancelled) => shared.finish(&job, JobStatus::Cancelled, None).await,
        Err(error) => shared.finish(&job, JobStatus::Failed, Some(format!("{error:#}"))).await,
    };
    match recorded {
        Ok(()) if !waits => Scratch::of(&shared.home, &job).clear(),
        Ok(()) => {}
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), job = job.id, "the end of a job cannot be recorded");
        }
    }
    shared.tell();
}
