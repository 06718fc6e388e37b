//! Turns a message into weighted n-grams: words and neighbouring words, runs of characters within words, and any two
//! words of the message whatever stands between them. Each is known by a 32-bit hash; only those learned have a row.

use std::borrow::Cow;
use std::collections::HashMap;

/// Characters of a message that are read; customers' messages are far shorter.
const MAX_CHARS: usize = 2000;
/// Characters of one Latin word that are read.
const MAX_WORD: usize = 40;
/// Digits from which a number is some number; shorter ones may mean what they say, as in "24 hours".
const FEWEST_DIGITS: usize = 4;
/// Distinct words of a message that are paired.
const MAX_PAIRED: usize = 32;
/// Most n-grams, and most pairs of words, that a model keeps: the most frequent first.
const MAX_NGRAMS: usize = 300_000;
/// Sum of the squares of the weights of pairs of words, where those of n-grams sum to one.
const PAIRS_SQUARE: f32 = 0.5;
/// Pairs of words in fewer texts than this teach nothing.
const MIN_PAIR_TEXTS: u32 = 2;

/// A message as rows of the n-gram tables, with weights.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Features {
    /// Row and weight of each n-gram, by row; the squares of the weights sum to one.
    pub rows: Vec<(u32, f32)>,
    /// Row and weight of each pair of words, in the wide table only; their squares sum to `PAIRS_SQUARE`.
    pub pairs: Vec<(u32, f32)>,
    /// Share of the message's weight that known n-grams carry.
    pub known: f32,
}

/// The known n-grams with their inverse document frequencies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Featuriser {
    hashes: Vec<u32>,
    idf: Vec<f32>,
    rows: HashMap<u32, u32, PlainHash>,
    unseen_idf: f32,
    /// Rows from here on are pairs of words.
    n_ngrams: usize,
}

impl Featuriser {
    /// Learns the n-grams that occur in at least `min_texts` of the normalised texts, and the pairs of words.
    pub(crate) fn fit<'a>(texts: impl Iterator<Item = &'a str>, min_texts: u32) -> Self {
        let mut counts: [HashMap<u32, u32, PlainHash>; 2] = Default::default();
        let mut n_texts = 0;
        for text in texts {
            n_texts += 1;
            for (hash, group, _) in ngrams(text) {
                *counts[usize::from(group == Group::Pairs)].entry(hash).or_default() += 1;
            }
        }
        let [ngrams, pairs] = counts;
        let mut kept = frequent(ngrams, min_texts);
        let n_ngrams = kept.len();
        kept.extend(frequent(pairs, min_texts.max(MIN_PAIR_TEXTS)));
        let n = n_texts as f32;
        let idf = |count: u32| ((1.0 + n) / (1.0 + count as f32)).ln() + 1.0;
        Self::from_parts(
            kept.iter().map(|(hash, _)| *hash).collect(),
            kept.iter().map(|(_, count)| idf(*count)).collect(),
            (1.0 + n).ln() + 1.0,
            n_ngrams,
        )
    }

    /// Puts stored parts together again; hashes and frequencies stand row by row, `n_ngrams` n-grams, then pairs.
    pub(crate) fn from_parts(hashes: Vec<u32>, idf: Vec<f32>, unseen_idf: f32, n_ngrams: usize) -> Self {
        let rows = (0..).zip(&hashes).map(|(row, hash)| (*hash, row)).collect();
        Self { hashes, idf, rows, unseen_idf, n_ngrams }
    }

    /// N-grams: rows of the network's table.
    pub(crate) fn n_ngrams(&self) -> usize {
        self.n_ngrams
    }

    /// N-grams and pairs of words: rows of the wide table.
    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Hashes by row.
    pub(crate) fn hashes(&self) -> &[u32] {
        &self.hashes
    }

    /// Inverse document frequencies by row.
    pub(crate) fn idf(&self) -> &[f32] {
        &self.idf
    }

    /// Weight of an n-gram that was never seen.
    pub(crate) fn unseen_idf(&self) -> f32 {
        self.unseen_idf
    }

    /// The features of a normalised message.
    pub(crate) fn features(&self, text: &str) -> Features {
        let mut found: Vec<(u32, f32, Group)> = Vec::new();
        let mut squares = [0.0f32; 3];
        let mut unseen = 0.0f32;
        for (hash, group, count) in ngrams(text) {
            let frequency = 1.0 + (count as f32).ln();
            let is_pair = group == Group::Pairs;
            // Hashes of the two sides of the table may meet by chance.
            let row = self.rows.get(&hash).filter(|row| is_pair == (**row as usize >= self.n_ngrams));
            let Some(row) = row else {
                unseen += if is_pair { 0.0 } else { (frequency * self.unseen_idf).powi(2) };
                continue;
            };
            let weight = frequency * self.idf[*row as usize];
            squares[group as usize] += weight * weight;
            found.push((*row, weight, group));
        }
        let [words, characters, pairs] = squares;
        let groups = f32::from(u8::from(words > 0.0) + u8::from(characters > 0.0));
        let scales = [words * groups, characters * groups, pairs / PAIRS_SQUARE].map(|square| square.sqrt().recip());
        found.sort_unstable_by_key(|(row, _, _)| *row);
        let of = |wanted: fn(Group) -> bool| -> Vec<(u32, f32)> {
            let found = found.iter().filter(|(_, _, group)| wanted(*group));
            found.map(|(row, weight, group)| (*row, weight * scales[*group as usize])).collect()
        };
        let known = words + characters;
        Features {
            rows: of(|group| group != Group::Pairs),
            pairs: of(|group| group == Group::Pairs),
            known: if known > 0.0 { known / (known + unseen) } else { 0.0 },
        }
    }
}

/// The hashes in at least `min_texts` texts with how many, by hash.
fn frequent(counts: HashMap<u32, u32, PlainHash>, min_texts: u32) -> Vec<(u32, u32)> {
    let mut kept: Vec<(u32, u32)> = counts.into_iter().filter(|(_, count)| *count >= min_texts).collect();
    kept.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    kept.truncate(MAX_NGRAMS);
    kept.sort_unstable();
    kept
}

/// The kinds of n-grams, each scaled to a length of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Words,
    Characters,
    Pairs,
}

/// Each distinct n-gram of a normalised text with its kind and count.
fn ngrams(text: &str) -> Vec<(u32, Group, u32)> {
    let text = backed_off(text);
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
    let mut found = Vec::with_capacity(end * 4);
    let mut seen: Vec<&str> = Vec::new();
    let mut previous: Option<&str> = None;
    for piece in text[..end].split(|c: char| c.is_whitespace()).filter(|piece| !piece.is_empty()) {
        for word in words(piece) {
            found.push((hash(&[word], 1), Group::Words));
            if let Some(previous) = previous {
                found.push((hash(&[previous, word], 2), Group::Words));
            }
            previous = Some(word);
            if seen.len() < MAX_PAIRED && !seen.contains(&word) {
                seen.push(word);
            }
        }
        character_ngrams(piece, &mut found);
    }
    for (index, one) in seen.iter().enumerate() {
        for other in &seen[index + 1..] {
            found.push((hash(&[one.min(other), one.max(other)], 4), Group::Pairs));
        }
    }
    found.sort_unstable();
    let mut counted: Vec<(u32, Group, u32)> = Vec::with_capacity(found.len());
    for (hash, group) in found {
        match counted.last_mut() {
            Some(last) if last.0 == hash => last.2 += 1,
            _ => counted.push((hash, group, 1)),
        }
    }
    counted
}

/// The text with every digit of longer numbers as a nought: one order number then says as much as any other.
fn backed_off(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    if !bytes.windows(FEWEST_DIGITS).any(|run| run.iter().all(u8::is_ascii_digit)) {
        return Cow::Borrowed(text);
    }
    let mut backed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let digits = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        backed.push_str(before);
        if digits < FEWEST_DIGITS {
            backed.push_str(&from[..digits]);
        } else {
            backed.extend(std::iter::repeat_n('0', digits));
        }
        rest = &from[digits..];
    }
    backed.push_str(rest);
    Cow::Owned(backed)
}

/// Runs of letters and digits; each Han character is a word of its own.
fn words(piece: &str) -> impl Iterator<Item = &str> {
    let mut rest = piece;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let first = rest.chars().next()?;
        let length = if is_han(first) {
            first.len_utf8()
        } else {
            rest.find(|c: char| !c.is_alphanumeric() || is_han(c)).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(length);
        rest = after;
        Some(word)
    })
}

/// N-grams of two to five characters within a piece between spaces, its edges marked.
fn character_ngrams(piece: &str, found: &mut Vec<(u32, Group)>) {
    let padded: String = std::iter::once(' ').chain(piece.chars()).chain(std::iter::once(' ')).collect();
    let has_han = piece.chars().any(is_han);
    let limit = if has_han { usize::MAX } else { MAX_WORD };
    let starts: Vec<usize> =
        padded.char_indices().map(|(at, _)| at).chain(std::iter::once(padded.len())).take(limit).collect();
    for n in 2..=5 {
        for window in starts.windows(n + 1) {
            found.push((hash(&[&padded[window[0]..window[n]]], 3), Group::Characters));
        }
    }
}

/// Whether a character is a Chinese one.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

/// FNV-1a over the parts, folded to 32 bits after a final mix.
fn hash(parts: &[&str], salt: u64) -> u32 {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325 ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for part in parts {
        for byte in part.bytes().chain(std::iter::once(0xff)) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    state ^= state >> 32;
    state = state.wrapping_mul(0xd6e8_feb8_6659_fd93);
    (state >> 32) as u32
}

/// A hasher for keys that are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PlainHash;

impl std::hash::BuildHasher for PlainHash {
    type Hasher = PlainHasher;
    fn build_hasher(&self) -> PlainHasher {
        PlainHasher(0)
    }
}

/// See [`PlainHash`].
#[derive(Debug)]
pub(crate) struct PlainHasher(u64);

impl std::hash::Hasher for PlainHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u32(&mut self, value: u32) {
        self.0 = u64::from(value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_long_number_says_as_much_as_another_of_its_length_and_short_ones_mean_what_they_say() {
        assert_eq!(ngrams("where is ab12345678"), ngrams("where is ab90817263"));
        assert_ne!(ngrams("call 13812345678"), ngrams("call 1381234567"));
        assert_ne!(ngrams("open 24 hours"), ngrams("open 48 hours"));
        for (text, backed) in [("单号20260310在", "单号00000000在"), ("1234", "0000"), ("a12b", "a12b"), ("", "")]
        {
            assert_eq!(backed_off(text), backed);
        }
    }
}
