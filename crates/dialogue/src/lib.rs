//! What to say: turns, slots, templates, policy. No I/O, no clock, no randomness of its own.
//! Everything is parsed from text and decided by [`decide`], a pure function.

mod check;
mod config;
mod conversation;
mod decision;
mod error;
mod fill;
mod forms;
pub mod golden;
mod hours;
mod language;
mod lean;
mod policy;
mod script;
mod sentences;
mod templates;
mod understanding;
mod words;
mod yaml;

pub use check::{Problem, Severity};
pub use config::{BotConfig, HandoffConfig, Welcome};
pub use conversation::{ActiveForm, Clarification, ClarifyOption, Conversation, HandoffState, SlotValue, Target};
pub use decision::{
    Action, Considered, Decision, Link, QuickReply, Source, Trace, TracedHit, TracedIntent, TracedPart,
};
pub use error::Error;
pub use fill::placeholders;
pub use forms::{Form, Forms, Slot};
pub use hours::OpeningHours;
pub use language::{Language, Localised};
pub use lean::leans_on_previous;
pub use policy::{Part, chosen_option, decide, join};
pub use script::Script;
pub use sentences::SENTENCE_NAMES;
pub use templates::{Kind, Template, Templates, Variants};
pub use understanding::{Candidate, Candidates, EntityMatch, IntentScore, SentimentScore, Understanding};
