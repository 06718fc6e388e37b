//! Everything that can go wrong while training, saving or loading a classifier.

use std::path::{Path, PathBuf};

/// Why a classifier could not be trained, saved or loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The training data cannot make a classifier.
    #[error("the training data has {found}; {remedy}")]
    Data {
        /// What is there.
        found: String,
        /// What to do about it.
        remedy: String,
    },
    /// An option is outside its range.
    #[error("option {option}: {problem}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What is wrong and what would do.
        problem: String,
    },
    /// An entity file does not say what it should.
    #[error("entities, line {line}: {problem}")]
    Gazetteer {
        /// Line in the file, from 1; 0 when the parser gave none.
        line: usize,
        /// What is wrong and what would do.
        problem: String,
    },
    /// A bundle or base folder is damaged or of another version.
    #[error("{}: {problem}", path.display())]
    Bundle {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong and what would do.
        problem: String,
    },
    /// Another training keeps its checkpoints here.
    #[error("{} is in use by another training; wait for it, or choose another folder", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// What an earlier training left cannot be continued.
    #[error("{}: {problem}", path.display())]
    Checkpoint {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong and what would do.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// The tensor library refused an operation.
    #[error("tensor operation failed: {0}")]
    Tensor(#[from] candle_core::Error),
    /// The tokenizer could not be trained or used.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
}

impl Error {
    pub(crate) fn bundle(path: &Path, problem: impl Into<String>) -> Self {
        Self::Bundle { path: path.to_owned(), problem: problem.into() }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
