//! A copy of an index in memory, to see what edits would change before anybody makes them.

use std::io::Write as _;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use tantivy::directory::{Directory, TerminatingWrite as _};
use tantivy::{Index, IndexMeta};

use super::{FaqIndex, manual_reader};
use crate::Error;
use crate::schema;
use crate::search::Snapshot;
use crate::table::Table;

impl FaqIndex {
    /// A copy in memory that answers as this index does now, with the same probabilities; edits of either leave the
    /// other alone. Nothing is analysed again, so it costs what copying the files costs; edits wait meanwhile, searches
    /// do not.
    pub fn copied(&self) -> Result<Self, Error> {
        let _no_edits = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        let index = copy_files(&self.index)?;
        let reader = manual_reader(&index)?;
        let (searcher, counts) = (reader.searcher(), before.table.counts.clone());
        let table = Table::open(searcher.clone(), before.fields, counts, Some(&before.table))?;
        let snapshot = Snapshot { searcher, table, ..Snapshot::clone(&before) };
        let copy = Self::assemble(None, index, reader, snapshot);
        Ok(Self { calibration: RwLock::new(self.calibration()), ..copy })
    }
}

/// The last commit's files. While the commit's description is held, nobody clears them away.
fn copy_files(from: &Index) -> tantivy::Result<Index> {
    let committed = from.load_metas()?;
    let (schema, _) = schema::build();
    let copy = Index::create_in_ram(schema);
    let (source, target) = (from.directory(), copy.directory());
    for path in source.list_managed_files().iter().filter(|path| belongs_to(path, &committed)) {
        if !source.exists(path)? {
            continue;
        }
        let bytes = source.open_read(path)?.read_bytes()?;
        let mut file = target.open_write(path)?;
        file.write_all(&bytes)?;
        file.terminate()?;
    }
    target
        .atomic_write(Path::new("meta.json"), &serde_json::to_vec(&committed).expect("a commit was read from JSON"))?;
    Ok(copy)
}

/// Files are named after their segments.
fn belongs_to(path: &Path, committed: &IndexMeta) -> bool {
    let name = path.to_string_lossy();
    let is_scratch = name.ends_with(".temp");
    !is_scratch && committed.segments.iter().any(|segment| name.starts_with(&segment.id().uuid_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Change, FaqEntry, SearchQuery};

    fn first(index: &FaqIndex, text: &str) -> Option<(String, f32)> {
        let query = SearchQuery { text: text.to_owned(), top: 1, ..SearchQuery::default() };
        index.search(&query).into_iter().next().map(|hit| (hit.id, hit.probability))
    }

    fn check(index: &FaqIndex) {
        let entry = |id: &str, question: &str| FaqEntry::new(id, question, "An answer.");
        let entries = [entry("parking", "where can I park my car"), entry("hours", "when do you open")];
        index.replace_all(&entries, 3).unwrap();
        index
            .apply(&[Change::Put(entry("vegan", "are the biscuits vegan")), Change::Delete("hours".into())], 4)
            .unwrap();
        let copy = index.copied().unwrap();
        assert_eq!((copy.revision(), copy.len()), (4, 2));
        for text in ["where can I park", "vegan biscuits", "when do you open"] {
            assert_eq!(first(&copy, text), first(index, text), "{text}");
        }
        copy.apply(&[Change::Put(entry("dogs", "may I bring my dog")), Change::Delete("parking".into())], 4).unwrap();
        assert_eq!(first(&copy, "bring my dog").unwrap().0, "dogs");
        assert_eq!(first(index, "where can I park my car").unwrap().0, "parking");
        assert!(first(index, "bring my dog").is_none_or(|(id, _)| id != "dogs"));
        assert_eq!(copy.copied().unwrap().entry("dogs").unwrap().question, "may I bring my dog");
    }

    #[test]
    fn a_copy_answers_like_its_original_and_is_edited_alone() {
        check(&FaqIndex::in_memory());
        let home = tempfile::tempdir().unwrap();
        check(&FaqIndex::create(&home.path().join("index")).unwrap());
    }

    #[test]
    fn an_empty_index_can_be_copied() {
        assert!(FaqIndex::in_memory().copied().unwrap().is_empty());
    }
}
