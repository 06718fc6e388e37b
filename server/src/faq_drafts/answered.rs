//! Which questions the bot answers by now: asked of the live assistant, and remembered until model or FAQ change.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use assistant::Assistant;
use dialogue::{Action, Conversation};
use jiff::Timestamp;

use super::questions::Question;

/// How long one look may ask; the next one goes on.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the assistant makes of questions.
#[derive(Debug, Default)]
pub(super) struct Answered(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The model and the FAQ's revision.
    of: (Option<String>, u64),
    answered: HashMap<String, bool>,
}

impl Answered {
    /// The questions that are not answered by now, and how many of logs could not be tried yet. Stored ones that were not
    /// tried count as open, since they were when they were asked.
    pub(super) fn leave_open(&self, assistant: &Assistant, questions: Vec<Question>) -> (Vec<Question>, usize) {
        let started = Instant::now();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = (assistant.model_version(), assistant.index().revision());
        if known.of != of {
            *known = Known { of, answered: HashMap::new() };
        }
        let (mut open, mut waiting) = (Vec::new(), 0);
        for question in questions {
            let answered = match known.answered.get(&question.key) {
                Some(answered) => Some(*answered),
                None if started.elapsed() > PATIENCE => None,
                None => {
                    let answered = is_answered(assistant, &question.asked.question);
                    known.answered.insert(question.key.clone(), answered);
                    Some(answered)
                }
            };
            match answered {
                _ if question.rated_down => open.push(question),
                Some(true) => {}
                None if question.asked_at == 0 => waiting += 1,
                Some(false) | None => open.push(question),
            }
        }
        (open, waiting)
    }
}

/// Whether the bot has an answer as it is; wanting a person and anger need none from the FAQ.
fn is_answered(assistant: &Assistant, text: &str) -> bool {
    let decision = assistant.answer(&Conversation::default(), text, Timestamp::now());
    let unsure = matches!(decision.action, Action::Rephrase | Action::Clarify);
    let failed = decision.action == Action::Handoff && decision.trace.rule == "repeated_failure";
    !unsure && !failed
}
