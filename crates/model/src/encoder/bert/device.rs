//! A training of the encoder on candle tensors, so that it can run on a GPU: the same steps as on the processor.
//! Words stay on the processor, in their table: a step needs few of their rows, and moves no others.

mod forward;
mod padded;
mod placed;

use candle_core::{Device, Result, Tensor, Var};

use super::Bert;
use super::dropout::Dropout;
use super::optimiser::{Found, scale, squares};
use crate::table::{Step, Table};
use forward::Run;
use padded::Padded;
use placed::Placed;

/// Places for tokens, padding included, that inference takes at a time.
const PLACES: usize = 16_384;

/// What training the encoder on a device keeps between steps. What is on the device is taken there by the first call
/// and stays until [`DeviceTrainer::bring_back`]; the encoder's own weights must not change in between.
#[derive(Debug)]
pub(crate) struct DeviceTrainer {
    device: Device,
    placed: Option<Placed>,
    /// Moments of the dense weights as the processor knows them.
    moments: [Vec<f32>; 2],
    /// Whether weights have moved since they were brought back.
    is_ahead: bool,
    pass: Option<Pass>,
}

/// A pass whose way back waits.
#[derive(Debug)]
struct Pass {
    batch: Padded,
    /// Token ids, message after message.
    ids: Vec<u32>,
    /// The words' vectors: [messages * len, hidden].
    words: Var,
    /// [messages, hidden].
    vectors: Tensor,
}

impl DeviceTrainer {
    pub(crate) fn new(device: Device) -> Self {
        Self { device, placed: None, moments: <[Vec<f32>; 2]>::default(), is_ahead: false, pass: None }
    }

    /// Vectors of messages [messages, hidden], keeping what [`DeviceTrainer::step`] needs.
    pub(crate) fn forward(
        &mut self,
        bert: &Bert,
        words: &Table,
        messages: &[&[u32]],
        dropout: Dropout,
    ) -> Result<Vec<f32>> {
        let batch = Padded::new(messages, &self.device);
        let words = Var::from_tensor(&batch.words(words, messages)?)?;
        let weights = self.placed(bert)?.learning();
        let vectors = run(bert, &weights, &batch, dropout).vectors(&words)?;
        let found = vectors.flatten_all()?.to_vec1()?;
        self.pass = Some(Pass { batch, ids: messages.concat(), words, vectors });
        Ok(found)
    }

    /// Moves all weights, given gradients of the vectors of the last [`DeviceTrainer::forward`]; the dense ones on the
    /// device alone.
    pub(crate) fn step(&mut self, bert: &Bert, words: &mut Table, vectors: &[f32], step: Step) -> Result<()> {
        let (dense, found) = self.backward(bert, vectors)?;
        let scale = scale(f64::from(dense.sqr()?.sum_all()?.to_scalar::<f32>()?) + squares(&found.sums));
        self.placed(bert)?.descend(&dense, scale, step)?;
        found.descend(words, scale, step, bert.config.num_hidden_layers);
        self.is_ahead = true;
        Ok(())
    }

    /// Finds the gradients of the dense weights, [weights] on the device, and those of words.
    fn backward(&mut self, bert: &Bert, vectors: &[f32]) -> Result<(Tensor, Found)> {
        let pass = self.pass.take().expect("a step follows a pass forward");
        let gradients = Tensor::from_slice(vectors, pass.vectors.shape(), &self.device)?;
        let found = (&pass.vectors * gradients)?.sum_all()?.backward()?;
        let dense = self.placed(bert)?.gradients(&found)?;
        let tokens = found.get(&pass.words).ok_or_else(|| candle_core::Error::Msg("words have no gradient".into()))?;
        let hidden = bert.config.hidden_size;
        let tokens = pass.batch.packed(&tokens.flatten_all()?.to_vec1::<f32>()?, hidden);
        let mut words = Found::new(pass.ids.iter().copied(), hidden);
        words.add(&pass.ids, &tokens);
        Ok((dense, words))
    }

    /// Vectors of messages [messages, hidden] by the weights as they are on the device, with nothing dropped; messages
    /// of like length go together.
    pub(crate) fn encode(&mut self, bert: &Bert, words: &Table, messages: &[&[u32]]) -> Result<Vec<f32>> {
        let hidden = bert.config.hidden_size;
        let weights = self.placed(bert)?.fixed();
        let mut order: Vec<usize> = (0..messages.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(messages[*index].len()));
        let mut vectors = vec![0.0; messages.len() * hidden];
        let mut rest = &order[..];
        while let Some(longest) = rest.first() {
            let fitting = (PLACES / messages[*longest].len().max(1)).max(1);
            let (now, later) = rest.split_at(fitting.min(rest.len()));
            let chosen: Vec<&[u32]> = now.iter().map(|index| messages[*index]).collect();
            let batch = Padded::new(&chosen, &self.device);
            let found = run(bert, &weights, &batch, Dropout::NONE).vectors(&batch.words(words, &chosen)?)?;
            let found: Vec<f32> = found.flatten_all()?.to_vec1()?;
            for (index, vector) in now.iter().zip(found.chunks_exact(hidden)) {
                vectors[index * hidden..][..hidden].copy_from_slice(vector);
            }
            rest = later;
        }
        Ok(vectors)
    }

    /// Gives the encoder the weights that the device has, and the processor their moments.
    pub(crate) fn bring_back(&mut self, bert: &mut Bert) -> Result<()> {
        if let Some(placed) = self.placed.as_ref().filter(|_| self.is_ahead) {
            let [values, first, second] = placed.brought_back()?;
            (bert.weights.values, bert.ready, self.moments) = (values, None, [first, second]);
            self.is_ahead = false;
        }
        Ok(())
    }

    /// The two moments of the dense weights as they were last brought back; empty before the first step.
    pub(crate) fn moments(&self) -> [&[f32]; 2] {
        self.moments.each_ref().map(Vec::as_slice)
    }

    /// Puts back what [`DeviceTrainer::moments`] gave.
    pub(crate) fn put_back(&mut self, moments: [Vec<f32>; 2]) {
        (self.moments, self.placed) = (moments, None);
    }

    /// The weights on the device, taken there if they are not.
    fn placed(&mut self, bert: &Bert) -> Result<&mut Placed> {
        if self.placed.is_none() {
            self.placed = Some(Placed::new(bert, &self.moments, &self.device)?);
        }
        Ok(self.placed.as_mut().expect("it was put there just now"))
    }
}

fn run<'a>(bert: &'a Bert, weights: &'a [Tensor], batch: &'a Padded, dropout: Dropout) -> Run<'a> {
    Run { config: &bert.config, activation: bert.activation, weights, batch, dropout }
}

#[cfg(test)]
mod tests;
