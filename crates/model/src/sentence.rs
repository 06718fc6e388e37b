//! Vectors of sentences that lie near each other where the sentences mean the same, whichever words they use.

mod averaged;
mod convolution;
mod course;
mod layout;
mod loss;
mod noise;
mod pieces;
mod pool;
pub(crate) mod shipped;
mod student;
mod teacher;

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::bundle::Stored;
use crate::network::{Base, Transformer};
use crate::tokens::Tokenizer;
use crate::{Error, bundle};
pub(crate) use averaged::Averaged;
pub use averaged::Shape;
use averaged::to_length;
pub use course::{DistilOptions, DistilProgress, Line, distil};
pub use student::{Architecture, TransformerShape};
pub use teacher::Teacher;

/// Most tokens of a text that are read.
pub(crate) const MAX_TOKENS: usize = 256;
/// Texts that a transformer takes at a time.
const TEXTS: usize = 256;

/// Turns texts into vectors of length 1.
#[derive(Debug)]
pub struct SentenceEncoder {
    tokenizer: Tokenizer,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// A BERT's mean over tokens, with what it wants before each text.
    Transformer(Box<Transformer>, String),
    Averaged(Arc<Averaged>),
}

impl SentenceEncoder {
    /// Opens a folder with `config.json`, `tokenizer.json` and `model.safetensors`: an encoder that was distilled here,
    /// or a BERT-family checkpoint, which is read with the mean over its tokens and the prefix its folder asks for.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let (base, tokenizer, prefix) = bundle::load_base(dir)?;
        let body = match base {
            Base::Transformer(transformer) => Body::Transformer(transformer, prefix),
            Base::Averaged(averaged) => Body::Averaged(averaged),
        };
        Ok(Self { tokenizer, body })
    }

    /// The encoder that comes with this crate; all of a process share its weights.
    pub fn shipped() -> Result<Self, Error> {
        let (averaged, tokenizer) = shipped::open()?;
        Ok(Self { tokenizer, body: Body::Averaged(averaged) })
    }

    /// What tells the encoder that comes with this crate from those of other versions.
    pub fn shipped_name() -> &'static str {
        shipped::name()
    }

    /// What a BERT reads before each text, in place of what its folder asks for; another encoder reads none.
    pub fn set_prefix(&mut self, text: &str) {
        if let Body::Transformer(_, prefix) = &mut self.body {
            text.clone_into(prefix);
        }
    }

    /// Values of a vector.
    pub fn dim(&self) -> usize {
        match &self.body {
            Body::Transformer(base, _) => base.words.dim(),
            Body::Averaged(averaged) => averaged.shape.width,
        }
    }

    /// Vectors `[texts, dim]` of length 1, one after another; zeros where a text says nothing. Uses all threads.
    pub fn encode(&self, texts: &[&str]) -> Vec<f32> {
        match &self.body {
            // A single text does not wait for other threads.
            Body::Averaged(averaged) if texts.len() == 1 => averaged.encode(&self.read_plain(texts[0])),
            Body::Averaged(averaged) => {
                texts.par_iter().flat_map_iter(|text| averaged.encode(&self.read_plain(text))).collect()
            }
            Body::Transformer(base, prefix) => {
                let read = |text: &&str| read_prefixed(&self.tokenizer, base, prefix, text);
                texts
                    .chunks(TEXTS)
                    .flat_map(|texts| by_length(base, &texts.par_iter().map(read).collect::<Vec<_>>()))
                    .collect()
            }
        }
    }

    /// Tokens of a text in its plain form.
    fn read_plain(&self, text: &str) -> Vec<u32> {
        self.tokenizer.encode(text::normalise(text).as_str(), MAX_TOKENS, false)
    }

    /// How many tokens are read of texts.
    pub fn count_tokens(&self, texts: &[&str]) -> usize {
        let count = |text: &&str| match &self.body {
            Body::Averaged(_) => self.read_plain(text).len(),
            Body::Transformer(base, prefix) => read_prefixed(&self.tokenizer, base, prefix, text).len(),
        };
        texts.iter().map(count).sum()
    }

    /// Writes an encoder that was distilled here into a folder, a BERT in Hugging Face layout in 16-bit floats. One that
    /// reads a prefix is somebody else's and is not written.
    pub fn save(&self, dir: &Path) -> Result<(), Error> {
        let (config, tensors) = match &self.body {
            Body::Averaged(averaged) => (averaged.shape.config(), averaged.tensors()?),
            Body::Transformer(base, prefix) if prefix.is_empty() => {
                (layout::config(&base.bert), layout::tensors(base)?)
            }
            Body::Transformer(..) => {
                let problem = "only an encoder that was distilled is written; copy a base's own folder";
                return Err(Error::bundle(dir, problem));
            }
        };
        fs::create_dir_all(dir).map_err(Error::io(dir))?;
        let path = dir.join("config.json");
        let config = serde_json::to_vec_pretty(&config).map_err(|error| Error::bundle(&path, error.to_string()))?;
        fs::write(&path, config).map_err(Error::io(&path))?;
        let path = dir.join("tokenizer.json");
        fs::write(&path, self.tokenizer.to_json()?).map_err(Error::io(&path))?;
        let bytes = safetensors::serialize(tensors, None).map_err(candle_core::Error::from)?;
        let path = dir.join("model.safetensors");
        fs::write(&path, bytes).map_err(Error::io(&path))
    }
}

/// Tokens of a text for a BERT.
fn read_prefixed(tokenizer: &Tokenizer, base: &Transformer, prefix: &str, text: &str) -> Vec<u32> {
    tokenizer.encode(&format!("{prefix}{text}"), base.bert.config.max_tokens(), true)
}

/// Whether a folder holds an encoder that was distilled here; what cannot be read is told of when it is opened.
pub(crate) fn is_averaged(dir: &Path) -> bool {
    let json = fs::read(dir.join("config.json")).ok();
    let json: Option<serde_json::Value> = json.and_then(|json| serde_json::from_slice(&json).ok());
    json.is_some_and(|json| averaged::is_config(&json))
}

/// An encoder that was distilled here with its tokenizer, from a folder's `config.json` and its other files; nothing
/// where the configuration is that of another kind.
pub(crate) fn load_averaged(config: &[u8], dir: &Path) -> Result<Option<(Averaged, Tokenizer)>, Error> {
    let path = dir.join("config.json");
    let json: serde_json::Value =
        serde_json::from_slice(config).map_err(|error| Error::bundle(&path, format!("is damaged: {error}")))?;
    if !averaged::is_config(&json) {
        return Ok(None);
    }
    let read = |name: &str| fs::read(dir.join(name)).map_err(Error::io(&dir.join(name)));
    from_files([config, &read("tokenizer.json")?], read("model.safetensors")?, dir).map(Some)
}

/// The same from the contents of the three files; `dir` is what errors name.
fn from_files(
    [config, tokenizer]: [&[u8]; 2],
    weights: impl Into<Cow<'static, [u8]>>,
    dir: &Path,
) -> Result<(Averaged, Tokenizer), Error> {
    let shape = Shape::from_json(config, &dir.join("config.json"))?;
    let path = dir.join("tokenizer.json");
    let tokenizer = Tokenizer::from_json(tokenizer, &path)?;
    let known = tokenizer.len();
    if known != shape.vocabulary || !tokenizer.fits(known) {
        let problem = format!("has {known} tokens, config.json {}: they do not belong together", shape.vocabulary);
        return Err(Error::bundle(&path, problem));
    }
    let path = dir.join("model.safetensors");
    let averaged = Averaged::from_stored(shape, &mut Stored::from_bytes(weights, &path)?)?;
    Ok((averaged, tokenizer))
}

/// A transformer's vectors, of texts of like length together.
fn by_length(base: &Transformer, texts: &[Vec<u32>]) -> Vec<f32> {
    let dim = base.words.dim();
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|text| texts[*text].len());
    let sorted: Vec<&[u32]> = order.iter().map(|text| texts[*text].as_slice()).collect();
    let found = base.bert.encode(&base.words, &sorted);
    let mut vectors = vec![0.0; found.len()];
    for (text, vector) in order.into_iter().zip(found.chunks_exact(dim)) {
        let place = &mut vectors[text * dim..][..dim];
        place.copy_from_slice(vector);
        to_length(place, 1.0);
    }
    vectors
}

#[cfg(test)]
mod tests;
