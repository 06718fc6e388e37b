//! A sentence encoder of averages: the rows of a message's tokens, and of pairs of them, are summed, and a few dense
//! layers work on the sum (a deep averaging network, Iyyer et al., 2015), where wanted with what convolutions find.
//! Serves in plain numbers, its rows in 8 bits.

use std::borrow::Cow;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use half::f16;
use serde::{Deserialize, Serialize};

use super::convolution::Convolution;
use crate::Error;
use crate::bundle::Stored;

/// What `config.json` calls this kind of encoder, without convolutions and with them.
const MODEL_TYPES: [&str; 2] = ["frontdesk-averaged", "frontdesk-convolution"];
/// Below this the length of a vector counts as this.
const SMALLEST_LENGTH: f32 = 1e-6;
/// What is added to a whole number in the file so that it is not negative.
const SHIFT: u8 = 128;
/// The largest whole number a value is rounded to.
const LARGEST: f32 = 127.0;
const WORDS: &str = "embeddings.weight";

/// The sizes of an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Tokens of the vocabulary.
    #[serde(rename = "vocab_size")]
    pub vocabulary: usize,
    /// Rows that pairs of neighbouring tokens share by their hash; 0 reads tokens alone.
    #[serde(rename = "pair_buckets")]
    pub pairs: usize,
    /// Filters of each width of the convolutions; 0 sums rows alone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub filters: usize,
    /// Values of a row, and of a vector.
    #[serde(rename = "hidden_size")]
    pub width: usize,
    /// Values between the two halves of a dense layer.
    #[serde(rename = "intermediate_size")]
    pub inner: usize,
    /// Dense layers, each with a way past it.
    #[serde(rename = "num_hidden_layers")]
    pub layers: usize,
}

// By reference, as serde asks.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Whether a `config.json` is that of this kind of encoder.
pub(super) fn is_config(json: &serde_json::Value) -> bool {
    json["model_type"].as_str().is_some_and(|name| MODEL_TYPES.contains(&name))
}

/// `config.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Config {
    architectures: Vec<String>,
    model_type: String,
    #[serde(flatten)]
    shape: Shape,
}

impl Shape {
    /// Rows of the table.
    pub(super) fn rows(self) -> usize {
        self.vocabulary + self.pairs
    }

    /// The rows that a message's tokens stand for, each with its weight.
    pub(super) fn read(self, tokens: &[u32]) -> Vec<(u32, f32)> {
        let pairs = if self.pairs == 0 { &[][..] } else { tokens };
        let pairs = pairs.array_windows().map(|[a, b]| self.vocabulary as u32 + bucket(*a, *b, self.pairs));
        let mut rows: Vec<(u32, f32)> = tokens.iter().copied().chain(pairs).map(|row| (row, 1.0)).collect();
        let weight = (rows.len().max(1) as f32).sqrt().recip();
        rows.iter_mut().for_each(|row| row.1 = weight);
        rows
    }

    /// `config.json`.
    pub(super) fn config(self) -> serde_json::Value {
        serde_json::json!(Config {
            architectures: vec!["FrontdeskSentenceEncoder".into()],
            model_type: MODEL_TYPES[usize::from(self.filters > 0)].into(),
            shape: self,
        })
    }

    /// Reads sizes, and refuses those that no encoder has.
    pub(super) fn from_json(json: &[u8], path: &Path) -> Result<Self, Error> {
        let damaged = |error: serde_json::Error| Error::bundle(path, format!("is damaged: {error}"));
        let shape = serde_json::from_slice::<Config>(json).map_err(damaged)?.shape;
        if !shape.is_sound() {
            return Err(Error::bundle(path, "states sizes that no sentence encoder has"));
        }
        Ok(shape)
    }

    /// Whether an encoder can be of these sizes.
    pub(crate) fn is_sound(self) -> bool {
        (1..=1_000_000).contains(&self.vocabulary)
            && self.pairs <= 4_000_000
            && self.filters <= 1024
            && [self.width, self.inner].iter().all(|size| (1..=8192).contains(size))
            && self.layers <= 24
    }
}

/// Which of so many rows a pair of tokens shares.
fn bucket(a: u32, b: u32, buckets: usize) -> u32 {
    let mixed = (u64::from(a) << 32 | u64::from(b)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 32) % buckets as u64) as u32
}

/// One dense layer: `[width, inner]`, `[inner]`, `[inner, width]`, `[width]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layer {
    pub up: Vec<f32>,
    pub up_bias: Vec<f32>,
    pub down: Vec<f32>,
    pub down_bias: Vec<f32>,
}

impl Layer {
    /// Names in the file with the shapes of the four weights of a layer.
    pub(super) fn names(layer: usize, shape: Shape) -> [(String, Vec<usize>); 4] {
        let Shape { width, inner, .. } = shape;
        [
            (format!("layers.{layer}.up.weight"), vec![width, inner]),
            (format!("layers.{layer}.up.bias"), vec![inner]),
            (format!("layers.{layer}.down.weight"), vec![inner, width]),
            (format!("layers.{layer}.down.bias"), vec![width]),
        ]
    }

    fn apply(&self, x: &mut [f32]) {
        let length = (x.len() as f32).sqrt();
        to_length(x, length);
        let mut inner = self.up_bias.clone();
        add_product(x, &self.up, &mut inner);
        inner.iter_mut().for_each(|value| *value = gelu(*value));
        x.iter_mut().zip(&self.down_bias).for_each(|(value, bias)| *value += bias);
        add_product(&inner, &self.down, x);
    }
}

/// An encoder that serves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Averaged {
    pub shape: Shape,
    /// `[row, width]` in whole numbers, shifted as in the file, with what one is worth in each row.
    words: Cow<'static, [u8]>,
    scales: Vec<f32>,
    convolution: Option<Convolution>,
    layers: Vec<Layer>,
}

impl Averaged {
    /// Rounds the rows `[row, width]` to 8 bits; dense weights are taken by their names and rounded to 16-bit floats.
    pub(super) fn new(
        shape: Shape,
        words: &[f32],
        dense: impl Fn(&str) -> Result<Vec<f32>, Error>,
    ) -> Result<Self, Error> {
        let largest = |row: &[f32]| row.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let scale = |row| f16::from_f32((largest(row) / LARGEST).max(1e-6)).to_f32();
        let scales: Vec<f32> = words.chunks_exact(shape.width).map(scale).collect();
        let rows = words.chunks_exact(shape.width).zip(&scales);
        let whole = |value: f32| shifted(value.round().clamp(-LARGEST, LARGEST) as i8);
        let words = rows.flat_map(|(row, scale)| row.iter().map(move |value| whole(value / scale))).collect();
        let rounded = |values: Vec<f32>| values.into_iter().map(|value| f16::from_f32(value).to_f32()).collect();
        Self::put_together(shape, (words, scales), |name, _| dense(name).map(rounded))
    }

    fn put_together(
        shape: Shape,
        (words, scales): (Cow<'static, [u8]>, Vec<f32>),
        mut dense: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, Error>,
    ) -> Result<Self, Error> {
        let convolution = if shape.filters > 0 { Some(Convolution::new(shape, &mut dense)?) } else { None };
        let mut layers = Vec::with_capacity(shape.layers);
        for at in 0..shape.layers {
            let [up, up_bias, down, down_bias] = Layer::names(at, shape).map(|(name, sizes)| dense(&name, &sizes));
            layers.push(Layer { up: up?, up_bias: up_bias?, down: down?, down_bias: down_bias? });
        }
        Ok(Self { shape, words, scales, convolution, layers })
    }

    /// A vector of length 1; of nothing but zeros where there is no token.
    pub(crate) fn encode(&self, tokens: &[u32]) -> Vec<f32> {
        let mut x = vec![0.0; self.shape.width];
        for (row, weight) in self.shape.read(tokens) {
            let factor = weight * self.scales[row as usize];
            x.iter_mut().zip(self.row(row)).for_each(|(sum, value)| *sum += factor * f32::from(value));
        }
        if !tokens.is_empty() {
            if let Some(convolution) = &self.convolution {
                convolution.apply(tokens.iter().flat_map(|token| self.row(*token)), &mut x);
            }
            self.layers.iter().for_each(|layer| layer.apply(&mut x));
            to_length(&mut x, 1.0);
        }
        x
    }

    fn row(&self, row: u32) -> impl Iterator<Item = i8> {
        self.words[row as usize * self.shape.width..][..self.shape.width].iter().copied().map(unshifted)
    }

    pub(crate) fn tensors(&self) -> Result<Vec<(String, Tensor)>, Error> {
        let Shape { width, .. } = self.shape;
        let halves = |values: &[f32], shape: &[usize]| -> Result<Tensor, Error> {
            Ok(Tensor::from_slice(values, shape, &Device::Cpu)?.to_dtype(DType::F16)?)
        };
        let rows = self.scales.len();
        let mut tensors = vec![
            (format!("{WORDS}.bytes"), Tensor::from_slice(&self.words, (rows, width), &Device::Cpu)?),
            (format!("{WORDS}.scales"), halves(&self.scales, &[rows])?),
        ];
        for (name, sizes, values) in self.convolution.iter().flat_map(|convolution| convolution.weights(self.shape)) {
            tensors.push((name, halves(values, &sizes)?));
        }
        for (at, Layer { up, up_bias, down, down_bias }) in self.layers.iter().enumerate() {
            for ((name, shape), values) in Layer::names(at, self.shape).into_iter().zip([up, up_bias, down, down_bias])
            {
                tensors.push((name, halves(values, &shape)?));
            }
        }
        Ok(tensors)
    }

    /// Reads an encoder of the given sizes from a file's tensors.
    pub(crate) fn from_stored(shape: Shape, stored: &mut Stored) -> Result<Self, Error> {
        let words = stored.bytes(&format!("{WORDS}.bytes"), &[shape.rows(), shape.width])?;
        let scales = stored.floats(&format!("{WORDS}.scales"), &[shape.rows()])?;
        Self::put_together(shape, (words, scales), |name, sizes| stored.floats(name, sizes))
    }
}

fn shifted(value: i8) -> u8 {
    value.cast_unsigned().wrapping_add(SHIFT)
}

fn unshifted(byte: u8) -> i8 {
    byte.wrapping_sub(SHIFT).cast_signed()
}

/// Brings a vector to a length.
pub(super) fn to_length(x: &mut [f32], length: f32) {
    let now = x.iter().map(|value| value * value).sum::<f32>().sqrt().max(SMALLEST_LENGTH);
    x.iter_mut().for_each(|value| *value *= length / now);
}

/// Adds `x · matrix` to `out`; the matrix has a row for each value of `x`.
pub(super) fn add_product(x: &[f32], matrix: &[f32], out: &mut [f32]) {
    for (value, row) in x.iter().zip(matrix.chunks_exact(out.len())) {
        out.iter_mut().zip(row).for_each(|(sum, weight)| *sum += value * weight);
    }
}

/// The Gaussian error linear unit in its usual approximation (Hendrycks and Gimpel, 2016).
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + (0.797_884_6 * x * (1.0 + 0.044_715 * x * x)).tanh())
}
