//! What was learned from starting questions that were chosen: worked out anew from the log of offers now and then, and kept
//! nowhere else. And what the log says of other choosers.

use std::collections::HashMap;

use assistant::starting::{Example, Features, Known, Learner, LoggedOffer, Policy, Replay, replay};
use dialogue::Language;
use store::{EntryUse, FaqFilter, Offer, OfferPlace, OfferedQuestion, Store};

use super::starting::Visitor;
use crate::error::ApiError;

/// Days of offers and replies that are learned from, and most of each.
pub const LEARNED_DAYS: i64 = 90;
const MOST_OFFERS: usize = 5_000;
const MOST_REPLIES: usize = 5_000;
/// Entries that may be tried though nobody asked for them yet.
const MOST_UNTRIED: usize = 300;
/// A question asked as often as this is asked often, however seldom others are.
const OFTEN_ASKED: u32 = 20;
/// Offers that the rate of a question in one segment counts as before it has any.
const SEGMENT_PRIOR: f32 = 10.0;
/// A rate at which a question is as likely chosen as any; features end at 1.
const HIGHEST_RATE: f32 = 0.5;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The time from which on offers are learned from, in milliseconds since 1970.
pub fn since_learned() -> i64 {
    jiff::Timestamp::now().as_millisecond() - LEARNED_DAYS * DAY
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
    pub(super) often: Vec<String>,
    /// Shown and chosen, by language, group of pages and question.
    segments: HashMap<(Language, String, String), (u32, u32)>,
    /// Entries that nobody asked for yet.
    pub(super) untried: Vec<String>,
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

    /// What is known of a question for a visitor, but whether it fits the page or what the visitor asked.
    pub(super) fn known(&self, visitor: &Visitor, question: &str, faq_id: Option<&str>) -> Known {
        let used = faq_id.and_then(|id| self.uses.get(id)).copied().unwrap_or_default();
        let segment = (visitor.language, visitor.page_group.clone(), question.to_owned());
        let (shown, chosen) = self.segments.get(&segment).copied().unwrap_or_default();
        let often = f64::from(used.asked).ln_1p() / f64::from(self.most_asked.max(OFTEN_ASKED)).ln_1p();
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
