//! What a model starts from, as flags say it.

use std::path::PathBuf;

use model::BaseSource;

/// A pretrained encoder, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// Learn from the bot's own data alone.
    None,
    /// A pretrained encoder.
    From(BaseSource),
}

impl Base {
    /// What intents are learned over, the shipped base where nothing is said.
    pub(crate) fn source(base: Option<&Self>) -> Option<BaseSource> {
        match base {
            None => Some(BaseSource::Shipped),
            Some(Self::None) => None,
            Some(Self::From(source)) => Some(source.clone()),
        }
    }
}

/// Reads the value of `--base`.
pub(super) fn base(value: &str) -> Result<Base, String> {
    match value {
        "" => Err("name a folder, or none".to_owned()),
        "none" => Ok(Base::None),
        "shipped" => Ok(Base::From(BaseSource::Shipped)),
        dir => Ok(Base::From(BaseSource::Folder(PathBuf::from(dir)))),
    }
}
