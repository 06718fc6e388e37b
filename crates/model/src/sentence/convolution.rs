//! Convolutions over a message's tokens (text CNN, Kim, 2014): filters look at each token and at the one and the two that
//! follow it; the mean and the largest of what each finds join the sum of the rows. Serves in plain numbers.

use super::averaged::{Shape, add_product, to_length};
use crate::Error;
use crate::encoder::bert::Tiles;

/// Window widths in tokens, from 1.
const WIDTHS: usize = 3;
/// Blocks of a filter's weights: one for each token of each window.
const BLOCKS: usize = WIDTHS * (WIDTHS + 1) / 2;

/// The sizes of the weights, which follow from those of the encoder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    filters: usize,
    width: usize,
}

impl Sizes {
    pub(super) fn new(shape: Shape) -> Self {
        Self { filters: shape.filters, width: shape.width }
    }

    /// Values that a token's row gives all filters together.
    pub(super) fn products(self) -> usize {
        BLOCKS * self.filters
    }

    /// Biases, one for each filter of each width.
    pub(super) fn biases(self) -> usize {
        WIDTHS * self.filters
    }

    /// Values that are made of a message: for each filter the mean and then the largest.
    pub(super) fn found(self) -> usize {
        2 * self.biases()
    }

    /// Names in the file with the shapes of the four weights.
    pub(super) fn names(self) -> [(&'static str, Vec<usize>); 4] {
        [
            ("convolution.filters.weight", vec![self.width, self.products()]),
            ("convolution.filters.bias", vec![self.biases()]),
            ("convolution.down.weight", vec![self.found(), self.width]),
            ("convolution.down.bias", vec![self.width]),
        ]
    }
}

/// What filters find in a message, from what each token's row gives them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows<'a> {
    /// Biases of the filters, width by width.
    pub biases: &'a [f32],
}

impl Windows<'_> {
    fn filters(self) -> usize {
        self.biases.len() / WIDTHS
    }

    /// Where the filters of a width stand among a token's products, for the window's token of an offset.
    pub(super) fn block(self, width: usize, offset: usize) -> std::ops::Range<usize> {
        let first = (width * (width - 1) / 2 + offset) * self.filters();
        first..first + self.filters()
    }

    /// Calls with every width, from 1, and every window's first token, and what the filters of that width find there
    /// before the rectifier; nothing stands after the last token.
    pub(super) fn each(self, rows: &[&[f32]], mut see: impl FnMut(usize, usize, &[f32])) {
        let mut scores = vec![0.0; self.filters()];
        for (width, biases) in (1..).zip(self.biases.chunks_exact(self.filters())) {
            for first in 0..rows.len() {
                scores.copy_from_slice(biases);
                for (offset, row) in rows[first..].iter().take(width).enumerate() {
                    let products = &row[self.block(width, offset)];
                    scores.iter_mut().zip(products).for_each(|(score, product)| *score += product);
                }
                see(width, first, &scores);
            }
        }
    }

    /// Writes the mean and, after the means of all, the largest of what each filter finds.
    pub(super) fn pool(self, rows: &[&[f32]], out: &mut [f32]) {
        out.fill(0.0);
        let (means, largest) = out.split_at_mut(self.biases.len());
        let share = 1.0 / rows.len().max(1) as f32;
        self.each(rows, |width, _, scores| {
            let from = (width - 1) * scores.len();
            let places = means[from..].iter_mut().zip(&mut largest[from..]);
            places.zip(scores).for_each(|((mean, largest), score)| {
                *mean += share * score.max(0.0);
                *largest = largest.max(*score);
            });
        });
    }
}

/// Convolutions that serve.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Convolution {
    /// The four weights, by [`Sizes::names`].
    weights: [Vec<f32>; 4],
    /// The filters once more, laid out for serving.
    tiles: Tiles,
}

impl Convolution {
    pub(super) fn new(
        shape: Shape,
        mut dense: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, Error>,
    ) -> Result<Self, Error> {
        let sizes = Sizes::new(shape);
        let [filters, biases, down, down_bias] = sizes.names().map(|(name, sizes)| dense(name, &sizes));
        let filters = filters?;
        let products = sizes.products();
        let turned: Vec<f32> = (0..products).flat_map(|at| filters[at..].iter().step_by(products).copied()).collect();
        let tiles = Tiles::new(&turned, shape.width);
        Ok(Self { weights: [filters, biases?, down?, down_bias?], tiles })
    }

    /// Each weight with its name and shape.
    pub(super) fn weights(&self, shape: Shape) -> impl Iterator<Item = (String, Vec<usize>, &[f32])> {
        let named = Sizes::new(shape).names().into_iter().zip(&self.weights);
        named.map(|((name, sizes), values)| (name.to_owned(), sizes, values.as_slice()))
    }

    /// Takes the sum of a message's rows, which come one after another, to what is known of it with the convolutions; only the
    /// directions of rows count.
    pub(super) fn apply(&self, rows: impl Iterator<Item = i8>, x: &mut [f32]) {
        let [_, biases, down, down_bias] = &self.weights;
        let width = x.len();
        let length = (width as f32).sqrt();
        let mut input: Vec<f32> = rows.map(f32::from).collect();
        input.chunks_exact_mut(width).for_each(|row| to_length(row, length));
        let n_products = BLOCKS * biases.len() / WIDTHS;
        let mut products = vec![0.0; input.len() / width * n_products];
        self.tiles.multiply(&input, &vec![0.0; n_products], &mut products);
        let rows: Vec<&[f32]> = products.chunks_exact(n_products).collect();
        let mut found = vec![0.0; 2 * biases.len()];
        Windows { biases }.pool(&rows, &mut found);
        to_length(x, length);
        x.iter_mut().zip(down_bias).for_each(|(value, bias)| *value += bias);
        add_product(&found, down, x);
    }
}
