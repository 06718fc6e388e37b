//! The golden conversations, replayed on the service as it is and as it would be.

use std::time::{Duration, Instant};

use assistant::{ReplayReport, replay};
use dialogue::golden::GoldenConversation;
use serde::Serialize;
use utoipa::ToSchema;

use super::Stage;

/// How long replaying may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// What becomes of the golden conversations.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct GoldenChanges {
    /// Conversations that were replayed, of how many; fewer where the time ran out.
    pub replayed: usize,
    pub found: usize,
    pub breaks: Vec<GoldenChange>,
    pub fixes: Vec<GoldenChange>,
}

/// A conversation that goes another way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GoldenChange {
    pub name: String,
    /// The file it is written in.
    pub file: String,
    /// What the customer says where the two part.
    pub customer: String,
    /// What stands in the way of passing, before or after.
    pub expected: String,
    /// What the customer would read then.
    pub reply: String,
}

/// Replays all on both until the time is up.
pub(super) fn replay_both(stage: &Stage, golden: &[(String, GoldenConversation)]) -> GoldenChanges {
    let started = Instant::now();
    let mut changes = GoldenChanges { found: golden.len(), ..GoldenChanges::default() };
    for (file, conversation) in golden {
        if started.elapsed() > PATIENCE {
            break;
        }
        changes.replayed += 1;
        let [before, after] = [&stage.before, &stage.after].map(|assistant| replay(assistant, conversation));
        match (before.passed, after.passed) {
            (true, false) => changes.breaks.push(change(file, &after, &after)),
            (false, true) => changes.fixes.push(change(file, &before, &after)),
            _ => {}
        }
    }
    changes
}

/// `failed` is the replay that does not pass.
fn change(file: &str, failed: &ReplayReport, after: &ReplayReport) -> GoldenChange {
    let place = failed.turns.iter().position(|turn| !turn.mismatches.is_empty()).unwrap_or_default();
    let mismatch = failed.turns.get(place).and_then(|turn| turn.mismatches.first());
    let turn = after.turns.get(place);
    GoldenChange {
        name: failed.name.clone(),
        file: file.to_owned(),
        customer: turn.map(|turn| turn.customer.clone()).unwrap_or_default(),
        expected: mismatch.map(|one| format!("{}: {}", one.field, one.expected)).unwrap_or_default(),
        reply: turn.map(|turn| turn.reply.clone()).unwrap_or_default(),
    }
}
