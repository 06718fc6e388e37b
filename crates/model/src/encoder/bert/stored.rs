//! How a BERT's dense weights stand in a file: as floats by the checkpoint's names, or those of dense layers in 8 bits,
//! shifted by 128 so that they are never negative, each with a scale for every output.

use candle_core::{DType, Device, Tensor};

use super::Bert;
use super::bytes::Bytes;
use super::config::BertConfig;
use super::weights::{Kept, Part, Plan};
use crate::Error;
use crate::bundle::Stored;

/// What is added to a whole number so that it is not negative.
const SHIFT: u8 = 128;
/// Parts of a checkpoint that make up the dense layers of one transformer layer: query, key and value stand apart.
const PARTS: usize = 6;

/// Names of the whole numbers and the scales of a weight.
fn names(weight: &str) -> [String; 2] {
    [format!("{weight}.bytes"), format!("{weight}.scales")]
}

/// Whether a file stores the weights in 8 bits, given whether it has a tensor of a name.
pub(crate) fn is_in_bytes(config: &BertConfig, has: impl Fn(&str) -> bool) -> bool {
    let plan = Plan::new(config, Kept::Small);
    plan.parts.iter().filter(|part| part.is_dense()).any(|part| has(&names(&part.name)[0]))
}

/// Every dense weight as a tensor, with its name in the file.
pub(crate) fn tensors(bert: &Bert) -> Result<Vec<(String, Tensor)>, Error> {
    let mut tensors = Vec::new();
    for (part, values) in bert.weights.iter() {
        tensors.push((part.name.clone(), Tensor::from_slice(values, part.shape.as_slice(), &Device::Cpu)?));
    }
    let layers = bert.bytes().unwrap_or_default();
    let parts: Vec<&Part> = bert.weights.plan.parts.iter().filter(|part| part.is_dense()).collect();
    for (parts, [qkv, others @ ..]) in parts.chunks_exact(PARTS).zip(layers) {
        let (attention, rest) = parts.split_at(PARTS - others.len());
        add_bytes(&mut tensors, attention, qkv)?;
        for (part, bytes) in rest.iter().zip(others) {
            add_bytes(&mut tensors, &[part], bytes)?;
        }
    }
    Ok(tensors)
}

/// Adds weights that stand one under the other.
fn add_bytes(tensors: &mut Vec<(String, Tensor)>, parts: &[&Part], bytes: &Bytes) -> Result<(), Error> {
    let whole: Vec<u8> = bytes.whole().into_iter().map(|value| value.cast_unsigned().wrapping_add(SHIFT)).collect();
    let mut first = 0;
    for part in parts {
        let (out, of) = (part.shape[0], part.shape[1]);
        let [whole_name, scales_name] = names(&part.name);
        let rows = Tensor::from_slice(&whole[first * of..][..out * of], (out, of), &Device::Cpu)?;
        tensors.push((whole_name, rows));
        tensors.push((scales_name, Tensor::from_slice(&bytes.scales()[first..][..out], out, &Device::Cpu)?));
        first += out;
    }
    Ok(())
}

/// Puts the dense layers together from a file.
pub(crate) fn collect_bytes(config: &BertConfig, stored: &mut Stored) -> Result<Vec<[Bytes; 4]>, Error> {
    let mut join = |parts: &[&Part]| -> Result<Bytes, Error> {
        let (mut whole, mut scales) = (Vec::new(), Vec::new());
        for part in parts {
            let [whole_name, scales_name] = names(&part.name);
            whole.extend(stored.bytes(&whole_name, &part.shape)?.iter().copied().map(unshifted));
            scales.extend(stored.floats(&scales_name, &part.shape[..1])?);
        }
        Ok(Bytes::from_whole(&whole, scales, parts[0].shape[1]))
    };
    let plan = Plan::new(config, Kept::Small);
    let parts: Vec<&Part> = plan.parts.iter().filter(|part| part.is_dense()).collect();
    let layers = parts.chunks_exact(PARTS);
    layers.map(|parts| Ok([join(&parts[..3])?, join(&parts[3..4])?, join(&parts[4..5])?, join(&parts[5..])?])).collect()
}

/// A weight in floats, where a file stores it in 8 bits.
pub(super) fn widened(name: &str, find: impl Fn(&str) -> Option<Tensor>) -> Result<Option<Tensor>, Error> {
    let [whole, scales] = names(name).map(|name| find(&name));
    let (Some(whole), Some(scales)) = (whole, scales) else {
        return Ok(None);
    };
    let whole = (whole.to_dtype(DType::F32)? - f64::from(SHIFT))?;
    Ok(Some(whole.broadcast_mul(&scales.unsqueeze(1)?)?))
}

fn unshifted(byte: u8) -> i8 {
    byte.wrapping_sub(SHIFT).cast_signed()
}
