//! Sole owner of SQL: conversations, FAQ with history, templates, labels, jobs, models, accounts, audit.
//! Refuses raw personal data by contract: callers redact before they call. The clock is the store's own;
//! only ends of validity come from the caller. What a call acknowledged is committed and synced.

mod accounts;
mod asked;
mod audit;
mod backup;
mod columns;
mod conversations;
mod database;
mod error;
mod export;
mod faq;
mod faq_bulk;
mod faq_import;
mod faq_pending;
mod faq_write;
mod gaps;
mod jobs;
mod labels;
mod messages;
mod models;
mod offers;
mod rated;
mod recorder;
mod revisions;
mod schema;
mod sessions;
mod settings;
mod templates;
mod tokens;
mod turns;
mod unanswered;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

pub use accounts::{Account, Role};
pub use asked::AskedQuestion;
pub use audit::{AuditEntry, AuditFilter};
pub use conversations::{Conversation, ConversationFilter, NewConversation, Status};
pub use error::Error;
pub use export::LogTurn;
pub use faq::{FaqDraft, FaqFilter, FaqRecord};
pub use faq_bulk::{BranchMove, BulkChange, BulkEdit, BulkOutcome, BulkTarget};
pub use faq_import::{ImportOutcome, ImportProgress, ImportWatcher};
pub use faq_pending::{PendingEdit, PendingState};
pub use gaps::{DecidedDraft, DraftDecision, DraftOutcome, Gap, PersonReply};
pub use jobs::{Job, JobEvent, JobStatus, JobUpdate};
pub use labels::Label;
pub use messages::{Feedback, Message, Rating, Speaker, StoredDecision};
pub use models::{ModelRecord, Promotion, PromotionKind};
pub use offers::{EntryUse, Offer, OfferPlace, OfferedQuestion};
pub use rated::RatedAnswer;
pub use sessions::Session;
pub use templates::TemplateRecord;
pub use tokens::ApiToken;
pub use turns::{Exchange, NewExchange};
pub use unanswered::{UnansweredGroup, question_key};

use database::Database;
use recorder::Recorder;

/// The open store; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    recorder: Recorder,
    revisions: watch::Sender<i64>,
}

impl Store {
    /// Opens `postgres://…`, `sqlite:PATH` or a plain path (made if missing) and brings its schema up to date.
    /// Must be called on the Tokio runtime that stays until the store is closed.
    pub async fn open(url: &str) -> Result<Self, Error> {
        Self::start(Database::open(url).await?).await
    }

    /// Opens an SQLite file, made if missing.
    pub async fn open_sqlite(path: &Path) -> Result<Self, Error> {
        Self::start(Database::open_sqlite(path).await?).await
    }

    async fn start(database: Database) -> Result<Self, Error> {
        let recorder = Recorder::start(database.clone());
        let (revisions, _) = watch::channel(revisions::read(&database).await?);
        let inner = Arc::new(Inner { database, recorder, revisions });
        revisions::follow(Arc::downgrade(&inner));
        faq_import::follow(Arc::downgrade(&inner));
        let store = Self { inner };
        if let Err(error) = store.finish_imports().await {
            tracing::warn!(%error, "an import that was interrupted cannot be finished yet");
        }
        Ok(store)
    }

    /// Finishes what was begun and closes every connection; later calls give `Error::Closed`.
    pub async fn close(&self) {
        self.inner.database.close().await;
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(self.read()).await?;
        Ok(())
    }

    fn database(&self) -> &Database {
        &self.inner.database
    }

    fn read(&self) -> &sqlx::AnyPool {
        &self.inner.database.readers
    }

    async fn write(&self) -> Result<sqlx::Transaction<'static, sqlx::Any>, Error> {
        self.inner.database.write().await
    }
}
