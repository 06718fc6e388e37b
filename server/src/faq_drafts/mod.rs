//! From questions to entries: what customers asked and the bot did not answer well, from stored conversations and from
//! the bot's own logs, grouped into the entries that are missing, each with the best reply a person gave. Nothing goes
//! live here: what is taken over is an entry that is switched off until somebody has read it.

mod answered;
mod questions;
mod served;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use assistant::Assistant;
use dialogue::Language;
use fine_tune::MissingEntry;
use jiff::Timestamp;
use model::SentenceEncoder;
use serde::Serialize;
use store::{DecidedDraft, DraftDecision, DraftOutcome, FaqDraft, FaqRecord, Store};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::home::Home;
use answered::Answered;
use questions::{Logs, Question};

/// Days of conversations that are looked at where nobody says how many.
pub const DAYS: i64 = 30;
/// Questions of stored conversations that are looked at, the newest.
const MOST_GAPS: usize = 1_000;
/// Drafts that are offered, those asked for most.
const MOST_DRAFTS: usize = 50;
/// Other wordings that a draft takes over.
const MOST_SIMILAR: usize = 12;
const A_DAY: i64 = 86_400_000;

/// The drafts of the last days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftList {
    pub days: i64,
    /// Questions that went unanswered, those of drafts and the others.
    pub questions: usize,
    /// Questions of logs that were not looked at yet, since customers come first; asking again goes on.
    pub waiting: usize,
    /// The drafts, those asked for most first.
    pub drafts: Vec<Draft>,
}

/// An entry that is missing, ready to be read by a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Draft {
    pub id: String,
    /// The words that tell it from the others.
    pub words: Vec<String>,
    /// `zh` or `en`.
    pub language: String,
    /// The most typical wording.
    pub question: String,
    /// Other wordings of customers.
    pub similar: Vec<String>,
    /// What a person of the staff answered, where somebody did.
    pub answer: Option<String>,
    /// How often people answered so.
    pub answered_times: usize,
    /// Share of the customers who were helped by it, where they said so.
    pub helped: Option<f64>,
    /// How often it was asked, and by how many customers.
    pub asked: usize,
    pub customers: usize,
    /// How many of these customers the draft would have answered; absent where the time ran out.
    pub served: Option<usize>,
    /// Questions that come from the bot's log files.
    pub from_logs: usize,
    /// When and where it was asked last in a stored conversation; milliseconds since 1970, UTC.
    pub last_asked: Option<i64>,
    pub conversation_id: Option<String>,
    pub message_id: Option<String>,
    #[serde(skip)]
    keys: Vec<String>,
}

/// Makes the drafts and keeps what becomes of them.
#[derive(Debug)]
pub struct Drafts {
    store: Store,
    assistant: Arc<Assistant>,
    logs: Arc<Logs>,
    answered: Arc<Answered>,
}

impl Drafts {
    pub fn new(store: Store, home: &Home, assistant: Arc<Assistant>) -> Self {
        let logs = Arc::new(Logs::new(home.bot().join("logs")));
        Self { store, assistant, logs, answered: Arc::default() }
    }

    /// The drafts of questions since some days and of all logs.
    pub async fn list(&self, days: i64) -> Result<DraftList, ApiError> {
        let since = Timestamp::now().as_millisecond() - days * A_DAY;
        let gaps = self.store.gaps(since, MOST_GAPS).await?;
        let decisions = self.store.draft_decisions().await?;
        let (assistant, logs, answered) =
            (Arc::clone(&self.assistant), Arc::clone(&self.logs), Arc::clone(&self.answered));
        let work = move || {
            let decisions = Decisions::of(decisions);
            let found = questions::of_gaps(gaps).into_iter().chain(logs.read()).filter(|one| decisions.leaves(one));
            let (questions, waiting) = answered.leave_open(&assistant, found.collect());
            let mut drafts = draft(&questions, &decisions)?;
            served::count(&assistant, &questions, &mut drafts)?;
            let drafts = drafts.into_iter().map(|(draft, _)| draft).collect();
            Ok::<_, anyhow::Error>(DraftList { days, questions: questions.len(), waiting, drafts })
        };
        Ok(actix_web::web::block(work).await??)
    }

    /// The draft with this id.
    pub async fn get(&self, id: &str, days: i64) -> Result<Draft, ApiError> {
        let found = self.list(days).await?.drafts.into_iter().find(|draft| draft.id == id);
        found.ok_or_else(|| ApiError::NotFound { what: "FAQ draft", id: id.to_owned() })
    }

    /// Makes an entry of a draft.
    pub async fn accept(&self, draft: &Draft, entry: FaqDraft, by: &str) -> Result<FaqRecord, ApiError> {
        let record = self.store.faq_put(entry, Some(0), by).await?;
        self.taken_over(draft, &record.id, by).await?;
        Ok(record)
    }

    /// Writes down that an entry was made of a draft; its questions are resolved once the entry is live.
    pub async fn taken_over(&self, draft: &Draft, faq_id: &str, by: &str) -> Result<(), ApiError> {
        Ok(self.store.decide_draft(draft.decided(DraftOutcome::Accepted, Some(faq_id)), by).await?)
    }

    /// Offers a draft no more, nor one for the same questions.
    pub async fn dismiss(&self, id: &str, days: i64, by: &str) -> Result<(), ApiError> {
        let draft = self.get(id, days).await?;
        Ok(self.store.decide_draft(draft.decided(DraftOutcome::Dismissed, None), by).await?)
    }

    /// Offers a dismissed draft again.
    pub async fn offer_again(&self, id: &str) -> Result<(), ApiError> {
        let known = self.store.undecide_draft(id).await?;
        if known { Ok(()) } else { Err(ApiError::NotFound { what: "decided FAQ draft", id: id.to_owned() }) }
    }
}

impl Draft {
    fn decided<'a>(&'a self, outcome: DraftOutcome, faq_id: Option<&'a str>) -> DecidedDraft<'a> {
        DecidedDraft { id: &self.id, keys: &self.keys, outcome, faq_id }
    }

    /// The entry a draft would be, switched off.
    pub fn entry(&self) -> retrieval::FaqEntry {
        retrieval::FaqEntry {
            similar: self.similar.clone(),
            language: Some(self.language.clone()),
            enabled: false,
            ..retrieval::FaqEntry::new(
                &format!("faq-{}", self.id),
                &self.question,
                self.answer.as_deref().unwrap_or_default(),
            )
        }
    }
}

/// What was decided about questions.
struct Decisions(HashMap<String, DraftDecision>);

impl Decisions {
    fn of(decisions: Vec<DraftDecision>) -> Self {
        Self(decisions.into_iter().map(|decision| (decision.key.clone(), decision)).collect())
    }

    /// Whether a question still wants an entry: asked before it was taken over it does not, nor while the entry made of
    /// it waits to be read.
    fn leaves(&self, question: &Question) -> bool {
        let taken = self.0.get(&question.key).filter(|decision| decision.outcome == DraftOutcome::Accepted);
        taken.is_none_or(|decision| question.asked_at > decision.at && decision.waiting_entry.is_none())
    }

    fn dismissed(&self, question: &Question) -> bool {
        self.0.get(&question.key).is_some_and(|decision| decision.outcome == DraftOutcome::Dismissed)
    }
}

/// The drafts, each with the questions it is made of.
fn draft(questions: &[Question], decisions: &Decisions) -> anyhow::Result<Vec<(Draft, Vec<usize>)>> {
    let asked: Vec<_> = questions.iter().map(|question| question.asked.clone()).collect();
    let missing = fine_tune::missing_entries(&asked, &SentenceEncoder::shipped()?);
    // New wordings of what was dismissed stay away, until most of it is new.
    let wanted = missing.into_iter().filter(|entry| {
        let dismissed = entry.asked.iter().filter(|one| decisions.dismissed(&questions[**one])).count();
        dismissed * 2 < entry.asked.len()
    });
    let mut drafts: Vec<(Draft, Vec<usize>)> = wanted.map(|entry| (draft_of(&entry, questions), entry.asked)).collect();
    // What customers ask now comes before what they asked in old logs.
    drafts.sort_by_key(|(draft, _)| Reverse((draft.customers, draft.last_asked.is_some(), promise(draft))));
    drafts.truncate(MOST_DRAFTS);
    Ok(drafts)
}

/// Among drafts that are asked for alike: replies that helped first, those that helped nobody last.
fn promise(draft: &Draft) -> u8 {
    match (&draft.answer, draft.helped) {
        (Some(_), Some(share)) if share >= 0.5 => 3,
        (Some(_), None) => 2,
        (None, _) => 1,
        (Some(_), Some(_)) => 0,
    }
}

fn draft_of(entry: &MissingEntry, questions: &[Question]) -> Draft {
    let asked: Vec<&Question> = entry.asked.iter().map(|one| &questions[*one]).collect();
    let stored = || asked.iter().filter(|question| question.asked_at > 0);
    let first = stored().min_by_key(|question| (question.asked_at, &question.id)).or(asked.first());
    let last = stored().max_by_key(|question| (question.asked_at, &question.id));
    let mut wordings = entry.wordings.iter();
    let question = wordings.next().cloned().unwrap_or_default();
    let language = text::detect_language(&question).map(|detected| detected.language);
    let language = if language == Some(text::Language::English) { Language::English } else { Language::Chinese };
    let keys: HashSet<&String> = asked.iter().map(|question| &question.key).collect();
    let customers: HashSet<&String> = asked.iter().map(|question| &question.conversation_id).collect();
    Draft {
        id: first.map(|question| question.id.clone()).unwrap_or_default(),
        words: entry.words.clone(),
        language: language.code().to_owned(),
        question,
        similar: wordings.take(MOST_SIMILAR).cloned().collect(),
        answer: entry.reply.as_ref().map(|reply| reply.text.clone()),
        answered_times: entry.reply.as_ref().map_or(0, |reply| reply.times),
        helped: entry.reply.as_ref().and_then(|reply| reply.resolved),
        asked: asked.len(),
        customers: customers.len(),
        served: None,
        from_logs: asked.len() - stored().count(),
        last_asked: last.map(|question| question.asked_at),
        conversation_id: last.map(|question| question.conversation_id.clone()),
        message_id: last.map(|question| question.id.clone()),
        keys: keys.into_iter().cloned().collect(),
    }
}
