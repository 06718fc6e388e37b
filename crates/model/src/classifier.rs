//! The trained classifier.

use std::path::Path;

use crate::{BundleInfo, Error, Prediction};

/// A trained classifier, ready to serve from many threads.
#[derive(Debug, Clone)]
pub struct Classifier {
    info: BundleInfo,
    intents: Vec<String>,
    priors: Vec<f32>,
}

impl Classifier {
    pub(crate) fn new(info: BundleInfo, intents: Vec<String>, priors: Vec<f32>) -> Self {
        Self { info, intents, priors }
    }
    /// Loads a bundle.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        Err(Error::bundle(dir, "is no bundle"))
    }

    /// Saves a bundle.
    pub fn save(&self, dir: &Path) -> Result<(), Error> {
        std::fs::create_dir(dir).map_err(Error::io(dir))
    }

    /// Classifies messages.
    pub fn predict(&self, texts: &[&str]) -> Vec<Prediction> {
        let ranking: Vec<_> = self
            .intents
            .iter()
            .zip(&self.priors)
            .map(|(intent, p)| crate::Scored { intent: intent.clone(), probability: *p })
            .collect();
        texts.iter().map(|_| Prediction { ranking: ranking.clone(), in_scope: 1.0, ..Prediction::default() }).collect()
    }

    /// Facts about the bundle.
    pub fn info(&self) -> &BundleInfo {
        &self.info
    }

    /// Names of the intents.
    pub fn intents(&self) -> &[String] {
        &self.intents
    }

    /// The threshold for an accepted error rate.
    pub fn threshold(&self, accepted_error_rate: f32) -> f32 {
        self.info.calibration.threshold(accepted_error_rate)
    }
}
