//! Taking in an FAQ file, whoever sends it: what it would change, what of it is wrong, and the change, all or nothing.

use std::collections::{HashMap, HashSet};

use dialogue::Link;
use retrieval::{Answers, FaqEntry, FaqFormat, FileFault, ImportedFaq, Layout, LeftOpen, RowProblem};
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
    /// The good rows, each with what the file says nothing about.
    pub(crate) rows: Vec<(FaqEntry, LeftOpen)>,
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
        let ImportedFaq { entries, left_open, problems, layout, ignored_columns } =
            retrieval::parse_faq(&self.bytes, format, Answers::Required)?;
        let rows = entries.into_iter().zip(left_open).collect();
        Ok(ReadFile { format, layout, rows, problems, ignored_columns })
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

/// Gives the rows to the store, all or none, under the editor's name; the watcher hears how far it is. What the file says
/// nothing about stays as it is.
pub(crate) async fn import(
    store: &Store,
    rows: Vec<(FaqEntry, LeftOpen)>,
    ending: Ending,
    editor: &str,
    watcher: ImportWatcher<'_>,
) -> Result<Import, store::Error> {
    let is_compared = ending == Ending::DryRun || rows.iter().any(|(_, left_open)| !left_open.is_empty());
    let stored = if is_compared { store.faq_all().await? } else { Vec::new() };
    let stored: Vec<FaqEntry> = stored.into_iter().map(entry).collect();
    let drafts: Vec<FaqDraft> = filled(rows, &stored).into_iter().map(draft_of_entry).collect();
    match ending {
        Ending::DryRun => {
            let changes = changes(stored, &drafts);
            Ok(Import { outcome: store.faq_import_preview(drafts, watcher).await?, changes })
        }
        Ending::Take => {
            let outcome = store.faq_import_watched(drafts, editor, watcher).await?;
            Ok(Import { outcome, changes: Vec::new() })
        }
    }
}

/// Entries with what their file leaves open filled from those that are stored: of the same id or, where the file gives none,
/// of the same question.
fn filled(rows: Vec<(FaqEntry, LeftOpen)>, stored: &[FaqEntry]) -> Vec<FaqEntry> {
    let by_id: HashMap<&str, &FaqEntry> = stored.iter().map(|known| (known.id.as_str(), known)).collect();
    let meant: HashSet<String> = rows.iter().map(|(entry, _)| entry.id.clone()).collect();
    let by_question = by_question(stored.iter().filter(|known| !meant.contains(&known.id)));
    let fill = |(entry, left_open): (FaqEntry, LeftOpen)| {
        let asked = || by_question.get(entry.question.as_str()).copied().flatten().filter(|_| left_open.is_id_open());
        match by_id.get(entry.id.as_str()).copied().or_else(asked) {
            Some(known) => left_open.filled_from(entry, known),
            None => entry,
        }
    };
    rows.into_iter().map(fill).collect()
}

/// The entry of each question; none where several have it.
fn by_question<'a>(entries: impl Iterator<Item = &'a FaqEntry>) -> HashMap<&'a str, Option<&'a FaqEntry>> {
    let mut found = HashMap::new();
    for entry in entries {
        found.entry(entry.question.as_str()).and_modify(|one| *one = None).or_insert(Some(entry));
    }
    found
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
fn changes(stored: Vec<FaqEntry>, drafts: &[FaqDraft]) -> Vec<EntryChange> {
    let stored: HashMap<String, FaqDraft> =
        stored.into_iter().map(|known| (known.id.clone(), draft_of_entry(known))).collect();
    let changed = drafts.iter().filter_map(|draft| {
        let id = draft.id.clone().unwrap_or_default();
        let (kind, fields) = match stored.get(&id) {
            None => (ChangeKind::Added, Vec::new()),
            Some(before) => (ChangeKind::Changed, field_changes(before, draft)),
        };
        let same = kind == ChangeKind::Changed && fields.is_empty();
        (!same).then(|| EntryChange { id, question: draft.question.clone(), kind, fields })
    });
    changed.collect()
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
pub(crate) fn draft_of_entry(entry: FaqEntry) -> FaqDraft {
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
