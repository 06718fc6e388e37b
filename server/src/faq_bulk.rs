//! Many entries changed at once, whoever asks for it: the wish checked, tried or done, and told entry by entry.

use retrieval::FaqEntry;
use serde::Serialize;
use store::{BranchMove, BulkChange, BulkOutcome};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::faq_import::{EntryChange, of_records};

/// So many changed entries are listed one by one.
const LISTED: usize = 200;
/// Longer notes are cut.
const LONGEST_NOTE: usize = 500;

/// What a bulk edit did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkReply {
    pub dry_run: bool,
    /// What `POST /v1/faq/bulk/{id}/undo` takes it back by; none where nothing changed.
    pub id: Option<String>,
    pub changed: usize,
    pub unchanged: usize,
    /// Entries that somebody changed since, which an undo left alone.
    pub left: Vec<String>,
    /// The first 200 entries that are changed, each before and after.
    pub changes: Vec<EntryChange>,
    /// The FAQ's revision afterwards; send a dry run's as `revision` to do just what it showed.
    pub revision: i64,
}

impl BulkReply {
    pub(crate) fn of(outcome: BulkOutcome, dry_run: bool, seen: i64) -> Self {
        let changes = outcome.changed.iter().take(LISTED).map(|(before, after)| of_records(before, after));
        Self {
            dry_run,
            changed: outcome.changed.len(),
            unchanged: outcome.unchanged,
            changes: changes.collect(),
            id: outcome.id,
            left: outcome.left,
            revision: if dry_run { seen } else { outcome.revision },
        }
    }
}

/// The change with its values as an entry keeps them, or what is wrong with it.
pub(crate) fn checked(change: BulkChange) -> Result<BulkChange, ApiError> {
    let given = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
    let entry = FaqEntry {
        category: given(&change.category),
        valid_from: given(&change.valid_from),
        valid_until: given(&change.valid_until),
        channels: change.channels.clone().unwrap_or_default(),
        ..FaqEntry::new("bulk", "question", "answer")
    };
    let entry = entry.checked().map_err(|fault| ApiError::Invalid(fault.to_string()))?;
    let branch = change.branch.map(tidy_branch).transpose()?;
    let checked = BulkChange {
        category: change.category.map(|_| entry.category.unwrap_or_default()),
        valid_from: change.valid_from.map(|_| entry.valid_from.unwrap_or_default()),
        valid_until: change.valid_until.map(|_| entry.valid_until.unwrap_or_default()),
        channels: change.channels.map(|_| entry.channels),
        branch,
        ..change
    };
    if checked == BulkChange::default() {
        return Err(ApiError::Invalid("nothing is to be changed: name at least one field".to_owned()));
    }
    Ok(checked)
}

fn tidy_branch(branch: BranchMove) -> Result<BranchMove, ApiError> {
    let tidy =
        |path: &str| path.split('/').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let from = branch.from.trim().trim_end_matches('/').to_owned();
    if from.is_empty() {
        return Err(ApiError::Invalid("branch.from is empty; name the branch that moves".to_owned()));
    }
    Ok(BranchMove { to: tidy(&branch.to), from })
}

/// A note of bounded length.
pub(crate) fn note(text: &str) -> String {
    text.trim().chars().take(LONGEST_NOTE).collect()
}
