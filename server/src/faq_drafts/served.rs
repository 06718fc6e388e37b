//! How many customers the drafts would have answered: all drafts put into a copy of the index, the questions asked again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use assistant::Assistant;
use dialogue::Conversation;
use jiff::Timestamp;
use retrieval::{Change, FaqEntry};

use super::Draft;
use super::questions::Question;

/// How long counting may take; drafts that were not reached say nothing.
const PATIENCE: Duration = Duration::from_secs(3);
/// Stands for an answer that is still to be written.
const UNWRITTEN: &str = "…";

/// Fills in `served` of each draft.
pub(super) fn count(
    assistant: &Assistant,
    questions: &[Question],
    drafts: &mut [(Draft, Vec<usize>)],
) -> Result<(), retrieval::Error> {
    if drafts.is_empty() {
        return Ok(());
    }
    let copy = assistant.index().copied()?;
    let entries = drafts.iter().map(|(draft, _)| Change::Put(written(draft)));
    copy.apply(&entries.collect::<Vec<_>>(), copy.revision())?;
    let (then, now, started) = (assistant.over(Arc::new(copy)), Timestamp::now(), Instant::now());
    for (draft, asked) in drafts {
        if started.elapsed() > PATIENCE {
            break;
        }
        let id = draft.entry().id;
        let mut answered: HashMap<&str, bool> = HashMap::new();
        let served = asked.iter().map(|one| &questions[*one]).filter(|question| {
            *answered.entry(&question.key).or_insert_with(|| {
                let decision = then.answer(&Conversation::default(), &question.asked.question, now);
                decision.faq_id.as_deref() == Some(id.as_str())
            })
        });
        draft.served = Some(served.map(|question| &question.conversation_id).collect::<HashSet<_>>().len());
    }
    Ok(())
}

/// The entry as it would be once it is live.
fn written(draft: &Draft) -> FaqEntry {
    let entry = draft.entry();
    let answer = if entry.answer.is_empty() { UNWRITTEN.to_owned() } else { entry.answer };
    FaqEntry { answer, enabled: true, ..entry }
}
