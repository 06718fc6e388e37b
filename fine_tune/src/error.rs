//! What can go wrong between a bot folder and a bundle.

use std::path::PathBuf;

use crate::Problem;

/// How many problems one message names before it only counts them.
const NAMED: usize = 20;

/// Why the data could not be used or a report not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Files that must be mended first.
    #[error("{}", list(.0))]
    Data(Vec<Problem>),
    /// The path is not a bot folder.
    #[error("{path} is not a bot folder: {why}", path = path.display())]
    NotABot {
        /// The path that was given.
        path: PathBuf,
        /// What is missing, and the way out.
        why: String,
    },
    /// The data is readable, but nothing can be learned from it.
    #[error("{0}")]
    TooLittle(String),
    /// A file or folder could not be read or written.
    #[error("cannot {action} {path}", path = path.display())]
    Disk {
        /// What was tried: read, write, make.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// The system's word on it.
        source: std::io::Error,
    },
    /// The model refused.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// A plot could not be drawn.
    #[error("cannot draw the {plot}: {reason}")]
    Plot {
        /// Which one.
        plot: &'static str,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// A closure for `map_err` that names the path.
    pub(crate) fn disk(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { action, path, source }
    }
}

fn list(problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems.iter().take(NAMED).map(ToString::to_string).collect();
    if problems.len() > NAMED {
        lines.push(format!("… and {} more", problems.len() - NAMED));
    }
    lines.join("\n")
}
