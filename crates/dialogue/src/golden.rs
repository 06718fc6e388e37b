//! Golden conversations: what a customer says, and what must come of it.

use serde::{Deserialize, Serialize};

use crate::yaml::{self, OneOrMany};
use crate::{Action, Decision, Error, Language};

/// One scripted conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenConversation {
    /// What it shows.
    pub name: String,
    /// The page's language.
    #[serde(default)]
    pub language: Option<Language>,
    /// When it happens; within opening hours when missing.
    #[serde(default)]
    pub time: Option<jiff::Timestamp>,
    /// What is said.
    pub turns: Vec<Turn>,
}

/// One customer message and what must come of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What the customer says.
    pub customer: String,
    /// What must hold of the answer.
    #[serde(default)]
    pub expect: Expectation,
}

/// What must hold of an answer; every key is optional and all must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expectation {
    /// One of these actions.
    pub action: OneOrMany<Action>,
    /// This intent was answered.
    pub intent: OneOrMany<String>,
    /// One of these FAQ entries was answered.
    pub faq_id: OneOrMany<String>,
    /// All of these stand in the reply.
    pub contains: OneOrMany<String>,
    /// None of these stands in the reply.
    pub not_contains: OneOrMany<String>,
    /// The reply is in this language.
    pub language: Option<Language>,
    /// All of these quick replies are offered, by title or text.
    pub quick_reply: OneOrMany<String>,
}

/// Something that was expected and did not come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The key of the expectation.
    pub field: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GoldenFile {
    #[serde(default)]
    #[allow(dead_code)]
    version: Option<String>,
    #[serde(default)]
    conversations: Vec<serde_saphyr::Spanned<GoldenConversation>>,
}

/// Reads one `golden/*.yml`; `file` is only for messages.
pub fn parse(file: &str, source: &str) -> Result<Vec<GoldenConversation>, Error> {
    if yaml::is_blank(source) {
        return Ok(Vec::new());
    }
    let parsed: GoldenFile = yaml::parse(file, source)?;
    let mut conversations: Vec<GoldenConversation> = Vec::new();
    for item in parsed.conversations {
        let line = usize::try_from(item.referenced.line()).ok();
        let name = &item.value.name;
        if item.value.turns.is_empty() {
            let message = format!("conversation `{name}` has no turns; add one or delete it");
            return Err(Error::new(file, line, message));
        }
        if conversations.iter().any(|other| other.name == *name) {
            let message = format!("conversation `{name}` is there twice; rename one");
            return Err(Error::new(file, line, message));
        }
        conversations.push(item.value);
    }
    Ok(conversations)
}

/// What does not hold of a decision; empty when all is as expected.
pub fn check(expected: &Expectation, decision: &Decision) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    let mut fail = |field: &str, expected: String, got: String| {
        mismatches.push(Mismatch { field: field.to_owned(), expected, got });
    };
    let actions = &expected.action.0;
    if !actions.is_empty() && !actions.contains(&decision.action) {
        let names: Vec<&str> = actions.iter().map(|action| action.name()).collect();
        fail("action", names.join(" or "), decision.action.to_string());
    }
    let named = [("intent", &expected.intent.0, &decision.intent), ("faq_id", &expected.faq_id.0, &decision.faq_id)];
    for (field, wanted, got) in named {
        let holds = got.as_ref().is_some_and(|got| wanted.contains(got));
        if !wanted.is_empty() && !holds {
            let got = got.clone().unwrap_or_else(|| "none".to_owned());
            fail(field, wanted.join(" or "), got);
        }
    }
    for part in &expected.contains.0 {
        if !decision.text.contains(part) {
            fail("contains", part.clone(), decision.text.clone());
        }
    }
    for part in &expected.not_contains.0 {
        if decision.text.contains(part) {
            fail("not_contains", part.clone(), decision.text.clone());
        }
    }
    if let Some(language) = expected.language.filter(|wanted| *wanted != decision.language) {
        fail("language", language.to_string(), decision.language.to_string());
    }
    for wanted in &expected.quick_reply.0 {
        let offered = &decision.quick_replies;
        if !offered.iter().any(|reply| reply.title == *wanted || reply.text == *wanted) {
            let titles: Vec<&str> = offered.iter().map(|reply| reply.title.as_str()).collect();
            fail("quick_reply", wanted.clone(), titles.join(", "));
        }
    }
    mismatches
}
