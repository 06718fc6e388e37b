//! The pieces of a unigram vocabulary (Kudo, 2018) in a few hundred kilobytes, where the library's tree of them takes
//! tens of megabytes. Cuts every text into the same tokens as the library does.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use unicode_categories::UnicodeCategories as _;

/// What stands for the space before a word.
const SPACE: char = '▁';
/// How much less likely an unknown character is taken to be than the least likely piece.
const UNKNOWN_PENALTY: f64 = 10.0;
/// A slot without a piece.
const FREE: u32 = u32::MAX;

/// A vocabulary with its scores.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pieces {
    /// All pieces by id, one after another, and where each ends.
    letters: String,
    ends: Vec<u32>,
    scores: Vec<f64>,
    /// Ids by the hash of the piece; a power of two.
    slots: Vec<u32>,
    /// The piece of each byte.
    bytes: Vec<u32>,
    unknown: u32,
    unknown_score: f64,
    /// Characters of the longest piece.
    longest: usize,
}

/// `tokenizer.json`.
#[derive(Serialize, Deserialize)]
struct File {
    version: Value,
    truncation: Value,
    padding: Value,
    added_tokens: Vec<Value>,
    normalizer: Value,
    pre_tokenizer: Value,
    post_processor: Value,
    decoder: Value,
    model: Model,
}

#[derive(Serialize, Deserialize)]
struct Model {
    r#type: String,
    unk_id: Option<u32>,
    vocab: Vec<(String, f64)>,
    byte_fallback: bool,
}

/// A token: its id, and the bytes of the text that it stands for.
type Token = (u32, Range<usize>);

/// Words keep the space before them; digits and marks stand alone.
fn before_pieces() -> Value {
    json!({"type": "Sequence", "pretokenizers": [
        {"type": "Punctuation", "behavior": "Isolated"},
        {"type": "Digits", "individual_digits": true},
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
    ]})
}

impl Pieces {
    /// Reads a `tokenizer.json`; nothing where it is of another kind than those that are made here.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let file: File = serde_json::from_slice(json).ok()?;
        let others = [&file.normalizer, &file.post_processor];
        let is_ours = others.iter().all(|part| part.is_null())
            && file.added_tokens.is_empty()
            && file.pre_tokenizer == before_pieces()
            && file.model.r#type == "Unigram"
            && file.model.byte_fallback;
        if is_ours { Self::new(&file.model.vocab, file.model.unk_id?) } else { None }
    }

    fn new(vocabulary: &[(String, f64)], unknown: u32) -> Option<Self> {
        let n = u32::try_from(vocabulary.len()).ok().filter(|n| unknown < *n)?;
        let least = vocabulary.iter().map(|piece| piece.1).fold(f64::INFINITY, f64::min);
        let mut pieces = Self {
            letters: vocabulary.iter().map(|piece| piece.0.as_str()).collect(),
            ends: Vec::with_capacity(vocabulary.len()),
            scores: vocabulary.iter().map(|piece| piece.1).collect(),
            slots: vec![FREE; (vocabulary.len() * 2).next_power_of_two()],
            bytes: Vec::new(),
            unknown,
            unknown_score: least - UNKNOWN_PENALTY,
            longest: vocabulary.iter().map(|piece| piece.0.chars().count()).max()?,
        };
        let mut end = 0;
        for (piece, _) in vocabulary {
            end += piece.len();
            pieces.ends.push(u32::try_from(end).ok()?);
        }
        for id in 0..n {
            let slot = pieces.slot(pieces.piece(id));
            if pieces.piece(id).is_empty() || pieces.slots[slot] != FREE || !least.is_finite() {
                return None;
            }
            pieces.slots[slot] = id;
        }
        pieces.bytes = (0..=u8::MAX).map(|byte| pieces.id(&format!("<0x{byte:02X}>"))).collect::<Option<_>>()?;
        Some(pieces)
    }

    /// The `tokenizer.json` that it was read from.
    pub(crate) fn to_json(&self) -> Value {
        let vocabulary = self.iter().zip(&self.scores).map(|((_, piece), score)| (piece.to_owned(), *score));
        let model = Model {
            r#type: "Unigram".into(),
            unk_id: Some(self.unknown),
            vocab: vocabulary.collect(),
            byte_fallback: true,
        };
        json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": before_pieces(), "post_processor": null, "decoder": null, "model": model,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }

    /// The id of a piece.
    pub(crate) fn id(&self, piece: &str) -> Option<u32> {
        Some(self.slots[self.slot(piece)]).filter(|id| *id != FREE)
    }

    /// All pieces with their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        (0..self.len() as u32).map(|id| (id, self.piece(id)))
    }

    fn piece(&self, id: u32) -> &str {
        let start = if id == 0 { 0 } else { self.ends[id as usize - 1] };
        &self.letters[start as usize..self.ends[id as usize] as usize]
    }

    /// Where a piece stands, or would stand.
    fn slot(&self, piece: &str) -> usize {
        self.slot_of(piece, piece.bytes().fold(START, mixed))
    }

    fn slot_of(&self, piece: &str, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (hash ^ hash >> 32) as usize & mask;
        while self.slots[slot] != FREE && self.piece(self.slots[slot]) != piece {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// The likeliest pieces of a text, at least `limit` of them where it has so many.
    pub(crate) fn cut(&self, text: &str, limit: usize) -> Vec<Token> {
        let mut tokens = Vec::new();
        let mut word = Word::default();
        for (at, letter) in text.char_indices() {
            let alone = stands_alone(letter);
            if alone || letter == ' ' || letter == SPACE {
                self.finish(&mut word, &mut tokens);
            }
            if tokens.len() >= limit {
                return tokens;
            }
            word.add(at, letter);
            if alone {
                self.finish(&mut word, &mut tokens);
            }
        }
        self.finish(&mut word, &mut tokens);
        tokens
    }

    /// Cuts a word and starts a new one.
    fn finish(&self, word: &mut Word, tokens: &mut Vec<Token>) {
        if word.letters.is_empty() {
            return;
        }
        let first = tokens.len();
        let mut end = word.letters.len();
        let best = self.best(&word.letters);
        while end > 0 {
            let Step { from, id, .. } = best[end];
            let range = word.place(from)..word.place(end);
            if id == self.unknown {
                let bytes = word.letters[from..end].bytes().rev();
                tokens.extend(bytes.map(|byte| (self.bytes[usize::from(byte)], range.clone())));
            } else {
                tokens.push((id, range));
            }
            end = from;
        }
        tokens[first..].reverse();
        word.letters.clear();
    }

    /// The likeliest way to each byte of a word (Viterbi).
    fn best(&self, word: &str) -> Vec<Step> {
        let mut best = vec![Step { score: f64::NEG_INFINITY, from: 0, id: self.unknown }; word.len() + 1];
        best[0].score = 0.0;
        for (from, letter) in word.char_indices() {
            let so_far = best[from].score;
            let mut offer = |end: usize, id: u32, score: f64| {
                if so_far + score > best[end].score {
                    best[end] = Step { score: so_far + score, from, id };
                }
            };
            let next = from + letter.len_utf8();
            let mut hash = START;
            let mut is_known = false;
            for (start, letter) in word[from..].char_indices().take(self.longest) {
                let end = from + start + letter.len_utf8();
                hash = word.as_bytes()[from + start..end].iter().copied().fold(hash, mixed);
                let id = self.slots[self.slot_of(&word[from..end], hash)];
                if id != FREE {
                    is_known |= end == next;
                    offer(end, id, self.scores[id as usize]);
                }
            }
            if !is_known {
                offer(next, self.unknown, self.unknown_score);
            }
        }
        best
    }
}

/// The end of a piece on the likeliest way to a byte of a word.
#[derive(Clone, Copy)]
struct Step {
    score: f64,
    from: usize,
    id: u32,
}

/// A word while it is read, the mark of the space before it included.
#[derive(Default)]
struct Word {
    letters: String,
    /// Where the text has the space, and where the rest begins; nothing lies between them where there is no space.
    space: Range<usize>,
}

impl Word {
    fn add(&mut self, at: usize, letter: char) {
        let is_space = letter == ' ' || letter == SPACE;
        if self.letters.is_empty() {
            self.letters.push(SPACE);
            self.space = at..if is_space { at + letter.len_utf8() } else { at };
        }
        if !is_space {
            self.letters.push(letter);
        }
    }

    /// The byte of the text that a byte of the word stands at.
    fn place(&self, at: usize) -> usize {
        if at == 0 { self.space.start } else { self.space.end + at - SPACE.len_utf8() }
    }
}

fn stands_alone(letter: char) -> bool {
    letter.is_ascii_punctuation() || letter.is_numeric() || letter.is_punctuation()
}

/// FNV-1a.
const START: u64 = 0xcbf2_9ce4_8422_2325;

fn mixed(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JSON: &[u8] = include_bytes!("../../../../data/base/tokenizer.json");

    fn ids(tokens: &[Token]) -> Vec<u32> {
        tokens.iter().map(|token| token.0).collect()
    }

    /// The base's pieces, and the library's reading of them.
    fn both() -> (Pieces, tokenizers::Tokenizer) {
        let library = tokenizers::Tokenizer::from_bytes(JSON).expect("a tokenizer");
        (Pieces::from_json(JSON).expect("pieces"), library)
    }

    #[test]
    fn every_text_is_cut_as_the_library_cuts_it() {
        let (pieces, library) = both();
        let same = |text: &str| {
            let theirs = library.encode_fast(text, false).expect("tokens");
            assert_eq!(ids(&pieces.cut(text, usize::MAX)), theirs.get_ids(), "{text:?}");
        };
        for text in [
            "",
            " ",
            "  a  b ",
            "where is my parcel?",
            "我的快递到哪了",
            "退款3天了，还没到！",
            "▁a▁ ▁",
            "<0xE9>",
            "龘é🙂½Ⅷ",
            "don't",
            "a\u{301}\n\tb\u{3000}c",
            "[UNK]",
            "iPhone15的价格是¥5,999.00",
        ] {
            same(text);
        }
        let mut runner = proptest::test_runner::TestRunner::default();
        let texts = prop_oneof![any::<String>(), "[ a-z0-9,.的我你退款▁龘]{0,60}", "[\u{2000}-\u{30ff}]{0,20}"];
        runner
            .run(&texts, |text| {
                same(&text);
                Ok(())
            })
            .expect("the same tokens");
    }

    #[test]
    fn tokens_stand_for_the_text_without_a_gap() {
        let (pieces, _) = both();
        for text in ["where is my parcel", " 我的  快递, 到龘了", "▁a"] {
            let tokens = pieces.cut(text, usize::MAX);
            assert_eq!(
                (tokens[0].1.start, tokens.last().map(|token| token.1.end)),
                (0, Some(text.len())),
                "{tokens:?}"
            );
            let follow = |pair: &[Token]| pair[0].1.end == pair[1].1.start || pair[0].1 == pair[1].1;
            assert!(tokens.windows(2).all(follow), "{tokens:?}");
            assert!(tokens.iter().all(|token| text.get(token.1.clone()).is_some()));
        }
    }

    #[test]
    fn its_file_is_the_one_it_was_read_from() {
        let (pieces, _) = both();
        let file: Value = serde_json::from_slice(JSON).expect("json");
        assert_eq!(pieces.to_json(), file);
    }

    #[test]
    fn vocabularies_of_other_kinds_are_left_to_the_library() {
        let file: Value = serde_json::from_slice(JSON).expect("json");
        let refused = |pointer: &str, value: Value| {
            let mut file = file.clone();
            *file.pointer_mut(pointer).expect("a field") = value;
            Pieces::from_json(file.to_string().as_bytes()).is_none()
        };
        assert!(refused("/normalizer", json!({"type": "NFKC"})));
        assert!(refused("/pre_tokenizer/pretokenizers/1/individual_digits", json!(false)));
        assert!(refused("/model/byte_fallback", json!(false)) && refused("/model/unk_id", json!(null)));
        assert!(refused("/model/vocab/5/0", json!("s")) && refused("/model/vocab/5/0", json!("")));
        assert!(refused("/model/unk_id", json!(9_999_999)) && refused("/added_tokens", json!([{"id": 3}])));
        assert!(Pieces::from_json(b"").is_none() && Pieces::from_json(b"{}").is_none());
    }
}
