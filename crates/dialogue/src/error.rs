//! What can be wrong with a bot's files, said with the line and the way out.

/// A file that cannot be used as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not what the format asks for.
    #[error("{file}{at}: {message}", at = line.map_or_else(String::new, |line| format!(":{line}")))]
    Invalid {
        /// The file as the bot folder names it, such as `forms.yml`.
        file: String,
        /// The line, counted from 1, where it is known.
        line: Option<usize>,
        /// What is wrong and how to mend it.
        message: String,
    },
}

impl Error {
    pub(crate) fn new(file: &str, line: Option<usize>, message: impl Into<String>) -> Self {
        Self::Invalid { file: file.to_owned(), line, message: message.into() }
    }

    /// The line, counted from 1, where it is known.
    pub fn line(&self) -> Option<usize> {
        let Self::Invalid { line, .. } = self;
        *line
    }

    /// The same error, naming the file it was really read from.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Self {
        let Self::Invalid { line, message, .. } = self;
        Self::Invalid { file: file.into(), line, message }
    }
}
