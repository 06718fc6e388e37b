//! The tensors of a safetensors file, each checked as it is taken.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};

use crate::Error;
use crate::table::Table;

/// The tensors of a file, read where they stand.
pub(crate) struct Stored {
    path: PathBuf,
    contents: Cow<'static, [u8]>,
    tensors: HashMap<String, Place>,
}

/// Where a tensor stands in the file.
struct Place {
    dtype: Dtype,
    shape: Vec<usize>,
    range: Range<usize>,
}

impl Stored {
    pub(crate) fn load(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(fs::read(path).map_err(Error::io(path))?, path)
    }

    /// The tensors of a file's contents; `path` is what errors name.
    pub(crate) fn from_bytes(contents: impl Into<Cow<'static, [u8]>>, path: &Path) -> Result<Self, Error> {
        let contents = contents.into();
        let tensors = places(&contents).map_err(|error| Error::bundle(path, format!("is damaged: {error}")))?;
        Ok(Self { path: path.to_owned(), contents, tensors })
    }

    pub(crate) fn problem(&self, problem: &str) -> Error {
        Error::bundle(&self.path, problem)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Rows of a tensor; none when it is absent.
    pub(crate) fn rows(&self, name: &str) -> usize {
        self.tensors.get(name).and_then(|place| place.shape.first()).copied().unwrap_or(0)
    }

    fn take(&mut self, name: &str) -> Result<Place, Error> {
        self.tensors.remove(name).ok_or_else(|| self.problem(&format!("lacks the tensor {name}")))
    }

    pub(crate) fn numbers(&mut self, name: &str) -> Result<Vec<u32>, Error> {
        let place = self.take(name)?;
        if place.dtype != Dtype::U32 || place.shape.len() != 1 {
            return Err(self.problem(&format!("tensor {name} is no list of whole numbers")));
        }
        Ok(values(&self.contents[place.range], u32::from_le_bytes))
    }

    /// How many of `n` features are n-grams: all in bundles from before pairs of words were learned.
    pub(crate) fn n_ngrams(&mut self, name: &str, n: usize) -> Result<usize, Error> {
        if !self.has(name) {
            return Ok(n);
        }
        match self.numbers(name)?[..] {
            [n_ngrams] if n_ngrams as usize <= n => Ok(n_ngrams as usize),
            _ => Err(self.problem(&format!("tensor {name} is no number up to {n}"))),
        }
    }

    /// The lines of a text; none where the bundle has no such text.
    pub(crate) fn lines(&mut self, name: &str, n: usize) -> Result<Vec<String>, Error> {
        if !self.has(name) {
            return Ok(Vec::new());
        }
        let place = self.take(name)?;
        let bytes = (place.dtype == Dtype::U8).then(|| &self.contents[place.range]);
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let text = text.ok_or_else(|| self.problem(&format!("tensor {name} is no text")))?;
        let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        if lines.len() != n.max(1) {
            return Err(self.problem(&format!("tensor {name} has {} lines instead of {n}", lines.len())));
        }
        Ok(lines)
    }

    fn shaped(&mut self, name: &str, shape: &[usize]) -> Result<Place, Error> {
        let place = self.take(name)?;
        if place.shape != shape {
            return Err(self.problem(&format!("tensor {name} has shape {:?} instead of {shape:?}", place.shape)));
        }
        Ok(place)
    }

    /// The bytes of a tensor of a shape; those of contents that stay are not copied.
    pub(crate) fn bytes(&mut self, name: &str, shape: &[usize]) -> Result<Cow<'static, [u8]>, Error> {
        let Place { dtype, range, .. } = self.shaped(name, shape)?;
        if dtype != Dtype::U8 {
            return Err(self.problem(&format!("tensor {name} is of type {dtype:?} instead of U8")));
        }
        Ok(match &self.contents {
            Cow::Borrowed(contents) => Cow::Borrowed(&contents[range]),
            Cow::Owned(contents) => Cow::Owned(contents[range].to_vec()),
        })
    }

    /// The numbers of a tensor of a shape, whichever floats they are stored as.
    pub(crate) fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let Place { dtype, range, .. } = self.shaped(name, shape)?;
        let bytes = &self.contents[range];
        let values = match dtype {
            Dtype::F32 => values(bytes, f32::from_le_bytes),
            Dtype::F16 => values(bytes, |value| f16::from_le_bytes(value).to_f32()),
            Dtype::BF16 => values(bytes, |value| bf16::from_le_bytes(value).to_f32()),
            Dtype::F64 => values(bytes, |value| f64::from_le_bytes(value) as f32),
            _ => return Err(self.problem(&format!("tensor {name} is of type {dtype:?} instead of floats"))),
        };
        if values.iter().any(|value| !value.is_finite()) {
            return Err(self.problem(&format!("tensor {name} holds values that are not numbers")));
        }
        Ok(values)
    }

    pub(crate) fn table(&mut self, name: &str, rows: Option<usize>, dim: usize) -> Result<Table, Error> {
        let rows = rows.unwrap_or_else(|| self.rows(name));
        Ok(Table::from_values(self.floats(name, &[rows, dim])?, dim))
    }
}

fn places(contents: &[u8]) -> Result<HashMap<String, Place>, safetensors::SafeTensorError> {
    let place = |(name, tensor): (String, safetensors::tensor::TensorView<'_>)| {
        let start = tensor.data().as_ptr().addr() - contents.as_ptr().addr();
        let range = start..start + tensor.data().len();
        (name, Place { dtype: tensor.dtype(), shape: tensor.shape().to_vec(), range })
    };
    Ok(SafeTensors::deserialize(contents)?.tensors().into_iter().map(place).collect())
}

/// Values that stand one after another in a few bytes each.
fn values<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|bytes| value(*bytes)).collect()
}
