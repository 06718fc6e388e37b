//! Lets what customers say of FAQ answers count in the search: read from the store soon after somebody said something, and
//! now and then, as other nodes of the service hear customers too.

use std::sync::Arc;
use std::time::Duration;

use retrieval::{FaqIndex, RatedAnswer};
use store::Store;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How often the store is asked though nobody here said anything.
const POLL: Duration = Duration::from_secs(60);
/// The pause after each look, however much is said.
const PAUSE: Duration = Duration::from_secs(5);
/// What was said earlier than this, in milliseconds, or before so many others, counts no more.
const REMEMBERED: i64 = 180 * 24 * 3_600_000;
const MOST: usize = 5_000;

/// Keeps the ratings that searches know level with the store.
#[derive(Debug)]
pub struct RatingsFollower {
    wake: Arc<Notify>,
    worker: JoinHandle<()>,
}

impl RatingsFollower {
    /// Begins to follow.
    pub fn start(store: Store, index: Arc<FaqIndex>) -> Self {
        let wake = Arc::new(Notify::new());
        let worker = tokio::spawn(follow(store, index, Arc::clone(&wake)));
        Self { wake, worker }
    }

    /// Somebody said something.
    pub fn heard(&self) {
        self.wake.notify_one();
    }
}

impl Drop for RatingsFollower {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

async fn follow(store: Store, index: Arc<FaqIndex>, wake: Arc<Notify>) {
    let mut known = Vec::new();
    loop {
        if let Err(error) = take_over(&store, &index, &mut known).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "what customers said of answers cannot be read; the last counts"
            );
        }
        tokio::time::sleep(PAUSE).await;
        // What wakes in vain only looks once more.
        let _ = tokio::time::timeout(POLL, wake.notified()).await;
    }
}

/// Reads what was said, and where that is something else than before lets it count.
async fn take_over(store: &Store, index: &Arc<FaqIndex>, known: &mut Vec<RatedAnswer>) -> anyhow::Result<()> {
    let since = jiff::Timestamp::now().as_millisecond() - REMEMBERED;
    let said = store.rated_answers(since, MOST).await?;
    let said: Vec<RatedAnswer> = said
        .into_iter()
        .map(|word| RatedAnswer { question: word.question, faq_id: word.faq_id, helpful: word.helpful })
        .collect();
    if said != *known {
        let index = Arc::clone(index);
        *known = tokio::task::spawn_blocking(move || index.set_ratings(&said).map(|()| said)).await??;
    }
    Ok(())
}
