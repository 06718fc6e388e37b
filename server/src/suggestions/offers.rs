//! What stands before customers until they say something: then it is known whether they chose any of it. Kept in memory
//! only; what a stopped node had put before somebody is not counted.

use std::sync::Arc;
use std::time::Duration;

use dialogue::Action;
use moka::sync::Cache;
use store::{Offer, OfferPlace};

use crate::auth::Secret;

/// How long a visitor may look at a question before it no longer counts as shown.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Offers remembered at once; a flood of visitors pushes out the oldest.
const MOST: u64 = 50_000;

const PLACES: [OfferPlace; 3] = [OfferPlace::Start, OfferPlace::Typing, OfferPlace::Answer];

/// Offers without an outcome yet.
#[derive(Debug)]
pub(super) struct OpenOffers {
    /// Made before there was a conversation, by the id that the widget was given.
    before: Cache<String, Arc<Offer>>,
    /// By conversation and place.
    standing: Cache<(String, OfferPlace), Arc<Offer>>,
}

impl OpenOffers {
    pub(super) fn new() -> Self {
        let before = Cache::builder().time_to_live(PATIENCE).max_capacity(MOST).build();
        Self { before, standing: Cache::builder().time_to_live(PATIENCE).max_capacity(MOST).build() }
    }

    /// Keeps an offer to somebody who has no conversation yet, and gives the id to come back with.
    pub(super) fn keep(&self, offer: Offer) -> String {
        let id = Secret::new("o").reveal().to_owned();
        self.before.insert(id.clone(), Arc::new(offer));
        id
    }

    /// The conversation that an offer led to has begun.
    pub(super) fn bind(&self, offer_id: &str, conversation_id: &str) {
        if let Some(offer) = self.before.remove(offer_id) {
            self.standing.insert((conversation_id.to_owned(), OfferPlace::Start), offer);
        }
    }

    /// Questions now stand before the customer of a conversation, in place of those before.
    pub(super) fn put(&self, conversation_id: &str, offer: Offer) {
        self.standing.insert((conversation_id.to_owned(), offer.place), Arc::new(offer));
    }

    /// What stood before a customer who now said `text`, with what was chosen of it.
    pub(super) fn settle(&self, conversation_id: &str, text: &str, action: Action) -> Vec<Offer> {
        let answered = !matches!(action, Action::Rephrase | Action::Clarify | Action::Silent);
        let stood = PLACES.iter().filter_map(|place| self.standing.remove(&(conversation_id.to_owned(), *place)));
        stood.map(|offer| settled(&offer, text.trim(), answered)).collect()
    }
}

fn settled(offer: &Offer, text: &str, answered: bool) -> Offer {
    let is_it = |at: &usize| offer.questions.get(*at).is_some_and(|question| question.question.trim() == text);
    Offer { chosen: offer.shown.iter().position(is_it), answered, ..offer.clone() }
}

#[cfg(test)]
mod tests {
    use store::OfferedQuestion;

    use super::*;

    fn offer(place: OfferPlace, texts: &[&str]) -> Offer {
        let question = |text: &&str| OfferedQuestion { question: (*text).to_owned(), faq_id: None, features: vec![] };
        Offer {
            place,
            language: None,
            page_group: "/".to_owned(),
            policy: "fixed".to_owned(),
            questions: texts.iter().map(question).collect(),
            shown: (0..texts.len()).rev().collect(),
            chosen: None,
            answered: false,
            offered_at: 0,
        }
    }

    #[test]
    fn what_is_said_settles_what_stood_there_once() {
        let open = OpenOffers::new();
        let id = open.keep(offer(OfferPlace::Start, &["a", "b"]));
        open.bind(&id, "c1");
        open.bind(&id, "c2");
        open.put("c1", offer(OfferPlace::Typing, &["a", "x"]));
        open.put("c1", offer(OfferPlace::Typing, &["y"]));
        let settled = open.settle("c1", " b ", Action::Faq);
        let told: Vec<_> = settled.iter().map(|offer| (offer.place, offer.chosen, offer.answered)).collect();
        assert_eq!(told, [(OfferPlace::Start, Some(0), true), (OfferPlace::Typing, None, true)]);
        assert_eq!(open.settle("c1", "b", Action::Faq), []);
        assert_eq!(open.settle("c2", "b", Action::Faq), [], "an offer leads to one conversation");
    }

    #[test]
    fn what_got_no_answer_is_not_answered() {
        let open = OpenOffers::new();
        open.put("c1", offer(OfferPlace::Answer, &["a"]));
        assert!(!open.settle("c1", "a", Action::Rephrase)[0].answered);
    }
}
