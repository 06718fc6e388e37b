//! Golden conversations played through the assistant, as `frontdesk test` does.

use dialogue::golden::{self, GoldenConversation, Mismatch};
use dialogue::{Action, Conversation, Decision, Language};
use serde::{Deserialize, Serialize};

use crate::Assistant;

/// How one golden conversation went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayReport {
    /// The conversation's name.
    pub name: String,
    /// Whether every expectation held.
    pub passed: bool,
    /// Turn by turn.
    pub turns: Vec<ReplayTurn>,
}

/// How one turn went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayTurn {
    /// What the customer said.
    pub customer: String,
    /// What the bot answered.
    pub reply: String,
    /// The kind of answer.
    pub action: Action,
    /// The language of the answer.
    pub language: Language,
    /// The rule that fired.
    pub rule: String,
    /// The intent that was answered.
    pub intent: Option<String>,
    /// The FAQ entry that was answered.
    pub faq_id: Option<String>,
    /// The probability of what was answered.
    pub probability: Option<f32>,
    /// What did not hold.
    pub mismatches: Vec<Mismatch>,
}

/// Plays a golden conversation, keeping its state between turns as the store would.
pub fn replay(assistant: &Assistant, golden: &GoldenConversation) -> ReplayReport {
    let now = golden.time.unwrap_or_else(|| assistant.script().open_moment());
    let mut state = Conversation { language: golden.language, ..Conversation::default() };
    let mut turns = Vec::new();
    for turn in &golden.turns {
        let decision = assistant.answer(&state, &turn.customer, now);
        let mismatches = golden::check(&turn.expect, &decision);
        state = stored_and_read(&decision);
        turns.push(ReplayTurn {
            customer: turn.customer.clone(),
            reply: decision.text,
            action: decision.action,
            language: decision.language,
            rule: decision.trace.rule,
            intent: decision.intent,
            faq_id: decision.faq_id,
            probability: decision.probability,
            mismatches,
        });
    }
    ReplayReport { name: golden.name.clone(), passed: turns.iter().all(|turn| turn.mismatches.is_empty()), turns }
}

/// The state after a trip to disk, where sensitive values are masked.
fn stored_and_read(decision: &Decision) -> Conversation {
    serde_json::to_value(&decision.next).and_then(serde_json::from_value).unwrap_or_else(|_| decision.next.clone())
}
