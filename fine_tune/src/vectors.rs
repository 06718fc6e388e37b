//! A message as a vector, for whatever compares messages without a trained model: TF-IDF over words, pairs of words and
//! runs of characters, where Chinese characters count as words, and what it means where a base tells that.

use std::collections::{BTreeMap, HashMap};

/// Characters of a message that are read.
const MAX_CHARS: usize = 1000;
/// Lengths of the character runs.
const RUNS: std::ops::RangeInclusive<usize> = 2..=4;
/// Most terms that are known, the most frequent first.
const MAX_TERMS: usize = 300_000;

/// What a message says and what it means; either may be left empty for all messages that are compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Vector {
    /// Terms with weights, by term. The squares of the weights sum to one, less the share of terms that are not known.
    pub(crate) terms: Vec<(u32, f32)>,
    /// Its place among meanings, of length 1, or zeros where it means nothing.
    pub(crate) meaning: Vec<f32>,
}

impl Vector {
    /// The cosine of the terms, that of the meanings, or the mean of both where both are known.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        if self.meaning.is_empty() {
            return cosine(&self.terms, &other.terms);
        }
        let meaning = self.meaning.iter().zip(&other.meaning).map(|(a, b)| a * b).sum();
        let is_worded = !self.terms.is_empty() || !other.terms.is_empty();
        if is_worded { f32::midpoint(cosine(&self.terms, &other.terms), meaning) } else { meaning }
    }

    /// The mean of vectors; its terms and its meaning are of length 1 each.
    pub(crate) fn centre<'a>(vectors: impl Iterator<Item = &'a Self>) -> Self {
        let mut terms: BTreeMap<u32, f32> = BTreeMap::new();
        let mut meaning: Vec<f32> = Vec::new();
        for vector in vectors {
            for (term, weight) in &vector.terms {
                *terms.entry(*term).or_default() += weight;
            }
            meaning.resize(vector.meaning.len(), 0.0);
            meaning.iter_mut().zip(&vector.meaning).for_each(|(sum, value)| *sum += value);
        }
        let mut terms: Vec<(u32, f32)> = terms.into_iter().collect();
        let length = cosine(&terms, &terms).sqrt().max(f32::MIN_POSITIVE);
        terms.iter_mut().for_each(|(_, weight)| *weight /= length);
        to_length_one(&mut meaning);
        Self { terms, meaning }
    }
}

/// Zeros stay zeros.
pub(crate) fn to_length_one(values: &mut [f32]) {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        values.iter_mut().for_each(|value| *value /= length);
    }
}

/// The known terms with their inverse document frequencies.
#[derive(Debug, Clone)]
pub(crate) struct Vectoriser {
    terms: HashMap<u64, u32>,
    idf: Vec<f32>,
    /// Of a term that is not known.
    unseen_idf: f32,
}

impl Vectoriser {
    /// Learns the terms that occur in at least `min_texts` of the normalised texts.
    pub(crate) fn fit<'a>(texts: impl Iterator<Item = &'a str>, min_texts: u32) -> Self {
        let mut counts: HashMap<u64, u32> = HashMap::new();
        let mut n_texts = 0;
        for text in texts {
            n_texts += 1;
            for (term, _, _) in terms(text) {
                *counts.entry(term).or_default() += 1;
            }
        }
        let mut kept: Vec<(u64, u32)> = counts.into_iter().filter(|(_, count)| *count >= min_texts).collect();
        kept.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        kept.truncate(MAX_TERMS);
        let idf = |count: u32| ((1.0 + n_texts as f32) / (1.0 + count as f32)).ln() + 1.0;
        Self {
            idf: kept.iter().map(|(_, count)| idf(*count)).collect(),
            unseen_idf: idf(0),
            terms: (0..).zip(kept).map(|(index, (term, _))| (term, index)).collect(),
        }
    }

    /// How many terms are known; terms are numbered from the most frequent on.
    pub(crate) fn n_terms(&self) -> usize {
        self.idf.len()
    }

    /// What a normalised text says; words and character runs weigh the same together.
    pub(crate) fn vector(&self, text: &str) -> Vector {
        let mut found: Vec<(u32, f32, bool)> = Vec::new();
        let mut squares = [0.0_f32; 2];
        for (term, is_run, count) in terms(text) {
            let known = self.terms.get(&term);
            let idf = known.map_or(self.unseen_idf, |index| self.idf[*index as usize]);
            let weight = (1.0 + (count as f32).ln()) * idf;
            squares[usize::from(is_run)] += weight * weight;
            found.extend(known.map(|index| (*index, weight, is_run)));
        }
        let kinds = squares.iter().filter(|square| **square > 0.0).count() as f32;
        let scales = squares.map(|square| (square * kinds).sqrt().recip());
        let mut terms: Vec<(u32, f32)> =
            found.into_iter().map(|(term, weight, is_run)| (term, weight * scales[usize::from(is_run)])).collect();
        terms.sort_unstable_by_key(|(term, _)| *term);
        Vector { terms, meaning: Vec::new() }
    }
}

/// The cosine of two texts by their terms.
pub(crate) fn cosine(a: &[(u32, f32)], b: &[(u32, f32)]) -> f32 {
    let (mut at, mut sum) = (0, 0.0);
    for (term, weight) in a {
        while at < b.len() && b[at].0 < *term {
            at += 1;
        }
        if let Some((_, other)) = b.get(at).filter(|other| other.0 == *term) {
            sum += weight * other;
        }
    }
    sum
}

/// Each distinct term of a text as a hash, whether it is a run of characters, and how often it occurs.
fn terms(text: &str) -> Vec<(u64, bool, u32)> {
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
    let mut found: Vec<(u64, bool)> = Vec::with_capacity(end * 3);
    let mut previous: Option<&str> = None;
    for word in words(&text[..end]) {
        found.push((hash(&[word], 1), false));
        if let Some(previous) = previous {
            found.push((hash(&[previous, word], 2), false));
        }
        previous = Some(word);
    }
    text[..end].split_whitespace().for_each(|piece| runs(piece, &mut found));
    found.sort_unstable();
    let mut counted: Vec<(u64, bool, u32)> = Vec::with_capacity(found.len());
    for (term, is_run) in found {
        match counted.last_mut() {
            Some(last) if last.0 == term => last.2 += 1,
            _ => counted.push((term, is_run, 1)),
        }
    }
    counted
}

/// Runs of letters and digits; each Chinese character is a word of its own.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let first = rest.chars().next()?;
        let end = if is_han(first) {
            first.len_utf8()
        } else {
            rest.find(|c: char| !c.is_alphanumeric() || is_han(c)).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// Runs of characters within a piece between spaces, its edges marked.
fn runs(piece: &str, found: &mut Vec<(u64, bool)>) {
    let padded = format!(" {piece} ");
    let starts: Vec<usize> = padded.char_indices().map(|(at, _)| at).chain(std::iter::once(padded.len())).collect();
    for length in RUNS {
        for window in starts.windows(length + 1) {
            found.push((hash(&[&padded[window[0]..window[length]]], 3), true));
        }
    }
}

pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// FNV-1a over the parts.
fn hash(parts: &[&str], salt: u64) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325 ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for part in parts {
        for byte in part.bytes().chain(std::iter::once(0xff)) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn likeness(a: &str, b: &str) -> f32 {
        let texts = [a, b, "opening hours", "谢谢"];
        let vectoriser = Vectoriser::fit(texts.into_iter(), 1);
        vectoriser.vector(a).likeness(&vectoriser.vector(b))
    }

    #[test]
    fn texts_alike_lie_near_each_other_and_others_far_apart() {
        assert!((likeness("where is my parcel", "where is my parcel") - 1.0).abs() < 1e-5);
        assert!(likeness("我的快递到哪了", "我的快递到哪里了") > 0.7);
        assert!(likeness("where is my parcel", "我的快递到哪了") < 0.01);
        assert!(likeness("refund", "refunds") > 0.2);
    }

    #[test]
    fn a_text_of_unknown_or_no_terms_has_an_empty_vector() {
        let vectoriser = Vectoriser::fit(["a b"].into_iter(), 1);
        assert!(vectoriser.vector("").terms.is_empty() && vectoriser.vector("大").terms.is_empty());
        let known = vectoriser.vector("a b");
        assert!(known.likeness(&vectoriser.vector("a b with much that is not known")) < 0.5);
        assert_eq!(Vector::default().likeness(&known), 0.0);
        assert_eq!(Vectoriser::fit(std::iter::empty(), 1).n_terms(), 0);
    }

    proptest! {
        #[test]
        fn a_vector_of_known_terms_has_length_one(text in any::<String>()) {
            let vector = Vectoriser::fit(std::iter::once(text.as_str()), 1).vector(&text).terms;
            let length: f32 = vector.iter().map(|(_, weight)| weight * weight).sum();
            prop_assert!(vector.is_empty() || (length - 1.0).abs() < 1e-3);
            prop_assert!(vector.is_sorted_by(|a, b| a.0 < b.0));
        }
    }
}
