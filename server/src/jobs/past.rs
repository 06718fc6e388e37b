//! What a job that goes on has done already, as its log tells.

use serde_json::Value;
use store::{Job, Store};

const PAGE: usize = 500;

/// How far an earlier start of a job came behind its training.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The version of the model that was saved.
    pub(super) saved: Option<String>,
    /// Whether the model stands in the list.
    pub(super) is_registered: bool,
}

impl Past {
    /// Reads the log of a job that was begun before.
    pub(super) async fn of(store: &Store, job: &Job) -> anyhow::Result<Self> {
        let mut past = Self::default();
        let mut seen = 0;
        loop {
            let events = store.job_events_after(&job.id, seen, PAGE).await?;
            let Some(last) = events.last() else { return Ok(past) };
            seen = last.seq;
            events.iter().for_each(|event| past.note(&event.body));
        }
    }

    fn note(&mut self, event: &Value) {
        match event["event"].as_str() {
            Some("done") => self.saved = event["version"].as_str().map(str::to_owned),
            Some("registered") => self.is_registered = true,
            _ => {}
        }
    }
}
