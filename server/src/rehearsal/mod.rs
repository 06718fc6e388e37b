//! An edit of the FAQ tried out before it is saved: on a copy of the index in memory, with the live model and script,
//! against the entries beside it, what customers asked lately, and the golden conversations. Stores nothing.

mod golden;
mod near;
mod questions;

use std::sync::Arc;

use assistant::Assistant;
use dialogue::golden::GoldenConversation;
use jiff::Timestamp;
use retrieval::{Change, FaqEntry};
use serde::Serialize;
use store::AskedQuestion;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::ApiError;
pub use golden::GoldenChanges;
pub use near::{NearEntry, Relation};
pub use questions::{Answered, ChangedQuestion, QuestionChanges};

/// Days of questions that are asked again where nobody says how many.
pub const DAYS: i64 = 30;
/// Different questions that are asked again at most, the newest.
const MOST_QUESTIONS: usize = 400;
const A_DAY: i64 = 86_400_000;

/// Customers' answers come first, so one edit is tried at a time.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// What an edit would change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rehearsal {
    /// Whether the entry answers anybody today: it is enabled and valid.
    pub answers_today: bool,
    /// Entries of the same language that answer the same, the nearest first.
    pub near: Vec<NearEntry>,
    pub questions: QuestionChanges,
    pub golden: GoldenChanges,
}

/// Tries an entry out as it is written, in place of the one with the same id, on what was asked in the last days.
pub async fn rehearse(app: &App, entry: FaqEntry, days: i64) -> Result<Rehearsal, ApiError> {
    let _turn = ONE_AT_A_TIME.acquire().await.map_err(anyhow::Error::from)?;
    let now = Timestamp::now();
    let asked = app.store.asked_questions(now.as_millisecond() - days * A_DAY, MOST_QUESTIONS).await?;
    let (live, golden) = (Arc::clone(&app.assistant), app.models.golden());
    let run = move || Stage::set(&live, entry, now).map(|stage| stage.play(&asked, days, &golden));
    let rehearsal = actix_web::web::block(run).await?;
    Ok(rehearsal.map_err(anyhow::Error::from)?)
}

/// The service as it is, and as it would be with the edit.
struct Stage {
    entry: FaqEntry,
    now: Timestamp,
    before: Assistant,
    after: Assistant,
    near: Vec<NearEntry>,
}

impl Stage {
    fn set(live: &Assistant, entry: FaqEntry, now: Timestamp) -> Result<Self, retrieval::Error> {
        let copy = live.index().copied()?;
        let revision = copy.revision();
        copy.apply(&[Change::Delete(entry.id.clone())], revision)?;
        let threshold = copy.threshold(live.script().config.accepted_error_rate);
        let near = near::find(&copy, &entry, threshold);
        copy.apply(&[Change::Put(entry.clone())], revision)?;
        let (before, after) = (live.over(Arc::clone(live.index())), live.over(Arc::new(copy)));
        Ok(Self { entry, now, before, after, near })
    }

    fn play(self, asked: &[AskedQuestion], days: i64, golden: &[(String, GoldenConversation)]) -> Rehearsal {
        let today = self.after.script().today(self.now);
        Rehearsal {
            answers_today: self.entry.enabled && self.entry.is_valid_on(&today),
            questions: questions::ask_again(&self, asked, days),
            golden: golden::replay_both(&self, golden),
            near: self.near,
        }
    }
}
