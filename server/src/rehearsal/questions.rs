//! What customers asked lately, asked once more of the service as it is and as it would be.

use std::time::{Duration, Instant};

use assistant::Assistant;
use dialogue::{Action, Conversation, Decision};
use serde::Serialize;
use store::AskedQuestion;
use utoipa::ToSchema;

use super::Stage;

/// How long asking again may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Which questions would get another answer.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct QuestionChanges {
    /// The days the questions come from.
    pub days: i64,
    /// Different questions that were asked again, the newest first.
    pub tried: usize,
    /// Different questions there were; more than were tried where the time ran out.
    pub found: usize,
    /// Questions that the entry would answer and does not now.
    pub gains: Vec<ChangedQuestion>,
    /// Questions that the entry answers and would not any more.
    pub loses: Vec<ChangedQuestion>,
    /// Questions whose answers change beside the entry.
    pub others: Vec<ChangedQuestion>,
    /// Questions that the entry goes on answering, in the words it has then.
    pub keeps: usize,
}

/// A question with its answers before and after.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangedQuestion {
    pub question: String,
    /// How often it was asked.
    pub times: i64,
    /// Where it was asked last.
    pub conversation_id: String,
    pub message_id: String,
    pub before: Answered,
    pub after: Answered,
}

/// What a question gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Answered {
    /// `template`, `form`, `faq`, `clarify`, `rephrase`, `handoff` or `smalltalk`.
    pub action: &'static str,
    pub intent: Option<String>,
    pub faq_id: Option<String>,
    /// The question of the entry that answers.
    pub entry: Option<String>,
}

/// Asks every question of both, as the first of a conversation, until the time is up.
pub(super) fn ask_again(stage: &Stage, asked: &[AskedQuestion], days: i64) -> QuestionChanges {
    let started = Instant::now();
    let mut changes = QuestionChanges { days, found: asked.len(), ..QuestionChanges::default() };
    for question in asked {
        if started.elapsed() > PATIENCE {
            break;
        }
        changes.tried += 1;
        let conversation = Conversation { language: question.language, ..Conversation::default() };
        let [before, after] = [&stage.before, &stage.after]
            .map(|assistant| answered(assistant, &assistant.answer(&conversation, &question.text, stage.now)));
        changes.note(&stage.entry.id, question, before, after);
    }
    changes
}

impl QuestionChanges {
    fn note(&mut self, id: &str, question: &AskedQuestion, before: Answered, after: Answered) {
        let is_ours = |answered: &Answered| answered.faq_id.as_deref() == Some(id);
        let list = match (is_ours(&before), is_ours(&after)) {
            (true, true) => {
                self.keeps += 1;
                return;
            }
            (false, true) => &mut self.gains,
            (true, false) => &mut self.loses,
            (false, false) if before != after => &mut self.others,
            (false, false) => return,
        };
        list.push(ChangedQuestion {
            question: question.text.clone(),
            times: question.count,
            conversation_id: question.conversation_id.clone(),
            message_id: question.message_id.clone(),
            before,
            after,
        });
    }
}

fn answered(assistant: &Assistant, decision: &Decision) -> Answered {
    // What a clarifying question offers is not answered yet.
    let faq_id = decision.faq_id.clone().filter(|_| decision.action == Action::Faq);
    Answered {
        action: decision.action.name(),
        intent: decision.intent.clone(),
        entry: faq_id.as_deref().and_then(|id| assistant.index().entry(id)).map(|entry| entry.question),
        faq_id,
    }
}
