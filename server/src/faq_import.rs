//! Taking in an FAQ file, whoever sends it: what it would change, what of it is wrong, and the change, all or nothing.

use std::collections::HashMap;

use dialogue::Link;
use retrieval::{Answers, FaqFormat, FileFault, ImportedFaq, Layout, RowProblem};
use serde::Serialize;
use store::{FaqDraft, FaqRecord, ImportOutcome, ImportWatcher, Store};
use utoipa::ToSchema;

use crate::faq_follower::entry;

/// A file as it came.
#[derive(Debug)]
pub(crate) struct ImportFile {
    pub(crate) bytes: bytes::Bytes,
    /// Its name, where there is one.
    pub(crate) name: Option<String>,
    /// What the sender says it is; told from the content otherwise.
    pub(crate) format: Option<FaqFormat>,
}

/// A file that was read, with nothing changed yet.
#[derive(Debug)]
pub(crate) struct ReadFile {
    pub(crate) format: FaqFormat,
    pub(crate) layout: Layout,
    pub(crate) drafts: Vec<FaqDraft>,
    pub(crate) problems: Vec<RowProblem>,
    pub(crate) ignored_columns: Vec<String>,
}

impl ImportFile {
    /// Reads the file; takes as long as the file is large, so not on a thread that serves others.
    pub(crate) fn read(&self) -> Result<ReadFile, FileFault> {
        let format = match self.format {
            Some(said) => said,
            None => FaqFormat::detect(&self.bytes, self.name.as_deref())?,
        };
        let ImportedFaq { entries, problems, layout, ignored_columns } =
            retrieval::parse_faq(&self.bytes, format, Answers::Required)?;
        let drafts = entries.into_iter().map(draft_of_entry).collect();
        Ok(ReadFile { format, layout, drafts, problems, ignored_columns })
    }
}

/// How an import ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing is changed; the changes are listed.
    DryRun,
    /// All good rows are taken, or none.
    Take,
}

/// What the store did or would do, and with a dry run which entries it would change.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) outcome: ImportOutcome,
    pub(crate) changes: Vec<EntryChange>,
}

/// Gives the drafts to the store, all or none, under the editor's name; the watcher hears how far it is.
pub(crate) async fn import(
    store: &Store,
    drafts: Vec<FaqDraft>,
    ending: Ending,
    editor: &str,
    watcher: ImportWatcher<'_>,
) -> Result<Import, store::Error> {
    match ending {
        Ending::DryRun => {
            let changes = changes(store, &drafts).await?;
            Ok(Import { outcome: store.faq_import_preview(drafts).await?, changes })
        }
        Ending::Take => {
            let outcome = store.faq_import_watched(drafts, editor, watcher).await?;
            Ok(Import { outcome, changes: Vec::new() })
        }
    }
}

/// One entry that an import adds or changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntryChange {
    pub id: String,
    pub question: String,
    pub kind: ChangeKind,
    /// The fields that differ from what is stored; none for a new entry.
    pub fields: Vec<FieldChange>,
}

/// What happens to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Added,
    Changed,
    Deleted,
}

/// One field before and after, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldChange {
    pub field: &'static str,
    pub before: String,
    pub after: String,
}

/// The entries that differ from what is stored, in file order.
async fn changes(store: &Store, drafts: &[FaqDraft]) -> Result<Vec<EntryChange>, store::Error> {
    let stored: HashMap<String, FaqDraft> =
        store.faq_all().await?.into_iter().map(|record| (record.id.clone(), draft_of_entry(entry(record)))).collect();
    let changed = drafts.iter().filter_map(|draft| {
        let id = draft.id.clone().unwrap_or_default();
        let (kind, fields) = match stored.get(&id) {
            None => (ChangeKind::Added, Vec::new()),
            Some(before) => (ChangeKind::Changed, field_changes(before, draft)),
        };
        let same = kind == ChangeKind::Changed && fields.is_empty();
        (!same).then(|| EntryChange { id, question: draft.question.clone(), kind, fields })
    });
    Ok(changed.collect())
}

/// What a change made of one entry.
pub(crate) fn of_records(before: &FaqRecord, after: &FaqRecord) -> EntryChange {
    let kind = match (before.deleted, after.deleted) {
        (false, true) => ChangeKind::Deleted,
        (true, false) => ChangeKind::Added,
        _ => ChangeKind::Changed,
    };
    let fields = field_changes(&FaqDraft::from(before), &FaqDraft::from(after));
    EntryChange { id: after.id.clone(), question: after.question.clone(), kind, fields }
}

fn field_changes(before: &FaqDraft, after: &FaqDraft) -> Vec<FieldChange> {
    let (before, after) = (fields(before), fields(after));
    let pairs = before.into_iter().zip(after).filter(|(before, after)| before != after);
    pairs.map(|((field, before), (_, after))| FieldChange { field, before, after }).collect()
}

fn fields(draft: &FaqDraft) -> [(&'static str, String); 10] {
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    [
        ("question", draft.question.clone()),
        ("similar", draft.similar.join("\n")),
        ("answer", draft.answer.clone()),
        ("language", optional(&draft.language)),
        ("category", optional(&draft.category)),
        ("valid_from", optional(&draft.valid_from)),
        ("valid_until", optional(&draft.valid_until)),
        ("enabled", draft.enabled.to_string()),
        ("channels", draft.channels.join(", ")),
        ("links", draft.links.iter().map(|link| format!("{} {}", link.title, link.url)).collect::<Vec<_>>().join("\n")),
    ]
}

/// A file's entry as the store takes it.
pub(crate) fn draft_of_entry(entry: retrieval::FaqEntry) -> FaqDraft {
    FaqDraft {
        id: Some(entry.id),
        question: entry.question,
        similar: entry.similar,
        answer: entry.answer,
        language: entry.language,
        category: entry.category,
        valid_from: entry.valid_from,
        valid_until: entry.valid_until,
        enabled: entry.enabled,
        channels: entry.channels,
        links: entry.links.into_iter().map(|link| Link { title: link.title, url: link.url }).collect(),
    }
}
