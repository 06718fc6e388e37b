//! The vocabulary of a student: pieces of words of both languages (a unigram language model, Kudo, 2018), in which
//! characters that no text held are told by their bytes.

use std::collections::BTreeMap;
use std::path::Path;

use tokenizers::models::unigram::{Unigram, UnigramTrainer};
use tokenizers::normalizers::{Lowercase, NFKC, Sequence as Normalizers};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::punctuation::Punctuation;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::{
    AddedToken, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _, SplitDelimiterBehavior,
};

use crate::Error;
use crate::tokens::Tokenizer;

/// What stands for a character that is told by no piece.
const UNKNOWN: &str = "[UNK]";
/// Longest piece in characters.
const LONGEST: usize = 12;
/// How likely a byte is taken to be: less than any piece.
const BYTE_SCORE: f64 = -30.0;
/// The step of score between characters that are added at the end.
const ADDED_STEP: f64 = 1e-4;
/// Rounds of the estimation between two prunings.
const ROUNDS: u32 = 2;

/// Learns at most so many pieces from texts in their plain form; the same texts give the same pieces. A vocabulary that is
/// also read by others, who know no plain form, makes one itself, as far as a tokenizer can.
pub(super) fn learn<'a>(texts: impl Iterator<Item = &'a str>, most: usize, plain: bool) -> Result<Tokenizer, Error> {
    let n_bytes = usize::from(u8::MAX) + 1;
    let trainer = UnigramTrainer::builder()
        .show_progress(false)
        .vocab_size(u32::try_from(most.saturating_sub(n_bytes)).unwrap_or(u32::MAX))
        .max_piece_length(LONGEST)
        .n_sub_iterations(ROUNDS)
        .unk_token(Some(UNKNOWN.to_owned()))
        .special_tokens(vec![AddedToken::from(UNKNOWN, true)])
        .build()
        .map_err(failed)?;
    let words = words(texts)?;
    let mut learned = Unigram::default();
    // Sums of floats depend on how many threads add them up.
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(failed)?;
    one.install(|| trainer.do_train(words, &mut learned)).map_err(failed)?;
    let bytes = (0..=u8::MAX).map(|byte| (format!("<0x{byte:02X}>"), BYTE_SCORE));
    let pieces = in_order(learned.iter().cloned().collect()).into_iter().chain(bytes).collect();
    let mut tokenizer = tokenizers::Tokenizer::new(Unigram::from(pieces, Some(0), true).map_err(failed)?);
    tokenizer.with_pre_tokenizer(Some(before_pieces()));
    if plain {
        let form = Normalizers::new(vec![NFKC.into(), Lowercase.into()]);
        tokenizer.with_normalizer(Some(form)).map_err(failed)?;
    }
    Tokenizer::from_json(tokenizer.to_string(false).map_err(failed)?.as_bytes(), Path::new("the vocabulary"))
}

/// The words of all texts, sorted, with how often each comes.
fn words<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<(String, u32)>, Error> {
    let split = before_pieces();
    let mut counts = BTreeMap::new();
    for text in texts {
        let mut parts = PreTokenizedString::from(text);
        split.pre_tokenize(&mut parts).map_err(failed)?;
        for (word, ..) in parts.get_splits(OffsetReferential::Original, OffsetType::Byte) {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    Ok(counts.into_iter().collect())
}

/// Pieces by falling score, the unknown first. Characters that were added at the end, a step of score apart, come in an
/// order of chance from the trainer; here the steps go by character.
fn in_order(mut pieces: Vec<(String, f64)>) -> Vec<(String, f64)> {
    let first = 1.min(pieces.len());
    let learned = &mut pieces[first..];
    let least = learned.iter().map(|piece| piece.1).fold(f64::INFINITY, f64::min);
    let is_added = |piece: &(String, f64)| {
        piece.0.chars().nth(1).is_none() && piece.1 < least + ADDED_STEP * (learned.len() + 1) as f64
    };
    let mut added: Vec<usize> = (0..learned.len()).filter(|at| is_added(&learned[*at])).collect();
    let mut scores: Vec<f64> = added.iter().map(|at| learned[*at].1).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    added.sort_by(|a, b| learned[*a].0.cmp(&learned[*b].0));
    added.into_iter().zip(scores).for_each(|(at, score)| learned[at].1 = score);
    learned.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    pieces
}

// By value, as `map_err` hands it over.
#[allow(clippy::needless_pass_by_value)]
fn failed(error: impl std::fmt::Display) -> Error {
    Error::Tokenizer(error.to_string())
}

/// Words keep the space before them; digits and marks stand alone.
fn before_pieces() -> PreTokenizerWrapper {
    let spaces = Metaspace::new('▁', PrependScheme::Always, true);
    let apart = Punctuation::new(SplitDelimiterBehavior::Isolated);
    Sequence::new(vec![apart.into(), Digits::new(true).into(), spaces.into()]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_texts_give_the_same_pieces() {
        let texts: Vec<String> =
            (0..60).map(|at| format!("包裹{at}到了吗 where is parcel {at} 第{at}个退款")).collect();
        let learned = || learn(texts.iter().map(String::as_str), 300, false).expect("a vocabulary");
        let json = |tokenizer: &Tokenizer| tokenizer.to_json().expect("json");
        let first = json(&learned());
        (0..4).for_each(|_| assert_eq!(json(&learned()), first));
    }

    #[test]
    fn every_character_can_be_told() {
        let texts = ["where is my parcel", "my parcel is late", "我的包裹在哪里", "我的包裹晚了"];
        let tokenizer = learn(texts.into_iter(), 400, false).expect("a vocabulary");
        assert!(matches!(tokenizer, Tokenizer::Pieces(_)));
        let id = |token: &str| tokenizer.id(token).expect("a token");
        for text in ["parcel", "包裹", "龘", "é", "🙂"] {
            let tokens = tokenizer.encode(text, 64, false);
            assert!(!tokens.is_empty() && !tokens.contains(&id(UNKNOWN)), "{text}: {tokens:?}");
        }
        assert!(tokenizer.encode("龘", 64, false).contains(&id("<0xE9>")));
    }
}
