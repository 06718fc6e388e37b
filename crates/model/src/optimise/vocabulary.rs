//! A base's vocabulary cut down to the tokens that a bot's languages need, its embeddings with it. A text whose tokens
//! all stay is read as before: both kinds of tokenizer take the best of the pieces they have, which is still there.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::encoder;
use super::scripts::Scripts;
use crate::table::Table;
use crate::tokens::Tokenizer;
use crate::{Classifier, Error};

/// Which tokens stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vocabulary {
    /// Those of the texts, and all single characters and bytes of the bot's languages.
    Used,
    /// The same, filled up with the most frequent pieces of the bot's languages to so many tokens.
    Most(usize),
}

impl Classifier {
    /// The same classifier with fewer tokens; texts made of those that stay get the same vectors, bit for bit.
    pub fn with_vocabulary(&self, vocabulary: Vocabulary, texts: &[&str]) -> Result<Self, Error> {
        let mut parts = self.parts().clone();
        let bert = encoder(&mut parts, "vocabulary")?;
        let before = self.parts().tokenizer.len();
        if let Vocabulary::Most(wanted) = vocabulary
            && wanted >= before
        {
            let problem = format!("the model has {before} tokens, which {wanted} do not make fewer");
            return Err(Error::Option { option: "vocabulary", problem });
        }
        let mut pieces = Pieces::new(&self.parts().tokenizer)?;
        let mut kept = pieces.needed(&Scripts::of(&self.info().languages));
        for text in texts {
            kept.extend(self.parts().read(text::normalise(text).as_str()).tokens);
            // Entities may be read from messages as they were written.
            kept.extend(self.parts().read(text).tokens);
        }
        if let Vocabulary::Most(wanted) = vocabulary {
            pieces.fill(&mut kept, wanted, &Scripts::of(&self.info().languages));
        }
        let kept: Vec<u32> = kept.into_iter().collect();
        bert.config.vocab_size = kept.len();
        let words = &self.parts().network.tokens;
        let rows = kept.iter().flat_map(|id| words.row(*id)).copied().collect();
        parts.network.tokens = Table::from_values(rows, words.dim());
        parts.tokenizer = pieces.cut(&kept)?;
        let done = format!("v{}", kept.len());
        Ok(self.lighter(parts, self.info().precision, &done))
    }
}

/// A tokenizer as JSON, with its pieces by id.
struct Pieces {
    json: Value,
    kind: Kind,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The longest piece that fits, from the left.
    WordPiece,
    /// The likeliest row of pieces.
    Unigram,
}

struct Piece {
    id: u32,
    text: String,
    /// Whether it stays whatever the texts.
    special: bool,
    /// How rare it is: the place in the vocabulary, or minus the log-likelihood.
    rarity: f64,
}

impl Piece {
    /// What it stands for in a text: without the marks of its place in a word.
    fn surface(&self) -> &str {
        let text = self.text.strip_prefix("##").filter(|rest| !rest.is_empty()).unwrap_or(&self.text);
        text.strip_prefix('\u{2581}').filter(|rest| !rest.is_empty()).unwrap_or(text)
    }

    /// Whether it stands for one byte of a character that has no piece.
    fn is_byte(&self) -> bool {
        self.text.len() == 6 && self.text.starts_with("<0x") && self.text.ends_with('>')
    }
}

impl Pieces {
    fn new(tokenizer: &Tokenizer) -> Result<Self, Error> {
        let json: Value =
            serde_json::from_str(&tokenizer.to_json()?).map_err(|error| Error::Tokenizer(error.to_string()))?;
        let kind = match json["model"]["type"].as_str() {
            Some("WordPiece") => Kind::WordPiece,
            Some("Unigram") => Kind::Unigram,
            other => {
                let found = other.unwrap_or("unknown");
                let problem =
                    format!("the tokenizer is of type {found}; only WordPiece and Unigram can be cut, leave it whole");
                return Err(Error::Option { option: "vocabulary", problem });
            }
        };
        let unknown = match kind {
            Kind::WordPiece => json["model"]["unk_token"].as_str().and_then(|token| tokenizer.id(token)),
            Kind::Unigram => number(&json["model"]["unk_id"]),
        };
        let added: BTreeSet<u32> =
            json["added_tokens"].as_array().into_iter().flatten().filter_map(|token| number(&token["id"])).collect();
        let piece = |(text, id): (String, u32)| Piece {
            special: added.contains(&id) || unknown == Some(id),
            rarity: match kind {
                Kind::WordPiece => f64::from(id),
                Kind::Unigram => -json["model"]["vocab"][id as usize][1].as_f64().unwrap_or(0.0),
            },
            id,
            text,
        };
        let mut pieces: Vec<Piece> = tokenizer.vocabulary().into_iter().map(piece).collect();
        pieces.sort_by_key(|piece| piece.id);
        Ok(Self { json, kind, pieces })
    }

    /// Tokens without which texts of the languages could not be read at all.
    fn needed(&self, scripts: &Scripts) -> BTreeSet<u32> {
        let needed = |piece: &&Piece| {
            let surface = piece.surface();
            piece.special || piece.is_byte() || (surface.chars().count() <= 1 && scripts.write(surface))
        };
        let mut needed: BTreeSet<u32> = self.pieces.iter().filter(needed).map(|piece| piece.id).collect();
        // What a likeliest row pays for a character without a piece follows from the rarest piece.
        let rarest = self.pieces.iter().filter(|piece| !piece.special).max_by(|a, b| a.rarity.total_cmp(&b.rarity));
        needed.extend(rarest.filter(|_| self.kind == Kind::Unigram).map(|piece| piece.id));
        needed
    }

    /// Adds the most frequent pieces of the languages until there are so many tokens.
    fn fill(&mut self, kept: &mut BTreeSet<u32>, wanted: usize, scripts: &Scripts) {
        let free = |piece: &&Piece| !kept.contains(&piece.id) && !piece.text.starts_with("[unused");
        let mut others: Vec<&Piece> =
            self.pieces.iter().filter(free).filter(|piece| scripts.write(piece.surface())).collect();
        others.sort_by(|a, b| a.rarity.total_cmp(&b.rarity));
        let missing = wanted.saturating_sub(kept.len());
        kept.extend(others.into_iter().take(missing).map(|piece| piece.id));
    }

    /// The tokenizer with these tokens alone, numbered in their order.
    fn cut(self, kept: &[u32]) -> Result<Tokenizer, Error> {
        let Self { mut json, kind, .. } = self;
        let new = |value: &Value| number(value).and_then(|id| kept.binary_search(&id).ok());
        let model = &mut json["model"];
        match kind {
            Kind::WordPiece => {
                if let Some(vocabulary) = model.get_mut("vocab").and_then(Value::as_object_mut) {
                    vocabulary.retain(|_, id| new(id).is_some());
                    vocabulary.values_mut().for_each(|id| renumber(id, new));
                }
            }
            Kind::Unigram => {
                if let Some(vocabulary) = model.get_mut("vocab").and_then(Value::as_array_mut) {
                    let mut id = 0;
                    vocabulary.retain(|_| {
                        id += 1;
                        kept.binary_search(&(id - 1)).is_ok()
                    });
                }
                model.get_mut("unk_id").into_iter().for_each(|id| renumber(id, new));
            }
        }
        for token in items(&mut json, "added_tokens") {
            token.get_mut("id").into_iter().for_each(|id| renumber(id, new));
        }
        if let Some(processor) = json.get_mut("post_processor") {
            renumber_frame(processor, &new);
        }
        Tokenizer::from_json(json.to_string().as_bytes(), Path::new("the vocabulary"))
    }
}

/// Renumbers the tokens that a post-processor puts around a text.
fn renumber_frame(processor: &mut Value, new: &impl Fn(&Value) -> Option<usize>) {
    items(processor, "processors").for_each(|processor| renumber_frame(processor, new));
    let tokens = processor.get_mut("special_tokens").and_then(Value::as_object_mut);
    for token in tokens.into_iter().flat_map(|tokens| tokens.values_mut()) {
        items(token, "ids").for_each(|id| renumber(id, new));
    }
    for name in ["sep", "cls"] {
        if let Some(id) = processor.get_mut(name).and_then(|token| token.get_mut(1)) {
            renumber(id, new);
        }
    }
}

/// The items of a list in an object; none where there is no such list.
fn items<'a>(object: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn renumber(id: &mut Value, new: impl Fn(&Value) -> Option<usize>) {
    if let Some(new) = new(id) {
        *id = new.into();
    }
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|id| u32::try_from(id).ok())
}
