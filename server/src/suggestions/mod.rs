//! Questions offered to customers before they have asked: in an empty chat, while they type, and under an answer. What is
//! offered comes from the live index; what was offered and chosen is counted, without a word of who it was.

mod lessons;
mod offers;
mod settings;
mod starting;

use std::sync::{Arc, PoisonError, RwLock};

use assistant::Assistant;
use assistant::starting::{Random, page_group};
use dialogue::{Action, Decision, HandoffState, Language, QuickReply};
use retrieval::{RelatedQuery, SuggestQuery, Suggestion};
use store::{Conversation, Offer, OfferPlace, OfferedQuestion, Store};
use tokio::sync::Semaphore;

pub use lessons::{LEARNED_DAYS, Lessons, counts, replay_log, since_learned};
pub use settings::{Settings, Starting};

use offers::OpenOffers;

use crate::error::ApiError;

/// Most questions offered for what was typed, and how many there are when nobody says.
pub const MOST_WHILE_TYPING: usize = 10;
pub const WHILE_TYPING: usize = 5;
/// Most questions under an answer.
const ALSO_ASKED: usize = 3;
/// Earlier replies to a visitor that are looked at.
const MOST_ASKED: usize = 50;
/// Milliseconds after which a conversation in which nobody has said anything is forgotten: seven days.
const UNSPOKEN: i64 = 7 * 24 * 3_600_000;
/// How what is offered while typing and under an answer was chosen.
const NEAREST: &str = "nearest";

/// Finds what to offer.
#[derive(Debug)]
pub struct Suggestions {
    store: Store,
    assistant: Arc<Assistant>,
    settings: RwLock<Settings>,
    lessons: RwLock<Arc<Lessons>>,
    open: OpenOffers,
    /// As many searches at once as there are cores; further ones wait, and mostly for a visitor who has typed on.
    searching: Semaphore,
}

impl Suggestions {
    /// Reads the settings that the console keeps; nothing is learned yet.
    pub async fn start(store: Store, assistant: Arc<Assistant>) -> Result<Self, ApiError> {
        let settings = RwLock::new(Settings::read(&store).await?);
        let lessons = RwLock::default();
        let searching = Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from));
        Ok(Self { store, assistant, settings, lessons, open: OpenOffers::new(), searching })
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

    /// What was learned last.
    pub fn lessons(&self) -> Arc<Lessons> {
        Arc::clone(&self.lessons.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Learns anew from the last weeks, and forgets what is older.
    pub async fn learn(&self) {
        match Lessons::learn(&self.store).await {
            Ok(lessons) => *self.lessons.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(lessons),
            Err(error) => tracing::warn!(%error, "nothing new is learned of starting questions"),
        }
        if let Err(error) = self.store.forget_offers(since_learned()).await {
            tracing::warn!(%error, "old offers of questions are not forgotten");
        }
        if let Err(error) = self.store.forget_unspoken(jiff::Timestamp::now().as_millisecond() - UNSPOKEN).await {
            tracing::warn!(%error, "conversations in which nothing was said are not forgotten");
        }
    }

    /// The questions that an empty chat opens with, and the id under which the visitor's conversation names them.
    pub async fn starting(
        &self,
        language: Language,
        page: &str,
        visitor: Option<&str>,
    ) -> Result<(Vec<String>, String), ApiError> {
        let asked = match visitor {
            Some(visitor) => self.store.answered_to_visitor(visitor, MOST_ASKED).await?,
            None => Vec::new(),
        };
        let visitor = starting::Visitor { language, page: page.to_owned(), page_group: page_group(page), asked };
        let (assistant, lessons) = (Arc::clone(&self.assistant), self.lessons());
        let how = self.settings().starting;
        let _place = self.searching.acquire().await.map_err(|_| ApiError::Stopping)?;
        let offer = tokio::task::spawn_blocking(move || {
            starting::offer(&assistant, &lessons, &visitor, how, &mut Random::new(rand::random()))
        });
        let offer = offer.await.map_err(|_| ApiError::Stopping)?;
        let shown = offer.shown.iter().map(|&at| offer.questions[at].question.clone()).collect();
        Ok((shown, self.open.keep(offer)))
    }

    /// The conversation that starting questions led to has begun.
    pub fn begun(&self, offer_id: &str, conversation_id: &str) {
        self.open.bind(offer_id, conversation_id);
    }

    /// Questions now stand before a customer.
    pub fn shown(&self, conversation: &Conversation, place: OfferPlace, questions: Vec<OfferedQuestion>) {
        if questions.is_empty() {
            return;
        }
        let offer = Offer {
            place,
            language: conversation.state.language.or(conversation.language),
            page_group: page_group(conversation.page.as_deref().unwrap_or_default()),
            policy: NEAREST.to_owned(),
            shown: (0..questions.len()).collect(),
            questions,
            chosen: None,
            answered: false,
            offered_at: 0,
        };
        self.open.put(&conversation.id, offer);
    }

    /// The customer said something and got an answer: counts what stood there, and puts down what stands there now. The
    /// customer does not wait for it.
    pub fn said(&self, conversation: &Conversation, text: &str, decision: &Decision) {
        let settled = self.open.settle(&conversation.id, text, decision.action);
        if decision.action == Action::Faq {
            let question = |reply: &QuickReply| OfferedQuestion {
                question: reply.text.clone(),
                faq_id: None,
                features: Vec::new(),
            };
            self.shown(conversation, OfferPlace::Answer, decision.quick_replies.iter().map(question).collect());
        }
        if !settled.is_empty() {
            let store = self.store.clone();
            tokio::spawn(async move {
                if let Err(error) = store.add_offers(&settled).await {
                    tracing::warn!(%error, "what was offered is not counted");
                }
            });
        }
    }

    fn put(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Questions that go on from what somebody has typed; none where that is switched off.
    pub async fn while_typing(
        &self,
        typed: String,
        conversation: &Conversation,
        limit: usize,
    ) -> Result<Vec<Suggestion>, ApiError> {
        if !self.settings().while_typing {
            return Ok(Vec::new());
        }
        let _place = self.searching.acquire().await.map_err(|_| ApiError::Stopping)?;
        let assistant = Arc::clone(&self.assistant);
        let language = conversation.state.language.or(conversation.language);
        let channel = conversation.state.channel.clone();
        let found = tokio::task::spawn_blocking(move || {
            let today = Some(assistant.script().today(jiff::Timestamp::now()));
            let limit = limit.clamp(1, MOST_WHILE_TYPING);
            assistant.index().suggest(&SuggestQuery { typed, language: language.map(in_text), limit, today, channel })
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
            channel: decision.next.channel.clone(),
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
