//! `predict`: messages in, one JSON object a line out, in order and as they come.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use model::{Classifier, Entity, Explanation, Scored, ScoredSentiment};
use serde::Serialize;

use crate::args::PredictArgs;
use crate::{evaluate, questions};

#[derive(Serialize)]
struct Answer<'a> {
    intent: Option<&'a str>,
    probability: f32,
    in_scope: f32,
    ranking: &'a [Scored],
    #[serde(skip_serializing_if = "Option::is_none")]
    intents: Option<&'a [Scored]>,
    sentiment: Option<ScoredSentiment>,
    entities: &'a [Entity],
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

/// Classifies every line of a file or of standard input.
pub fn run_predict(arguments: PredictArgs) -> anyhow::Result<ExitCode> {
    let classifier = Classifier::load(&arguments.model).context("cannot load the model")?;
    let accepted_error = arguments.accepted_error.unwrap_or(classifier.info().accepted_error_rate);
    let predictor = Predictor {
        threshold: classifier.threshold(accepted_error),
        top: usize::from(arguments.top),
        explains: arguments.explain,
        classifier,
    };
    questions::answer_all(arguments.input.as_deref(), &mut |texts, out| predictor.answer(texts, out))
}

struct Predictor {
    classifier: Classifier,
    threshold: f32,
    top: usize,
    explains: bool,
}

impl Predictor {
    fn answer(&self, texts: &[&str], out: &mut dyn Write) -> io::Result<()> {
        for (text, prediction) in texts.iter().zip(evaluate::predict(&self.classifier, texts)) {
            let answer = Answer {
                intent: prediction.intent_at(self.threshold).map(|best| best.intent.as_str()),
                probability: prediction.ranking.first().map_or(0.0, |best| best.probability),
                in_scope: prediction.in_scope,
                ranking: &prediction.ranking[..self.top.min(prediction.ranking.len())],
                intents: prediction.several.as_deref(),
                sentiment: prediction.sentiment,
                entities: &prediction.entities,
                explanation: if self.explains { self.classifier.explain(text) } else { None },
            };
            serde_json::to_writer(&mut *out, &answer)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}
