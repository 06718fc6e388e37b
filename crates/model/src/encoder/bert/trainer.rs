//! Who trains an encoder: the processor in plain numbers, or a device on candle tensors. Both take the same steps.

use candle_core::Device;

use super::Bert;
use super::device::DeviceTrainer;
use super::dropout::Dropout;
use super::optimiser::HostTrainer;
use crate::Error;
use crate::table::{Step, Table};

/// What training the encoder keeps between steps, wherever it computes.
#[derive(Debug)]
pub(crate) enum Trainer {
    /// In the encoder's own weights.
    Host(Box<HostTrainer>),
    /// In a copy of them, until [`Trainer::bring_back`].
    Device(Box<DeviceTrainer>),
}

impl Trainer {
    /// A trainer on a device, or else on the processor with at most so many tokens at a time, where there is a limit.
    pub(crate) fn new(device: Option<Device>, most_tokens: Option<usize>) -> Self {
        match device {
            Some(device) => Self::Device(Box::new(DeviceTrainer::new(device))),
            None => Self::Host(Box::new(HostTrainer::limited(most_tokens))),
        }
    }

    /// Vectors of messages [messages, hidden], keeping what [`Trainer::step`] needs.
    pub(crate) fn forward(
        &mut self,
        bert: &Bert,
        words: &Table,
        messages: &[&[u32]],
        dropout: Dropout,
    ) -> Result<Vec<f32>, Error> {
        match self {
            Self::Host(trainer) => Ok(trainer.forward(bert, words, messages, dropout)),
            Self::Device(trainer) => Ok(trainer.forward(bert, words, messages, dropout)?),
        }
    }

    /// Moves all weights, given gradients of the vectors of the last [`Trainer::forward`].
    pub(crate) fn step(
        &mut self,
        bert: &mut Bert,
        words: &mut Table,
        vectors: &[f32],
        step: Step,
    ) -> Result<(), Error> {
        match self {
            Self::Host(trainer) => trainer.step(bert, words, vectors, step),
            Self::Device(trainer) => trainer.step(bert, words, vectors, step)?,
        }
        Ok(())
    }

    /// Vectors of messages [messages, hidden] as the trained weights give them.
    pub(crate) fn encode(&mut self, bert: &Bert, words: &Table, messages: &[&[u32]]) -> Result<Vec<f32>, Error> {
        match self {
            Self::Host(_) => Ok(bert.encode(words, messages)),
            Self::Device(trainer) => Ok(trainer.encode(bert, words, messages)?),
        }
    }

    /// Makes the encoder's own weights, and [`Trainer::moments`], those that were trained.
    pub(crate) fn bring_back(&mut self, bert: &mut Bert) -> Result<(), Error> {
        match self {
            Self::Host(_) => Ok(()),
            Self::Device(trainer) => Ok(trainer.bring_back(bert)?),
        }
    }

    /// The two moments of the dense weights; empty before the first step.
    pub(crate) fn moments(&self) -> [&[f32]; 2] {
        match self {
            Self::Host(trainer) => trainer.moments(),
            Self::Device(trainer) => trainer.moments(),
        }
    }

    /// Puts back what [`Trainer::moments`] gave.
    pub(crate) fn put_back(&mut self, moments: [Vec<f32>; 2]) {
        match self {
            Self::Host(trainer) => trainer.put_back(moments),
            Self::Device(trainer) => trainer.put_back(moments),
        }
    }
}
