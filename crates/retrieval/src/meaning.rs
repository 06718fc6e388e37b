//! What texts mean, as vectors that lie near each other where the texts say the same in other words or languages. Who
//! opens the index brings the encoder; without one only words are compared.

mod near;
mod wide;

use std::fmt::Debug;
use std::sync::Arc;

pub(crate) use self::near::{Part, worth_comparing};
use self::wide::product;

/// The largest whole number a value is rounded to.
const LARGEST: f32 = 127.0;

/// Turns texts into vectors.
pub trait Encoder: Debug + Send + Sync {
    /// What tells it from other encoders, such as a hash of its weights.
    fn name(&self) -> &str;

    /// The vector of a text, of length 1 or of zeros alone; all are of the same number of values.
    fn encode(&self, text: &str) -> Vec<f32>;
}

/// Values of a vector whose signs are compared first.
const N_SIGNS: usize = 384;

/// Numbers that hold the signs of a vector.
pub(crate) const SIGN_WORDS: usize = N_SIGNS / 64;

/// Whether each value is above zero, a bit each.
pub(crate) type Signs = [u64; SIGN_WORDS];

/// An encoder, or none.
pub(crate) type Reader = Option<Arc<dyn Encoder>>;

/// A vector of length 1 in whole numbers; an empty one is like nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Meaning(Box<[i8]>);

impl Meaning {
    pub(crate) fn of(text: &str, reader: &Reader) -> Self {
        let whole = |value: f32| (value * LARGEST).round().clamp(-LARGEST, LARGEST) as i8;
        Self(reader.as_ref().map(|encoder| encoder.encode(text).into_iter().map(whole).collect()).unwrap_or_default())
    }

    /// A vector as it was written down; zeros may have been added at its end, which tell nothing.
    pub(crate) fn from_words(words: &[u64]) -> Self {
        let mut values = vec![0; 8 * words.len()];
        for (values, word) in values.as_chunks_mut().0.iter_mut().zip(words) {
            *values = word.to_le_bytes().map(u8::cast_signed);
        }
        Self(values.into())
    }

    /// The vector to write down, eight values a number.
    pub(crate) fn words(&self) -> impl Iterator<Item = u64> {
        self.0.chunks(8).map(|values| {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(values).for_each(|(byte, value)| *byte = value.cast_unsigned());
            u64::from_le_bytes(bytes)
        })
    }

    /// The signs of its values.
    pub(crate) fn signs(&self) -> Signs {
        let mut signs = [0; SIGN_WORDS];
        for (at, value) in self.0.iter().take(N_SIGNS).enumerate() {
            signs[at / 64] |= u64::from(*value > 0) << (at % 64);
        }
        signs
    }

    /// The cosine between two vectors; below nothing counts as nothing.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        (product(&self.0, &other.0) as f32 / (LARGEST * LARGEST)).clamp(0.0, 1.0)
    }

    /// Whether it can be like anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Letters;

    impl Encoder for Letters {
        fn name(&self) -> &str {
            "letters"
        }

        fn encode(&self, text: &str) -> Vec<f32> {
            match text {
                "a" => vec![1.0, 0.0],
                "b" => vec![0.0, -1.0],
                "ab" => vec![0.6, -0.8],
                _ => vec![0.0, 0.0],
            }
        }
    }

    #[test]
    fn likeness_is_the_cosine_and_never_below_nothing() {
        let reader: Reader = Some(Arc::new(Letters));
        let [a, b, ab, none] = ["a", "b", "ab", ""].map(|text| Meaning::of(text, &reader));
        assert!((a.likeness(&a) - 1.0).abs() < 1e-6 && (b.likeness(&ab) - 0.8).abs() < 0.01);
        assert_eq!((a.likeness(&b), none.likeness(&a)), (0.0, 0.0));
        assert_eq!(Meaning::of("a", &None).likeness(&a), 0.0);
    }
}
