//! The tokens of a text with how often each stands in it, and how much of a message they hold (BM25).

use crate::analysis::Token;

/// How soon more of the same token stops telling more.
const SATURATION: f32 = 2.0;

/// Tokens and their counts, ascending by token.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bag {
    counts: Vec<(u32, u16)>,
    length: u32,
}

/// The mean length of the texts of one kind, and how much longer ones are held back: 0 not at all, 1 wholly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Norm {
    pub(crate) mean_length: f32,
    pub(crate) strictness: f32,
}

impl Bag {
    pub(crate) fn of(tokens: &[Token]) -> Self {
        let mut ids: Vec<u32> = tokens.iter().map(Token::id).collect();
        ids.sort_unstable();
        Self::counted(ids.into_iter().map(|id| (id, 1)).collect())
    }

    /// All the bags poured into one.
    pub(crate) fn union<'a>(bags: impl Iterator<Item = &'a Self>) -> Self {
        let mut counts: Vec<(u32, u16)> = bags.flat_map(|bag| bag.counts.iter().copied()).collect();
        counts.sort_unstable();
        Self::counted(counts)
    }

    fn counted(mut counts: Vec<(u32, u16)>) -> Self {
        let length = counts.iter().map(|&(_, count)| u32::from(count)).sum();
        counts.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(later.1);
            }
            same
        });
        counts.shrink_to_fit();
        Self { counts, length }
    }

    /// Tokens and counts, ascending by token.
    pub(crate) fn counts(&self) -> &[(u32, u16)] {
        &self.counts
    }

    /// A bag as it was written down: tokens ascending, and the number of all of them, repeated ones too.
    pub(crate) fn from_counts(counts: Vec<(u32, u16)>, length: u32) -> Self {
        Self { counts, length }
    }

    pub(crate) fn contains(&self, id: u32) -> bool {
        self.counts.binary_search_by_key(&id, |&(other, _)| other).is_ok()
    }

    /// Distinct tokens.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.counts.iter().map(|&(id, _)| id)
    }

    /// All tokens, repeated ones too.
    pub(crate) fn length(&self) -> u32 {
        self.length
    }

    /// What of this text is among others (ascending), each token once.
    pub(crate) fn among(&self, tokens: &[(u32, f32)]) -> Self {
        let shared = self.ids().filter(|id| tokens.binary_search_by_key(id, |&(other, _)| other).is_ok());
        Self::counted(shared.map(|id| (id, 1)).collect())
    }

    /// The share of this text's distinct tokens that is among others (ascending), each counted by its weight.
    pub(crate) fn share_among(&self, tokens: &[(u32, f32)], weight: impl Fn(u32) -> f32) -> f32 {
        let mut rest = tokens;
        let (mut shared, mut all) = (0.0, 0.0);
        for id in self.ids() {
            rest = &rest[rest.partition_point(|&(other, _)| other < id)..];
            let weight = weight(id);
            all += weight;
            shared += if rest.first().is_some_and(|found| found.0 == id) { weight } else { 0.0 };
        }
        if all > 0.0 { shared / all } else { 0.0 }
    }

    /// BM25 of weighted tokens (ascending) in this text; at most the sum of their weights.
    pub(crate) fn bm25(&self, tokens: &[(u32, f32)], norm: Norm) -> f32 {
        self.bm25_with(&Self::default(), tokens, norm)
    }

    /// The same of this text and another as if they were one.
    pub(crate) fn bm25_with(&self, other: &Self, tokens: &[(u32, f32)], norm: Norm) -> f32 {
        let relative = (self.length + other.length) as f32 / norm.mean_length.max(1.0);
        let offset = SATURATION * (1.0 - norm.strictness + norm.strictness * relative);
        let mut rests = [self.counts.as_slice(), other.counts.as_slice()];
        let mut sum = 0.0;
        for &(id, weight) in tokens {
            let mut count = 0.0;
            for rest in &mut rests {
                *rest = &rest[rest.partition_point(|&(other, _)| other < id)..];
                count += rest.first().filter(|found| found.0 == id).map_or(0.0, |found| f32::from(found.1));
            }
            if count > 0.0 {
                sum += weight * count / (count + offset);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::tokens;

    const NORM: Norm = Norm { mean_length: 4.0, strictness: 0.5 };

    fn bag(text: &str) -> Bag {
        Bag::of(&tokens(text))
    }

    #[test]
    fn a_union_counts_what_its_parts_count() {
        let (one, other) = (bag("退款 refund"), bag("退款"));
        let union = Bag::union([&one, &other].into_iter());
        assert_eq!(union.length(), one.length() + other.length());
        assert_eq!(union.ids().collect::<Vec<_>>(), one.ids().collect::<Vec<_>>());
    }

    #[test]
    fn two_texts_as_one_hold_what_their_union_holds() {
        let (one, other) = (bag("退款 refund"), bag("退款 for a lamp"));
        let query: Vec<(u32, f32)> = bag("refund 退款 lamp parcel").ids().map(|id| (id, 1.5)).collect();
        let union = Bag::union([&one, &other].into_iter());
        assert!((one.bm25_with(&other, &query, NORM) - union.bm25(&query, NORM)).abs() < 1e-6);
    }

    #[test]
    fn more_of_a_token_tells_more_and_a_longer_text_tells_less() {
        let query: Vec<(u32, f32)> = bag("退").ids().map(|id| (id, 1.0)).collect();
        let score = |text: &str| bag(text).bm25(&query, NORM);
        assert_eq!(score("换"), 0.0);
        assert!(score("退") > score("退我们的货物"));
        assert!(score("退退") > score("退货"));
        assert!(score("退退退退退退退") < 1.0);
    }
}
