//! What customers said of answers, as evidence for and against entries when like questions come: relevance feedback
//! (Rocchio 1971). The probability of a hit is the prior of a Beta distribution, ratings are what was observed since.

use std::collections::HashMap;

use crate::features::Query;

/// As how many ratings the probability counts that an entry has by itself: one customer alone moves it little.
const PRIOR: f32 = 20.0;
/// A question that shares less of its telling words with the message says nothing about it; one that shares all says all.
const LEAST_SHARED: f32 = 0.5;
/// Questions that are kept of an entry, the newest.
const MOST_OF_ENTRY: usize = 100;

/// A customer's word on an answer from the FAQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatedAnswer {
    /// What the customer had written.
    pub question: String,
    /// The entry that answered.
    pub faq_id: String,
    /// Whether it did.
    pub helpful: bool,
}

/// Ratings by entry, ready to be compared with messages.
#[derive(Debug, Default)]
pub(crate) struct Ratings(HashMap<String, Vec<Rated>>);

/// A question after which an entry was rated.
#[derive(Debug)]
struct Rated {
    /// Distinct tokens, ascending, each with its weight.
    tokens: Vec<(u32, f32)>,
    said: Said,
}

/// What was said of an entry after questions like the message, each counted by how alike it is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) helpful: f32,
    pub(crate) unhelpful: f32,
}

impl Ratings {
    /// Takes in ratings, the newest first, each with its question as it was analysed for a search.
    pub(crate) fn of<'a>(ratings: impl Iterator<Item = (&'a RatedAnswer, Query)>) -> Self {
        let mut by_entry: HashMap<String, Vec<Rated>> = HashMap::new();
        for (RatedAnswer { faq_id, helpful, .. }, query) in ratings {
            let rated = by_entry.entry(faq_id.clone()).or_default();
            let known = rated.iter().position(|known| known.tokens == query.tokens);
            if known.is_none() && rated.len() == MOST_OF_ENTRY {
                continue;
            }
            let at = known.unwrap_or_else(|| {
                rated.push(Rated { tokens: query.tokens, said: Said::default() });
                rated.len() - 1
            });
            let said = &mut rated[at].said;
            *if *helpful { &mut said.helpful } else { &mut said.unhelpful } += 1.0;
        }
        Self(by_entry)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was said of an entry after questions like a message; none where there were no such questions.
    pub(crate) fn said(&self, faq_id: &str, message: &Query) -> Option<Said> {
        let mut said = Said::default();
        for rated in self.0.get(faq_id)? {
            let counted = (shared(&rated.tokens, &message.tokens) - LEAST_SHARED) / (1.0 - LEAST_SHARED);
            said.helpful += counted.max(0.0) * rated.said.helpful;
            said.unhelpful += counted.max(0.0) * rated.said.unhelpful;
        }
        (said.helpful + said.unhelpful > 0.0).then_some(said)
    }
}

impl Said {
    /// The mean of the Beta distribution that a probability becomes with what was said.
    pub(crate) fn updated(self, probability: f32) -> f32 {
        (PRIOR * probability + self.helpful) / (PRIOR + self.helpful + self.unhelpful)
    }
}

/// The weight of the tokens that two questions share, as a part of that of all their tokens (weighted Jaccard index).
fn shared(one: &[(u32, f32)], other: &[(u32, f32)]) -> f32 {
    let mass = |tokens: &[(u32, f32)]| tokens.iter().map(|(_, weight)| weight).sum::<f32>();
    let (mut both, mut rest) = (0.0, other);
    for (id, weight) in one {
        rest = &rest[rest.partition_point(|(other, _)| other < id)..];
        if rest.first().is_some_and(|(other, _)| other == id) {
            both += weight;
        }
    }
    let all = mass(one) + mass(other) - both;
    if all > 0.0 { (both / all).min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaqEntry, FaqIndex, Hit, SearchQuery};

    const QUESTION: &str = "Can I send it back?";

    /// Two entries that the question is near to.
    fn index() -> FaqIndex {
        let index = FaqIndex::in_memory();
        let entries = [
            FaqEntry::new("returns", "How do I send it back?", "With the label in the parcel."),
            FaqEntry::new("repairs", "Can I send it in for repair?", "Yes, to our workshop."),
            FaqEntry::new("parking", "Where can I park?", "Behind the shop."),
        ];
        index.replace_all(&entries, 1).expect("an index in memory");
        index
    }

    fn ask(index: &FaqIndex, text: &str) -> Vec<Hit> {
        index.search(&SearchQuery { text: text.to_owned(), top: 2, ..SearchQuery::default() })
    }

    fn rated(faq_id: &str, helpful: bool, times: usize) -> Vec<RatedAnswer> {
        let one = RatedAnswer { question: QUESTION.to_owned(), faq_id: faq_id.to_owned(), helpful };
        vec![one; times]
    }

    #[test]
    fn one_customer_moves_a_probability_little_and_many_turn_the_order() {
        let index = index();
        let before = ask(&index, QUESTION);
        assert_eq!(before[0].id, "returns");
        index.set_ratings(&rated("returns", false, 1)).expect("ratings");
        let after = ask(&index, QUESTION);
        let fallen = before[0].probability - after[0].probability;
        assert!(after[0].id == "returns" && fallen > 0.0 && fallen < 0.06, "{before:?} {after:?}");

        let many = [rated("repairs", true, 60), rated("returns", false, 60)].concat();
        index.set_ratings(&many).expect("ratings");
        let after = ask(&index, QUESTION);
        assert_eq!(after[0].id, "repairs", "{after:?}");
        assert!(after[0].probability > 0.7 && after[1].probability < 0.3, "{after:?}");
        assert!(
            ask(&index, "Where can I park")[0].probability == ask(&self::index(), "Where can I park")[0].probability
        );

        let query = SearchQuery { text: QUESTION.to_owned(), ..SearchQuery::default() };
        let why = index.explain(&query, "returns").expect("it matches");
        let said = why.ratings.expect("it was rated");
        assert_eq!((said.unhelpful, said.without, why.place), (60.0, before[0].probability, 2));
        let to_win = why.to_win.expect("another one is first");
        assert_eq!((&*to_win.ahead, to_win.gap, to_win.words.len()), ("repairs", 0.0, 0), "it matches better as it is");
        assert_eq!(why.probability, after[1].probability);

        index.set_ratings(&[]).expect("ratings");
        assert_eq!(ask(&index, QUESTION), before);
    }

    #[test]
    fn ratings_count_as_much_as_the_questions_are_alike_and_stay_when_the_index_changes() {
        let index = index();
        index.set_ratings(&rated("returns", false, 20)).expect("ratings");
        let probability = |text: &str| ask(&index, text)[0].probability;
        let plain = |text: &str| ask(&self::index(), text)[0].probability;
        assert!(probability("can i send it back ?!") < 0.7 * plain("can i send it back ?!"));
        let (said, without) = (probability("Can I send it back today?"), plain("Can I send it back today?"));
        assert!(said <= without && said > probability(QUESTION) * 0.9, "{said} {without}");
        assert_eq!(probability("How do I return a parcel label?"), plain("How do I return a parcel label?"));
        index.apply(&[crate::Change::Delete("parking".to_owned())], 2).expect("an edit");
        assert!(probability(QUESTION) < 0.7 * plain(QUESTION));
        let copy = index.copied().expect("a copy");
        assert_eq!(ask(&copy, QUESTION), ask(&index, QUESTION));
    }

    #[test]
    fn what_two_questions_share_is_weighed() {
        let (one, other) = ([(1, 1.0), (2, 2.0), (5, 1.0)], [(2, 2.0), (5, 1.0), (9, 4.0)]);
        assert!((shared(&one, &other) - 3.0 / 8.0).abs() < 1e-6);
        assert_eq!((shared(&one, &one), shared(&one, &[]), shared(&[], &[])), (1.0, 0.0, 0.0));
    }
}
