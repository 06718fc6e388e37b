//! What teachers say of the sentences of a batch.

use half::f16;

use super::averaged::to_length;
use super::course::Line;
use super::student::Says;
use crate::features::is_han;

/// What a teacher says of sentences.
#[derive(Debug, Clone, Copy)]
pub struct Teacher<'a> {
    /// Values of a vector.
    pub dim: usize,
    /// Its vectors, one after another, as 16-bit floats with the lower byte first.
    pub vectors: &'a [[u8; 2]],
    /// The vector of each line, or `None` where the teacher does not know it.
    pub rows: &'a [Option<u32>],
}

impl Teacher<'_> {
    /// The mean of its vectors of each language, which says only which language it is.
    pub(super) fn means(&self, texts: &[String]) -> [Vec<f32>; 2] {
        [true, false].map(|han| {
            let mut sum = vec![0.0f64; self.dim];
            let mut n = 0.0f64;
            for (row, _) in self.rows.iter().zip(texts).filter(|(_, text)| is_chinese(text) == han) {
                if let Some(row) = row {
                    sum.iter_mut().zip(self.vector(*row)).for_each(|(sum, value)| *sum += f64::from(value));
                    n += 1.0;
                }
            }
            sum.iter().map(|sum| (sum / n.max(1.0)) as f32).collect()
        })
    }

    fn vector(&self, row: u32) -> impl Iterator<Item = f32> {
        self.vectors[row as usize * self.dim..][..self.dim].iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32())
    }

    /// What it says of the lines of a batch: the mean of its vectors of each line and of what means the same.
    pub(super) fn says(&self, batch: &[usize], lines: &[Line], texts: &[String], means: &[Vec<f32>; 2]) -> Says {
        let mut says = Says { rows: Vec::new(), vectors: Vec::new(), dim: self.dim };
        for (place, line) in (0..).zip(batch) {
            let known = [Some(*line), lines[*line].same].into_iter().flatten();
            let known = known.filter_map(|line| Some(self.centred(self.rows[line]?, &texts[line], means)));
            let sum = known.reduce(|mut sum, vector| {
                sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
                sum
            });
            if let Some(mut sum) = sum {
                to_length(&mut sum, 1.0);
                says.rows.push(place);
                says.vectors.extend(sum);
            }
        }
        says
    }

    /// A vector less the mean of its text's language, of length 1.
    fn centred(&self, row: u32, text: &str, means: &[Vec<f32>; 2]) -> Vec<f32> {
        let mean = &means[usize::from(!is_chinese(text))];
        let mut vector: Vec<f32> = self.vector(row).zip(mean).map(|(value, mean)| value - mean).collect();
        to_length(&mut vector, 1.0);
        vector
    }
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(is_han)
}
