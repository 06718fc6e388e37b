//! How texts are cut into tokens: by a vocabulary trained on the bot's own data, or by the one a base brings.

mod pairs;
mod pieces;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::Error;
pub(crate) use pairs::train as train_vocabulary;
use pieces::Pieces;

/// What cuts texts.
#[derive(Debug, Clone)]
pub(crate) enum Tokenizer {
    /// Whatever the library reads.
    Library(Arc<tokenizers::Tokenizer>),
    /// The pieces of a base that was distilled here.
    Pieces(Arc<Pieces>),
}

impl Tokenizer {
    /// Reads a `tokenizer.json`, without its padding and truncation; `path` is what errors name.
    pub(crate) fn from_json(json: &[u8], path: &Path) -> Result<Self, Error> {
        if let Some(pieces) = Pieces::from_json(json) {
            return Ok(Self::Pieces(Arc::new(pieces)));
        }
        let mut library = tokenizers::Tokenizer::from_bytes(json)
            .map_err(|error| Error::bundle(path, format!("is no tokenizer: {error}")))?;
        library.with_padding(None);
        library.with_truncation(None).map_err(|error| Error::bundle(path, error.to_string()))?;
        Ok(Self::Library(Arc::new(library)))
    }

    /// Whether it is a base's vocabulary that another one is too.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Pieces(one), Self::Pieces(other)) if one == other)
    }

    /// Its `tokenizer.json`.
    pub(crate) fn to_json(&self) -> Result<String, Error> {
        match self {
            Self::Library(library) => library.to_string(true).map_err(failed),
            Self::Pieces(pieces) => Ok(pieces.to_json().to_string()),
        }
    }

    /// Tokens of the vocabulary.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Library(library) => library.get_vocab_size(true),
            Self::Pieces(pieces) => pieces.len(),
        }
    }

    /// Tokens with their ids, in no order.
    pub(crate) fn vocabulary(&self) -> Vec<(String, u32)> {
        match self {
            Self::Library(library) => library.get_vocab(true).into_iter().collect(),
            Self::Pieces(pieces) => pieces.iter().map(|(id, piece)| (piece.to_owned(), id)).collect(),
        }
    }

    /// Whether all its tokens are among the first `n`.
    pub(crate) fn fits(&self, n: usize) -> bool {
        match self {
            Self::Library(library) => library.get_vocab(true).values().all(|id| (*id as usize) < n),
            Self::Pieces(pieces) => pieces.len() <= n,
        }
    }

    /// The id of a token.
    pub(crate) fn id(&self, token: &str) -> Option<u32> {
        match self {
            Self::Library(library) => library.token_to_id(token),
            Self::Pieces(pieces) => pieces.id(token),
        }
    }

    /// The first `limit` token ids of a text.
    pub(crate) fn encode(&self, text: &str, limit: usize, special: bool) -> Vec<u32> {
        let text = &text[..end(text, limit * LONGEST)];
        let ids = match self {
            Self::Library(library) => {
                library.encode_fast(text, special).map(|encoding| encoding.get_ids().to_vec()).unwrap_or_default()
            }
            Self::Pieces(pieces) => pieces.cut(text, limit).into_iter().map(|token| token.0).collect(),
        };
        if ids.len() <= limit {
            return ids;
        }
        let mut kept = ids[..limit].to_vec();
        // The library's last token is the one that ends every text.
        if let (true, Self::Library(_), Some(end), Some(last)) = (special, self, kept.last_mut(), ids.last()) {
            *end = *last;
        }
        kept
    }

    /// The same with the bytes of the text that each token stands for; a special token stands for none.
    pub(crate) fn encode_aligned(&self, prefix: &str, text: &str, limit: usize) -> (Vec<u32>, Vec<Range<usize>>) {
        let text = &text[..end(text, (limit * LONGEST).saturating_sub(prefix.chars().count()))];
        let read = format!("{prefix}{text}");
        let after = |place: usize| place.saturating_sub(prefix.len());
        match self {
            Self::Library(library) => aligned(library, &read, limit, &after),
            Self::Pieces(pieces) => {
                let tokens = pieces.cut(&read, limit).into_iter().take(limit);
                tokens.map(|(id, range)| (id, after(range.start)..after(range.end))).unzip()
            }
        }
    }
}

/// Characters of a token at most: no customer's message fills a limit of tokens with longer text.
const LONGEST: usize = 16;

/// Where a text's first characters end.
fn end(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

fn aligned(
    library: &tokenizers::Tokenizer,
    text: &str,
    limit: usize,
    after: &dyn Fn(usize) -> usize,
) -> (Vec<u32>, Vec<Range<usize>>) {
    let Ok(encoding) = library.encode(text, true) else {
        return (Vec::new(), Vec::new());
    };
    let offsets = encoding.get_offsets().iter().zip(encoding.get_special_tokens_mask());
    let place = |((start, end), special): (&(usize, usize), &u32)| {
        if *special == 1 { 0..0 } else { after(*start)..after(*end) }
    };
    let (mut ids, mut ranges) = (encoding.get_ids().to_vec(), offsets.map(place).collect::<Vec<_>>());
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
        let pieces = include_bytes!("../../../data/base/tokenizer.json");
        let pieces = Tokenizer::from_json(pieces, Path::new("base")).expect("pieces");
        assert!(matches!(pieces, Tokenizer::Pieces(_)));
        for tokenizer in [train_vocabulary(texts.into_iter()).expect("a vocabulary"), pieces] {
            for text in ["my lamp, 我的台灯", "", "my lamp is broken and late ".repeat(30).as_str()] {
                let (ids, ranges) = tokenizer.encode_aligned("query: ", text, 12);
                assert_eq!(ids, tokenizer.encode(&format!("query: {text}"), 12, true), "{text}");
                assert!(ids.len() <= 12 && ids.len() == ranges.len());
                assert!(ranges.iter().all(|range| text.get(range.clone()).is_some()), "{ranges:?}");
            }
            let (_, ranges) = tokenizer.encode_aligned("query: ", "my lamp", 64);
            let parts: Vec<&str> = ranges.iter().map(|range| "my lamp"[range.clone()].trim()).collect();
            assert_eq!(parts.concat(), "mylamp");
        }
    }
}
