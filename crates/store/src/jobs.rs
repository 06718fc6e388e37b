//! Background jobs and the log of what they reported. Running them is the server's business.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::any::AnyRow;

use crate::columns::{Columns, to_json, words};
use crate::database::{limited, new_id, now};
use crate::{Error, Store};

words! {
    /// Where a job stands; the last three are final.
    JobStatus { Queued = "queued", Running = "running", Done = "done", Failed = "failed", Cancelled = "cancelled" }
}

impl JobStatus {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: String,
    pub kind: String,
    pub status: JobStatus,
    pub params: Value,
    /// What it reported last.
    pub progress: Option<Value>,
    pub error: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub updated_at: i64,
    /// How often it was begun: more than once where the service stopped or died under it.
    pub starts: i64,
    /// How often the service died under it.
    pub crashes: i64,
    /// Whether somebody wants it cancelled; kept so that a crash does not forget it.
    pub cancel_asked: bool,
}

/// What changes; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct JobUpdate {
    pub status: Option<JobStatus>,
    pub progress: Option<Value>,
    pub error: Option<String>,
}

/// One thing a job reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobEvent {
    /// Counts the job's events from one, without gaps.
    pub seq: i64,
    pub at: i64,
    pub body: Value,
}

macro_rules! job_columns {
    () => {
        "id, kind, status, params, progress, error, created_at, started_at, finished_at, updated_at, starts, crashes, \
         cancel_asked"
    };
}

impl Store {
    /// Queues a job.
    pub async fn job_create(&self, kind: &str, params: &Value) -> Result<Job, Error> {
        let mut transaction = self.write().await?;
        let row = sqlx::query(concat!(
            "INSERT INTO jobs (id, kind, status, params, last_event, created_at, updated_at) \
             VALUES ($1, $2, 'queued', $3, 0, $4, $4) RETURNING ",
            job_columns!()
        ))
        .bind(new_id())
        .bind(kind)
        .bind(to_json("params", params)?)
        .bind(now())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        read_job(&row)
    }

    /// The job with this id.
    pub async fn job_get(&self, id: &str) -> Result<Job, Error> {
        let row = sqlx::query(concat!("SELECT ", job_columns!(), " FROM jobs WHERE id = $1"))
            .bind(id)
            .fetch_optional(self.read())
            .await?;
        read_job(&row.ok_or_else(|| Error::not_found("job", id))?)
    }

    /// Jobs, the newest first.
    pub async fn job_list(&self, limit: usize) -> Result<Vec<Job>, Error> {
        let rows =
            sqlx::query(concat!("SELECT ", job_columns!(), " FROM jobs ORDER BY created_at DESC, id DESC LIMIT $1"))
                .bind(limited(limit))
                .fetch_all(self.read())
                .await?;
        rows.iter().map(read_job).collect()
    }

    /// Jobs that wait, the oldest first.
    pub async fn job_list_queued(&self) -> Result<Vec<Job>, Error> {
        let sql = concat!("SELECT ", job_columns!(), " FROM jobs WHERE status = 'queued' ORDER BY created_at, id");
        let rows = sqlx::query(sql).fetch_all(self.read()).await?;
        rows.iter().map(read_job).collect()
    }

    /// Takes the oldest queued job and marks it running; two callers never get the same one.
    pub async fn job_claim(&self) -> Result<Option<Job>, Error> {
        let mut transaction = self.write().await?;
        let row = sqlx::query(concat!(
            "UPDATE jobs SET status = 'running', starts = starts + 1, started_at = COALESCE(started_at, $1), \
             updated_at = $1 WHERE status = 'queued' AND id = \
             (SELECT id FROM jobs WHERE status = 'queued' ORDER BY created_at, id LIMIT 1) RETURNING ",
            job_columns!()
        ))
        .bind(now())
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        row.as_ref().map(read_job).transpose()
    }

    /// Changes a job that is not final; a final one is given back as it is.
    pub async fn job_update(&self, id: &str, update: &JobUpdate) -> Result<Job, Error> {
        let progress = update.progress.as_ref().map(|progress| to_json("progress", progress)).transpose()?;
        let finished = update.status.is_some_and(JobStatus::is_final);
        let started = update.status == Some(JobStatus::Running);
        let mut transaction = self.write().await?;
        let row = sqlx::query(concat!(
            "UPDATE jobs SET status = COALESCE($2, status), progress = COALESCE($3, progress), error = COALESCE($4, error), \
             updated_at = $5, started_at = CASE WHEN $6 = 1 THEN COALESCE(started_at, $5) ELSE started_at END, \
             finished_at = CASE WHEN $7 = 1 THEN $5 ELSE finished_at END \
             WHERE id = $1 AND status IN ('queued', 'running') RETURNING ",
            job_columns!()
        ))
        .bind(id)
        .bind(update.status.map(JobStatus::as_str))
        .bind(progress)
        .bind(&update.error)
        .bind(now())
        .bind(i64::from(started))
        .bind(i64::from(finished))
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        match row {
            Some(row) => read_job(&row),
            None => self.job_get(id).await,
        }
    }

    /// Cancels a waiting job; of a running one it keeps the wish, which whoever runs it obeys.
    pub async fn job_cancel(&self, id: &str) -> Result<Job, Error> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "UPDATE jobs SET cancel_asked = 1, finished_at = CASE WHEN status = 'queued' THEN $2 ELSE finished_at END, \
             status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END, updated_at = $2 \
             WHERE id = $1 AND status IN ('queued', 'running')",
        )
        .bind(id)
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.job_get(id).await
    }

    /// Puts a running job back into the queue: whoever ran it stops in good order.
    pub async fn job_requeue(&self, id: &str) -> Result<Job, Error> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE jobs SET status = 'queued', updated_at = $2 WHERE id = $1 AND status = 'running'")
            .bind(id)
            .bind(now())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.job_get(id).await
    }

    /// Settles what a process that died left running: queued again, cancelled where that was asked for, or failed with
    /// the given reason where it is the `most`-th time. Gives them as they are now.
    pub async fn jobs_left_running(&self, most: i64, reason: &str) -> Result<Vec<Job>, Error> {
        let mut transaction = self.write().await?;
        let rows = sqlx::query(concat!(
            "UPDATE jobs SET crashes = crashes + 1, updated_at = $3, status = CASE WHEN cancel_asked = 1 THEN 'cancelled' \
             WHEN crashes + 1 >= $1 THEN 'failed' ELSE 'queued' END, \
             error = CASE WHEN cancel_asked = 0 AND crashes + 1 >= $1 THEN $2 ELSE error END, \
             finished_at = CASE WHEN cancel_asked = 1 OR crashes + 1 >= $1 THEN $3 ELSE finished_at END \
             WHERE status = 'running' RETURNING ",
            job_columns!()
        ))
        .bind(most)
        .bind(reason)
        .bind(now())
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        rows.iter().map(read_job).collect()
    }

    /// Adds to a job's log; gives the event's number.
    pub async fn job_event_append(&self, id: &str, body: &Value) -> Result<i64, Error> {
        let at = now();
        let mut transaction = self.write().await?;
        let row = sqlx::query(
            "UPDATE jobs SET last_event = last_event + 1, updated_at = $2 WHERE id = $1 RETURNING last_event",
        )
        .bind(id)
        .bind(at)
        .fetch_optional(&mut *transaction)
        .await?;
        let row = row.ok_or_else(|| Error::not_found("job", id))?;
        let seq = Columns(&row).integer("last_event")?;
        sqlx::query("INSERT INTO job_events (job_id, seq, at, body) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(seq)
            .bind(at)
            .bind(to_json("body", body)?)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(seq)
    }

    /// A job's events behind number `seq`, in order.
    pub async fn job_events_after(&self, id: &str, seq: i64, limit: usize) -> Result<Vec<JobEvent>, Error> {
        let rows =
            sqlx::query("SELECT seq, at, body FROM job_events WHERE job_id = $1 AND seq > $2 ORDER BY seq LIMIT $3")
                .bind(id)
                .bind(seq)
                .bind(limited(limit))
                .fetch_all(self.read())
                .await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(row);
                Ok(JobEvent { seq: columns.integer("seq")?, at: columns.integer("at")?, body: columns.json("body")? })
            })
            .collect()
    }
}

fn read_job(row: &AnyRow) -> Result<Job, Error> {
    let columns = Columns(row);
    Ok(Job {
        id: columns.text("id")?,
        kind: columns.text("kind")?,
        status: columns.word("status")?,
        params: columns.json("params")?,
        progress: columns.optional_json("progress")?,
        error: columns.optional_text("error")?,
        created_at: columns.integer("created_at")?,
        started_at: columns.optional_integer("started_at")?,
        finished_at: columns.optional_integer("finished_at")?,
        updated_at: columns.integer("updated_at")?,
        starts: columns.integer("starts")?,
        crashes: columns.integer("crashes")?,
        cancel_asked: columns.integer("cancel_asked")? == 1,
    })
}
