//! Lighter models: fewer tokens, fewer layers, 8 bits; what must stay the same, and what is refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use model::{Classifier, Control, Depth, Example, Precision, TrainOptions, TrainingSet, Vocabulary};
use serde_json::{Value, json};

use crate::bases::{from, write_checkpoint};
use crate::shop::{SHOP, best, learn, options, set};

/// Words that no message of the shop has, and single characters beside them.
const FOREIGN: [&str; 6] = ["zebra", "accordion", "спасибо", "с", "ありがとう", "あ"];

/// Words and characters of the shop's messages, then foreign ones.
fn pieces() -> Vec<String> {
    let texts: Vec<String> = set().train.into_iter().map(|row| row.text.to_lowercase()).collect();
    let words = texts.iter().flat_map(|text| text.split_whitespace()).filter(|word| word.is_ascii());
    let characters: BTreeSet<String> = texts.iter().flat_map(|text| text.chars()).map(String::from).collect();
    let words: BTreeSet<&str> = words.collect();
    let words = words.into_iter().filter(|word| word.len() > 1).map(str::to_owned);
    let pieces = characters.into_iter().filter(|piece| piece != " ").chain(words);
    pieces.chain(FOREIGN.map(str::to_owned)).collect()
}

fn special(tokens: &[&str]) -> (Vec<Value>, Value) {
    let added = tokens.iter().enumerate().map(|(id, token)| {
        json!({"id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    });
    let frame = |id: usize| json!({"id": tokens[id], "ids": [id], "tokens": [tokens[id]]});
    let single = |id: usize| json!({"SpecialToken": {"id": tokens[id], "type_id": 0}});
    let sequence = |id: &str| json!({"Sequence": {"id": id, "type_id": 0}});
    let processor = json!({
        "type": "TemplateProcessing",
        "single": [single(2), sequence("A"), single(3)],
        "pair": [single(2), sequence("A"), single(3), sequence("B"), single(3)],
        "special_tokens": {tokens[2]: frame(2), tokens[3]: frame(3)},
    });
    (added.collect(), processor)
}

/// The longest piece from the left, as BERT's own tokenizer.
fn word_piece() -> (Value, usize) {
    let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
    let (added, processor) = special(&tokens);
    let pieces = pieces();
    let characters = pieces.iter().filter(|piece| piece.chars().count() == 1);
    let inner: Vec<String> = characters.map(|piece| format!("##{piece}")).collect();
    let all: Vec<&str> = tokens.into_iter().chain(pieces.iter().chain(&inner).map(String::as_str)).collect();
    let vocabulary: serde_json::Map<String, Value> =
        all.iter().enumerate().map(|(id, piece)| ((*piece).to_owned(), id.into())).collect();
    let n = vocabulary.len();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": processor, "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocabulary},
    });
    (tokenizer, n)
}

/// The likeliest row of pieces, as in sentencepiece.
fn unigram() -> (Value, usize) {
    let tokens = ["<pad>", "<unk>", "<s>", "</s>"];
    let (added, processor) = special(&tokens);
    let pieces = pieces();
    let scored = |piece: String, at: usize| json!([piece, -3.0 - at as f64 / 50.0]);
    let words = pieces.iter().filter(|piece| piece.chars().count() > 1).map(|piece| format!("\u{2581}{piece}"));
    let all = pieces.iter().filter(|piece| piece.chars().count() == 1).cloned().chain(["\u{2581}".into()]);
    let all = words.chain(all).enumerate().map(|(at, piece)| scored(piece, at));
    let vocabulary: Vec<Value> = tokens.iter().map(|token| json!([token, 0.0])).chain(all).collect();
    let n = vocabulary.len();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always", "split": true},
        "post_processor": processor, "decoder": null,
        "model": {"type": "Unigram", "unk_id": 1, "vocab": vocabulary, "byte_fallback": false},
    });
    (tokenizer, n)
}

/// A model over a tiny checkpoint of some layers with this tokenizer; its base reads intents alone.
fn model(home: &Path, tokenizer: (Value, usize), n_layers: usize) -> Classifier {
    let set = TrainingSet { annotated: Vec::new(), ..set() };
    learn(&set, &TrainOptions { depth: Some(Depth::Frozen), ..from(&base(home, tokenizer, n_layers)) })
}

fn base(home: &Path, (tokenizer, n_tokens): (Value, usize), n_layers: usize) -> PathBuf {
    let base = home.join("base");
    fs::create_dir_all(&base).unwrap();
    fs::write(base.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    write_checkpoint(&base, n_tokens, n_layers);
    base
}

fn texts() -> Vec<String> {
    set().train.into_iter().map(|row| row.text).collect()
}

fn with_vocabulary(model: &Classifier, vocabulary: Vocabulary) -> Result<Classifier, model::Error> {
    let texts = texts();
    model.with_vocabulary(vocabulary, &texts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn with_layers(model: &Classifier, layers: usize) -> Result<Classifier, model::Error> {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    model.with_layers(layers, &texts, &mut |_| Control::Continue)
}

/// What the model says of messages, to the last bit.
fn said(model: &Classifier, texts: &[&str]) -> Vec<(Vec<(String, u32)>, u32)> {
    let bits = |prediction: model::Prediction| {
        let ranking = prediction.ranking.into_iter().map(|scored| (scored.intent, scored.probability.to_bits()));
        (ranking.collect(), prediction.in_scope.to_bits())
    };
    model.predict(texts).into_iter().map(bits).collect()
}

#[test]
fn messages_made_of_kept_tokens_are_answered_as_before_to_the_last_bit() {
    for (kind, tokenizer) in [("word pieces", word_piece()), ("unigrams", unigram())] {
        let home = tempfile::tempdir().unwrap();
        let options = TrainOptions { depth: Some(Depth::Frozen), ..from(&base(home.path(), tokenizer, 1)) };
        let whole = learn(&set(), &options);
        let light = with_vocabulary(&whole, Vocabulary::Used).unwrap();
        let texts = texts();
        let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        texts.extend(["track my lamp kettle", "耳机台灯吗", "LAMP!", ""]);
        assert_eq!(said(&light, &texts), said(&whole, &texts), "{kind}");
        let before = whole.info().features.n_tokens;
        assert!(light.info().features.n_tokens < before, "{kind}: {before} tokens stay");
        light.save(&home.path().join("light")).unwrap();
        let loaded = Classifier::load(&home.path().join("light")).unwrap();
        assert_eq!(said(&loaded, &texts), said(&light, &texts), "{kind}");
        assert_ne!(loaded.info().version, whole.info().version);
        // What is gone is still read, by characters or as unknown.
        assert_eq!(loaded.predict(&["zebra accordion спасибо"]).len(), 1);
    }
}

#[test]
fn characters_of_the_languages_stay_and_those_of_others_go() {
    let home = tempfile::tempdir().unwrap();
    let light = with_vocabulary(&model(home.path(), word_piece(), 1), Vocabulary::Used).unwrap();
    light.save(&home.path().join("light")).unwrap();
    let tokenizer: Value =
        serde_json::from_slice(&fs::read(home.path().join("light").join("tokenizer.json")).unwrap()).unwrap();
    let vocabulary = tokenizer["model"]["vocab"].as_object().unwrap();
    for (piece, stays) in [("退", true), ("##退", true), ("k", true), ("с", false), ("あ", false), ("zebra", false)]
    {
        assert_eq!(vocabulary.contains_key(piece), stays, "{piece}");
    }
    let mut ids: Vec<u64> = vocabulary.values().map(|id| id.as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert!(ids.iter().copied().eq(0..ids.len() as u64), "{ids:?}");
}

#[test]
fn frequent_pieces_of_the_languages_fill_a_vocabulary_up_to_its_size() {
    let home = tempfile::tempdir().unwrap();
    let whole = model(home.path(), word_piece(), 1);
    let used = with_vocabulary(&whole, Vocabulary::Used).unwrap().info().features.n_tokens;
    let more = with_vocabulary(&whole, Vocabulary::Most(used + 1)).unwrap();
    assert_eq!(more.info().features.n_tokens, used + 1);
    more.save(&home.path().join("light")).unwrap();
    let tokenizer = fs::read_to_string(home.path().join("light").join("tokenizer.json")).unwrap();
    assert!(tokenizer.contains("zebra") && !tokenizer.contains("accordion"));
    let fewer = with_vocabulary(&whole, Vocabulary::Most(1)).unwrap();
    assert_eq!(fewer.info().features.n_tokens, used, "what is needed stays");
    let error = with_vocabulary(&whole, Vocabulary::Most(1 << 20)).unwrap_err().to_string();
    assert!(error.contains("vocabulary") && error.contains("tokens"), "{error}");
}

#[test]
fn a_model_of_fewer_layers_learns_to_say_what_the_whole_one_did() {
    let home = tempfile::tempdir().unwrap();
    let whole = model(home.path(), word_piece(), 3);
    let mut losses = Vec::new();
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let light = whole
        .with_layers(1, &texts, &mut |progress| {
            losses.push(progress.loss);
            Control::Continue
        })
        .unwrap();
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    assert!(mean(&losses[losses.len() - 5..]) < 0.8 * mean(&losses[..5]), "{losses:?}");
    assert_eq!((whole.layers(), light.layers()), (Some(3), Some(1)));
    assert_eq!(best(&light, "where is my kettle"), "order status");
    light.save(&home.path().join("light")).unwrap();
    let loaded = Classifier::load(&home.path().join("light")).unwrap();
    assert_eq!(loaded.predict(&texts), light.predict(&texts));
}

#[test]
fn every_step_can_follow_on_any_other() {
    let home = tempfile::tempdir().unwrap();
    let whole = model(home.path(), unigram(), 2);
    let bytes = whole.in_eight_bits().unwrap();
    assert_eq!(bytes.info().precision, Precision::EightBit);
    let light = with_vocabulary(&with_layers(&bytes, 1).unwrap(), Vocabulary::Used).unwrap();
    assert_eq!((light.info().precision, light.layers()), (Precision::EightBit, Some(1)));
    light.save(&home.path().join("light")).unwrap();
    let again = learn(&set(), &TrainOptions { depth: Some(Depth::Frozen), ..from(&home.path().join("light")) });
    assert_eq!(best(&again, "where is my kettle"), "order status");
}

#[test]
fn a_lighter_model_is_calibrated_on_the_rows_it_is_given() {
    let rows: Vec<Example> = set().train.into_iter().step_by(2).collect();
    let calibrated = SHOP.calibrated_on(&rows).unwrap();
    let usable = rows.iter().filter(|row| row.intent.is_some()).count();
    assert!(calibrated.info().calibration.curve.len() >= usable);
    assert_ne!(calibrated.info().calibration, SHOP.info().calibration);
    assert_eq!(calibrated.info().calibration.sentiment_temperature, SHOP.info().calibration.sentiment_temperature);
    let wrong: Vec<Example> = rows.iter().map(|row| Example::new(&row.text, Some("unheard of"))).collect();
    let error = SHOP.calibrated_on(&wrong).unwrap_err().to_string();
    assert!(error.contains("the model's intents"), "{error}");
}

#[test]
fn what_cannot_be_made_lighter_is_refused_with_the_way_out() {
    for error in [with_vocabulary(&SHOP, Vocabulary::Used), with_layers(&SHOP, 1), SHOP.in_eight_bits()] {
        let error = error.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("no base") && error.contains("leave the option out"), "{error}");
    }
    let home = tempfile::tempdir().unwrap();
    let whole = model(home.path(), word_piece(), 2);
    for layers in [0, 2, 7] {
        let error = with_layers(&whole, layers).unwrap_err().to_string();
        assert!(error.contains("the model has 2 layers") && error.contains("at most 1"), "{error}");
    }
    let error = whole.with_layers(1, &[], &mut |_| Control::Continue).unwrap_err().to_string();
    assert!(error.contains("no text"), "{error}");
    let marked = learn(&set(), &TrainOptions { depth: Some(Depth::Frozen), ..from(&home.path().join("base")) });
    let error = with_layers(&marked, 1).unwrap_err().to_string();
    assert!(error.contains("entities are read from the last of its layers"), "{error}");
    let other = tempfile::tempdir().unwrap();
    crate::bases::write_base(&other.path().join("base"));
    let pairs = learn(&set(), &TrainOptions { depth: Some(Depth::Frozen), ..from(&other.path().join("base")) });
    let error = with_vocabulary(&pairs, Vocabulary::Used).unwrap_err().to_string();
    assert!(error.contains("BPE") && error.contains("leave it whole"), "{error}");
}

#[test]
fn a_student_learns_what_its_teacher_says_of_messages_without_a_label() {
    let home = tempfile::tempdir().unwrap();
    let teacher = model(home.path(), word_piece(), 1);
    let rows: Vec<Example> = set().train.into_iter().filter(|row| row.intent.is_some()).collect();
    let few: Vec<Example> = rows.iter().step_by(10).cloned().collect();
    let few = TrainingSet { train: few, annotated: Vec::new(), sentiment: Vec::new(), ..set() };
    let further: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    let alone = learn(&few, &options());
    let taught = teacher.distilled(&few, &further, &options(), &mut |_| Control::Continue).unwrap();
    let right = |model: &Classifier| rows.iter().filter(|row| row.intent == Some(best(model, &row.text))).count();
    let [teacher_right, alone_right, taught_right] = [&teacher, &alone, &taught].map(right);
    assert!(taught_right > alone_right + 5, "{taught_right} against {alone_right}, the teacher {teacher_right}");
    assert_eq!((taught.layers(), taught.info().n_examples), (None, few.train.len()));
    assert!(taught.examples().len() <= few.train.len(), "only labelled rows are shown as examples");
    let held_out = taught.info().metrics["held_out_rows"] as usize;
    assert!(held_out <= few.train.len(), "only labelled rows are judged, not {held_out}");
    let error = SHOP.distilled(&few, &further, &options(), &mut |_| Control::Continue).unwrap_err().to_string();
    assert!(error.contains("distil") && error.contains("no base"), "{error}");
}
