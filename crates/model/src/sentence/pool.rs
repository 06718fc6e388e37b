//! What convolutions find in messages, and the way back from it, as an operation of candle's.

use candle_core::{CpuStorage, CustomOp2, Device, Layout, Shape, Tensor};
use rayon::prelude::*;

use super::convolution::Windows;

/// From what each row gives the filters `[rows, products]`, and their biases, to what they find `[messages, found]`.
#[derive(Debug)]
pub(super) struct Pool {
    /// The rows of each message's tokens.
    pub messages: Vec<Vec<u32>>,
}

impl Pool {
    /// What a message's tokens give the filters.
    fn rows<'a>(message: &[u32], products: &'a [f32], width: usize) -> Vec<&'a [f32]> {
        message.iter().map(|row| &products[*row as usize * width..][..width]).collect()
    }

    /// Adds a message's gradients to those of the rows and of the biases, given those of what was found.
    fn back(message: &[u32], rows: &[&[f32]], windows: Windows<'_>, found: &[f32], sums: [&mut [f32]; 2]) {
        let [products, biases] = sums;
        let (means, largest) = found.split_at(biases.len());
        let share = 1.0 / message.len().max(1) as f32;
        // The first of the largest of each filter, and where it is found.
        let mut best = vec![(0.0, usize::MAX); biases.len()];
        windows.each(rows, |width, first, scores| {
            let best = &mut best[(width - 1) * scores.len()..];
            best.iter_mut().zip(scores).filter(|(best, score)| **score > best.0).for_each(|(best, score)| {
                *best = (*score, first);
            });
        });
        let product_width = rows.first().map_or(0, |row| row.len());
        let mut gradient = Vec::new();
        windows.each(rows, |width, first, scores| {
            let from = (width - 1) * scores.len();
            gradient.clear();
            gradient.extend(scores.iter().zip(from..).map(|(score, at)| {
                let of_mean = if *score > 0.0 { share * means[at] } else { 0.0 };
                of_mean + if best[at].1 == first { largest[at] } else { 0.0 }
            }));
            add(&mut biases[from..][..scores.len()], &gradient);
            for (offset, row) in message[first..].iter().take(width).enumerate() {
                let row = &mut products[*row as usize * product_width..][..product_width];
                add(&mut row[windows.block(width, offset)], &gradient);
            }
        });
    }
}

fn add(sums: &mut [f32], values: &[f32]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

/// The numbers of a tensor that lie one after another.
fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
        candle_core::bail!("products and biases are contiguous 32-bit floats");
    };
    Ok(&values[start..end])
}

impl CustomOp2 for Pool {
    fn name(&self) -> &'static str {
        "pool"
    }

    fn cpu_fwd(
        &self,
        products: &CpuStorage,
        products_layout: &Layout,
        biases: &CpuStorage,
        biases_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (products, width) = (numbers(products, products_layout)?, products_layout.dims()[1]);
        let windows = Windows { biases: numbers(biases, biases_layout)? };
        let size = 2 * windows.biases.len();
        let mut found = vec![0.0; self.messages.len() * size];
        found.par_chunks_exact_mut(size).zip(&self.messages).for_each(|(found, message)| {
            windows.pool(&Self::rows(message, products, width), found);
        });
        Ok((CpuStorage::F32(found), (self.messages.len(), size).into()))
    }

    fn bwd(
        &self,
        products: &Tensor,
        biases: &Tensor,
        _: &Tensor,
        found: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        let shapes = (products.shape(), biases.shape());
        let width = products.dim(1)?;
        let [products, biases, found] = [products, biases, found].map(|x| x.flatten_all()?.to_vec1::<f32>());
        let (products, biases, found) = (products?, biases?, found?);
        let windows = Windows { biases: &biases };
        let mut sums = [vec![0.0; products.len()], vec![0.0; biases.len()]];
        // One after another, as messages share rows.
        for (message, found) in self.messages.iter().zip(found.chunks_exact(2 * biases.len())) {
            let rows = Self::rows(message, &products, width);
            Self::back(message, &rows, windows, found, sums.each_mut().map(Vec::as_mut_slice));
        }
        let [products, biases] = sums;
        let products = Tensor::from_vec(products, shapes.0, &Device::Cpu)?;
        Ok((Some(products), Some(Tensor::from_vec(biases, shapes.1, &Device::Cpu)?)))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::*;
    use crate::random::Random;

    const ROWS: usize = 5;
    const FILTERS: usize = 2;
    const PRODUCTS: usize = 6 * FILTERS;
    const BIASES: usize = 3 * FILTERS;

    fn found(values: &[f32], weights: &Tensor) -> (f32, Vec<f32>) {
        let var = |values: &[f32], shape: &[usize]| {
            Var::from_tensor(&Tensor::from_slice(values, shape, &Device::Cpu).expect("a tensor")).expect("a leaf")
        };
        let (products, biases) = values.split_at(ROWS * PRODUCTS);
        let (products, biases) = (var(products, &[ROWS, PRODUCTS]), var(biases, &[BIASES]));
        let messages = vec![vec![0, 1, 2, 1], vec![4], vec![], vec![3, 4]];
        let found = products.apply_op2(&biases, Pool { messages }).expect("found");
        let sum = (found * weights).expect("a product").sum_all().expect("a sum");
        let gradients = sum.backward().expect("gradients");
        let of = |var: &Var| gradients.get(var).expect("one").flatten_all().expect("flat").to_vec1::<f32>();
        (sum.to_scalar().expect("a number"), [of(&products).expect("numbers"), of(&biases).expect("numbers")].concat())
    }

    #[test]
    fn the_way_back_is_the_slope_of_the_way_forward() {
        const EPSILON: f32 = 1e-3;
        let mut random = Random::new(5, 1);
        let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| random.normal()).collect() };
        let weights = Tensor::from_vec(draw(4 * 2 * BIASES), (4, 2 * BIASES), &Device::Cpu).expect("a tensor");
        let values = draw(ROWS * PRODUCTS + BIASES);
        let (_, gradients) = found(&values, &weights);
        for (at, gradient) in gradients.iter().enumerate() {
            let moved = |by: f32| {
                let mut values = values.clone();
                values[at] += by;
                found(&values, &weights).0
            };
            let slope = (moved(EPSILON) - moved(-EPSILON)) / (2.0 * EPSILON);
            assert!((slope - gradient).abs() < 2e-2, "{at}: {slope} {gradient}");
        }
        let moving = gradients.iter().filter(|gradient| gradient.abs() > 1e-3).count();
        assert!(moving > gradients.len() / 4, "{moving}");
    }
}
