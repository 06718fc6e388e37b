//! Linear discriminant analysis over meanings (Fisher, 1936): classes are clouds of one shape around their centres. Solved
//! at once, so that it costs next to nothing beside the words' classifier.

use crate::vectors::Vector;

/// Rows whose products are summed at a time.
const BLOCK: usize = 1024;
/// The shape of the clouds is so much of a ball at least, and the more the fewer rows there are.
const BALL: f64 = 0.3;

/// Weights by class and place in the meaning.
#[derive(Debug, Clone)]
pub(crate) struct Discriminant {
    /// `[class, dim]`
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Discriminant {
    /// Learns which class each vector belongs to.
    pub(crate) fn fit(rows: &[(&Vector, u32)], n_classes: usize) -> Self {
        let dim = rows.first().map_or(0, |(vector, _)| vector.meaning.len());
        let (means, counts) = means(rows, n_classes, dim);
        let shape = Cholesky::new(shape(rows, &means, dim), dim);
        let mut weights = Vec::with_capacity(means.len());
        let mut bias = Vec::with_capacity(n_classes);
        for (class, count) in counts.into_iter().enumerate() {
            let mean = &means[class * dim..][..dim];
            let solved = shape.solve(mean);
            let half: f64 = mean.iter().zip(&solved).map(|(mean, value)| f64::from(*mean) * value).sum::<f64>() / 2.0;
            bias.push(((count as f64 + 1.0).ln() - half) as f32);
            weights.extend(solved.into_iter().map(|value| value as f32));
        }
        Self { weights, bias }
    }

    /// One score a class.
    pub(crate) fn logits(&self, vector: &Vector) -> Vec<f32> {
        let mut logits = self.bias.clone();
        for (logit, row) in logits.iter_mut().zip(self.weights.chunks_exact(vector.meaning.len().max(1))) {
            *logit += row.iter().zip(&vector.meaning).map(|(weight, value)| weight * value).sum::<f32>();
        }
        logits
    }
}

/// The centre `[class, dim]` and the number of rows of each class.
fn means(rows: &[(&Vector, u32)], n_classes: usize, dim: usize) -> (Vec<f32>, Vec<usize>) {
    let mut means = vec![0.0_f32; n_classes * dim];
    let mut counts = vec![0_usize; n_classes];
    for (vector, class) in rows {
        counts[*class as usize] += 1;
        let mean = &mut means[*class as usize * dim..][..dim];
        mean.iter_mut().zip(&vector.meaning).for_each(|(sum, value)| *sum += value);
    }
    for (mean, count) in means.chunks_exact_mut(dim.max(1)).zip(&counts) {
        mean.iter_mut().for_each(|sum| *sum /= (*count).max(1) as f32);
    }
    (means, counts)
}

/// The covariance `[dim, dim]` around the classes' own centres, drawn towards a ball.
fn shape(rows: &[(&Vector, u32)], means: &[f32], dim: usize) -> Vec<f64> {
    let mut sum = vec![0.0_f64; dim * dim];
    for block in rows.chunks(BLOCK) {
        let mut apart = vec![0.0_f32; dim * block.len()]; // [dim, rows]
        for (at, (vector, class)) in block.iter().enumerate() {
            let mean = &means[*class as usize * dim..][..dim];
            for (place, (value, mean)) in vector.meaning.iter().zip(mean).enumerate() {
                apart[place * block.len() + at] = value - mean;
            }
        }
        let products = model::products(&apart, &apart, block.len());
        sum.iter_mut().zip(products).for_each(|(sum, value)| *sum += f64::from(value));
    }
    let n = rows.len().max(1) as f64;
    let ball = (dim as f64 / (dim as f64 + n)).max(BALL);
    let spread = (0..dim).map(|place| sum[place * dim + place]).sum::<f64>() / dim.max(1) as f64 / n;
    for (index, value) in sum.iter_mut().enumerate() {
        let on_diagonal = dim > 0 && index / dim == index % dim;
        // Rows that are all the same have no spread of their own.
        let of_ball = if on_diagonal { ball * spread.max(1e-6) } else { 0.0 };
        *value = *value / n * (1.0 - ball) + of_ball;
    }
    sum
}

/// A positive definite matrix as a lower triangle times its mirror image.
struct Cholesky {
    /// `[dim, dim]`, zeros above the diagonal are not read.
    lower: Vec<f64>,
    dim: usize,
}

impl Cholesky {
    fn new(mut lower: Vec<f64>, dim: usize) -> Self {
        for row in 0..dim {
            for column in 0..=row {
                let (above, below) = lower.split_at(row * dim);
                let theirs = if column < row { &above[column * dim..][..column] } else { &below[..column] };
                let sum: f64 = below[..column].iter().zip(theirs).map(|(a, b)| a * b).sum();
                let rest = below[column] - sum;
                lower[row * dim + column] =
                    if column < row { rest / lower[column * dim + column] } else { rest.max(f64::MIN_POSITIVE).sqrt() };
            }
        }
        Self { lower, dim }
    }

    /// What the matrix turns into `right`.
    fn solve(&self, right: &[f32]) -> Vec<f64> {
        let mut found: Vec<f64> = right.iter().map(|value| f64::from(*value)).collect();
        for row in 0..self.dim {
            let known = &self.lower[row * self.dim..][..row];
            let sum: f64 = known.iter().zip(&found).map(|(a, b)| a * b).sum();
            found[row] = (found[row] - sum) / self.lower[row * self.dim + row];
        }
        for row in (0..self.dim).rev() {
            found[row] /= self.lower[row * self.dim + row];
            let (before, from) = found.split_at_mut(row);
            let known = &self.lower[row * self.dim..][..row];
            before.iter_mut().zip(known).for_each(|(value, factor)| *value -= factor * from[0]);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(meaning: &[f32]) -> Vector {
        Vector { terms: Vec::new(), meaning: meaning.to_vec() }
    }

    #[test]
    fn what_the_matrix_turns_into_a_vector_is_found() {
        let matrix = vec![4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let found = Cholesky::new(matrix.clone(), 3).solve(&[1.0, -2.0, 0.5]);
        for (row, right) in matrix.chunks_exact(3).zip([1.0, -2.0, 0.5]) {
            let back: f64 = row.iter().zip(&found).map(|(a, b)| a * b).sum();
            assert!((back - right).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn classes_are_told_apart_across_the_direction_in_which_all_of_them_scatter() {
        // Both classes scatter along the first axis, where their centres differ a little, and differ along the second one.
        let rows: Vec<(Vector, u32)> = (0..2000_u32)
            .map(|n| (vector(&[(n % 20) as f32 - 10.0, (n % 2) as f32 * 2.0 + (n % 7) as f32 * 0.05]), n % 2))
            .collect();
        let rows: Vec<(&Vector, u32)> = rows.iter().map(|(vector, class)| (vector, *class)).collect();
        let model = Discriminant::fit(&rows, 3);
        for first in [-9.0, 9.0] {
            let (low, high) = (model.logits(&vector(&[first, 0.15])), model.logits(&vector(&[first, 2.15])));
            assert!(low[0] > low[1] && high[1] > high[0], "{low:?} {high:?}");
        }
    }

    #[test]
    fn no_rows_and_rows_all_the_same_give_scores_that_are_numbers() {
        assert_eq!(Discriminant::fit(&[], 2).logits(&Vector::default()), [0.0, 0.0]);
        let same = vector(&[0.6, 0.8]);
        let scores = Discriminant::fit(&[(&same, 0), (&same, 1)], 2).logits(&same);
        assert!(scores.iter().all(|score| score.is_finite()), "{scores:?}");
    }
}
