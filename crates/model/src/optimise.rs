//! Lighter classifiers made from a trained one: fewer tokens, fewer layers, 8 bits. The one they are made from stays
//! as it is; whether a lighter one may keep its calibration is for the caller to say.

mod layers;
mod scripts;
mod vocabulary;

pub use vocabulary::Vocabulary;

use crate::classifier::Parts;
use crate::encoder::bert::{Bert, BertConfig};
use crate::judgement::{Verdict, judge};
use crate::split::labelled;
use crate::{Classifier, Depth, Error, Example, Precision};

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
        let verdict = Verdict::beside(&judged, parts.intents.len(), Some(&parts.calibration.scope));
        let sentiment_temperature = parts.calibration.sentiment_temperature;
        parts.calibration = verdict.calibration;
        parts.calibration.sentiment_temperature = sentiment_temperature;
        parts.metrics.extend(verdict.metrics);
        let threshold = parts.calibration.threshold(self.info().accepted_error_rate);
        parts.metrics.insert("threshold".into(), threshold);
        parts.metrics.insert("coverage".into(), parts.calibration.coverage(threshold));
        Ok(self.with_parts(parts, self.info().clone()))
    }

    /// A classifier of other parts, whose version says what was done.
    fn lighter(&self, parts: Parts, precision: Precision, done: &str) -> Self {
        let mut info = self.info().clone();
        info.version = format!("{}-{done}", info.version);
        info.precision = precision;
        info.features.n_tokens = parts.tokenizer.get_vocab_size(true);
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
