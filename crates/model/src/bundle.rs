//! A classifier on disk: `config.json`, `tokenizer.json`, `model.safetensors` and `frontdesk.json` in one folder.
//! Saving is atomic; loading refuses whatever does not fit together.

mod stored;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use half::f16;
use serde::{Deserialize, Serialize};

use crate::classifier::Parts;
use crate::dense::Dense;
use crate::encoder::bert::{self, Bert, BertConfig, Kept, Weights};
use crate::encoder::cnn;
use crate::entities::{BLOCKS, Projection, TaggerFacts, TaggerWeights};
use crate::features::Featuriser;
use crate::linear::Linear;
use crate::neighbours::Neighbours;
use crate::network::{Base, NGRAM_DIM, Network, TOKEN_DIM, Transformer, ngram_dim};
use crate::random::Random;
use crate::sentence::{Averaged, shipped};
use crate::sentiment::SentimentHead;
use crate::table::Table;
use crate::tokens::Tokenizer;
use crate::{BundleInfo, EncoderKind, EntityTagger, Error, FORMAT_VERSION, Gazetteer, Shape, scope, sentence};

pub(crate) use stored::Stored;

/// Rows of a base's words that no token names, at most: so many, or one in so many.
const SPARE_ROWS: usize = 1024;
const SPARE_SHARE: usize = 20;

/// `frontdesk.json`: facts about the bundle, and the gazetteer.
#[derive(Debug, Serialize, Deserialize)]
struct Frontdesk {
    #[serde(flatten)]
    info: BundleInfo,
    #[serde(default)]
    gazetteer: Gazetteer,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tagger: Option<TaggerFacts>,
}

/// `config.json` in the Hugging Face way.
#[derive(Debug, Serialize, Deserialize)]
struct Config {
    architectures: Vec<String>,
    id2label: BTreeMap<u32, String>,
    label2id: BTreeMap<String, u32>,
    /// Outputs of the head: the intents, and one more where the model knows "none of them".
    outputs: usize,
    encoder: EncoderKind,
    ngram_dim: usize,
    token_dim: usize,
    /// The sizes of a sentence encoder of averages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    averaged: Option<Shape>,
    /// A BERT's own fields, such as `hidden_size`.
    #[serde(flatten)]
    base: Option<BertConfig>,
}

/// Writes a bundle into a folder that must not exist yet.
pub(crate) fn save(dir: &Path, parts: &Parts, info: &BundleInfo, gazetteer: &Gazetteer) -> Result<(), Error> {
    if dir.exists() {
        return Err(Error::bundle(dir, "exists already; choose another folder or remove it first"));
    }
    let name = dir.file_name().ok_or_else(|| Error::bundle(dir, "is no name for a folder"))?;
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&parent).map_err(Error::io(&parent))?;
    let unfinished = parent.join(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let _ = fs::remove_dir_all(&unfinished);
    let written = write_files(&unfinished, parts, info, gazetteer).and_then(|()| {
        fs::rename(&unfinished, dir).map_err(Error::io(dir))?;
        sync_folder(&parent)
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    written
}

fn write_files(dir: &Path, parts: &Parts, info: &BundleInfo, gazetteer: &Gazetteer) -> Result<(), Error> {
    fs::create_dir(dir).map_err(Error::io(dir))?;
    let config = Config {
        architectures: vec!["FrontdeskClassifier".into()],
        id2label: (0..).zip(parts.intents.iter().cloned()).collect(),
        label2id: parts.intents.iter().cloned().zip(0..).collect(),
        outputs: parts.network.outputs,
        encoder: parts.network.kind,
        ngram_dim: NGRAM_DIM,
        token_dim: parts.network.tokens.dim(),
        averaged: parts.network.averaged.as_ref().map(|averaged| averaged.shape),
        base: parts.network.base().cloned(),
    };
    let tagger = parts.tagger.as_ref().map(EntityTagger::facts);
    let frontdesk = Frontdesk { info: info.clone(), gazetteer: gazetteer.clone(), tagger };
    let failed = |error: serde_json::Error| Error::bundle(dir, error.to_string());
    write(&dir.join("config.json"), &serde_json::to_vec_pretty(&config).map_err(failed)?)?;
    write(&dir.join("frontdesk.json"), &serde_json::to_vec(&frontdesk).map_err(failed)?)?;
    write(&dir.join("tokenizer.json"), parts.tokenizer.to_json()?.as_bytes())?;
    let tensors = tensors(parts)?;
    let bytes = safetensors::serialize(&tensors, None).map_err(candle_core::Error::from)?;
    write(&dir.join("model.safetensors"), &bytes)?;
    sync_folder(dir)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = File::create(path).map_err(Error::io(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::io(path))
}

fn sync_folder(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(Error::io(dir))
}

fn tensors(parts: &Parts) -> Result<BTreeMap<String, Tensor>, Error> {
    let mut tensors = BTreeMap::new();
    let mut numbers = |name: &str, values: &[u32]| -> Result<(), Error> {
        tensors.insert(name.to_owned(), Tensor::from_slice(values, values.len(), &Device::Cpu)?);
        Ok(())
    };
    numbers("features.hashes", parts.featuriser.hashes())?;
    numbers("features.ngrams", &[parts.featuriser.n_ngrams() as u32])?;
    let neighbours = &parts.neighbours;
    numbers("neighbours.starts", &neighbours.starts)?;
    numbers("neighbours.examples", &neighbours.entries.iter().map(|entry| entry.0).collect::<Vec<_>>())?;
    numbers("neighbours.labels", &neighbours.labels)?;
    numbers("neighbours.common", &neighbours.common.iter().map(|common| u32::from(*common)).collect::<Vec<_>>())?;
    let texts = parts.examples.join("\n");
    tensors.insert("neighbours.texts".into(), Tensor::from_slice(texts.as_bytes(), texts.len(), &Device::Cpu)?);
    let weights: Vec<f16> = neighbours.entries.iter().map(|entry| f16::from_f32(entry.1)).collect();
    tensors.insert("neighbours.weights".into(), Tensor::from_slice(&weights, weights.len(), &Device::Cpu)?);
    tensors.insert("features.idf".into(), vector(parts.featuriser.idf())?);
    tensors.insert("features.unseen".into(), vector(&[parts.featuriser.unseen_idf()])?);
    if parts.network.ngrams.dim() > 0 {
        tensors.insert("ngrams.weight".into(), table(&parts.network.ngrams)?);
    }
    if let Some(wide) = &parts.network.wide {
        tensors.insert("wide.weight".into(), table(wide)?);
    }
    if parts.network.tokens.dim() > 0 {
        tensors.insert(words_name(parts.network.kind).into(), table(&parts.network.tokens)?);
    }
    if let Some(bert) = &parts.network.bert {
        tensors.extend(bert::tensors(bert)?);
    }
    if let Some(averaged) = &parts.network.averaged {
        tensors.extend(averaged.tensors()?);
    }
    for (name, var) in parts.network.dense.iter() {
        tensors.insert(name.clone(), var.as_tensor().clone());
    }
    if let Some(head) = &parts.sentiment {
        let hashes = head.featuriser.hashes();
        tensors.insert("sentiment.hashes".into(), Tensor::from_slice(hashes, hashes.len(), &Device::Cpu)?);
        let n_ngrams = [head.featuriser.n_ngrams() as u32];
        tensors.insert("sentiment.ngrams".into(), Tensor::from_slice(&n_ngrams, 1, &Device::Cpu)?);
        tensors.insert("sentiment.idf".into(), vector(head.featuriser.idf())?);
        tensors.insert("sentiment.bias".into(), vector(&head.linear.bias)?);
        tensors.insert("sentiment.weight".into(), table(&head.linear.weights)?);
        if let Some(meaning) = &head.meaning {
            tensors.insert("sentiment.meaning".into(), table(meaning)?);
        }
    }
    if let Some(tagger) = &parts.tagger {
        let hashes = &tagger.hashes;
        tensors.insert("entities.hashes".into(), Tensor::from_slice(hashes, hashes.len(), &Device::Cpu)?);
        tensors.insert("entities.weight".into(), table(&tagger.weights.table)?);
        tensors.insert("entities.steps".into(), table(&tagger.weights.steps)?);
        if let Some(projection) = &tagger.weights.projection {
            tensors.insert("entities.states".into(), table(&projection.table)?);
        }
    }
    Ok(tensors)
}

fn words_name(kind: EncoderKind) -> &'static str {
    if kind == EncoderKind::Bert { bert::WORDS } else { "tokens.weight" }
}

fn vector(values: &[f32]) -> Result<Tensor, Error> {
    Ok(Tensor::from_slice(values, values.len(), &Device::Cpu)?)
}

fn table(table: &Table) -> Result<Tensor, Error> {
    Ok(Tensor::from_slice(table.values(), (table.len(), table.dim()), &Device::Cpu)?.to_dtype(DType::F16)?)
}

/// Reads a bundle and checks that its parts fit together.
pub(crate) fn load(dir: &Path) -> Result<(Parts, BundleInfo, Gazetteer), Error> {
    if !dir.is_dir() {
        return Err(Error::bundle(dir, "is no folder; name a bundle made by `frontdesk train`"));
    }
    let Frontdesk { info, gazetteer, tagger } = load_frontdesk(&dir.join("frontdesk.json"))?;
    let path = dir.join("config.json");
    let config: Config =
        serde_json::from_slice(&read(&path)?).map_err(|error| Error::bundle(&path, format!("is damaged: {error}")))?;
    let has_intents = info.heads.iter().any(|head| head == "intent");
    let intents = intents(&config, has_intents).map_err(|problem| Error::bundle(&path, problem))?;
    let path = dir.join("tokenizer.json");
    let mut tokenizer = load_tokenizer(&path)?;
    let mut store = Stored::load(&dir.join("model.safetensors"))?;
    let hashes = store.numbers("features.hashes")?;
    let n = hashes.len();
    let unseen = store.floats("features.unseen", &[1])?[0];
    let n_ngrams = store.n_ngrams("features.ngrams", n)?;
    let featuriser = Featuriser::from_parts(hashes, store.floats("features.idf", &[n])?, unseen, n_ngrams);
    let mut network = load_network(&mut store, &config, &featuriser)?;
    network.prepare(info.precision);
    if network.tokens.dim() > 0 && !tokenizer.fits(network.tokens.len()) {
        return Err(Error::bundle(&path, format!("has more tokens than the {} the model knows", network.tokens.len())));
    }
    let neighbours = load_neighbours(&mut store, n_ngrams)?;
    if neighbours.labels.iter().any(|label| *label as usize >= intents.len()) {
        return Err(store.problem("neighbours.labels names intents that config.json lacks"));
    }
    let sentiment = load_sentiment(&mut store, &network)?;
    let tagger = tagger.map(|facts| load_tagger(&mut store, facts, network.base())).transpose()?;
    if let Some(averaged) = network.averaged.take() {
        if averaged.shape.vocabulary != tokenizer.len() {
            return Err(Error::bundle(&path, "has other tokens than the model's sentence encoder"));
        }
        let (averaged, shared) = shipped::shared(averaged, tokenizer);
        (network.averaged, tokenizer) = (Some(averaged), shared);
    }
    let plain = network.plain()?;
    let parts = Parts {
        featuriser,
        tokenizer,
        network,
        plain,
        examples: store.lines("neighbours.texts", neighbours.labels.len())?,
        neighbours,
        intents,
        sentiment,
        tagger,
        calibration: info.calibration.clone(),
        prefix: info.features.prefix.clone(),
        depth: info.depth,
        metrics: info.metrics.clone(),
    };
    Ok((parts, info, gazetteer))
}

fn load_frontdesk(path: &Path) -> Result<Frontdesk, Error> {
    let json: serde_json::Value =
        serde_json::from_slice(&read(path)?).map_err(|error| Error::bundle(path, format!("is damaged: {error}")))?;
    let version = json.get("format_version").and_then(serde_json::Value::as_u64);
    if version != Some(u64::from(FORMAT_VERSION)) {
        let found = version.map_or("none".to_owned(), |version| version.to_string());
        return Err(Error::bundle(
            path,
            format!("has format version {found}, this build reads {FORMAT_VERSION}; train the model again"),
        ));
    }
    let frontdesk: Frontdesk =
        serde_json::from_value(json).map_err(|error| Error::bundle(path, format!("is damaged: {error}")))?;
    let calibration = &frontdesk.info.calibration;
    let scope_is_sound = calibration.scope.weights.len() == scope::SIGNALS
        && calibration.scope.weights.iter().all(|weight| weight.is_finite());
    let temperatures = [calibration.temperature, calibration.sentiment_temperature];
    if !scope_is_sound
        || !calibration.scope.bias.is_finite()
        || !calibration.beta.is_sound()
        || calibration.several.is_some_and(|several| !several.is_sound())
        || temperatures.iter().any(|t| !t.is_finite() || *t <= 0.0)
    {
        return Err(Error::bundle(path, "has a calibration that cannot be used; train the model again"));
    }
    frontdesk.gazetteer.check()?;
    Ok(frontdesk)
}

fn load_tokenizer(path: &Path) -> Result<Tokenizer, Error> {
    Tokenizer::from_json(&read(path)?, path)
}

fn intents(config: &Config, has_intents: bool) -> Result<Vec<String>, String> {
    let n = config.id2label.len();
    if (n == 0) == has_intents || config.id2label.keys().copied().ne(0..n as u32) {
        return Err("id2label does not number its labels from 0 without a gap".into());
    }
    if config.label2id.len() != n || config.id2label.iter().any(|(id, label)| config.label2id.get(label) != Some(id)) {
        return Err("id2label and label2id disagree".into());
    }
    if ![n, n + 1].contains(&config.outputs) || config.ngram_dim != NGRAM_DIM {
        return Err(format!(
            "has {} outputs for {n} labels and n-gram vectors of {}",
            config.outputs, config.ngram_dim
        ));
    }
    Ok(config.id2label.values().cloned().collect())
}

fn load_network(store: &mut Stored, config: &Config, featuriser: &Featuriser) -> Result<Network, Error> {
    let n = featuriser.len();
    let mut dense = Dense::default();
    let mut bert = None;
    let token_dim = match (config.encoder, &config.base) {
        (EncoderKind::Ngrams | EncoderKind::Averaged, _) => 0,
        (EncoderKind::Bert, Some(base)) => {
            bert = Some(load_bert(store, base)?);
            base.hidden_size
        }
        (EncoderKind::Bert, None) => {
            return Err(store.problem("belongs to a BERT encoder, but config.json lacks its fields"));
        }
        _ => TOKEN_DIM,
    };
    if config.encoder == EncoderKind::Cnn {
        cnn::add_weights(&mut dense, TOKEN_DIM, &mut Random::new(0, 0))?;
        let shapes: Vec<_> = dense.iter().map(|(name, var)| (name.clone(), var.dims().to_vec())).collect();
        for (name, shape) in shapes {
            dense.add(&name, store.floats(&name, &shape)?, shape)?;
        }
    }
    let mut network = Network {
        kind: config.encoder,
        ngrams: match ngram_dim(config.encoder) {
            0 => Table::default(),
            dim => store.table("ngrams.weight", Some(featuriser.n_ngrams()), dim)?,
        },
        wide: store.has("wide.weight").then(|| store.table("wide.weight", Some(n), config.outputs)).transpose()?,
        tokens: if token_dim == 0 {
            Table::default()
        } else {
            store.table(words_name(config.encoder), None, token_dim)?
        },
        dense,
        bert,
        averaged: load_averaged(store, config)?.map(Arc::new),
        outputs: config.outputs,
    };
    for (name, shape) in network.head_shapes() {
        network.dense.add(&name, store.floats(&name, &shape)?, shape)?;
    }
    Ok(network)
}

fn load_averaged(store: &mut Stored, config: &Config) -> Result<Option<Averaged>, Error> {
    match (config.encoder, config.averaged) {
        (EncoderKind::Averaged, Some(shape)) if shape.is_sound() => Averaged::from_stored(shape, store).map(Some),
        (EncoderKind::Averaged, _) => {
            Err(store.problem("belongs to a sentence encoder, but config.json lacks its sizes"))
        }
        _ => Ok(None),
    }
}

fn load_bert(store: &mut Stored, config: &BertConfig) -> Result<Bert, Error> {
    let bert = if bert::is_in_bytes(config, |name| store.has(name)) {
        let small = Weights::collect(config, Kept::Small, |name, shape| store.floats(name, shape))?;
        let layers = bert::collect_bytes(config, store)?;
        Bert::in_bytes(config.clone(), small, layers)
    } else {
        let weights = Weights::collect(config, Kept::All, |name, shape| store.floats(name, shape))?;
        Bert::new(config.clone(), weights)
    };
    bert.map_err(|problem| store.problem(&problem))
}

fn load_neighbours(store: &mut Stored, n_rows: usize) -> Result<Neighbours, Error> {
    let examples = store.numbers("neighbours.examples")?;
    let weights = store.floats("neighbours.weights", &[examples.len()])?;
    let neighbours = Neighbours {
        starts: store.numbers("neighbours.starts")?,
        entries: examples.into_iter().zip(weights).collect(),
        common: store.numbers("neighbours.common")?.into_iter().map(|flag| flag != 0).collect(),
        labels: store.numbers("neighbours.labels")?,
    };
    if !neighbours.is_sound(n_rows) {
        return Err(store.problem("has neighbours that do not fit its n-grams"));
    }
    Ok(neighbours)
}

fn load_sentiment(store: &mut Stored, network: &Network) -> Result<Option<SentimentHead>, Error> {
    if !store.has("sentiment.hashes") {
        return Ok(None);
    }
    let hashes = store.numbers("sentiment.hashes")?;
    let n = hashes.len();
    let n_ngrams = store.n_ngrams("sentiment.ngrams", n)?;
    let bias = store.floats("sentiment.bias", &[3])?;
    let weights = store.table("sentiment.weight", Some(n), 3)?;
    let featuriser = Featuriser::from_parts(hashes, store.floats("sentiment.idf", &[n])?, 1.0, n_ngrams);
    let meaning = match store.has("sentiment.meaning") {
        true if !network.has_base() => {
            return Err(store.problem("has a sentiment that was learned with a base, but holds no base"));
        }
        true => Some(store.table("sentiment.meaning", Some(network.encoded()), 3)?),
        false => None,
    };
    Ok(Some(SentimentHead { featuriser, linear: Linear { weights, bias }, meaning }))
}

fn load_tagger(store: &mut Stored, facts: TaggerFacts, base: Option<&BertConfig>) -> Result<EntityTagger, Error> {
    let labels =
        facts.labels().ok_or_else(|| store.problem("belongs to entities that frontdesk.json does not name"))?;
    let (hashes, n) = (store.numbers("entities.hashes")?, labels.len());
    let table = store.table("entities.weight", Some(hashes.len()), n)?;
    let steps = store.table("entities.steps", Some(1), n * n)?;
    let projection = match (facts.form, base) {
        (None, _) => None,
        (Some(_), None) => return Err(store.problem("has entities that were learned with a base, but holds no base")),
        (Some(_), Some(base)) => {
            Some(Projection { table: store.table("entities.states", Some(BLOCKS * n), base.hidden_size)? })
        }
    };
    Ok(EntityTagger::new(facts, hashes, TaggerWeights { labels, table, steps, projection }))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::io(path))
}

/// Reads a base in Hugging Face layout, with its tokenizer and the prefix its folder asks for.
pub(crate) fn load_base(dir: &Path) -> Result<(Base, Tokenizer, String), Error> {
    if !dir.is_dir() {
        return Err(Error::bundle(dir, "is no folder; a base has config.json, tokenizer.json and model.safetensors"));
    }
    let path = dir.join("config.json");
    if let Some((averaged, tokenizer)) = sentence::load_averaged(&read(&path)?, dir)? {
        return Ok((Base::Averaged(Arc::new(averaged)), tokenizer, String::new()));
    }
    let config = BertConfig::load(&path)?;
    let tokenizer = load_tokenizer(&dir.join("tokenizer.json"))?;
    let (weights, words) = bert::load_weights(&dir.join("model.safetensors"), &config)?;
    if !tokenizer.fits(words.len()) {
        return Err(Error::bundle(
            dir,
            format!("tokenizer.json has more tokens than the {} of the model", words.len()),
        ));
    }
    let known = tokenizer.len();
    // A table is often a little longer than its vocabulary, to be of a round size.
    if known + SPARE_ROWS.max(words.len() / SPARE_SHARE) < words.len() {
        return Err(Error::bundle(
            dir,
            format!("tokenizer.json has {known} tokens, the model {}: they do not belong together", words.len()),
        ));
    }
    let bert = Bert::new(config, weights).map_err(|problem| Error::bundle(dir, problem))?;
    Ok((Base::Transformer(Box::new(Transformer { bert, words })), tokenizer, prefix(dir)))
}

/// The text a base wants before each query: from our own file, or from sentence-transformers'.
fn prefix(dir: &Path) -> String {
    let text = |file: &str, pointer: &str| -> Option<String> {
        let json: serde_json::Value = serde_json::from_slice(&fs::read(dir.join(file)).ok()?).ok()?;
        Some(json.pointer(pointer)?.as_str()?.to_owned())
    };
    text("frontdesk.json", "/features/prefix")
        .or_else(|| text("config_sentence_transformers.json", "/prompts/query"))
        .unwrap_or_default()
}
