//! What is wrong with a bot's data, where, and how to mend it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A line of a file, as the person who gave it would name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file, as it was given or as the bot folder was.
    pub file: String,
    /// The line, counted from 1; `None` when the whole file is meant.
    pub line: Option<usize>,
}

impl Place {
    /// A line of a file.
    pub fn new(file: &str, line: usize) -> Self {
        Self { file: file.to_owned(), line: Some(line) }
    }

    /// A file as a whole.
    pub fn whole(file: &str) -> Self {
        Self { file: file.to_owned(), line: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}", self.file),
            None => formatter.write_str(&self.file),
        }
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Training and serving refuse the file.
    Error,
    /// It works, but worse than it could.
    Warning,
}

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl Problem {
    /// Something that must be mended before the file can be used.
    pub fn error(place: Place, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place, what: what.into(), mend: mend.into() }
    }

    /// Something worth mending.
    pub fn warning(place: Place, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, place, what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.what)?;
        if self.mend.is_empty() { Ok(()) } else { write!(formatter, "; {}", self.mend) }
    }
}
