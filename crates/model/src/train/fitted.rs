//! A network that is being fitted, with what reads texts for it, and the parts of a classifier that it becomes.

use std::collections::BTreeMap;

use rayon::prelude::*;
use tokenizers::Tokenizer;

use super::MAX_TOKENS;
use super::learned::Lesson;
use super::pass::{Pass, Plan, StageKind, validate};
use super::watcher::Watcher;
use crate::calibration::Calibration;
use crate::classifier::Parts;
use crate::dense::AdamW;
use crate::encoder::bert::{BertConfig, Trainer};
use crate::features::Featuriser;
use crate::neighbours::Neighbours;
use crate::network::{Base, Input, Learner, Network, Sizes};
use crate::random::Random;
use crate::split::Row;
use crate::{Control, Error, Progress, TrainOptions, bundle, tokens};

/// Sets smaller than this keep n-grams that occur in one text only.
const FEW_ROWS: usize = 400;
/// Most training examples that a message is compared with.
const MAX_NEIGHBOURS: usize = 20_000;

/// A network with what reads texts for it.
pub(super) struct Fitted {
    pub(super) featuriser: Featuriser,
    pub(super) tokenizer: Tokenizer,
    pub(super) network: Network,
    pub(super) best_epoch: u32,
    pub(super) prefix: String,
}

/// What training starts from: a base with its tokenizer and prefix, or nothing.
pub(super) struct Start {
    pub(super) base: Option<(Base, Tokenizer)>,
    pub(super) prefix: String,
}

impl Start {
    pub(super) fn open(options: &TrainOptions) -> Result<Self, Error> {
        let Some(dir) = &options.base else {
            return Ok(Self { base: None, prefix: String::new() });
        };
        let (base, tokenizer, prefix) = bundle::load_base(dir)?;
        Ok(Self { base: Some((base, tokenizer)), prefix: options.prefix.clone().unwrap_or(prefix) })
    }
}

impl Fitted {
    pub(super) fn new(lesson: Lesson<'_>, options: &TrainOptions) -> Result<Self, Error> {
        let Lesson { train, intents, .. } = lesson;
        let texts = || train.iter().map(|row| row.text.as_str());
        let featuriser = Featuriser::fit(texts(), if train.len() < FEW_ROWS { 1 } else { 2 });
        let Start { base, prefix } = Start::open(options)?;
        let (base, tokenizer) = match base {
            None => (None, tokens::train_vocabulary(texts())?),
            Some((base, tokenizer)) => (Some(base), tokenizer),
        };
        let none = intents.len() as u32;
        let outputs = intents.len() + usize::from(train.iter().any(|row| row.label == none));
        let sizes = Sizes { ngrams: featuriser.n_ngrams(), tokens: tokenizer.get_vocab_size(true), outputs };
        let network = Network::new(options.encoder, sizes, base, &mut Random::new(options.seed, 2))?;
        Ok(Self { featuriser, tokenizer, network, best_epoch: 0, prefix })
    }

    /// Runs the stages of the plan and makes the network ready to serve.
    pub(super) fn learn(
        &mut self,
        lesson: Lesson<'_>,
        plan: &Plan<'_>,
        watcher: &mut Watcher<'_>,
    ) -> Result<(), Error> {
        watcher.rows = lesson.train.len();
        for index in 0..plan.stages.len() {
            if watcher.stopped {
                break;
            }
            self.run(lesson, plan, index, watcher)?;
        }
        self.network.finish();
        self.network.round();
        self.network.prepare(plan.options.precision);
        Ok(())
    }

    /// Runs one stage of the plan.
    fn run(
        &mut self,
        lesson: Lesson<'_>,
        plan: &Plan<'_>,
        index: usize,
        watcher: &mut Watcher<'_>,
    ) -> Result<(), Error> {
        let Lesson { train, held_out, .. } = lesson;
        let stage = plan.stages[index];
        let before: u32 = plan.stages[..index].iter().map(|stage| stage.epochs).sum();
        let (mut inputs, mut checks) = (self.read(train), self.read(held_out));
        if stage.kind == StageKind::Head {
            self.encode(&mut inputs);
            self.encode(&mut checks);
        }
        let mut pass = Pass {
            network: &mut self.network,
            learner: Learner {
                optimiser: AdamW::default(),
                trainer: Trainer::default(),
                random: Random::new(plan.options.seed, 5 + index as u64),
            },
            train,
            inputs: &inputs,
            plan,
            stage,
            order: (0..train.len()).collect(),
            step: 0,
            unreported: 0,
        };
        let mut best_score: Option<(f32, Network)> = None;
        for epoch in 1..=stage.epochs {
            let place = Progress {
                epoch: before + epoch,
                epochs: plan.stages.iter().map(|stage| stage.epochs).sum(),
                ..Progress::default()
            };
            let mut progress = pass.epoch(place, watcher)?;
            if !checks.is_empty() && stage.kind != StageKind::Compare {
                progress.validation = Some(validate(pass.network, &checks, held_out)?);
            }
            let control = watcher.report(progress, pass.unreported);
            pass.unreported = 0;
            if stage.kind == StageKind::Head {
                // Over vectors that stay, the last head is as good as any; few held-out rows would choose by chance.
                self.best_epoch = epoch;
            } else if let Some(validation) = progress.validation {
                let score = validation.accuracy - 0.01 * validation.loss;
                if best_score.as_ref().is_none_or(|(best, _)| score > *best) {
                    best_score = Some((score, pass.network.snapshot()?));
                    self.best_epoch = epoch;
                } else if epoch >= self.best_epoch + plan.options.patience {
                    break;
                }
            }
            if control == Control::Stop
                || watcher.stopped
                || (index + 1 == plan.stages.len() && watcher.stop_after == Some(epoch))
            {
                break;
            }
        }
        if let Some((_, network)) = best_score {
            self.network = network;
        }
        Ok(())
    }

    /// Gives each input the pretrained encoder's vector, where there is an encoder.
    fn encode(&self, inputs: &mut [Input]) {
        let Some(vectors) = self.network.encode(&inputs.iter().collect::<Vec<_>>()) else {
            return;
        };
        for (input, vector) in inputs.iter_mut().zip(vectors.chunks_exact(self.network.tokens.dim())) {
            input.vector = vector.to_vec();
        }
    }

    fn read(&self, rows: &[Row]) -> Vec<Input> {
        let reader = Reader {
            featuriser: &self.featuriser,
            tokenizer: &self.tokenizer,
            prefix: &self.prefix,
            bert: self.network.base(),
        };
        rows.par_iter().map(|row| reader.read(&row.text)).collect()
    }

    pub(super) fn parts(self, train: &[Row], intents: &[String]) -> Result<Parts, Error> {
        let inside: Vec<&Row> = train.iter().filter(|row| (row.label as usize) < intents.len()).collect();
        let step = inside.len().div_ceil(MAX_NEIGHBOURS).max(1);
        let shown: Vec<&Row> = inside.into_iter().step_by(step).collect();
        let kept: Vec<_> = shown.iter().map(|row| (self.featuriser.features(&row.text), row.label)).collect();
        let examples: Vec<_> = kept.iter().map(|(features, label)| (features.rows.as_slice(), *label)).collect();
        Ok(Parts {
            neighbours: Neighbours::new(self.featuriser.n_ngrams(), &examples),
            examples: shown.into_iter().map(|row| row.text.clone()).collect(),
            plain: self.network.plain()?,
            featuriser: self.featuriser,
            tokenizer: self.tokenizer,
            network: self.network,
            intents: intents.to_vec(),
            sentiment: None,
            tagger: None,
            calibration: Calibration::default(),
            prefix: self.prefix,
            depth: None,
            metrics: BTreeMap::new(),
        })
    }
}

/// What turns a normalised text into a network's input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub featuriser: &'a Featuriser,
    pub tokenizer: &'a Tokenizer,
    pub prefix: &'a str,
    pub bert: Option<&'a BertConfig>,
}

impl Reader<'_> {
    pub(crate) fn read(&self, text: &str) -> Input {
        let tokens = match self.bert {
            None => tokens::encode(self.tokenizer, text, MAX_TOKENS, false),
            Some(config) => {
                tokens::encode(self.tokenizer, &format!("{}{text}", self.prefix), config.max_tokens(), true)
            }
        };
        Input { features: self.featuriser.features(text), tokens, vector: Vec::new() }
    }
}
