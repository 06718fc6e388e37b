//! The token vocabulary: trained on the bot's own data, or brought by a base.

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

// By value, as `map_err` hands it over.
#[allow(clippy::needless_pass_by_value)]
fn failed(error: tokenizers::Error) -> Error {
    Error::Tokenizer(error.to_string())
}
