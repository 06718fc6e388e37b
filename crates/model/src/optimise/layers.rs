//! Fewer layers: those go that change the vectors least, and the rest learns to give the vectors of the whole encoder.
//! That needs texts but no labels, so rows that were held out from the heads are still good to judge them.

use rayon::prelude::*;

use super::encoder;
use crate::encoder::bert::{Bert, Dropout, HostTrainer};
use crate::random::Random;
use crate::table::{Step, Table};
use crate::{Classifier, Control, Error, Progress};

/// Texts by which the harm of a missing layer is told.
const SAMPLE: usize = 100;
/// Texts of one step of the re-tune.
const BATCH: usize = 32;
/// Fewest steps of the re-tune, and most passes over the texts that it takes for them.
const STEPS: usize = 500;
const PASSES: usize = 20;
/// Highest learning rate of the re-tune.
const RATE: f32 = 3e-4;
/// Share of the steps over which the learning rate rises.
const WARMUP: f32 = 0.1;

impl Classifier {
    /// The same classifier with fewer layers, re-tuned on texts to give the vectors that it gave before; the watcher
    /// may stop the re-tune, which then stays where it is. Fails where there are no more layers than asked for.
    pub fn with_layers(
        &self,
        layers: usize,
        texts: &[&str],
        watch: &mut dyn FnMut(&Progress) -> Control,
    ) -> Result<Self, Error> {
        let mut parts = self.parts().clone();
        let precision = self.info().precision;
        let reads_entities = parts.tagger.as_ref().is_some_and(|tagger| tagger.form().is_some());
        let bert = encoder(&mut parts, "layers")?;
        let before = bert.config.num_hidden_layers;
        if layers == 0 || layers >= before {
            let problem = format!("the model has {before} layers; keep at least 1 and at most {}", before.max(2) - 1);
            return Err(Error::Option { option: "layers", problem });
        }
        if reads_entities {
            let problem = "the model's entities are read from the last of its layers; leave the option out".to_owned();
            return Err(Error::Option { option: "layers", problem });
        }
        bert.widen();
        let read = |text: &&str| self.parts().read(text::normalise(text).as_str()).tokens;
        let mut messages: Vec<Vec<u32>> = texts.par_iter().map(read).collect();
        messages.retain(|message| !message.is_empty());
        messages.sort_unstable();
        messages.dedup();
        if messages.is_empty() {
            let found = "no text to re-tune fewer layers on".to_owned();
            return Err(Error::Data { found, remedy: "give the bot's folder".into() });
        }
        let mut words = self.parts().network.tokens.clone();
        let mut lesson = Lesson::new(bert, &words, messages);
        let mut light = bert.with_layers(&lesson.choose(bert, &words, layers));
        lesson.teach(&mut light, &mut words, watch);
        words.finish();
        words.round();
        light.prepare(precision);
        (*bert, parts.network.tokens) = (light, words);
        Ok(self.lighter(parts, precision, &format!("l{layers}")))
    }
}

/// Texts as tokens, with the vectors that are to be met.
struct Lesson {
    messages: Vec<Vec<u32>>,
    /// [messages, hidden], in units of their mean size.
    vectors: Vec<f32>,
    hidden: usize,
    random: Random,
}

impl Lesson {
    fn new(bert: &Bert, words: &Table, messages: Vec<Vec<u32>>) -> Self {
        let mut random = Random::new(17, 8);
        let mut messages = messages;
        random.shuffle(&mut messages);
        let vectors = bert.encode(words, &messages.iter().map(Vec::as_slice).collect::<Vec<_>>());
        Self { messages, vectors, hidden: bert.config.hidden_size, random }
    }

    /// The layers to keep: one after another goes the one without which the vectors turn least.
    fn choose(&self, bert: &Bert, words: &Table, keep: usize) -> Vec<usize> {
        let sample: Vec<&[u32]> = self.messages.iter().take(SAMPLE).map(Vec::as_slice).collect();
        let likeness = |layers: &[usize]| -> f32 {
            let found = bert.with_layers(layers).encode(words, &sample);
            found.chunks_exact(self.hidden).zip(self.vectors.chunks_exact(self.hidden)).map(|(a, b)| cosine(a, b)).sum()
        };
        let mut kept: Vec<usize> = (0..bert.config.num_hidden_layers).collect();
        while kept.len() > keep {
            let without = |at: usize| {
                let mut fewer = kept.clone();
                fewer.remove(at);
                fewer
            };
            let best = (0..kept.len()).map(without).map(|layers| (likeness(&layers), layers));
            kept = best.max_by(|a, b| a.0.total_cmp(&b.0)).map_or_else(Vec::new, |(_, layers)| layers);
        }
        kept
    }

    /// Steps down the squared distance to the vectors, in units of their size.
    fn teach(&mut self, light: &mut Bert, words: &mut Table, watch: &mut dyn FnMut(&Progress) -> Control) {
        let started = std::time::Instant::now();
        let per_pass = self.messages.len().div_ceil(BATCH);
        let passes = STEPS.div_ceil(per_pass).clamp(1, PASSES);
        let steps = passes * per_pass;
        let size = self.vectors.iter().map(|value| value * value).sum::<f32>() / self.messages.len() as f32;
        let mut trainer = HostTrainer::default();
        let mut order: Vec<usize> = (0..self.messages.len()).collect();
        let mut step = 0;
        for pass in 0..passes {
            self.random.shuffle(&mut order);
            for chunk in order.chunks(BATCH) {
                step += 1;
                let messages: Vec<&[u32]> = chunk.iter().map(|index| self.messages[*index].as_slice()).collect();
                let mut found = trainer.forward(light, words, &messages, Dropout::NONE);
                let loss = self.gradients(chunk, &mut found, size);
                trainer.step(light, words, &found, Step::new(RATE * height(step, steps), 0.0, step as u64));
                let seconds = started.elapsed().as_secs_f32();
                let progress = Progress {
                    epoch: pass as u32 + 1,
                    epochs: passes as u32,
                    step: step as u64,
                    steps: steps as u64,
                    loss,
                    examples_per_second: (step * BATCH) as f32 / seconds.max(1e-6),
                    seconds_left: seconds / step as f32 * (steps - step) as f32,
                    ..Progress::default()
                };
                if watch(&progress) == Control::Stop {
                    return;
                }
            }
        }
    }

    /// Turns vectors into gradients of their mean squared distance to those that are to be met; returns the distance.
    fn gradients(&self, chunk: &[usize], found: &mut [f32], size: f32) -> f32 {
        let factor = 1.0 / (size.max(1e-9) * chunk.len() as f32);
        let mut loss = 0.0;
        for (found, index) in found.chunks_exact_mut(self.hidden).zip(chunk) {
            for (value, wanted) in found.iter_mut().zip(&self.vectors[index * self.hidden..][..self.hidden]) {
                let distance = *value - wanted;
                loss += distance * distance * factor;
                *value = 2.0 * distance * factor;
            }
        }
        loss
    }
}

/// Linear rise to 1, then linear fall to 0.
fn height(step: usize, steps: usize) -> f32 {
    let (step, steps) = (step as f32, steps as f32);
    let rising = (steps * WARMUP).max(1.0);
    (step / rising).min((steps - step + 1.0) / (steps - rising + 1.0))
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(1e-9)
}
