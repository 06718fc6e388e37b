//! Named columns of numbers in one file with a header: written whole or not at all, read one column at a time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Bytes of a number, whichever kind it is of.
const WIDTH: usize = 4;
/// Numbers that are turned into bytes at a time.
const CHUNK: usize = 1 << 16;

/// Numbers on their way to a file; floats may be borrowed, as they are many.
#[derive(Debug, Default)]
pub(crate) struct Columns<'a>(BTreeMap<String, Column<'a>>);

#[derive(Debug)]
enum Column<'a> {
    Floats(Cow<'a, [f32]>),
    Counts(Vec<u32>),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Head {
    facts: serde_json::Value,
    columns: Vec<Shape>,
}

/// A column's name and how many numbers it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Shape {
    name: String,
    len: usize,
}

impl<'a> Columns<'a> {
    pub(crate) fn floats(&mut self, name: impl Into<String>, values: impl Into<Cow<'a, [f32]>>) {
        self.0.insert(name.into(), Column::Floats(values.into()));
    }

    pub(crate) fn counts(&mut self, name: impl Into<String>, values: Vec<u32>) {
        self.0.insert(name.into(), Column::Counts(values));
    }

    /// Writes all columns, with facts about them, in place of the file that may be there.
    pub(crate) fn write(&self, path: &Path, facts: &impl Serialize) -> Result<(), Error> {
        let beside = path.with_extension("part");
        let written = self.write_to(&beside, facts).and_then(|()| fs::rename(&beside, path)).and_then(|()| {
            let folder = path.parent().unwrap_or_else(|| Path::new("."));
            File::open(folder)?.sync_all()
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&beside);
            Error::io(path)(error)
        })
    }

    fn write_to(&self, path: &Path, facts: &impl Serialize) -> std::io::Result<()> {
        let shape = |(name, column): (&String, &Column<'_>)| Shape { name: name.clone(), len: column.len() };
        let head = Head { facts: serde_json::to_value(facts)?, columns: self.0.iter().map(shape).collect() };
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        serde_json::to_writer(&mut file, &head)?;
        file.write_all(b"\n")?;
        for column in self.0.values() {
            match column {
                Column::Floats(values) => write_numbers(&mut file, values, |value| value.to_le_bytes())?,
                Column::Counts(values) => write_numbers(&mut file, values, |value| value.to_le_bytes())?,
            }
        }
        file.into_inner()?.sync_all()
    }
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Floats(values) => values.len(),
            Self::Counts(values) => values.len(),
        }
    }
}

fn write_numbers<T: Copy>(
    file: &mut impl std::io::Write,
    values: &[T],
    bytes: impl Fn(T) -> [u8; WIDTH],
) -> std::io::Result<()> {
    let mut buffer = Vec::with_capacity(WIDTH * CHUNK.min(values.len()));
    for chunk in values.chunks(CHUNK) {
        buffer.clear();
        chunk.iter().for_each(|value| buffer.extend_from_slice(&bytes(*value)));
        file.write_all(&buffer)?;
    }
    Ok(())
}

/// A file of columns that is open for reading.
#[derive(Debug)]
pub(crate) struct Stored {
    path: PathBuf,
    file: File,
    head: Head,
    /// Where the first column begins.
    start: u64,
}

impl Stored {
    /// Opens a file, or says what is wrong with it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let mut line = Vec::new();
        BufReader::new(&file).read_until(b'\n', &mut line).map_err(Error::io(path))?;
        let head: Head = serde_json::from_slice(&line).map_err(|_| damaged(path))?;
        let numbers: usize = head.columns.iter().map(|column| column.len).sum();
        let length = file.metadata().map_err(Error::io(path))?.len();
        let start = line.len() as u64;
        if length != start + (numbers * WIDTH) as u64 {
            return Err(damaged(path));
        }
        Ok(Self { path: path.to_owned(), file, head, start })
    }

    /// The facts that were written with the columns.
    pub(crate) fn facts<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_value(self.head.facts.clone()).map_err(|_| damaged(&self.path))
    }

    pub(crate) fn floats(&self, name: &str) -> Result<Vec<f32>, Error> {
        self.column(name, f32::from_le_bytes)
    }

    pub(crate) fn counts(&self, name: &str) -> Result<Vec<u32>, Error> {
        self.column(name, u32::from_le_bytes)
    }

    /// What to say of a file whose columns do not fit together.
    pub(crate) fn damaged(&self) -> Error {
        damaged(&self.path)
    }

    /// What to say of a file that another run has begun.
    pub(crate) fn other(&self) -> Error {
        Error::Checkpoint {
            path: self.path.clone(),
            problem: "was begun with other texts, teachers or options, and cannot be continued with these".into(),
        }
    }

    fn column<T>(&self, name: &str, number: impl Fn([u8; WIDTH]) -> T) -> Result<Vec<T>, Error> {
        let at = self.head.columns.iter().position(|column| column.name == name).ok_or_else(|| self.damaged())?;
        let before: usize = self.head.columns[..at].iter().map(|column| column.len).sum();
        let len = self.head.columns[at].len;
        let mut file = &self.file;
        let mut read = || -> std::io::Result<Vec<T>> {
            file.seek(SeekFrom::Start(self.start + (before * WIDTH) as u64))?;
            let mut values = Vec::with_capacity(len);
            let mut buffer = vec![0; WIDTH * CHUNK.min(len)];
            while values.len() < len {
                let bytes = &mut buffer[..WIDTH * CHUNK.min(len - values.len())];
                file.read_exact(bytes)?;
                values.extend(bytes.as_chunks::<WIDTH>().0.iter().map(|bytes| number(*bytes)));
            }
            Ok(values)
        };
        read().map_err(Error::io(&self.path))
    }
}

fn damaged(path: &Path) -> Error {
    Error::Checkpoint {
        path: path.to_owned(),
        problem: "is damaged or of another build, and cannot be continued".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_to_the_last_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("columns");
        let floats: Vec<f32> = (0..3 * CHUNK as u32 + 7).map(|at| f32::from_bits(at.wrapping_mul(40_503))).collect();
        let mut columns = Columns::default();
        columns.floats("b", &floats[..]);
        columns.counts("a", vec![7, u32::MAX]);
        columns.floats("c", Vec::new());
        columns.write(&path, &"facts").expect("written");
        let stored = Stored::open(&path).expect("read");
        assert_eq!(stored.facts::<String>().expect("facts"), "facts");
        assert_eq!(stored.counts("a").expect("counts"), [7, u32::MAX]);
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&stored.floats("b").expect("floats")), bits(&floats));
        assert!(stored.floats("c").expect("none").is_empty() && stored.floats("d").is_err());
    }

    #[test]
    fn a_file_that_was_cut_is_no_file_of_columns() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("columns");
        let mut columns = Columns::default();
        columns.counts("a", vec![1, 2, 3]);
        columns.write(&path, &()).expect("written");
        let bytes = fs::read(&path).expect("bytes");
        for end in [0, 5, bytes.len() - 1] {
            fs::write(&path, &bytes[..end]).expect("cut");
            assert!(Stored::open(&path).is_err_and(|error| error.to_string().contains("is damaged")), "{end}");
        }
    }
}
