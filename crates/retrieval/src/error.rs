//! What can go wrong with an FAQ file or its index, said so that the caller knows what to do.

use std::path::{Path, PathBuf};

use crate::faq_file::RowProblem;

/// Everything this room can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds no index yet.
    #[error("{path}: no FAQ index here; make one with `frontdesk index FAQ --out {path}`")]
    NotAnIndex {
        /// The folder.
        path: PathBuf,
    },
    /// The index cannot be trusted and must be rebuilt from its source.
    #[error("{path}: the FAQ index is damaged ({reason}); delete the folder and index again")]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The vectors of the index are of another encoder, and its entries must be read anew.
    #[error("{path}: the FAQ index was made with another encoder; delete the folder and index again")]
    OtherEncoder {
        /// The folder; empty for an index in memory.
        path: PathBuf,
    },
    /// Another process writes this index.
    #[error("{path}: the FAQ index is being written by another process; stop it or use another folder")]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// Nobody waits any more for the index that was being built.
    #[error("building the FAQ index was stopped; it is as it was")]
    Stopped,
    /// A change came with a revision older than the index.
    #[error("revision {given} is older than the index (revision {current}); replace the whole index to go back")]
    StaleRevision {
        /// The revision of the change.
        given: u64,
        /// The revision of the index.
        current: u64,
    },
    /// The text of a file cannot be decoded or its header cannot be understood.
    #[error("{place}: {message}")]
    Format {
        /// File name or `FAQ`, with a line where known.
        place: String,
        /// What is wrong and how to mend it.
        message: String,
    },
    /// Rows of a file are wrong; nothing of it was taken.
    #[error("{path}: {}", describe_rows(problems))]
    Rows {
        /// The file.
        path: PathBuf,
        /// Each wrong row.
        problems: Vec<RowProblem>,
    },
    /// The search engine failed in a way that says nothing about the caller's input.
    #[error("FAQ index: {0}")]
    Engine(#[from] tantivy::TantivyError),
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn synonyms(path: &Path, line: usize, message: &str) -> Self {
        Self::Format { place: format!("{}:{line}", path.display()), message: message.to_owned() }
    }

    pub(crate) fn damaged(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }
}

fn describe_rows(problems: &[RowProblem]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = problems.iter().take(SHOWN).map(ToString::to_string).collect();
    let rest = problems.len().saturating_sub(SHOWN);
    let tail = if rest > 0 { format!("; and {rest} more") } else { String::new() };
    format!("{}{tail}", shown.join("; "))
}
