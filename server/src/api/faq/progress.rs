//! How far an import is, as server-sent events for who asks for them: `progress`, then `done` or `failed`. The import goes
//! on where nobody listens any more.

use std::convert::Infallible;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use store::ImportProgress;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::transfer::ImportReply;
use crate::error::ApiError;
use crate::faq_follower::FaqFollower;
use crate::http::event_stream;

/// A listener hears so often at most.
const BETWEEN: Duration = Duration::from_millis(200);
/// An index that gets no further for so long is not waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The part of an import that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImportStep {
    /// Rows are compared with what is stored, and laid ready where they differ.
    Compare,
    /// What was laid ready becomes versions.
    Write,
    /// Searches come to see them.
    Index,
}

/// How far an import is; the data of its `progress` events.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct ImportNews {
    pub step: ImportStep,
    pub done: usize,
    pub of: usize,
    /// Seconds until this step ends, as far as its pace so far tells.
    pub seconds_left: Option<f64>,
}

/// Tells who listens how far an import is.
#[derive(Debug)]
pub(super) struct Teller {
    news: watch::Sender<Option<ImportNews>>,
    /// When the step began, and what was done of it by then.
    begun: Mutex<Option<(ImportStep, Instant, usize)>>,
}

impl Teller {
    pub(super) fn store_is_at(&self, progress: ImportProgress) {
        let ImportProgress { rows, compared, ready, written } = progress;
        if compared < rows {
            self.tell(ImportStep::Compare, compared, rows);
        } else {
            self.tell(ImportStep::Write, written, ready);
        }
    }

    fn tell(&self, step: ImportStep, done: usize, of: usize) {
        // A thread that panicked while it held the lock left a whole value.
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, at_first) = match *begun {
            Some((known, since, at_first)) if known == step => (since, at_first),
            _ => (Instant::now(), done),
        };
        *begun = Some((step, since, at_first));
        let pace = (done.saturating_sub(at_first)) as f64 / since.elapsed().as_secs_f64().max(1e-3);
        let seconds_left = (pace > 0.0).then(|| of.saturating_sub(done) as f64 / pace);
        self.news.send_replace(Some(ImportNews { step, done, of, seconds_left }));
    }

    /// Waits until searches see a revision, which `n_written` entries end with; whether they do.
    pub(super) async fn follow_index(&self, faq: &FaqFollower, revision: i64, n_written: usize) -> bool {
        let mut searchable = faq.searchable();
        loop {
            let seen = *searchable.borrow_and_update();
            let missing = usize::try_from(revision - seen).unwrap_or(0);
            self.tell(ImportStep::Index, n_written.saturating_sub(missing), n_written);
            if missing == 0 {
                return true;
            }
            if !matches!(tokio::time::timeout(PATIENCE, searchable.changed()).await, Ok(Ok(()))) {
                return false;
            }
        }
    }
}

/// Begins an import beside the request and answers with its events.
pub(super) fn followed<Done>(stopping: CancellationToken, begin: impl FnOnce(Teller) -> Done) -> HttpResponse
where
    Done: Future<Output = Result<ImportReply, ApiError>> + Send + 'static,
{
    let (news, heard) = watch::channel(None);
    let import = tokio::spawn(begin(Teller { news, begun: Mutex::default() }));
    let listener = Listener { heard, import, stopping };
    event_stream(stream::unfold(Some(listener), |listener| async move { listener?.next().await }))
}

struct Listener {
    heard: watch::Receiver<Option<ImportNews>>,
    import: JoinHandle<Result<ImportReply, ApiError>>,
    stopping: CancellationToken,
}

impl Listener {
    /// The next event, and the listener for those after it; none after the last one or once the service stops.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Option<Self>)> {
        tokio::select! {
            ended = &mut self.import => Some((Ok(last_event(ended)), None)),
            () = self.stopping.cancelled() => None,
            news = next_news(&mut self.heard) => Some((Ok(event("progress", &news)), Some(self))),
        }
    }
}

/// The newest word on how far the import is, not too soon after the one before; for ever nothing once no more comes.
async fn next_news(heard: &mut watch::Receiver<Option<ImportNews>>) -> Option<ImportNews> {
    tokio::time::sleep(BETWEEN).await;
    if heard.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    *heard.borrow_and_update()
}

fn last_event(ended: Result<Result<ImportReply, ApiError>, tokio::task::JoinError>) -> Bytes {
    match ended.map_err(|error| ApiError::Internal(error.into())) {
        Ok(Ok(reply)) => event("done", &reply),
        Ok(Err(error)) | Err(error) => {
            if let ApiError::Internal(source) = &error {
                tracing::error!(error = format!("{source:#}"), "an import failed");
            }
            event("failed", &error.problem())
        }
    }
}

fn event(name: &str, data: &impl Serialize) -> Bytes {
    // Replies, problems and progress are text, numbers and lists, which always serialise.
    let data = serde_json::to_string(data).expect("an event is always valid JSON");
    format!("event: {name}\ndata: {data}\n\n").into()
}
