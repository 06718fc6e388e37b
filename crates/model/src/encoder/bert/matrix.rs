//! Products of matrices of 32-bit floats: a checked face for the `gemm` crate, which takes pointers.
#![allow(unsafe_code)]

use gemm::Parallelism;

/// A matrix that looks at numbers stored elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows one after another.
    pub(crate) fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(values, [rows, columns], columns)
    }

    /// Rows that begin `stride` numbers apart.
    pub(crate) fn strided(values: &'a [f32], [rows, columns]: [usize; 2], stride: usize) -> Self {
        assert!(reach(rows, columns, stride) <= values.len(), "the matrix reaches beyond its numbers");
        Self { values, rows, columns, row_stride: stride, column_stride: 1 }
    }

    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// Numbers needed for a matrix whose rows begin `stride` apart.
fn reach(rows: usize, columns: usize, stride: usize) -> usize {
    if rows == 0 || columns == 0 { 0 } else { (rows - 1) * stride + columns }
}

/// Where a product goes: rows that begin `stride` numbers apart.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub values: &'a mut [f32],
    pub stride: usize,
}

/// How a product is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    /// Scales the product.
    pub factor: f32,
    /// Whether the product is added to what the target holds.
    pub add: bool,
    /// Whether all threads of the current pool share the work.
    pub shared: bool,
}

impl How {
    /// The product alone, over all threads.
    pub(crate) const SET: Self = Self { factor: 1.0, add: false, shared: true };
    /// Added to the target, over all threads.
    pub(crate) const ADD: Self = Self { add: true, ..Self::SET };
    /// The product alone, on this thread.
    pub(crate) const HERE: Self = Self { shared: false, ..Self::SET };
}

/// Writes `a · b` into the target; the result does not depend on the number of threads.
pub(crate) fn multiply(target: Target<'_>, a: Matrix<'_>, b: Matrix<'_>, how: How) {
    assert_eq!(a.columns, b.rows, "the inner sizes of a product are equal");
    assert!(target.stride >= b.columns, "rows of the target do not overlap");
    assert!(reach(a.rows, b.columns, target.stride) <= target.values.len(), "the product fits its target");
    let parallelism = if how.shared { Parallelism::Rayon(0) } else { Parallelism::None };
    // SAFETY: every matrix lies within its slice, as checked here and when it was made; the target is borrowed alone.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            target.values.as_mut_ptr(),
            1,
            target.stride as isize,
            how.add,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            how.factor,
            false,
            false,
            false,
            parallelism,
        );
    }
}
