//! One training from the exported conversations to a model in the list, each step done once however often the service
//! dies between them.

use anyhow::Context as _;
use serde_json::{Value, json};
use store::Job;
use tokio_util::sync::CancellationToken;

use super::child::{Ending, Training};
use super::past::Past;
use super::runner::{Shared, TrainRequest};
use super::scratch::Scratch;
use crate::models::Insistence;

/// Where a job stands once its work returns without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Cancelled,
    /// The service stops; the job goes on when it is started again.
    Waits,
}

/// Exports what was learned from conversations, trains beside it, and takes the new model into the list. What an earlier
/// start of the job has done is not done again.
pub(super) async fn train(shared: &Shared, job: &Job, cancel: &CancellationToken) -> anyhow::Result<Outcome> {
    let past = if job.starts > 1 { Past::of(&shared.store, job).await? } else { Past::default() };
    if job.starts > 1 {
        shared.event(job, &json!({ "event": "resumed", "start": job.starts, "crashes": job.crashes })).await?;
    }
    let version = match registered_before(shared, job, &past).await? {
        Some(version) => version,
        None => {
            let scratch = Scratch::of(&shared.home, job);
            if !scratch.bundle().exists() {
                let outcome = learn(shared, job, &scratch, cancel).await?;
                if outcome != Outcome::Done {
                    return Ok(outcome);
                }
            }
            let adopted = shared.models.adopt(&scratch.bundle()).await;
            let (version, golden) = adopted.context("the model was trained but cannot be used")?;
            shared.event(job, &registered(&version, &golden)).await?;
            version
        }
    };
    if cancel.is_cancelled() {
        return Ok(Outcome::Cancelled);
    }
    if job.params["promote"] == true {
        promote(shared, job, &version).await?;
    }
    Ok(Outcome::Done)
}

/// The version of the model that an earlier start of the job has put among the home's, now in the list in any case.
async fn registered_before(shared: &Shared, job: &Job, past: &Past) -> anyhow::Result<Option<String>> {
    let Some(version) = &past.saved else { return Ok(None) };
    let Some(golden) = shared.models.adopt_moved(version).await? else { return Ok(None) };
    if !past.is_registered {
        shared.event(job, &registered(version, &golden)).await?;
    }
    Ok(Some(version.clone()))
}

/// Runs the training process to its end, or until somebody wants it to stop.
async fn learn(shared: &Shared, job: &Job, scratch: &Scratch, cancel: &CancellationToken) -> anyhow::Result<Outcome> {
    if cancel.is_cancelled() {
        return Ok(Outcome::Cancelled);
    }
    let log = scratch.export_log(&shared.store).await?;
    let mut training = Training::start(&shared.home.bot(), &[log], &scratch.bundle(), &request_of(&job.params))?;
    loop {
        tokio::select! {
            event = training.next_event() => match event? {
                Some(event) => shared.event(job, &event).await?,
                None => break,
            },
            () = cancel.cancelled() => {
                training.kill().await;
                return Ok(Outcome::Cancelled);
            }
            () = shared.stopping.cancelled() => {
                training.kill().await;
                return Ok(Outcome::Waits);
            }
        }
    }
    match training.end().await? {
        Ending::Finished => Ok(Outcome::Done),
        Ending::Failed(complaint) => Err(anyhow::anyhow!(complaint)),
    }
}

async fn promote(shared: &Shared, job: &Job, version: &str) -> anyhow::Result<()> {
    let by = job.params["by"].as_str().unwrap_or("service");
    let event = match shared.models.promote(version, by, Insistence::Careful).await {
        Ok(()) => json!({ "event": "promoted", "version": version }),
        Err(error) => json!({ "event": "not_promoted", "version": version, "message": error.to_string() }),
    };
    shared.event(job, &event).await
}

fn registered(version: &str, golden: &crate::models::GoldenOutcome) -> Value {
    json!({ "event": "registered", "version": version, "golden": golden })
}

fn request_of(params: &Value) -> TrainRequest {
    TrainRequest {
        epochs: params["epochs"].as_u64().and_then(|epochs| u32::try_from(epochs).ok()),
        seed: params["seed"].as_u64(),
        promote: false,
    }
}
