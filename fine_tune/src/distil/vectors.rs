//! What a teacher says of every sentence, computed once or read from a file, and kept as 16-bit floats on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use half::f16;
use model::{Line, SentenceEncoder};
use safetensors::{Dtype, SafeTensors};
use text::{Language, detect_language};

use super::digest;
use super::mapped::Mapped;
use super::recipe::TeacherSource;
use super::texts::checked;
use crate::interrupt::Interrupt;
use crate::progress::Steps;

/// Sentences computed between two writes: what a crash costs.
const CHUNK: usize = 1024;
/// Bytes of a 16-bit float.
const WIDTH: usize = 2;

/// A teacher's vectors, ready to be learned from.
pub(super) struct Vectors {
    pub dim: usize,
    /// The row of each line, where the teacher knows the line.
    pub rows: Vec<Option<u32>>,
    pub values: Mapped,
    /// Where they are kept.
    pub file: PathBuf,
}

/// What a teacher says of all lines; computed ones go on where an earlier run was broken off. `None` after a wish to stop.
pub(super) fn prepare(
    source: &TeacherSource,
    lines: &[Line],
    cache: &Path,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<Vectors>> {
    if let Some(path) = &source.vectors {
        return from_file(path, source, lines, cache).map(Some);
    }
    let folder = source.folder.as_deref().unwrap_or(Path::new("."));
    let weights = folder.join("model.safetensors");
    let bytes = fs::read(&weights).with_context(|| format!("cannot read {}", weights.display()))?;
    checked(&weights, &bytes, source.sha256.as_deref())?;
    let mut encoder = SentenceEncoder::open(folder).context("cannot open the teacher")?;
    if let Some(prefix) = &source.prefix {
        encoder.set_prefix(prefix);
    }
    let asked = asked(source, lines);
    let texts: Vec<&[u8]> = asked.iter().map(|at| lines[*at].text.as_bytes()).collect();
    let name = digest(&[&bytes, source.prefix.as_deref().unwrap_or("").as_bytes(), digest(&texts).as_bytes()]);
    let file = cache.join(format!("teacher-{}.f16", &name[..16]));
    if !compute(&encoder, &asked, lines, &file, interrupt)? {
        return Ok(None);
    }
    let mut rows = vec![None; lines.len()];
    asked.iter().zip(0..).for_each(|(line, row)| rows[*line] = Some(row));
    Ok(Some(Vectors { dim: encoder.dim(), rows, values: Mapped::open(&file)?, file }))
}

/// Lines that a teacher is asked about.
fn asked(source: &TeacherSource, lines: &[Line]) -> Vec<usize> {
    let language = source.language.as_deref().and_then(Language::parse);
    let speaks =
        |line: &Line| language.is_none_or(|one| detect_language(&line.text).is_some_and(|found| found.language == one));
    (0..lines.len()).filter(|at| lines[*at].times > 0 && speaks(&lines[*at])).collect()
}

/// Adds the vectors that the file still lacks; the answer is whether it has them all now.
fn compute(
    encoder: &SentenceEncoder,
    asked: &[usize],
    lines: &[Line],
    path: &Path,
    interrupt: &Interrupt,
) -> anyhow::Result<bool> {
    let row = encoder.dim() * WIDTH;
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    let done = usize::try_from(file.metadata()?.len())? / row;
    let done = done.min(asked.len());
    // A row that a crash has cut is computed again.
    file.set_len((done * row) as u64)?;
    let mut file = BufWriter::new(file);
    let steps = Steps::after("sentences of a teacher", done, asked.len());
    for (chunk, places) in (1..).zip(asked[done..].chunks(CHUNK)) {
        let texts: Vec<&str> = places.iter().map(|at| lines[*at].text.as_str()).collect();
        for value in encoder.encode(&texts) {
            file.write_all(&f16::from_f32(value).to_le_bytes())?;
        }
        file.flush().with_context(|| format!("cannot write {}", path.display()))?;
        steps.reach(done + chunk * CHUNK);
        if interrupt.is_asked() {
            steps.finish();
            return Ok(false);
        }
    }
    steps.finish();
    Ok(true)
}

/// Reads a file of vectors, one row for each line.
fn from_file(path: &Path, source: &TeacherSource, lines: &[Line], cache: &Path) -> anyhow::Result<Vectors> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    checked(path, &bytes, source.sha256.as_deref())?;
    let (shape, values) = match path.extension().and_then(std::ffi::OsStr::to_str) {
        Some("npy") => npy(&bytes),
        Some("safetensors") => tensors(&bytes),
        _ => bail!("{}: a file of vectors is called .npy or .safetensors", path.display()),
    }
    .with_context(|| format!("cannot read {}", path.display()))?;
    let [n, dim] = shape;
    if n != lines.len() {
        bail!("{} has {n} rows for {} lines of text: give a row for each line", path.display(), lines.len());
    }
    let mut rows = vec![None; n];
    let asked = asked(source, lines);
    for at in asked {
        let vector = &values[at * dim..][..dim];
        if vector.iter().any(|value| !value.is_finite()) {
            bail!("{}, row {}: holds values that are not numbers", path.display(), at + 1);
        }
        rows[at] = vector.iter().any(|value| *value != f16::ZERO).then_some(at as u32);
    }
    let file = cache.join(format!("vectors-{}.f16", &digest(&[&bytes])[..16]));
    let mut out = BufWriter::new(File::create(&file).with_context(|| format!("cannot write {}", file.display()))?);
    values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))?;
    out.flush()?;
    Ok(Vectors { dim, rows, values: Mapped::open(&file)?, file })
}

/// NumPy's format: a header in Python's words, then numbers row by row.
fn npy(bytes: &[u8]) -> anyhow::Result<([usize; 2], Vec<f16>)> {
    let body = bytes.strip_prefix(b"\x93NUMPY").context("is no .npy file")?;
    let (start, len) = match body {
        [1, _, a, b, ..] => (4, usize::from(u16::from_le_bytes([*a, *b]))),
        [_, _, a, b, c, d, ..] => (6, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => bail!("is cut short"),
    };
    let header = body.get(start..start + len).context("is cut short")?;
    let header = String::from_utf8_lossy(header);
    let after = |key: &str| header.split_once(key).map(|(_, rest)| rest.trim_start_matches([':', ' ', '\'', '(']));
    if !after("'fortran_order'").is_some_and(|order| order.starts_with("False")) {
        bail!("stands column by column; save it in C order");
    }
    let shape: Vec<usize> = after("'shape'")
        .and_then(|shape| shape.split_once(')'))
        .map(|(shape, _)| shape.split(',').filter_map(|size| size.trim().parse().ok()).collect())
        .unwrap_or_default();
    let data = &body[start + len..];
    match after("'descr'").map(|kind| &kind[..kind.len().min(3)]) {
        Some("<f2") => matrix(&shape, halves(data)),
        Some("<f4") => matrix(&shape, floats(data)),
        other => bail!("holds {}; save it as float16 or float32", other.unwrap_or("nothing known")),
    }
}

fn tensors(bytes: &[u8]) -> anyhow::Result<([usize; 2], Vec<f16>)> {
    let file = SafeTensors::deserialize(bytes).context("is no safetensors file")?;
    let named = file.tensors();
    let [(_, tensor)] = &named[..] else { bail!("holds {} tensors instead of one", named.len()) };
    match tensor.dtype() {
        Dtype::F16 => matrix(tensor.shape(), halves(tensor.data())),
        Dtype::F32 => matrix(tensor.shape(), floats(tensor.data())),
        other => bail!("holds {other:?}; save it as float16 or float32"),
    }
}

fn halves(data: &[u8]) -> Vec<f16> {
    data.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes)).collect()
}

fn floats(data: &[u8]) -> Vec<f16> {
    data.as_chunks().0.iter().map(|bytes| f16::from_f32(f32::from_le_bytes(*bytes))).collect()
}

fn matrix(shape: &[usize], values: Vec<f16>) -> anyhow::Result<([usize; 2], Vec<f16>)> {
    match *shape {
        [n, dim] if dim > 0 && n.checked_mul(dim) == Some(values.len()) => Ok(([n, dim], values)),
        _ => bail!("is of shape {shape:?} with {} numbers; a row a line is wanted", values.len()),
    }
}
