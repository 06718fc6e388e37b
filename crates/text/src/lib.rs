//! Words in: normalises messages, tells their language, splits them, and takes personal data out.
//! Knows nothing of bots, models or databases.

mod characters;
mod evidence;
mod language;
mod normalise;
mod redact;
mod sentences;
mod simplified;
mod words;

pub use language::{Detected, Language, detect_language};
pub use normalise::{Normalised, normalise};
pub use redact::{Finding, PersonalData, Redacted, mask, redact};
pub use sentences::sentences;
pub use words::{Word, search_words, words};
