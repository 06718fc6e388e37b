//! What the FAQ index compares meanings by: the base that comes with the program, or an encoder of the operator's.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::SentenceEncoder;
use retrieval::{Encoder, FaqEntry};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Error;

/// The shipped sentence encoder.
#[derive(Debug)]
struct Shipped(SentenceEncoder);

impl Encoder for Shipped {
    fn name(&self) -> &str {
        SentenceEncoder::shipped_name()
    }

    fn encode(&self, text: &str) -> Vec<f32> {
        self.0.encode(&[text])
    }
}

/// The encoder for FAQ indexes, opened once; without it, which a sound program never lacks, only words are compared.
pub fn meaning() -> Option<Arc<dyn Encoder>> {
    static ENCODER: OnceLock<Option<Arc<Shipped>>> = OnceLock::new();
    let open = || SentenceEncoder::shipped().map(|encoder| Arc::new(Shipped(encoder)));
    let opened = ENCODER.get_or_init(|| {
        open().inspect_err(|error| tracing::error!(%error, "FAQ entries are found by words alone")).ok()
    });
    opened.clone().map(|encoder| encoder as Arc<dyn Encoder>)
}

/// What an index made with an operator's encoder keeps beside its own files.
const FILE: &str = "encoder.json";
/// Questions of each language that the mean is taken over.
const SAMPLE: usize = 256;
/// Texts whose vectors are kept, a few megabytes; all are forgotten together.
const RECENT: usize = 4096;
/// From so many times the entries on the mean of fewer questions is taken anew.
const MANY_MORE: usize = 4;

/// A BERT-family checkpoint in Hugging Face layout. Its vectors all point one way, more so within a language; what is
/// common to the questions of an FAQ is taken off, so that what is left tells them apart.
#[derive(Debug)]
pub struct FolderEncoder {
    encoder: SentenceEncoder,
    name: String,
    settings: Settings,
    /// Vectors of texts that were read lately: a message is compared several times, with the same answers as others.
    recent: Mutex<HashMap<String, Vec<f32>>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Settings {
    folder: PathBuf,
    /// Means of the vectors of Chinese and of other questions; empty where there are none.
    means: [Vec<f32>; 2],
    /// Entries that there were then.
    #[serde(default)]
    n_entries: usize,
}

impl FolderEncoder {
    /// Opens a folder for an index of these entries.
    pub fn open(folder: &Path, entries: &[FaqEntry]) -> Result<Self, Error> {
        let folder = fs::canonicalize(folder).map_err(|source| Error::io(folder, source))?;
        let encoder = SentenceEncoder::open(&folder)?;
        let means = [true, false].map(|chinese| {
            let asked = entries.iter().map(|entry| entry.question.as_str());
            let asked: Vec<&str> = asked.filter(|text| is_chinese(text) == chinese).collect();
            let step = asked.len().div_ceil(SAMPLE).max(1);
            let sample: Vec<&str> = asked.into_iter().step_by(step).collect();
            mean(&encoder.encode(&sample), encoder.dim())
        });
        Self::with(encoder, Settings { folder, means, n_entries: entries.len() })
    }

    /// The encoder that an index was made with, where [`FolderEncoder::keep`] says so.
    pub fn of_index(index: &Path) -> Result<Option<Self>, Error> {
        let path = index.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(|source| Error::io(&path, source))?;
        let settings: Settings = serde_json::from_slice(&bytes).map_err(|error| Error::io(&path, error.into()))?;
        Self::with(SentenceEncoder::open(&settings.folder)?, settings).map(Some)
    }

    /// Whether it is of this folder, and what is common to questions was told from enough of them for an index of so many
    /// entries.
    pub fn serves(&self, folder: &Path, n_entries: usize) -> bool {
        let same = fs::canonicalize(folder).is_ok_and(|folder| folder == self.settings.folder);
        same && (self.settings.n_entries >= SAMPLE || n_entries <= MANY_MORE * self.settings.n_entries)
    }

    /// Writes beside an index what it was made with.
    pub fn keep(&self, index: &Path) -> Result<(), Error> {
        let path = index.join(FILE);
        let json = serde_json::to_vec(&self.settings).expect("paths and numbers always serialise");
        fs::write(&path, json).map_err(|source| Error::io(&path, source))
    }

    /// Forgets what an index was made with.
    pub fn forget(index: &Path) -> Result<(), Error> {
        match fs::remove_file(index.join(FILE)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&index.join(FILE), error)),
            _ => Ok(()),
        }
    }

    /// Its name is a hash of all that its vectors depend on.
    fn with(encoder: SentenceEncoder, settings: Settings) -> Result<Self, Error> {
        let mut hash = Sha256::new();
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            let path = settings.folder.join(file);
            hash.update(fs::read(&path).map_err(|source| Error::io(&path, source))?);
        }
        settings.means.iter().flatten().for_each(|value| hash.update(value.to_le_bytes()));
        let name = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { encoder, name, settings, recent: Mutex::default() })
    }
}

impl Encoder for FolderEncoder {
    fn name(&self) -> &str {
        &self.name
    }

    fn encode(&self, text: &str) -> Vec<f32> {
        // Whoever panicked while holding the lock left whole vectors.
        let known = self.recent.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        if let Some(known) = known {
            return known;
        }
        let vector = self.read(text);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == RECENT {
            recent.clear();
        }
        recent.insert(text.to_owned(), vector.clone());
        vector
    }
}

impl FolderEncoder {
    fn read(&self, text: &str) -> Vec<f32> {
        let mut vector = self.encoder.encode(&[text]);
        let mean = &self.settings.means[usize::from(!is_chinese(text))];
        vector.iter_mut().zip(mean).for_each(|(value, mean)| *value -= mean);
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|value| *value /= length);
        }
        vector
    }
}

fn is_chinese(text: &str) -> bool {
    text::detect_language(text).is_some_and(|found| found.language == text::Language::Chinese)
}

/// The mean of vectors; nothing where there is none.
fn mean(vectors: &[f32], dim: usize) -> Vec<f32> {
    let n = vectors.len() / dim.max(1);
    let mut sum = vec![0.0; if n == 0 { 0 } else { dim }];
    for vector in vectors.chunks_exact(dim.max(1)) {
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value / n as f32);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/base")
    }

    fn entries() -> Vec<FaqEntry> {
        ["where is my parcel", "how do I pay", "我的包裹在哪里", "怎么付款"]
            .iter()
            .enumerate()
            .map(|(at, question)| FaqEntry::new(&at.to_string(), question, "See the page of your order."))
            .collect()
    }

    #[test]
    fn what_all_questions_share_is_taken_off() {
        let encoder = FolderEncoder::open(&base(), &entries()).expect("an encoder");
        let vectors = entries()[..2].iter().map(|entry| encoder.encode(&entry.question)).collect::<Vec<_>>();
        let likeness: f32 = vectors[0].iter().zip(&vectors[1]).map(|(a, b)| a * b).sum();
        assert!((likeness + 1.0).abs() < 1e-3, "two questions less their mean are opposite: {likeness}");
        assert!(encoder.encode("").iter().all(|value| value.is_finite()));
    }

    #[test]
    fn an_index_finds_the_encoder_it_was_made_with() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(FolderEncoder::of_index(folder.path()).expect("none").is_none());
        let encoder = FolderEncoder::open(&base(), &entries()).expect("an encoder");
        encoder.keep(folder.path()).expect("kept");
        let found = FolderEncoder::of_index(folder.path()).expect("kept").expect("the same");
        assert_eq!((found.name(), found.encode("付款")), (encoder.name(), encoder.encode("付款")));
        let other = FolderEncoder::open(&base(), &entries()[..2]).expect("an encoder");
        assert_ne!(other.name(), encoder.name(), "other means, other vectors");
        FolderEncoder::forget(folder.path()).expect("forgotten");
        FolderEncoder::forget(folder.path()).expect("nothing to forget");
        assert!(FolderEncoder::of_index(folder.path()).expect("none").is_none());
    }

    #[test]
    fn what_is_no_encoder_is_refused_by_its_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = FolderEncoder::open(&folder.path().join("none"), &[]).map(|_| ()).expect_err("no folder");
        assert!(missing.to_string().contains("none"), "{missing}");
        let empty = FolderEncoder::open(folder.path(), &[]).map(|_| ()).expect_err("no files");
        assert!(empty.to_string().contains("config.json"), "{empty}");
        fs::write(folder.path().join(FILE), "{").expect("written");
        let damaged = FolderEncoder::of_index(folder.path()).map(|_| ()).expect_err("damaged");
        assert!(damaged.to_string().contains(FILE), "{damaged}");
    }
}
