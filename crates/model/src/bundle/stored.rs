//! The tensors of a safetensors file, each checked as it is taken.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};

use crate::Error;
use crate::table::Table;

/// The tensors of a file, each checked as it is taken.
pub(crate) struct Stored {
    path: PathBuf,
    tensors: HashMap<String, Tensor>,
}

impl Stored {
    pub(crate) fn load(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(&fs::read(path).map_err(Error::io(path))?, path)
    }

    /// The tensors of a file's contents; `path` is what errors name.
    pub(crate) fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu)
            .map_err(|error| Error::bundle(path, format!("is damaged: {error}")))?;
        Ok(Self { path: path.to_owned(), tensors })
    }

    pub(crate) fn problem(&self, problem: &str) -> Error {
        Error::bundle(&self.path, problem)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Rows of a tensor; none when it is absent.
    pub(crate) fn rows(&self, name: &str) -> usize {
        self.tensors.get(name).and_then(|tensor| tensor.dims().first()).copied().unwrap_or(0)
    }

    fn take(&mut self, name: &str) -> Result<Tensor, Error> {
        self.tensors.remove(name).ok_or_else(|| self.problem(&format!("lacks the tensor {name}")))
    }

    pub(crate) fn numbers(&mut self, name: &str) -> Result<Vec<u32>, Error> {
        let tensor = self.take(name)?;
        tensor.to_vec1::<u32>().map_err(|_| self.problem(&format!("tensor {name} is no list of whole numbers")))
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
        let bytes = self.take(name)?.to_vec1::<u8>();
        let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(|| self.problem(&format!("tensor {name} is no text")))?;
        let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        if lines.len() != n.max(1) {
            return Err(self.problem(&format!("tensor {name} has {} lines instead of {n}", lines.len())));
        }
        Ok(lines)
    }

    fn shaped(&mut self, name: &str, shape: &[usize]) -> Result<Tensor, Error> {
        let tensor = self.take(name)?;
        if tensor.dims() != shape {
            return Err(self.problem(&format!("tensor {name} has shape {:?} instead of {shape:?}", tensor.dims())));
        }
        Ok(tensor)
    }

    /// A tensor of a type and shape; floats are numbers.
    pub(crate) fn typed(&mut self, name: &str, dtype: DType, shape: &[usize]) -> Result<Tensor, Error> {
        if dtype == DType::F32 {
            return Ok(Tensor::from_vec(self.floats(name, shape)?, shape, &Device::Cpu)?);
        }
        let tensor = self.shaped(name, shape)?;
        if tensor.dtype() != dtype {
            let found = tensor.dtype().as_str();
            return Err(self.problem(&format!("tensor {name} is of type {found} instead of {}", dtype.as_str())));
        }
        Ok(tensor)
    }

    pub(crate) fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let tensor = self.shaped(name, shape)?;
        let values: Vec<f32> = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
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
