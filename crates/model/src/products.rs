//! Products of many vectors with many at once, for whoever compares all messages with all.

use crate::encoder::bert::matrix::{How, Matrix, Target, multiply};

/// The scalar products `[vectors, others]` of each of some vectors of `dim` values with each of some others, worked out
/// on this thread: their likeness where all are of length 1.
pub fn products(vectors: &[f32], others: &[f32], dim: usize) -> Vec<f32> {
    let [n_vectors, n_others] = [vectors, others].map(|values| values.len() / dim.max(1));
    let mut found = vec![0.0; n_vectors * n_others];
    let target = Target { values: &mut found, stride: n_others };
    let others = Matrix::new(others, n_others, dim).transposed();
    multiply(target, Matrix::new(vectors, n_vectors, dim), others, How::HERE);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_vector_meets_each_other_one() {
        let (vectors, others) = ([1.0, 0.0, 0.6, 0.8], [0.0, 1.0, 1.0, 0.0, 0.8, 0.6]);
        let found = products(&vectors, &others, 2);
        let expected = [0.0, 1.0, 0.8, 0.8, 0.6, 0.96];
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6), "{found:?}");
        assert!(products(&[], &others, 2).is_empty() && products(&vectors, &[], 2).is_empty());
    }
}
