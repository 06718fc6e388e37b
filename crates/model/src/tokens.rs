//! The token vocabulary: trained on the bot's own data, or brought by a base.

use std::ops::Range;

use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::whitespace::Whitespace;
use tokenizers::{AddedToken, Tokenizer, TokenizerBuilder};

use crate::Error;

/// Most tokens a vocabulary trained here has.
const VOCABULARY: usize = 6000;
/// Longest token in characters.
const MAX_TOKEN: usize = 12;

/// Trains a byte-pair vocabulary on normalised texts; the same texts always give the same vocabulary.
pub(crate) fn train_vocabulary<'a>(texts: impl Iterator<Item = &'a str> + Send) -> Result<Tokenizer, Error> {
    let mut tokenizer = TokenizerBuilder::<
        BPE,
        tokenizers::NormalizerWrapper,
        Whitespace,
        tokenizers::PostProcessorWrapper,
        tokenizers::DecoderWrapper,
    >::new()
    .with_model(BPE::builder().unk_token("[UNK]".into()).build().map_err(failed)?)
    .with_pre_tokenizer(Some(Whitespace {}))
    .build()
    .map_err(failed)?;
    let special = ["[PAD]", "[UNK]"].map(|token| AddedToken::from(token, true));
    let mut trainer = BpeTrainerBuilder::new()
        .show_progress(false)
        .vocab_size(VOCABULARY)
        .min_frequency(2)
        .max_token_length(Some(MAX_TOKEN))
        .special_tokens(special.to_vec())
        .build();
    tokenizer.train(&mut trainer, texts).map_err(failed)?;
    let json = tokenizer.to_string(false).map_err(failed)?;
    json.parse().map_err(failed)
}

/// The first `limit` token ids of a text.
pub(crate) fn encode(tokenizer: &Tokenizer, text: &str, limit: usize, special: bool) -> Vec<u32> {
    // No customer's message fills the limit with longer text than this.
    let end = text.char_indices().nth(limit * 16).map_or(text.len(), |(at, _)| at);
    let Ok(encoding) = tokenizer.encode_fast(&text[..end], special) else {
        return Vec::new();
    };
    let ids = encoding.get_ids();
    if ids.len() <= limit {
        return ids.to_vec();
    }
    let mut kept = ids[..limit].to_vec();
    if special && let (Some(end), Some(last)) = (kept.last_mut(), ids.last()) {
        *end = *last;
    }
    kept
}

/// The same with the bytes of the text that each token stands for; a special token stands for none.
pub(crate) fn encode_aligned(
    tokenizer: &Tokenizer,
    prefix: &str,
    text: &str,
    limit: usize,
) -> (Vec<u32>, Vec<Range<usize>>) {
    let end = text.char_indices().nth((limit * 16).saturating_sub(prefix.chars().count()));
    let end = end.map_or(text.len(), |(at, _)| at);
    let Ok(encoding) = tokenizer.encode(format!("{prefix}{}", &text[..end]), true) else {
        return (Vec::new(), Vec::new());
    };
    let (mut ids, mut ranges) = (encoding.get_ids().to_vec(), Vec::with_capacity(encoding.len()));
    for (offsets, special) in encoding.get_offsets().iter().zip(encoding.get_special_tokens_mask()) {
        let (start, end) = (offsets.0.saturating_sub(prefix.len()), offsets.1.saturating_sub(prefix.len()));
        ranges.push(if *special == 1 { 0..0 } else { start..end });
    }
    if ids.len() > limit {
        let last = ids[ids.len() - 1];
        ids.truncate(limit);
        ranges.truncate(limit);
        if let (Some(id), Some(range)) = (ids.last_mut(), ranges.last_mut()) {
            (*id, *range) = (last, 0..0);
        }
    }
    (ids, ranges)
}

// By value, as `map_err` hands it over.
#[allow(clippy::needless_pass_by_value)]
fn failed(error: tokenizers::Error) -> Error {
    Error::Tokenizer(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligned_tokens_are_those_that_are_read_and_stand_for_their_text() {
        let texts = ["my lamp is broken", "my lamp is late", "我的台灯坏了", "我的台灯呢"];
        let tokenizer = train_vocabulary(texts.into_iter()).unwrap();
        for text in ["my lamp, 我的台灯", "", "my lamp is broken and late ".repeat(30).as_str()] {
            let (ids, ranges) = encode_aligned(&tokenizer, "query: ", text, 12);
            assert_eq!(ids, encode(&tokenizer, &format!("query: {text}"), 12, true), "{text}");
            assert_eq!(ids.len(), ranges.len());
            assert!(ranges.iter().all(|range| text.get(range.clone()).is_some()), "{ranges:?}");
        }
        let (_, ranges) = encode_aligned(&tokenizer, "query: ", "my lamp", 64);
        let parts: Vec<&str> =
            ranges.iter().map(|range| &"my lamp"[range.clone()]).filter(|part| !part.is_empty()).collect();
        assert_eq!(parts.concat(), "mylamp");
    }
}
