//! What became of every row: counts by source, language and intent, what was dropped and why, conflicts, redactions.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::row::{Origin, Row, joined};
use crate::{Place, Problem};

/// How many examples of a kind are named.
const NAMED: usize = 5;

/// The data report of a training run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DataReport {
    /// Rows that are learned from.
    pub train: usize,
    /// Rows that are held out.
    pub validation: usize,
    /// Rows that teach the mood.
    pub sentiment: usize,
    /// Conversations read.
    pub conversations: usize,
    /// What customers said in them.
    pub customer_turns: usize,
    /// Rows kept, by source of their label.
    pub by_origin: BTreeMap<Origin, usize>,
    /// Rows kept, by language: zh, en, mixed, unknown.
    pub by_language: BTreeMap<String, usize>,
    /// Rows kept by intent, those of several under each; out of scope is the empty name.
    pub by_intent: BTreeMap<String, IntentCount>,
    /// How often each entity is marked in the examples.
    #[serde(default)]
    pub marked: BTreeMap<String, usize>,
    /// Rows left out, by reason.
    pub dropped: IndexMap<String, Dropped>,
    /// Messages that carry more than one label.
    pub conflicts: Vec<Conflict>,
    /// Personal data taken out, by kind.
    pub redactions: BTreeMap<String, usize>,
    /// What is worth mending in the files.
    pub problems: Vec<Problem>,
}

/// How many rows an intent has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentCount {
    /// To learn from.
    pub train: usize,
    /// Held out.
    pub validation: usize,
}

/// Rows left out for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub first: Vec<Place>,
}

/// One message with labels that disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The message, redacted.
    pub text: String,
    /// The label that is used.
    pub kept: Label,
    /// The others.
    pub dropped: Vec<Label>,
}

/// A label and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The intent; `None` is out of scope.
    pub intent: Option<String>,
    /// Further intents of the same message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Where the label comes from.
    pub origin: Origin,
    /// Where it stands.
    pub place: Place,
}

impl Label {
    pub(crate) fn of(row: &Row) -> Self {
        Self { intent: row.intent.clone(), also: row.also.clone(), origin: row.origin, place: row.place.clone() }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = [&[self.intent.as_deref()], &self.also.iter().map(|i| Some(i.as_str())).collect::<Vec<_>>()[..]];
        write!(formatter, "{} ({})", joined(&labels.concat()), self.place)
    }
}

impl DataReport {
    /// A text without personal data; what was found is counted.
    pub(crate) fn redact(&mut self, text: &str) -> String {
        let redacted = text::redact(text);
        for finding in &redacted.findings {
            let kind = finding.kind.placeholder().trim_matches(['[', ']']).to_owned();
            *self.redactions.entry(kind).or_default() += 1;
        }
        redacted.text
    }

    pub(crate) fn drop_row(&mut self, reason: &str, row: &Row) {
        let dropped = self.dropped.entry(reason.to_owned()).or_default();
        dropped.count += 1;
        if dropped.first.len() < NAMED {
            dropped.first.push(row.place.clone());
        }
    }

    pub(crate) fn count(&mut self, train: &[Row], validation: &[Row]) {
        (self.train, self.validation) = (train.len(), validation.len());
        for row in train.iter().chain(validation) {
            *self.by_origin.entry(row.origin).or_default() += 1;
            *self.by_language.entry(language(&row.text).to_owned()).or_default() += 1;
        }
        for label in train.iter().flat_map(Row::labels) {
            self.by_intent.entry(label.unwrap_or_default().to_owned()).or_default().train += 1;
        }
        for label in validation.iter().flat_map(Row::labels) {
            self.by_intent.entry(label.unwrap_or_default().to_owned()).or_default().validation += 1;
        }
    }

    /// The report for a terminal.
    pub fn render(&self) -> String {
        let mut out = String::new();
        let n_intents = self.by_intent.keys().filter(|intent| !intent.is_empty()).count();
        let origin = |origin| self.by_origin.get(&origin).copied().unwrap_or(0);
        let _ = writeln!(
            out,
            "data  {} messages for {n_intents} intents ({} authored, {} labelled in logs, {} weakly labelled), {} held out",
            self.train + self.validation,
            origin(Origin::Authored),
            origin(Origin::Labelled),
            origin(Origin::Weak),
            self.validation
        );
        let languages: Vec<_> = self.by_language.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let out_of_scope = self.by_intent.get("").map_or(0, |count| count.train + count.validation);
        let _ =
            writeln!(out, "      {} · out of scope {out_of_scope} · mood {}", languages.join(" · "), self.sentiment);
        if self.conversations > 0 {
            let (talks, turns) = (self.conversations, self.customer_turns);
            let _ = writeln!(out, "      {talks} conversations with {turns} customer messages read");
        }
        if !self.marked.is_empty() {
            let marked: Vec<_> = self.marked.iter().map(|(name, count)| format!("{name} {count}")).collect();
            let _ = writeln!(out, "      entities marked: {}", marked.join(" · "));
        }
        for (reason, dropped) in &self.dropped {
            let first = dropped.first.first().map_or_else(String::new, |place| format!(" (first at {place})"));
            let _ = writeln!(out, "      {} left out: {reason}{first}", dropped.count);
        }
        if !self.redactions.is_empty() {
            let kinds: Vec<_> = self.redactions.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
            let _ = writeln!(out, "      personal data taken out: {}", kinds.join(", "));
        }
        self.render_trouble(&mut out);
        out
    }

    fn render_trouble(&self, out: &mut String) {
        for conflict in self.conflicts.iter().take(NAMED) {
            let others: Vec<_> = conflict.dropped.iter().map(ToString::to_string).collect();
            let (text, kept) = (&conflict.text, &conflict.kept);
            let _ = writeln!(out, "warning  “{text}” is both {kept} and {}; the first is used", others.join(" and "));
        }
        for problem in self.problems.iter().take(NAMED) {
            let _ = writeln!(out, "warning  {problem}");
        }
        let more = self.conflicts.len().saturating_sub(NAMED) + self.problems.len().saturating_sub(NAMED);
        if more > 0 {
            let _ = writeln!(out, "warning  and {more} more; `frontdesk check` lists them all");
        }
    }
}

/// zh, en, mixed or unknown.
pub(crate) fn language(text: &str) -> &'static str {
    match text::detect_language(text) {
        None => "unknown",
        Some(detected) if detected.mixed => "mixed",
        Some(detected) => detected.language.code(),
    }
}
