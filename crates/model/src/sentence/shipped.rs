//! The encoder that comes with the program: small, for Chinese and English, without a download.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

use super::{Averaged, from_files};
use crate::classifier::hex;
use crate::tokens::Tokenizer;
use crate::{BaseSource, Error};

const CONFIG: &[u8] = include_bytes!("../../../../data/base/config.json");
const TOKENIZER: &[u8] = include_bytes!("../../../../data/base/tokenizer.json");
const WEIGHTS: &[u8] = include_bytes!("../../../../data/base/model.safetensors");
/// What errors name.
const NAME: &str = "the base that comes with the program";

/// The licence of its weights.
const LICENCE: &str = "Apache-2.0";

/// The licence of a model's base, where that is this one.
pub(crate) fn licence(base: Option<&BaseSource>) -> Option<String> {
    (base == Some(&BaseSource::Shipped)).then(|| LICENCE.to_owned())
}

/// All that decides what is learned over it.
pub(crate) fn contents() -> [&'static [u8]; 3] {
    [CONFIG, TOKENIZER, WEIGHTS]
}

/// A hash of all that.
pub(super) fn name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let hash = contents().iter().fold(Sha256::new(), |hash, contents| hash.chain_update(contents));
        hex(hash)
    })
}

/// The encoder with its tokenizer, opened once for the whole process.
pub(crate) fn open() -> Result<(Arc<Averaged>, Tokenizer), Error> {
    static OPENED: OnceLock<(Arc<Averaged>, Tokenizer)> = OnceLock::new();
    if let Some(opened) = OPENED.get() {
        return Ok(opened.clone());
    }
    let (averaged, tokenizer) = from_files([CONFIG, TOKENIZER], WEIGHTS, Path::new(NAME))?;
    Ok(OPENED.get_or_init(|| (Arc::new(averaged), tokenizer)).clone())
}

/// The one of the process where these weights and this tokenizer are no others, so that they are held once.
pub(crate) fn shared(averaged: Arc<Averaged>, tokenizer: Tokenizer) -> (Arc<Averaged>, Tokenizer) {
    match open() {
        Ok((ours, theirs)) if ours == averaged && theirs.is_same(&tokenizer) => (ours, theirs),
        _ => (averaged, tokenizer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_it_is_held_once() {
        let (ours, pieces) = open().expect("sound");
        let mut other = (*ours).clone();
        assert!(Arc::ptr_eq(&shared(Arc::new(other.clone()), pieces.clone()).0, &ours));
        other.shape.layers = 7;
        assert!(!Arc::ptr_eq(&shared(Arc::new(other), pieces).0, &ours));
    }

    #[test]
    fn a_model_over_it_says_its_licence() {
        assert_eq!(licence(Some(&BaseSource::Shipped)).as_deref(), Some("Apache-2.0"));
        assert_eq!((licence(None), licence(Some(&BaseSource::Folder("base".into())))), (None, None));
    }

    #[test]
    fn what_comes_with_the_program_can_be_opened_and_is_small() {
        let (averaged, _) = open().expect("sound");
        assert!(averaged.shape.width >= 64);
        let bytes: usize = contents().iter().map(|contents| contents.len()).sum();
        assert!(bytes <= 16_000_000, "{bytes}");
    }
}
