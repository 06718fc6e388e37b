//! How many texts hold each token, and how long texts are: sums over all entries, which an edit changes in place and a
//! file beside the index keeps. A file belongs to one commit; where it is missing or damaged, entries are counted anew.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::MeanLengths;
use super::row::Row;
use crate::Error;

/// What tokens changed is kept apart until it is more than this, and more than a part of all.
const FEW_CHANGED: usize = 4096;
const PART_CHANGED: usize = 8;

/// Texts of a kind that hold a token: all wordings of an entry as one, the answer, both as one.
type Holders = [u32; 3];
const TOGETHER: usize = 0;
const ANSWER: usize = 1;
const WHOLE: usize = 2;

/// Tokens are hashes already.
#[derive(Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(u32::from(byte)));
    }

    fn write_u32(&mut self, token: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(token)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

type ByToken = HashMap<u32, Holders, BuildHasherDefault<Spread>>;

/// Sums over all entries of a commit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    n_rows: u64,
    /// The number that the next new entry gets.
    next_number: u64,
    wordings: Lengths,
    together: Lengths,
    answers: Lengths,
    whole: Lengths,
    base: Arc<ByToken>,
    /// The commit whose file holds the base.
    base_commit: Option<u64>,
    /// Tokens whose counts are no longer those of the base.
    changed: ByToken,
}

/// Texts of one kind; empty ones are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Lengths {
    n_texts: u64,
    n_tokens: u64,
}

/// Whether an entry comes or goes.
#[derive(Debug, Clone, Copy)]
enum Sign {
    Plus,
    Minus,
}

impl Sign {
    fn add(self, to: u64, value: u64) -> u64 {
        match self {
            Self::Plus => to + value,
            Self::Minus => to.saturating_sub(value),
        }
    }
}

impl Lengths {
    fn count(&mut self, length: u32, sign: Sign) {
        if length > 0 {
            self.n_texts = sign.add(self.n_texts, 1);
            self.n_tokens = sign.add(self.n_tokens, u64::from(length));
        }
    }

    fn mean(self) -> f32 {
        self.n_tokens as f32 / self.n_texts.max(1) as f32
    }

    fn weight(self, found: u32) -> f32 {
        let found = found as f32;
        (1.0 + (self.n_texts as f32 - found + 0.5) / (found + 0.5)).ln()
    }
}

impl Counts {
    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows as usize
    }

    /// A number that no entry has had.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number - 1
    }

    pub(crate) fn add(&mut self, row: &Row) {
        self.next_number = self.next_number.max(row.number + 1);
        self.count(row, Sign::Plus);
    }

    pub(crate) fn remove(&mut self, row: &Row) {
        self.count(row, Sign::Minus);
    }

    fn count(&mut self, row: &Row, sign: Sign) {
        self.n_rows = sign.add(self.n_rows, 1);
        for wording in &row.wordings {
            self.wordings.count(wording.bag.length(), sign);
        }
        self.together.count(row.together.length(), sign);
        self.answers.count(row.answer.length(), sign);
        self.whole.count(row.together.length() + row.answer.length(), sign);
        row.together.ids().for_each(|id| self.count_token(id, TOGETHER, sign));
        row.answer.ids().for_each(|id| self.count_token(id, ANSWER, sign));
        let further = row.answer.ids().filter(|id| !row.together.contains(*id));
        row.together.ids().chain(further).for_each(|id| self.count_token(id, WHOLE, sign));
    }

    fn count_token(&mut self, id: u32, kind: usize, sign: Sign) {
        let base = &self.base;
        let counts = self.changed.entry(id).or_insert_with(|| base.get(&id).copied().unwrap_or_default());
        counts[kind] = match sign {
            Sign::Plus => counts[kind] + 1,
            Sign::Minus => counts[kind].saturating_sub(1),
        };
    }

    fn holders(&self, id: u32) -> Holders {
        self.changed.get(&id).or_else(|| self.base.get(&id)).copied().unwrap_or_default()
    }

    pub(super) fn answer_weight(&self, id: u32) -> f32 {
        self.answers.weight(self.holders(id)[ANSWER])
    }

    pub(super) fn whole_weight(&self, id: u32) -> f32 {
        self.whole.weight(self.holders(id)[WHOLE])
    }

    pub(super) fn n_holders(&self, id: u32) -> u64 {
        u64::from(self.holders(id)[WHOLE])
    }

    pub(super) fn is_unknown(&self, id: u32) -> bool {
        self.n_holders(id) == 0
    }

    pub(super) fn mean_lengths(&self) -> MeanLengths {
        MeanLengths {
            wording: self.wordings.mean(),
            together: self.together.mean(),
            answer: self.answers.mean(),
            whole: self.whole.mean(),
        }
    }

    /// Joins what changed with the base where it has become much; to be called before a commit.
    pub(crate) fn settle(&mut self, commit: u64) {
        if self.base_commit.is_some() && self.changed.len() <= FEW_CHANGED.max(self.base.len() / PART_CHANGED) {
            return;
        }
        let mut all = std::mem::take(&mut self.base);
        let base = Arc::make_mut(&mut all);
        base.extend(self.changed.drain());
        base.retain(|_, counts| counts[WHOLE] > 0);
        (self.base, self.base_commit) = (all, Some(commit));
    }

    fn lengths(&self) -> [Lengths; 4] {
        [self.wordings, self.together, self.answers, self.whole]
    }
}

/// The files beside an index that keep its counts, each named after its commit.
#[derive(Debug)]
pub(crate) struct CountsFile<'a>(pub(crate) &'a Path);

const PREFIX: &str = "counts-";
const MAGIC: u64 = u64::from_le_bytes(*b"FAQcnt\0\x01");

impl CountsFile<'_> {
    fn path(&self, commit: u64) -> PathBuf {
        self.0.join(format!("{PREFIX}{commit}"))
    }

    /// Whether a file of this name is one of them.
    pub(crate) fn is_named(name: &str) -> bool {
        name.strip_prefix(PREFIX).is_some_and(|rest| rest.trim_end_matches(".new").parse::<u64>().is_ok())
    }

    /// Writes the settled counts of a commit that is about to be made: what changed, or now and then all.
    pub(crate) fn save(&self, counts: &Counts, commit: u64) -> Result<(), Error> {
        let base_commit = counts.base_commit.unwrap_or(commit);
        let tokens = if base_commit == commit { &*counts.base } else { &counts.changed };
        let mut bytes = Vec::with_capacity(128 + 16 * tokens.len());
        let mut put = |number: u64| bytes.extend(number.to_le_bytes());
        [MAGIC, commit, base_commit, counts.n_rows, counts.next_number].into_iter().for_each(&mut put);
        counts.lengths().iter().flat_map(|of| [of.n_texts, of.n_tokens]).for_each(&mut put);
        put(tokens.len() as u64);
        for (id, holders) in tokens {
            [*id].iter().chain(holders).for_each(|number| bytes.extend(number.to_le_bytes()));
        }
        bytes.extend(checksum(&bytes).to_le_bytes());
        let (path, new) = (self.path(commit), self.0.join(format!("{PREFIX}{commit}.new")));
        std::fs::write(&new, bytes).map_err(|source| Error::io(&new, source))?;
        std::fs::rename(&new, &path).map_err(|source| Error::io(&path, source))
    }

    /// Reads the counts of a commit; none where a file is missing, damaged or of another commit.
    pub(crate) fn load(&self, commit: u64) -> Option<Counts> {
        let (mut counts, tokens) = self.read(commit)?;
        let base_commit = counts.base_commit?;
        if base_commit == commit {
            counts.base = Arc::new(tokens);
        } else {
            let (base, tokens_of_base) = self.read(base_commit)?;
            if base.base_commit != Some(base_commit) {
                return None;
            }
            (counts.base, counts.changed) = (Arc::new(tokens_of_base), tokens);
        }
        Some(counts)
    }

    fn read(&self, commit: u64) -> Option<(Counts, ByToken)> {
        let bytes = std::fs::read(self.path(commit)).ok()?;
        let (mut rest, sum) = bytes.split_last_chunk()?;
        if checksum(rest) != u64::from_le_bytes(*sum) {
            return None;
        }
        let mut number = || {
            let (number, after) = rest.split_first_chunk()?;
            rest = after;
            Some(u64::from_le_bytes(*number))
        };
        if (number()?, number()?) != (MAGIC, commit) {
            return None;
        }
        let base_commit = Some(number()?);
        let (n_rows, next_number) = (number()?, number()?);
        let mut lengths = || Some(Lengths { n_texts: number()?, n_tokens: number()? });
        let (wordings, together, answers, whole) = (lengths()?, lengths()?, lengths()?, lengths()?);
        let n_tokens = usize::try_from(number()?).ok()?;
        let (tokens, []) = rest.as_chunks::<16>() else { return None };
        let word = |token: &[u8; 16], at: usize| u32::from_le_bytes(token.as_chunks().0[at]);
        let tokens: ByToken =
            tokens.iter().map(|token| (word(token, 0), [1, 2, 3].map(|at| word(token, at)))).collect();
        let counts =
            Counts { n_rows, next_number, wordings, together, answers, whole, base_commit, ..Counts::default() };
        (tokens.len() == n_tokens).then_some((counts, tokens))
    }

    /// Removes the files that the counts of this commit do not need.
    pub(crate) fn forget_others(&self, counts: &Counts, commit: u64) {
        let needed = [Some(commit), counts.base_commit].map(|commit| commit.map(|commit| self.path(commit)));
        let Ok(files) = std::fs::read_dir(self.0) else { return };
        for path in files.flatten().map(|file| file.path()) {
            let ours = path.file_name().and_then(|name| name.to_str()).is_some_and(Self::is_named);
            if ours && !needed.contains(&Some(path.clone())) {
                // What stays behind is only a file too many.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FaqEntry;
    use crate::table::Meanings;

    fn row(number: u64) -> Row {
        let entry = FaqEntry::new("id", &format!("refund item {number}"), &format!("answer {}", number % 7));
        Row { number, ..Row::new(&entry, Meanings::of(&entry, &None)).0 }
    }

    fn tokens(counts: &Counts) -> Vec<(u32, Holders)> {
        let ids = (0..2000).flat_map(|number| row(number).together.ids().collect::<Vec<_>>());
        ids.map(|id| (id, counts.holders(id))).collect()
    }

    fn alike(one: &Counts, other: &Counts) -> bool {
        let sums = |of: &Counts| (of.n_rows, of.next_number, of.lengths());
        sums(one) == sums(other) && tokens(one) == tokens(other)
    }

    #[test]
    fn what_comes_and_goes_again_leaves_nothing() {
        let mut counts = Counts::default();
        (0..50).for_each(|number| counts.add(&row(number)));
        (0..50).for_each(|number| counts.remove(&row(number)));
        assert!(alike(&counts, &Counts { next_number: 50, ..Counts::default() }));
        assert!(row(3).together.ids().all(|id| counts.is_unknown(id)));
    }

    #[test]
    fn files_of_any_commit_bring_back_what_was_counted() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = CountsFile(dir.path());
        let mut counts = Counts::default();
        for commit in 0..40 {
            (0..50).for_each(|number| counts.add(&row(50 * commit + number)));
            if commit > 20 {
                counts.remove(&row(50 * commit + 3));
            }
            counts.settle(commit);
            file.save(&counts, commit).expect("written");
            file.forget_others(&counts, commit);
            assert!(std::fs::read_dir(dir.path()).expect("listing").count() <= 2);
            assert!(alike(&file.load(commit).expect("read"), &counts), "{commit}");
        }
        assert!(counts.base_commit.is_some_and(|commit| commit > 0 && commit < 39), "{:?}", counts.base_commit);
        assert!(file.load(3).is_none());
    }

    #[test]
    fn a_damaged_or_foreign_file_is_not_believed() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = CountsFile(dir.path());
        let mut counts = Counts::default();
        counts.add(&row(1));
        counts.settle(7);
        file.save(&counts, 7).expect("written");
        let good = std::fs::read(file.path(7)).expect("read");
        std::fs::write(file.path(8), &good).expect("written");
        assert!(file.load(8).is_none());
        for at in [0, 20, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(file.path(7), bad).expect("written");
            assert!(file.load(7).is_none(), "{at}");
            std::fs::write(file.path(7), &good[..at]).expect("written");
            assert!(file.load(7).is_none(), "cut at {at}");
        }
    }
}
