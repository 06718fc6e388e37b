//! The sentiment beside a base: it reads the base's vector too, and goes where the base goes.

use std::fs;

use candle_core::Device;
use model::{BaseSource, Classifier, Control, Sentiment, TrainOptions, TrainingSet, train};

use crate::shop::{SHOP, learn, options, predict, set};

/// Messages none of whose telling words is in the lessons.
const NEW_WORDS: [(&str, Sentiment); 4] = [
    ("what an awful, dreadful mess", Sentiment::Negative),
    ("糟糕透顶，气死我了", Sentiment::Negative),
    ("brilliant, I adore it", Sentiment::Positive),
    ("非常棒，我很满意", Sentiment::Positive),
];

fn over_the_shipped_base() -> TrainOptions {
    TrainOptions { base: Some(BaseSource::Shipped), ..options() }
}

fn moods_alone() -> TrainingSet {
    TrainingSet { annotated: Vec::new(), ..set() }
}

#[test]
fn a_base_lets_words_that_were_never_taught_tell_the_mood() {
    let with_base = learn(&moods_alone(), &over_the_shipped_base());
    let right = |classifier: &Classifier| {
        NEW_WORDS.iter().filter(|(text, mood)| predict(classifier, text).sentiment.unwrap().sentiment == *mood).count()
    };
    assert_eq!(right(&with_base), NEW_WORDS.len());
    assert!(right(&SHOP) < NEW_WORDS.len(), "these words tell nothing, so the base had nothing to add");
    let together = with_base.predict(&NEW_WORDS.map(|(text, _)| text));
    for (prediction, (text, _)) in together.iter().zip(NEW_WORDS) {
        assert_eq!(prediction, &predict(&with_base, text), "{text}");
    }
}

#[test]
fn a_mood_over_a_base_is_loaded_as_it_was_saved_and_refused_where_it_does_not_fit() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("model");
    let trained = learn(&moods_alone(), &over_the_shipped_base());
    trained.save(&dir).unwrap();
    let texts = NEW_WORDS.map(|(text, _)| text);
    assert_eq!(Classifier::load(&dir).unwrap().predict(&texts), trained.predict(&texts));
    let path = dir.join("model.safetensors");
    let mut tensors = candle_core::safetensors::load_buffer(&fs::read(&path).unwrap(), &Device::Cpu).unwrap();
    let shorter = tensors["sentiment.meaning"].narrow(0, 0, 7).unwrap().contiguous().unwrap();
    tensors.insert("sentiment.meaning".into(), shorter);
    candle_core::safetensors::save(&tensors, &path).unwrap();
    let error = Classifier::load(&dir).map(|_| ()).expect_err("weights for another vector").to_string();
    assert!(error.contains("sentiment.meaning") && error.contains("model.safetensors"), "{error}");
}

#[test]
fn who_asks_to_stop_while_moods_are_read_gets_moods_by_words_alone() {
    let mut reports = 0;
    let trained = train(&moods_alone(), &over_the_shipped_base(), &mut |progress| {
        reports += usize::from(progress.epochs == 0);
        if progress.epochs == 0 { Control::Stop } else { Control::Continue }
    })
    .unwrap();
    assert_eq!(reports, 1);
    assert_eq!(predict(&trained, "太差了").sentiment.unwrap().sentiment, Sentiment::Negative);
}
