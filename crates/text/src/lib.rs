//! Words in: normalises messages, tells their language, splits them, and takes personal data out.
//! Knows nothing of bots, models or databases.

mod characters;
mod courtesies;
mod evidence;
mod language;
mod normalise;
mod numbers;
mod questions;
mod redact;
mod sentences;
mod simplified;
mod sounds;
mod words;

pub use courtesies::without_courtesies;
pub use language::{Detected, Language, detect_language};
pub use normalise::{Normalised, normalise};
pub use numbers::numbers;
pub use questions::{is_question, questions};
pub use redact::{Finding, PersonalData, Redacted, mask, redact};
pub use sentences::sentences;
pub use sounds::{is_syllable, sounds};
pub use words::{Word, is_word, search_words, words};
