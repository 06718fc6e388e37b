//! What a file says nothing about: a table without a column for it, a document that has no place for it. Where the entry is
//! already there, that stays as it is.

use std::sync::Arc;

use super::table::Column;
use crate::FaqEntry;

/// What a file leaves open about an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOpen {
    /// The id was made from the question, for want of one.
    id: bool,
    columns: Arc<[Column]>,
}

impl LeftOpen {
    pub(super) fn new(is_named: bool, columns: Arc<[Column]>) -> Self {
        Self { id: !is_named, columns }
    }

    /// Whether the entry may be one that goes by another id.
    pub fn is_id_open(&self) -> bool {
        self.id
    }

    /// Whether the file says everything about the entry.
    pub fn is_empty(&self) -> bool {
        !self.id && self.columns.is_empty()
    }

    /// The entry with all that the file does not say as it is in `known`.
    pub fn filled_from(&self, mut entry: FaqEntry, known: &FaqEntry) -> FaqEntry {
        if self.id {
            entry.id.clone_from(&known.id);
        }
        for column in &*self.columns {
            match column {
                Column::Similar => entry.similar.clone_from(&known.similar),
                Column::Language => entry.language.clone_from(&known.language),
                Column::Category => entry.category.clone_from(&known.category),
                Column::ValidFrom => entry.valid_from.clone_from(&known.valid_from),
                Column::ValidUntil => entry.valid_until.clone_from(&known.valid_until),
                Column::Enabled => entry.enabled = known.enabled,
                Column::Channels => entry.channels.clone_from(&known.channels),
                Column::Links => entry.links.clone_from(&known.links),
                Column::Id | Column::Question | Column::Answer | Column::Metadata | Column::ContextOnly => {}
            }
        }
        self.uncross_days(&mut entry);
        entry
    }

    /// Where a day that the file says contradicts one that was kept, the file's stays.
    fn uncross_days(&self, entry: &mut FaqEntry) {
        let crossed = matches!((&entry.valid_from, &entry.valid_until), (Some(from), Some(until)) if from > until);
        if crossed && self.columns.contains(&Column::ValidFrom) {
            entry.valid_from = None;
        } else if crossed {
            entry.valid_until = None;
        }
    }
}

/// What an entry may do without.
const OPTIONAL: [Column; 8] = [
    Column::Similar,
    Column::Language,
    Column::Category,
    Column::ValidFrom,
    Column::ValidUntil,
    Column::Enabled,
    Column::Channels,
    Column::Links,
];

/// The columns about which a file says nothing that has only these.
pub(super) fn all_but(said: &[Column]) -> Arc<[Column]> {
    let says = |column: Column| {
        said.iter().any(|one| match one {
            Column::Metadata => column == Column::Category,
            Column::ContextOnly => column == Column::Enabled,
            one => *one == column,
        })
    };
    OPTIONAL.into_iter().filter(|column| !says(*column)).collect()
}
