//! A network that is being fitted, with what reads texts for it, and the parts of a classifier that it becomes.

use candle_core::Device;
use rayon::prelude::*;

use super::checkpoint::Kept;
use super::learned::{FIRST, Lesson};
use super::pass::{Inputs, Pass};
use super::place::{Changed, take_network};
use super::plan::{MANY_ROWS, Plan, StageKind};
use super::watcher::Watcher;
use crate::calibration::Calibration;
use crate::classifier::Parts;
use crate::encoder::bert::{BertConfig, Trainer};
use crate::features::Featuriser;
use crate::neighbours::Neighbours;
use crate::network::{Base, Input, Network, Sizes};
use crate::random::Random;
use crate::sentence::shipped;
use crate::split::Row;
use crate::tokens::{self, Tokenizer};
use crate::{BaseSource, Error, TrainOptions, bundle};

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
    /// Tokens of a batch that a base takes at a time, where memory is short.
    pub(super) most_tokens: Option<usize>,
    /// What the base is trained on, where it is not the processor.
    pub(super) device: Option<Device>,
    /// The share of tokens that a base does not know.
    pub(super) unknown: Option<f32>,
}

/// What training starts from: a base with its tokenizer and prefix, or nothing.
pub(super) struct Origin {
    pub(super) base: Option<(Base, Tokenizer)>,
    pub(super) prefix: String,
}

impl Origin {
    pub(super) fn open(options: &TrainOptions) -> Result<Self, Error> {
        let (base, tokenizer, prefix) = match &options.base {
            None => return Ok(Self { base: None, prefix: String::new() }),
            Some(BaseSource::Folder(dir)) => bundle::load_base(dir)?,
            Some(BaseSource::Shipped) => {
                let (averaged, tokenizer) = shipped::open()?;
                (Base::Averaged(averaged), tokenizer, String::new())
            }
        };
        Ok(Self { base: Some((base, tokenizer)), prefix: options.prefix.clone().unwrap_or(prefix) })
    }
}

impl Fitted {
    pub(super) fn new(lesson: Lesson<'_>, options: &TrainOptions) -> Result<Self, Error> {
        let Lesson { train, intents, .. } = lesson;
        let texts = || train.iter().map(|row| row.text.as_str());
        let featuriser = Featuriser::fit(texts(), if train.len() < FEW_ROWS { 1 } else { 2 });
        let Origin { base, prefix } = Origin::open(options)?;
        let (base, tokenizer) = match base {
            None => (None, tokens::train_vocabulary(texts())?),
            Some((base, tokenizer)) => (Some(base), tokenizer),
        };
        let none = intents.len() as u32;
        let outputs = intents.len() + usize::from(train.iter().any(|row| row.label == none));
        let sizes = Sizes { ngrams: featuriser.n_ngrams(), tokens: tokenizer.len(), outputs };
        let network = Network::new(options.encoder, sizes, base, &mut Random::new(options.seed, 2))?;
        let device = options.device.open()?;
        Ok(Self { featuriser, tokenizer, network, best_epoch: 0, prefix, most_tokens: None, device, unknown: None })
    }

    /// Runs the stages of the plan, from a checkpoint where there is one, and makes the network ready to serve.
    pub(super) fn learn(
        &mut self,
        lesson: Lesson<'_>,
        plan: &Plan<'_>,
        kept: Option<&Kept>,
        watcher: &mut Watcher<'_>,
    ) -> Result<(), Error> {
        watcher.rows = lesson.train.len();
        let first = kept.map_or(0, |kept| kept.place.stage);
        if let Some(Kept { stored, place }) = kept {
            take_network(stored, "now", &mut self.network, plan.changed(place.stage))?;
        }
        for index in first..plan.stages.len() {
            if watcher.stopped {
                break;
            }
            self.run(lesson, (plan, index), kept.filter(|_| index == first), watcher)?;
        }
        self.network.finish();
        self.network.round();
        self.network.prepare(plan.options.precision);
        Ok(())
    }

    /// Puts back what an earlier training had learned, and makes the network ready to serve.
    pub(super) fn relearn(&mut self, plan: &Plan<'_>, kept: &Kept) -> Result<(), Error> {
        take_network(&kept.stored, FIRST, &mut self.network, Changed::All)?;
        self.best_epoch = kept.place.first_best.unwrap_or(0);
        self.network.prepare(plan.options.precision);
        Ok(())
    }

    /// Runs one stage of the plan.
    fn run(
        &mut self,
        lesson: Lesson<'_>,
        (plan, index): (&Plan<'_>, usize),
        kept: Option<&Kept>,
        watcher: &mut Watcher<'_>,
    ) -> Result<(), Error> {
        let kind = plan.stages[index].kind;
        let is_kept = plan.options.has_transformer() || lesson.train.len() <= MANY_ROWS;
        let [kept_rows, checks] = [if is_kept { lesson.train } else { &[] }, lesson.held_out];
        let mut trainer = Trainer::new(self.device.clone(), self.most_tokens);
        let read = self.read_for(kind, kept_rows, &mut trainer)?;
        let checks = self.read_for(kind, checks, &mut trainer)?;
        self.unknown = self.network.base().and_then(|_| unknown_share(&self.tokenizer, &read));
        let most = self.network.most_tokens();
        let Self { featuriser, tokenizer, prefix, network, .. } = self;
        let inputs = if is_kept {
            Inputs::Kept(&read)
        } else {
            Inputs::Read(Reader { featuriser, tokenizer, prefix, bert: None, most }, lesson.train)
        };
        let mut pass = Pass::new((network, trainer), lesson, (plan, index), (inputs, &checks));
        pass.best_epoch = self.best_epoch;
        if let Some(kept) = kept {
            pass.go_on(kept)?;
        }
        pass.run(watcher)?;
        let Pass { best, best_epoch, .. } = pass;
        self.best_epoch = best_epoch;
        if let Some((_, network)) = best {
            self.network = network;
        }
        Ok(())
    }

    /// Rows as a stage reads them: one that leaves the encoder as it is needs its vectors but once.
    fn read_for(&self, kind: StageKind, rows: &[Row], trainer: &mut Trainer) -> Result<Vec<Input>, Error> {
        let mut inputs = self.read(rows);
        if kind == StageKind::Head {
            self.network.bring_vectors(trainer, &mut inputs)?;
        }
        Ok(inputs)
    }

    fn read(&self, rows: &[Row]) -> Vec<Input> {
        let reader = Reader {
            featuriser: &self.featuriser,
            tokenizer: &self.tokenizer,
            prefix: &self.prefix,
            bert: self.network.base(),
            most: self.network.most_tokens(),
        };
        rows.par_iter().map(|row| reader.read(&row.text)).collect()
    }

    pub(super) fn parts(self, train: &[Row], intents: &[String]) -> Result<Parts, Error> {
        let inside: Vec<&Row> =
            train.iter().filter(|row| row.is_labelled && (row.label as usize) < intents.len()).collect();
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
            metrics: self.unknown.map(|share| ("unknown_tokens".into(), share)).into_iter().collect(),
        })
    }
}

/// The share of tokens that stand for none of the vocabulary; `None` where it has no such token.
fn unknown_share(tokenizer: &Tokenizer, inputs: &[Input]) -> Option<f32> {
    let unknown = ["[UNK]", "<unk>"].iter().find_map(|token| tokenizer.id(token))?;
    let tokens = || inputs.iter().flat_map(|input| &input.tokens);
    let met = tokens().filter(|token| **token == unknown).count();
    Some(met as f32 / tokens().count().max(1) as f32)
}

/// What turns a normalised text into a network's input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub featuriser: &'a Featuriser,
    pub tokenizer: &'a Tokenizer,
    pub prefix: &'a str,
    pub bert: Option<&'a BertConfig>,
    /// Most tokens that are read.
    pub most: usize,
}

impl Reader<'_> {
    pub(crate) fn read(&self, text: &str) -> Input {
        let tokens = match self.bert {
            None => self.tokenizer.encode(text, self.most, false),
            Some(_) => self.tokenizer.encode(&format!("{}{text}", self.prefix), self.most, true),
        };
        Input { features: self.featuriser.features(text), tokens, vector: Vec::new() }
    }
}
