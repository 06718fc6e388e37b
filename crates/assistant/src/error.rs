//! Why a bot folder cannot be used.

use std::path::{Path, PathBuf};

/// A bot folder that cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not UTF-8.
    #[error("{}: not UTF-8 after byte {valid}; save the file as UTF-8", path.display())]
    Encoding {
        /// Which file.
        path: PathBuf,
        /// How many bytes are right.
        valid: usize,
    },
    /// A script file does not keep its format.
    #[error(transparent)]
    Script(#[from] dialogue::Error),
    /// `entities.yml` does not keep its format.
    #[error("{}: {source}", path.display())]
    Entities {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: model::Error,
    },
    /// The FAQ does not keep its format.
    #[error(transparent)]
    Faq(#[from] retrieval::Error),
    /// An encoder cannot be used.
    #[error(transparent)]
    Encoder(#[from] model::Error),
    /// The folder has nothing to answer from.
    #[error("{}: neither intents nor an FAQ; add intents/*.yml, faq.jsonl or faq.csv", path.display())]
    Empty {
        /// Which folder.
        path: PathBuf,
    },
    /// The folder is no bot.
    #[error("{}: no bot.toml; `frontdesk init` makes a folder to start from", path.display())]
    NoBot {
        /// Which folder.
        path: PathBuf,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}
