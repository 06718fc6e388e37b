//! A light student of a heavy teacher (Hinton et al., 2015): it learns from the rows' labels and from how the teacher
//! doubts them, and from messages that nobody has labelled but the teacher understands.

use std::collections::HashSet;

use rayon::prelude::*;

use crate::classifier::softmax;
use crate::network::Input;
use crate::{Classifier, Control, Error, Progress, Taught, TrainOptions, TrainingSet, train};

/// What the teacher's logits are divided by, on top of what calibrates them, so that its doubts can be seen.
const TEMPERATURE: f32 = 2.0;
/// How much the teacher's word counts beside a label.
const SHARE: f32 = 0.5;
/// Most messages without a label that are learned from.
const MOST: usize = 50_000;
/// Messages that the teacher takes at a time.
const CHUNK: usize = 64;

impl Classifier {
    /// A classifier from nothing that learns from rows and from what this one says of them and of further messages.
    /// Rows are held out to calibrate it, and these it learns nothing of; options for a base do not matter.
    pub fn distilled(
        &self,
        set: &TrainingSet,
        further: &[&str],
        options: &TrainOptions,
        watch: &mut dyn FnMut(&Progress) -> Control,
    ) -> Result<Self, Error> {
        if self.layers().is_none() {
            let problem = "the model has no base, so it is as light as what would learn from it".to_owned();
            return Err(Error::Option { option: "distil", problem });
        }
        let labelled: Vec<&str> = set.train.iter().map(|row| row.text.as_str()).collect();
        let mut known: HashSet<&str> = labelled.iter().copied().collect();
        known.extend(set.validation.iter().map(|row| row.text.as_str()));
        let mut further: Vec<&str> = further.iter().copied().filter(|text| known.insert(text)).collect();
        let step = further.len().div_ceil(MOST).max(1);
        further = further.into_iter().step_by(step).collect();
        let mut taught = self.taught(&labelled, SHARE);
        taught.extend(self.taught(&further, 1.0));
        let options = TrainOptions { base: None, depth: None, prefix: None, ..options.clone() };
        train(&TrainingSet { taught, ..set.clone() }, &options, watch)
    }

    /// What this classifier says of messages.
    fn taught(&self, texts: &[&str], share: f32) -> Vec<Taught> {
        let parts = self.parts();
        let temperature = parts.calibration.temperature * TEMPERATURE;
        let say = |texts: &[&str]| -> Vec<Taught> {
            let mut inputs: Vec<Input> = texts.iter().map(|text| parts.read(text::normalise(text).as_str())).collect();
            parts.bring_vectors(&mut inputs);
            let scores = parts.scores(&inputs);
            // Shapes were checked when the network was made or loaded; without logits nothing is taught.
            let logits = parts.network.logits(&parts.plain, &inputs.iter().collect::<Vec<_>>());
            let taught = texts.iter().zip(logits).zip(scores).map(|((text, logits), scores)| Taught {
                text: (*text).to_owned(),
                says: parts
                    .intents
                    .iter()
                    .cloned()
                    .map(Some)
                    .chain([None])
                    .zip(softmax(&logits, temperature))
                    .collect(),
                share,
                weight: scores.probabilities.into_iter().fold(0.0, f32::max),
            });
            taught.collect()
        };
        texts.par_chunks(CHUNK).flat_map_iter(say).collect()
    }
}
