//! Questions offered to customers before they have asked: while they type, and under an answer. What is offered comes from
//! the live index.

mod settings;

use std::sync::{Arc, PoisonError, RwLock};

use assistant::Assistant;
use dialogue::{Action, Decision, HandoffState, Language, QuickReply};
use retrieval::{RelatedQuery, SuggestQuery, Suggestion};
use store::Store;
use tokio::sync::Semaphore;

pub use settings::Settings;

use crate::error::ApiError;

/// Most questions offered for what was typed, and how many there are when nobody says.
pub const MOST_WHILE_TYPING: usize = 10;
pub const WHILE_TYPING: usize = 5;
/// Most questions under an answer.
const ALSO_ASKED: usize = 3;

/// Finds what to offer.
#[derive(Debug)]
pub struct Suggestions {
    store: Store,
    assistant: Arc<Assistant>,
    settings: RwLock<Settings>,
    /// As many searches at once as there are cores; further ones wait, and mostly for a visitor who has typed on.
    searching: Semaphore,
}

impl Suggestions {
    /// Reads the settings that the console keeps.
    pub async fn start(store: Store, assistant: Arc<Assistant>) -> Result<Self, ApiError> {
        let settings = RwLock::new(Settings::read(&store).await?);
        let searching = Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from));
        Ok(Self { store, assistant, settings, searching })
    }

    /// What is switched on.
    pub fn settings(&self) -> Settings {
        *self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps other settings, live at once.
    pub async fn change_settings(&self, settings: Settings) -> Result<(), ApiError> {
        settings.write(&self.store).await?;
        self.put(settings);
        Ok(())
    }

    /// Takes over what another node of the service may have changed.
    pub async fn refresh(&self) {
        match Settings::read(&self.store).await {
            Ok(settings) => self.put(settings),
            Err(error) => tracing::warn!(%error, "the settings of suggestions cannot be read; the last ones stay"),
        }
    }

    fn put(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Questions that go on from what somebody has typed; none where that is switched off.
    pub async fn while_typing(
        &self,
        typed: String,
        language: Option<Language>,
        limit: usize,
    ) -> Result<Vec<Suggestion>, ApiError> {
        if !self.settings().while_typing {
            return Ok(Vec::new());
        }
        let _place = self.searching.acquire().await.map_err(|_| ApiError::Stopping)?;
        let assistant = Arc::clone(&self.assistant);
        let found = tokio::task::spawn_blocking(move || {
            let today = Some(assistant.script().today(jiff::Timestamp::now()));
            let limit = limit.clamp(1, MOST_WHILE_TYPING);
            assistant.index().suggest(&SuggestQuery { typed, language: language.map(in_text), limit, today })
        });
        found.await.map_err(|_| ApiError::Stopping)
    }

    /// Puts questions near an answer from the FAQ under it, none of them answered in this conversation before. CPU work,
    /// so call it from a blocking thread.
    pub fn add_also_asked(&self, decision: &mut Decision) {
        let free = decision.action == Action::Faq && decision.quick_replies.is_empty();
        let bot_answers = decision.next.handed_over == HandoffState::Bot;
        let Some(faq_id) = decision.faq_id.clone().filter(|_| free && bot_answers && self.settings().also_asked) else {
            return;
        };
        let related = self.assistant.index().related(&RelatedQuery {
            faq_id,
            known: decision.next.answered_faq.clone(),
            language: Some(in_text(decision.language)),
            limit: ALSO_ASKED,
            today: Some(self.assistant.script().today(jiff::Timestamp::now())),
        });
        decision.quick_replies = related.into_iter().map(|one| QuickReply::plain(one.question)).collect();
    }
}

fn in_text(language: Language) -> text::Language {
    match language {
        Language::Chinese => text::Language::Chinese,
        Language::English => text::Language::English,
    }
}
