//! Lighter classifiers made from a trained one: fewer tokens, fewer layers, 8 bits. The one they are made from stays
//! as it is; whether a lighter one may keep its calibration is for the caller to say.

mod distil;
mod layers;
mod scripts;
mod vocabulary;

pub use vocabulary::Vocabulary;

use std::path::Path;

use crate::classifier::Parts;
use crate::encoder::bert::{Bert, BertConfig};
use crate::judgement::{HeldOut, Verdict, judge};
use crate::split::labelled;
use crate::{
    BaseSource, Classifier, Control, Depth, Error, Example, Precision, Progress, TrainOptions, TrainingSet, train,
};

impl Classifier {
    /// Layers of the base's encoder; none without a base.
    pub fn layers(&self) -> Option<usize> {
        self.parts().network.base().map(|base| base.num_hidden_layers)
    }

    /// Whether the encoder, if there is one, knows the training rows' labels, so that only other rows can judge it.
    pub fn encoder_knows_labels(&self) -> bool {
        self.layers().is_some() && self.info().depth != Some(Depth::Frozen)
    }

    /// Normalised texts of the examples that the classifier keeps.
    pub fn examples(&self) -> &[String] {
        &self.parts().examples
    }

    /// The same classifier with its dense layers in 8 bits; fails without a base.
    pub fn in_eight_bits(&self) -> Result<Self, Error> {
        let mut parts = self.parts().clone();
        encoder(&mut parts, "precision")?.prepare(Precision::EightBit);
        Ok(self.lighter(parts, Precision::EightBit, "8bit"))
    }

    /// The same classifier calibrated on rows that it has not learned from; fails when they name none of its intents.
    pub fn calibrated_on(&self, rows: &[Example]) -> Result<Self, Error> {
        let rows = labelled(rows, self.intents());
        if !rows.iter().any(|row| (row.label as usize) < self.intents().len()) {
            return Err(Error::Data {
                found: "no row with an intent that the model knows".into(),
                remedy: "calibrate on messages labelled with the model's intents".into(),
            });
        }
        let mut parts = self.parts().clone();
        let judged = judge(&parts, None, &rows)?;
        let held_out = HeldOut { judged: &judged, scope: Some(&parts.calibration.scope), ..HeldOut::default() };
        let verdict = Verdict::of(held_out, parts.intents.len());
        let known = std::mem::replace(&mut parts.calibration, verdict.calibration);
        parts.calibration.sentiment_temperature = known.sentiment_temperature;
        parts.calibration.several = parts.calibration.several.or(known.several);
        parts.metrics.extend(verdict.metrics);
        let threshold = parts.calibration.threshold(self.info().accepted_error_rate);
        parts.metrics.insert("threshold".into(), threshold);
        parts.metrics.insert("coverage".into(), parts.calibration.coverage(threshold));
        Ok(self.with_parts(parts, self.info().clone()))
    }

    /// The same classifier with heads learned again over its encoder, which must have been saved in the folder and stays
    /// as it is; sentiment and entities are kept. Rows held out from the heads calibrate them, which is honest as long as
    /// the encoder does not know their labels.
    pub fn with_heads_from(
        &self,
        folder: &Path,
        set: &TrainingSet,
        watch: &mut dyn FnMut(&Progress) -> Control,
    ) -> Result<Self, Error> {
        let known = self.info();
        let options = TrainOptions {
            base: Some(BaseSource::Folder(folder.to_owned())),
            depth: Some(Depth::Frozen),
            precision: known.precision,
            accepted_error_rate: known.accepted_error_rate,
            ..TrainOptions::default()
        };
        let set = TrainingSet { sentiment: Vec::new(), annotated: Vec::new(), ..set.clone() };
        let mut parts = train(&set, &options, watch)?.parts().clone();
        parts.sentiment.clone_from(&self.parts().sentiment);
        parts.tagger.clone_from(&self.parts().tagger);
        parts.calibration.sentiment_temperature = self.parts().calibration.sentiment_temperature;
        for name in ["sentiment_accuracy", "entity_f1"] {
            parts.metrics.extend(known.metrics.get(name).map(|value| (name.to_owned(), *value)));
        }
        let mut info = known.clone();
        info.features.n_ngrams = parts.featuriser.len();
        info.n_examples = set.train.len() + set.validation.len();
        Ok(self.with_parts(parts, info))
    }

    /// A classifier of other parts, whose version says what was done.
    fn lighter(&self, parts: Parts, precision: Precision, done: &str) -> Self {
        let mut info = self.info().clone();
        info.version = format!("{}-{done}", info.version);
        info.precision = precision;
        info.features.n_tokens = parts.tokenizer.len();
        info.features.max_tokens = parts.network.base().map_or(info.features.max_tokens, BertConfig::max_tokens);
        self.with_parts(parts, info)
    }
}

/// The encoder of a base, which an option of this name is about.
fn encoder<'a>(parts: &'a mut Parts, option: &'static str) -> Result<&'a mut Bert, Error> {
    parts.network.bert.as_mut().ok_or_else(|| Error::Option {
        option,
        problem: "the model has no base whose encoder could be made lighter; leave the option out".into(),
    })
}
