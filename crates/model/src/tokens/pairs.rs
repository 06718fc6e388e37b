//! A vocabulary of byte pairs, trained on the bot's own data (Sennrich et al., 2016).

use std::sync::Arc;

use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::whitespace::Whitespace;
use tokenizers::{AddedToken, TokenizerBuilder};

use super::{Tokenizer, failed};
use crate::Error;

/// Most tokens a vocabulary trained here has.
const VOCABULARY: usize = 6000;
/// Longest token in characters.
const MAX_TOKEN: usize = 12;

/// Trains a byte-pair vocabulary on normalised texts; the same texts always give the same vocabulary.
pub(crate) fn train<'a>(texts: impl Iterator<Item = &'a str> + Send) -> Result<Tokenizer, Error> {
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
    Ok(Tokenizer::Library(Arc::new(json.parse().map_err(failed)?)))
}
