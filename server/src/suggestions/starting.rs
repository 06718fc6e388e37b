//! Starting questions: which ones there are for a visitor, what is known of each, and what was learned from those that
//! were chosen. What was learned is worked out anew from the log of offers now and then; nothing else is kept of it.

use std::collections::HashMap;

use assistant::Assistant;
use assistant::starting::{
    Example, Features, Known, Learner, LoggedOffer, Policy, Random, Replay, choose, page_words, replay,
};
use dialogue::Language;
use retrieval::{FaqEntry, RelatedQuery, SearchQuery};
use store::{EntryUse, FaqFilter, Offer, OfferPlace, OfferedQuestion, Store};

use super::in_text;
use super::settings::Starting;
use crate::error::ApiError;

/// Days of offers and replies that are learned from, and most of each.
pub const LEARNED_DAYS: i64 = 90;
const MOST_OFFERS: usize = 5_000;
const MOST_REPLIES: usize = 5_000;
/// Entries that may be tried though nobody asked for them yet.
const MOST_UNTRIED: usize = 300;
/// Questions of each kind in a visitor's pool.
const FOR_PAGE: usize = 8;
const OFTEN: usize = 8;
const NEAR_BEFORE: usize = 4;
const UNTRIED: usize = 4;
/// Questions to show where the owner wrote fewer.
const SHOWN: usize = 4;
/// One learned offer in so many is left to chance, so that choosers can be compared.
const CHANCE: f64 = 0.1;
/// A page's words that find an entry less likely than this are about something else.
const LEAST_PROBABILITY: f32 = 0.05;
/// Offers that the rate of a question in one segment counts as before it has any.
const SEGMENT_PRIOR: f32 = 10.0;
/// A rate at which a question is as likely chosen as any; features end at 1.
const HIGHEST_RATE: f32 = 0.5;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The time from which on offers are learned from, in milliseconds since 1970.
pub fn since_learned() -> i64 {
    jiff::Timestamp::now().as_millisecond() - LEARNED_DAYS * DAY
}

/// Who looks at an empty chat.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub language: Language,
    pub page: String,
    pub page_group: String,
    /// Entries that answered this visitor before, the latest first.
    pub asked: Vec<String>,
}

/// What is known from the last weeks.
#[derive(Debug, Default)]
pub struct Lessons {
    pub learner: Learner,
    /// Offers that it was learned from.
    pub offers: usize,
    uses: HashMap<String, EntryUse>,
    most_asked: u32,
    /// Entries asked often, most often first.
    often: Vec<String>,
    /// Shown and chosen, by language, group of pages and question.
    segments: HashMap<(Language, String, String), (u32, u32)>,
    untried: Vec<String>,
}

impl Lessons {
    /// Learns from what the store holds.
    pub async fn learn(store: &Store) -> Result<Self, ApiError> {
        let since = since_learned();
        let offers = store.offers(OfferPlace::Start, since, MOST_OFFERS).await?;
        let uses = store.entry_use(since, MOST_REPLIES).await?;
        let filter = FaqFilter { enabled: Some(true), ..FaqFilter::default() };
        let (entries, _) = store.faq_list(&filter, MOST_UNTRIED, 0).await?;
        let from_offers = tokio::task::spawn_blocking(move || {
            let logged: Vec<LoggedOffer> = offers.iter().filter_map(logged).collect();
            let examples: Vec<Example> = logged.iter().flat_map(LoggedOffer::examples).collect();
            let mut learner = Learner::default();
            learner.learn(&examples);
            (learner, logged.len(), segments(&offers))
        });
        let (learner, n_offers, segments) = from_offers.await.map_err(|_| ApiError::Stopping)?;
        let mut often: Vec<(&String, u32)> = uses.iter().map(|(id, used)| (id, used.asked)).collect();
        often.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        Ok(Self {
            learner,
            offers: n_offers,
            most_asked: often.first().map_or(0, |(_, asked)| *asked),
            often: often.into_iter().map(|(id, _)| id.clone()).collect(),
            segments,
            untried: entries.into_iter().map(|record| record.id).filter(|id| !uses.contains_key(id)).collect(),
            uses,
        })
    }

    fn known(&self, visitor: &Visitor, question: &str, faq_id: Option<&str>) -> Known {
        let used = faq_id.and_then(|id| self.uses.get(id)).copied().unwrap_or_default();
        let segment = (visitor.language, visitor.page_group.clone(), question.to_owned());
        let (shown, chosen) = self.segments.get(&segment).copied().unwrap_or_default();
        let often = f64::from(used.asked).ln_1p() / f64::from(self.most_asked.max(1)).ln_1p();
        Known {
            asked_often: often as f32,
            asked_before: faq_id.is_some_and(|id| visitor.asked.iter().any(|asked| asked == id)),
            clicked_here: chosen as f32 / (shown as f32 + SEGMENT_PRIOR) / HIGHEST_RATE,
            answers_well: (used.up + 1) as f32 / (used.up + used.down + 2) as f32,
            ..Known::default()
        }
    }
}

fn segments(offers: &[Offer]) -> HashMap<(Language, String, String), (u32, u32)> {
    let mut counts: HashMap<_, (u32, u32)> = HashMap::new();
    for offer in offers {
        let Some(language) = offer.language else { continue };
        for (place, question) in offer.shown.iter().filter_map(|&at| offer.questions.get(at)).enumerate() {
            let count = counts.entry((language, offer.page_group.clone(), question.question.clone())).or_default();
            count.0 += 1;
            count.1 += u32::from(offer.chosen == Some(place) && offer.answered);
        }
    }
    counts
}

/// A question and what came of offering it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counted {
    pub question: String,
    pub faq_id: Option<String>,
    pub shown: usize,
    pub chosen: usize,
}

/// How often each question was shown and chosen, the one shown most first.
pub fn counts(offers: &[Offer]) -> Vec<Counted> {
    let mut counts: HashMap<&str, Counted> = HashMap::new();
    for offer in offers {
        for (place, one) in offer.shown.iter().filter_map(|&at| offer.questions.get(at)).enumerate() {
            let counted = counts.entry(&one.question).or_insert_with(|| Counted {
                question: one.question.clone(),
                faq_id: None,
                shown: 0,
                chosen: 0,
            });
            counted.faq_id = counted.faq_id.take().or_else(|| one.faq_id.clone());
            counted.shown += 1;
            counted.chosen += usize::from(offer.chosen == Some(place));
        }
    }
    let mut counts: Vec<Counted> = counts.into_values().collect();
    counts.sort_by(|one, other| other.shown.cmp(&one.shown).then(one.question.cmp(&other.question)));
    counts
}

/// An offer as the replay reads it; none where another version of the program knew other things.
fn logged(offer: &Offer) -> Option<LoggedOffer> {
    let features = |question: &OfferedQuestion| Features::try_from(question.features.as_slice()).ok();
    Some(LoggedOffer {
        random: offer.policy == Policy::Random.name(),
        pool: offer.questions.iter().map(features).collect::<Option<_>>()?,
        shown: offer.shown.clone(),
        chosen: offer.chosen.filter(|_| offer.answered),
    })
}

/// What each chooser would have got, told from the log.
pub async fn replay_log(store: &Store) -> Result<Replay, ApiError> {
    let offers = store.offers(OfferPlace::Start, since_learned(), MOST_OFFERS).await?;
    let log: Vec<LoggedOffer> = offers.iter().filter_map(logged).collect();
    // The seed only matters for what is drawn to be tried.
    tokio::task::spawn_blocking(move || replay(&log, 1)).await.map_err(|_| ApiError::Stopping)
}

/// The offer for a visitor. CPU work, so call it from a blocking thread.
pub fn offer(assistant: &Assistant, lessons: &Lessons, visitor: &Visitor, how: Starting, random: &mut Random) -> Offer {
    let owners = owners_questions(assistant, visitor.language);
    let pool = Pool::of(assistant, lessons, visitor, &owners, random);
    let policy = match how {
        Starting::Fixed => Policy::Fixed,
        Starting::Learned if random.uniform() < CHANCE => Policy::Random,
        Starting::Learned => Policy::Learned,
    };
    let n = owners.len().max(SHOWN);
    let features: Vec<Features> = pool.questions.iter().map(|(_, known)| known.features()).collect();
    let shown = choose(policy, &features, n, &lessons.learner, random);
    Offer {
        place: OfferPlace::Start,
        language: Some(visitor.language),
        page_group: visitor.page_group.clone(),
        policy: policy.name().to_owned(),
        questions: pool.questions.into_iter().map(|(question, known)| written(question, &known)).collect(),
        shown,
        chosen: None,
        answered: false,
        offered_at: 0,
    }
}

fn written(question: OfferedQuestion, known: &Known) -> OfferedQuestion {
    OfferedQuestion { features: known.features().to_vec(), ..question }
}

fn owners_questions(assistant: &Assistant, language: Language) -> Vec<String> {
    let script = assistant.script();
    let welcome = script.config.welcome.as_ref();
    welcome.and_then(|welcome| welcome.suggestions.get(language)).cloned().unwrap_or_default()
}

/// The questions that may be shown to one visitor, the owner's first.
struct Pool<'a> {
    assistant: &'a Assistant,
    lessons: &'a Lessons,
    visitor: &'a Visitor,
    today: String,
    questions: Vec<(OfferedQuestion, Known)>,
}

impl<'a> Pool<'a> {
    fn of(
        assistant: &'a Assistant,
        lessons: &'a Lessons,
        visitor: &'a Visitor,
        owners: &[String],
        random: &mut Random,
    ) -> Self {
        let today = assistant.script().today(jiff::Timestamp::now());
        let mut pool = Self { assistant, lessons, visitor, today, questions: Vec::new() };
        for text in owners {
            let known = Known { written_by_owner: true, ..lessons.known(visitor, text, None) };
            pool.questions.push((OfferedQuestion { question: text.clone(), faq_id: None, features: vec![] }, known));
        }
        pool.add_for_page();
        pool.add_near_before();
        pool.add_all(&lessons.often, OFTEN);
        let mut untried = lessons.untried.clone();
        random.shuffle(&mut untried);
        pool.add_all(&untried, UNTRIED);
        pool
    }

    fn add_for_page(&mut self) {
        let text = page_words(&self.visitor.page);
        if text.is_empty() {
            return;
        }
        let language = Some(in_text(self.visitor.language));
        let query = SearchQuery { text, language, top: FOR_PAGE, today: Some(self.today.clone()) };
        let mut hits = self.assistant.index().search(&query);
        hits.retain(|hit| hit.probability >= LEAST_PROBABILITY);
        for (rank, hit) in hits.into_iter().enumerate() {
            if let Some(known) = self.add(&hit.id) {
                known.fits_page = 1.0 - rank as f32 / FOR_PAGE as f32;
            }
        }
    }

    fn add_near_before(&mut self) {
        let known = &self.visitor.asked;
        for faq_id in known.iter().take(2) {
            let related = self.assistant.index().related(&RelatedQuery {
                faq_id: faq_id.clone(),
                known: known.clone(),
                language: Some(in_text(self.visitor.language)),
                limit: NEAR_BEFORE,
                today: Some(self.today.clone()),
            });
            for one in related {
                if let Some(known) = self.add(&one.id) {
                    known.near_asked_before = true;
                }
            }
        }
    }

    fn add_all(&mut self, ids: &[String], most: usize) {
        let mut added = 0;
        for id in ids {
            if added == most {
                break;
            }
            let before = self.questions.len();
            self.add(id);
            added += usize::from(self.questions.len() > before);
        }
    }

    /// Puts an entry into the pool once, where it speaks the visitor's language and is valid; what is known of it can be
    /// added to. One of the owner's questions that it answers word for word stands for it.
    fn add(&mut self, id: &str) -> Option<&mut Known> {
        let entry = self.assistant.index().entry(id)?;
        let fits = |entry: &FaqEntry| {
            let language = entry.language.as_deref().and_then(Language::parse);
            entry.is_valid_on(&self.today) && language.is_none_or(|language| language == self.visitor.language)
        };
        if !fits(&entry) {
            return None;
        }
        let there = self.questions.iter().position(|(one, _)| {
            one.faq_id.as_deref() == Some(id) || (one.faq_id.is_none() && one.question == entry.question)
        });
        let known = self.lessons.known(self.visitor, &entry.question, Some(id));
        if let Some(at) = there {
            let (question, old) = &mut self.questions[at];
            if question.faq_id.is_none() {
                question.faq_id = Some(id.to_owned());
                *old = Known { written_by_owner: true, ..known };
            }
            return Some(old);
        }
        let question = OfferedQuestion { question: entry.question, faq_id: Some(id.to_owned()), features: Vec::new() };
        self.questions.push((question, known));
        self.questions.last_mut().map(|(_, known)| known)
    }
}
