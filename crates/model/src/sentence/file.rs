//! Tensors of a safetensors file, taken out by name, type and shape.

use std::path::Path;

use half::f16;
use safetensors::{Dtype, SafeTensors};

use crate::Error;

/// An open file.
pub(super) struct Tensors<'a> {
    path: &'a Path,
    file: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    pub(super) fn open(bytes: &'a [u8], path: &'a Path) -> Result<Self, Error> {
        let unreadable = |error| Error::bundle(path, format!("is no readable safetensors file: {error}"));
        Ok(Self { path, file: SafeTensors::deserialize(bytes).map_err(unreadable)? })
    }

    pub(super) fn bytes(&mut self, name: &str, shape: &[usize]) -> Result<Vec<u8>, Error> {
        Ok(self.data(name, Dtype::U8, shape)?.to_vec())
    }

    /// Values of 16-bit floats.
    pub(super) fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let (pairs, _) = self.data(name, Dtype::F16, shape)?.as_chunks();
        let values: Vec<f32> = pairs.iter().map(|pair| f16::from_le_bytes(*pair).to_f32()).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::bundle(self.path, format!("tensor {name} holds values that are not numbers")));
        }
        Ok(values)
    }

    fn data(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<&[u8], Error> {
        let wrong = |problem: String| Error::bundle(self.path, format!("tensor {name} {problem}"));
        let tensor =
            self.file.tensor(name).map_err(|_| Error::bundle(self.path, format!("lacks the tensor {name}")))?;
        if tensor.shape() != shape {
            return Err(wrong(format!("has shape {:?} instead of {shape:?}", tensor.shape())));
        }
        if tensor.dtype() != dtype {
            return Err(wrong(format!("is of type {:?} instead of {dtype:?}", tensor.dtype())));
        }
        Ok(tensor.data())
    }
}
