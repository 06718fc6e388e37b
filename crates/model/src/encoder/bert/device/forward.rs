//! From words to one vector for each message, of operations that candle knows the way back from.
//! candle's own layer norm and softmax are fused and have none; these are put together from simple ones.

use candle_core::{D, Result, Tensor};

use super::super::config::BertConfig;
use super::super::dropout::{Dropout, Place};
use super::super::kernels::Activation;
use super::padded::Padded;

/// Weights of one part: a dense layer's or a norm's, and its bias.
type Pair<'a> = &'a [Tensor];

/// One pass over a batch.
pub(super) struct Run<'a> {
    pub config: &'a BertConfig,
    pub activation: Activation,
    /// In the order of the processor's.
    pub weights: &'a [Tensor],
    pub batch: &'a Padded,
    pub dropout: Dropout,
}

impl Run<'_> {
    /// Vectors of messages, [messages, hidden], of their words, [messages * len, hidden]; zero for one without tokens.
    pub(super) fn vectors(&self, words: &Tensor) -> Result<Tensor> {
        let shape = (self.batch.messages(), self.batch.len, self.config.hidden_size);
        self.states(words)?.reshape(shape)?.broadcast_mul(&self.batch.weights()?)?.sum(1)
    }

    /// The last states of words: [messages * len, hidden].
    fn states(&self, words: &Tensor) -> Result<Tensor> {
        let [positions, kinds, rest @ ..] = self.weights else {
            candle_core::bail!("weights of an encoder begin with its positions and kinds");
        };
        let (norm, layers) = rest.split_at(2);
        let hidden = self.batch.hidden_from_view()?;
        let mut states = self.embedded(words, [positions, kinds], norm)?;
        for (index, layer) in layers.chunks_exact(12).enumerate() {
            states = self.layer(index, layer, &states, &hidden)?;
        }
        Ok(states)
    }

    fn embedded(&self, words: &Tensor, [positions, kinds]: [&Tensor; 2], norm: Pair<'_>) -> Result<Tensor> {
        let (messages, len) = (self.batch.messages(), self.batch.len);
        let places = positions.narrow(0, 0, len)?.broadcast_add(&kinds.narrow(0, 0, 1)?)?; // [len, hidden]
        let embedded = words.reshape((messages, len, ()))?.broadcast_add(&places)?;
        let states = self.normed(&embedded.reshape(words.shape())?, norm)?;
        self.dropped(states, Place::Embedded, 0)
    }

    fn layer(&self, index: usize, weights: &[Tensor], states: &Tensor, hidden: &Tensor) -> Result<Tensor> {
        let [qkv, attended, attended_norm, inner, outer, norm] = std::array::from_fn(|at| &weights[2 * at..2 * at + 2]);
        let context = self.attention(index, &linear(states, qkv)?, hidden)?;
        let attended = self.dropped(linear(&context, attended)?, Place::Attended, index)?;
        let middle = self.normed(&(attended + states)?, attended_norm)?;
        let wide = self.activated(&linear(&middle, inner)?)?;
        let outer = self.dropped(linear(&wide, outer)?, Place::Outer, index)?;
        self.normed(&(outer + middle)?, norm)
    }

    /// From query, key and value, [messages * len, 3 hidden], to the context, [messages * len, hidden].
    fn attention(&self, index: usize, qkv: &Tensor, hidden: &Tensor) -> Result<Tensor> {
        let (messages, len) = (self.batch.messages(), self.batch.len);
        let (heads, width) = (self.config.num_attention_heads, self.config.hidden_size);
        let qkv = qkv.reshape((messages, len, 3, heads, width / heads))?;
        let part = |part: usize| qkv.narrow(2, part, 1)?.squeeze(2)?.transpose(1, 2)?.contiguous();
        let [query, key, value] = [part(0)?, part(1)?, part(2)?]; // [messages, heads, len, size]
        let scale = ((width / heads) as f64).sqrt().recip();
        let scores = (query.matmul(&key.t()?)? * scale)?.broadcast_add(hidden)?; // [messages, heads, len, len]
        let mut shares = softmax(&scores)?;
        if !self.dropout.is_none() {
            shares = (shares * self.batch.kept_shares(self.dropout, [index, heads])?)?;
        }
        shares.matmul(&value)?.transpose(1, 2)?.reshape((messages * len, width))
    }

    fn activated(&self, x: &Tensor) -> Result<Tensor> {
        match self.activation {
            Activation::Gelu => x.gelu_erf(),
            Activation::GeluTanh => x.gelu(),
            Activation::Relu => x.relu(),
        }
    }

    fn dropped(&self, states: Tensor, place: Place, layer: usize) -> Result<Tensor> {
        if self.dropout.is_none() {
            return Ok(states);
        }
        states * self.batch.kept_rows(self.dropout, place, [layer, self.config.hidden_size])?
    }

    fn normed(&self, x: &Tensor, norm: Pair<'_>) -> Result<Tensor> {
        let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
        let unit = centred.broadcast_div(&(variance + self.config.layer_norm_eps)?.sqrt()?)?;
        unit.broadcast_mul(&norm[0])?.broadcast_add(&norm[1])
    }
}

/// [rows, out] of [rows, of].
fn linear(x: &Tensor, weights: Pair<'_>) -> Result<Tensor> {
    x.matmul(&weights[0].t()?)?.broadcast_add(&weights[1])
}

/// Over the last dimension.
fn softmax(x: &Tensor) -> Result<Tensor> {
    let highest = x.max_keepdim(D::Minus1)?.detach();
    let powers = x.broadcast_sub(&highest)?.exp()?;
    powers.broadcast_div(&powers.sum_keepdim(D::Minus1)?)
}
