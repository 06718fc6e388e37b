//! The encoder that comes with the program: small, for Chinese and English, without a download.

use std::path::Path;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};
use tokenizers::Tokenizer;

use super::{Averaged, from_files};
use crate::Error;
use crate::classifier::hex;

const CONFIG: &[u8] = include_bytes!("../../../../data/base/config.json");
const TOKENIZER: &[u8] = include_bytes!("../../../../data/base/tokenizer.json");
const WEIGHTS: &[u8] = include_bytes!("../../../../data/base/model.safetensors");
/// What errors name.
const NAME: &str = "the base that comes with the program";

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

pub(crate) fn open() -> Result<(Averaged, Tokenizer), Error> {
    from_files(contents(), Path::new(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_program_can_be_opened_and_is_small() {
        let (averaged, _) = open().expect("sound");
        assert!(averaged.shape.width >= 64);
        let bytes: usize = contents().iter().map(|contents| contents.len()).sum();
        assert!(bytes <= 16_000_000, "{bytes}");
    }
}
