//! The queue of jobs: takes the oldest, runs it, records what happens, tells who watches.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Job, JobStatus, JobUpdate, Store};
use tokio::sync::{Notify, watch};
use utoipa::ToSchema;

use super::child::{Ending, Training};
use crate::home::Home;
use crate::models::{Insistence, Models};

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
}

#[derive(Debug)]
struct Shared {
    store: Store,
    home: Home,
    models: Arc<Models>,
    wake: Notify,
    /// Counts events, so that watchers know when to look again.
    news: watch::Sender<u64>,
    cancelled: Mutex<HashMap<String, Arc<Notify>>>,
}

impl JobRunner {
    /// Marks what an earlier process left running as failed, and begins to take jobs.
    pub async fn start(store: Store, home: Home, models: Arc<Models>) -> anyhow::Result<Self> {
        store.jobs_interrupted("the service stopped while this was running; start it again").await?;
        clear_scratch(&home)?;
        let (news, _) = watch::channel(0);
        let shared = Arc::new(Shared { store, home, models, wake: Notify::new(), news, cancelled: Mutex::default() });
        tokio::spawn(work(Arc::clone(&shared)));
        Ok(Self { shared })
    }

    /// Queues a training and returns its job.
    pub async fn train(&self, request: &TrainRequest, by: &str) -> anyhow::Result<Job> {
        let mut params = serde_json::to_value(request)?;
        params["by"] = json!(by);
        let job = self.shared.store.job_create("train", &params).await?;
        self.shared.wake.notify_one();
        Ok(job)
    }

    /// Stops a running job, or takes a waiting one out of the queue.
    pub async fn cancel(&self, id: &str) -> anyhow::Result<()> {
        let running = self.shared.cancelled.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        match running {
            Some(stop) => stop.notify_one(),
            None => {
                let cancelled = JobUpdate { status: Some(JobStatus::Cancelled), ..JobUpdate::default() };
                self.shared.store.job_update(id, &cancelled).await?;
            }
        }
        self.shared.tell();
        Ok(())
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

    async fn event(&self, job: &Job, event: &Value) -> anyhow::Result<()> {
        self.store.job_event_append(&job.id, event).await?;
        if event["event"] == "progress" {
            let progress = JobUpdate { progress: Some(event.clone()), ..JobUpdate::default() };
            self.store.job_update(&job.id, &progress).await?;
        }
        self.tell();
        Ok(())
    }
}

async fn work(shared: Arc<Shared>) {
    loop {
        match shared.store.job_claim().await {
            Ok(Some(job)) => run(&shared, job).await,
            Ok(None) => shared.wake.notified().await,
            Err(error) => {
                tracing::error!(%error, "the job queue cannot be read; trying again");
                tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            }
        }
    }
}

async fn run(shared: &Shared, job: Job) {
    let stop = Arc::new(Notify::new());
    shared.cancelled.lock().unwrap_or_else(PoisonError::into_inner).insert(job.id.clone(), Arc::clone(&stop));
    let outcome = train(shared, &job, &stop).await;
    shared.cancelled.lock().unwrap_or_else(PoisonError::into_inner).remove(&job.id);
    let (status, complaint) = match outcome {
        Ok(status) => (status, None),
        Err(error) => (JobStatus::Failed, Some(format!("{error:#}"))),
    };
    let last = json!({ "event": "end", "status": status, "message": complaint });
    if let Err(error) = shared.store.job_event_append(&job.id, &last).await {
        tracing::error!(%error, job = job.id, "the end of a job could not be recorded");
    }
    let ended = JobUpdate { status: Some(status), error: complaint, progress: None };
    if let Err(error) = shared.store.job_update(&job.id, &ended).await {
        tracing::error!(%error, job = job.id, "the end of a job could not be recorded");
    }
    shared.tell();
}

/// Exports what was learned from conversations, trains beside it, and takes the new model into the list.
async fn train(shared: &Shared, job: &Job, stop: &Notify) -> anyhow::Result<JobStatus> {
    let request = TrainRequest { promote: job.params["promote"] == true, ..request_of(&job.params) };
    let log = export_log(shared, job).await?;
    let bundle = shared.home.jobs().join(&job.id).join("model");
    let mut training = Training::start(&shared.home.bot(), &[log], &bundle, &request)?;
    loop {
        tokio::select! {
            event = training.next_event() => match event? {
                Some(event) => shared.event(job, &event).await?,
                None => break,
            },
            () = stop.notified() => {
                training.kill().await;
                return Ok(JobStatus::Cancelled);
            }
        }
    }
    if let Ending::Failed(complaint) = training.end().await? {
        anyhow::bail!(complaint);
    }
    let (version, golden) = shared.models.adopt(&bundle).await.context("the model was trained but cannot be used")?;
    shared.event(job, &json!({ "event": "registered", "version": version, "golden": golden })).await?;
    if request.promote {
        promote(shared, job, &version).await?;
    }
    Ok(JobStatus::Done)
}

async fn promote(shared: &Shared, job: &Job, version: &str) -> anyhow::Result<()> {
    let by = job.params["by"].as_str().unwrap_or("service");
    let event = match shared.models.promote(version, by, Insistence::Careful).await {
        Ok(()) => json!({ "event": "promoted", "version": version }),
        Err(error) => json!({ "event": "not_promoted", "version": version, "message": error.to_string() }),
    };
    shared.event(job, &event).await
}

fn request_of(params: &Value) -> TrainRequest {
    TrainRequest {
        epochs: params["epochs"].as_u64().and_then(|epochs| u32::try_from(epochs).ok()),
        seed: params["seed"].as_u64(),
        promote: false,
    }
}

/// Writes the stored conversations, already redacted, in the log format that training reads.
async fn export_log(shared: &Shared, job: &Job) -> anyhow::Result<PathBuf> {
    let folder = shared.home.jobs().join(&job.id);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("conversations.jsonl");
    let turns = shared.store.export_log().await.context("cannot read the stored conversations")?;
    let mut lines = Vec::new();
    for turn in &turns {
        serde_json::to_writer(&mut lines, turn)?;
        lines.push(b'\n');
    }
    std::fs::write(&path, lines).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// What a stopped service's jobs left in their scratch folders goes; finished bundles were moved out of them.
fn clear_scratch(home: &Home) -> anyhow::Result<()> {
    let jobs = home.jobs();
    std::fs::remove_dir_all(&jobs)
        .and_then(|()| std::fs::create_dir_all(&jobs))
        .with_context(|| format!("cannot clear {}", jobs.display()))
}
