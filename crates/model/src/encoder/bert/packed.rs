//! Messages laid end to end without padding.

/// The tokens of a batch with where each message begins and ends.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Packed {
    /// Token ids, message after message.
    pub ids: Vec<u32>,
    /// Tokens of each message.
    pub lengths: Vec<usize>,
}

impl Packed {
    pub(super) fn new(messages: &[&[u32]]) -> Self {
        Self { ids: messages.concat(), lengths: messages.iter().map(|tokens| tokens.len()).collect() }
    }

    /// Tokens in all.
    pub(super) fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Place of each token in its message.
    pub(super) fn positions(&self) -> impl Iterator<Item = usize> {
        self.lengths.iter().flat_map(|length| 0..*length)
    }

    /// Numbers that hold a square of each message's length for each head.
    pub(super) fn squares(&self, heads: usize) -> usize {
        self.lengths.iter().map(|length| heads * length * length).sum()
    }

    /// Each message's rows of the given width.
    pub(super) fn split<'a>(&self, rows: &'a [f32], width: usize) -> impl Iterator<Item = &'a [f32]> {
        pieces(rows, self.lengths.iter().map(move |length| length * width))
    }

    /// Each message's rows of the given width.
    pub(super) fn split_mut<'a>(&self, rows: &'a mut [f32], width: usize) -> impl Iterator<Item = &'a mut [f32]> {
        pieces_mut(rows, self.lengths.iter().map(move |length| length * width))
    }

    /// Each message's squares.
    pub(super) fn split_squares<'a>(&self, squares: &'a [f32], heads: usize) -> impl Iterator<Item = &'a [f32]> {
        pieces(squares, self.lengths.iter().map(move |length| heads * length * length))
    }

    /// Each message's squares.
    pub(super) fn split_squares_mut<'a>(
        &self,
        squares: &'a mut [f32],
        heads: usize,
    ) -> impl Iterator<Item = &'a mut [f32]> {
        pieces_mut(squares, self.lengths.iter().map(move |length| heads * length * length))
    }
}

fn pieces(mut rest: &[f32], sizes: impl Iterator<Item = usize>) -> impl Iterator<Item = &[f32]> {
    sizes.map(move |size| {
        let (piece, after) = rest.split_at(size);
        rest = after;
        piece
    })
}

fn pieces_mut(rest: &mut [f32], sizes: impl Iterator<Item = usize>) -> impl Iterator<Item = &mut [f32]> {
    let mut rest = rest;
    sizes.map(move |size| {
        let (piece, after) = std::mem::take(&mut rest).split_at_mut(size);
        rest = after;
        piece
    })
}
