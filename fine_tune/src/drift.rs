//! `drift`: whether customers come for other things than before, in other words, and are answered less, with what
//! could be chance told apart: whole conversations are exchanged between the two logs at random (permutation test).

mod report;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use model::Classifier;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::args::DriftArgs;
use crate::evaluate;
use crate::events::write_whole;
use crate::logs::{Conversation, Role};
use crate::meaning;
use crate::mine::{matters, read_logs};
use vocabulary::Word;

/// Something has changed.
const DRIFTED: u8 = 1;
/// Random exchanges of conversations.
const PERMUTATIONS: usize = 2000;
const BLOCK: usize = 100;
/// From which p on a change may be chance.
const SIGNIFICANT: f64 = 0.05;
/// Fewer conversations in either log cannot be compared.
const FEWEST: usize = 5;
/// What the absence of an intent is called.
const OUT_OF_SCOPE: &str = "out of scope";

/// The report of `drift`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Conversations before and after.
    pub conversations: [usize; 2],
    /// Customers' messages before and after.
    pub messages: [usize; 2],
    /// Where intents come from: `labels` of the logs, a `model`, or `groups` by meaning where there is neither.
    pub intents_from: Option<String>,
    /// How far the mix of intents has moved; none without intents.
    pub mix: Option<Shift>,
    /// Every intent's share before and after, the most changed first.
    pub intents: Vec<Change>,
    /// Share of messages that the model does not answer; none without a model.
    pub unanswered: Option<Change>,
    /// How far the words have moved.
    pub vocabulary: Shift,
    /// Words that are said more, the clearest first.
    pub rising: Vec<Word>,
    /// Words that are said less.
    pub falling: Vec<Word>,
}

/// A distance between two logs and how likely one as large is by chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// Jensen-Shannon divergence in bits: 0 for the same shares, 1 for nothing in common.
    pub divergence: f64,
    /// The divergence that 95 of 100 random exchanges stay below.
    pub by_chance: f64,
    /// Share of random exchanges with a divergence at least as large.
    pub p: f64,
}

/// A share before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What it is the share of.
    pub name: String,
    /// Before and after.
    pub shares: [f64; 2],
    /// How likely a change as large is by chance, with other intents looked at too (Benjamini and Hochberg, 1995).
    pub p: f64,
}

impl Shift {
    /// Whether chance is an unlikely explanation.
    pub fn is_significant(&self) -> bool {
        self.p < SIGNIFICANT
    }
}

impl Drift {
    /// Whether anything has changed that chance does not explain.
    pub fn is_significant(&self) -> bool {
        self.mix.is_some_and(|mix| mix.is_significant())
            || self.vocabulary.is_significant()
            || self.unanswered.as_ref().is_some_and(|change| change.p < SIGNIFICANT)
    }
}

/// Compares two logs.
pub fn run_drift(arguments: &DriftArgs) -> anyhow::Result<ExitCode> {
    let conversations = |paths: &[PathBuf]| -> anyhow::Result<Vec<Conversation>> {
        let (conversations, _) = read_logs(paths)?;
        if conversations.len() < FEWEST {
            let n = conversations.len();
            bail!("{} has {n} conversations; fewer than {FEWEST} cannot be compared", paths[0].display());
        }
        Ok(conversations)
    };
    let (mut all, after) = (conversations(&arguments.before)?, conversations(&arguments.after)?);
    let n_before = all.len();
    all.extend(after);
    let mut talks: Vec<Talk> = all.iter().map(Talk::new).collect();
    let source = if let Some(path) = &arguments.model {
        let classifier = Classifier::load(path).context("cannot load the model")?;
        understand(&mut talks, &classifier);
        Source::Model
    } else if talks.iter().any(|talk| !talk.intents.is_empty()) {
        Source::Labels
    } else {
        if let Some(encoder) = meaning::open(arguments.base.as_ref())? {
            group(&mut talks, &matters(&all, &encoder));
        }
        Source::Groups
    };
    let after = talks.split_off(n_before);
    let logs = [talks, after].map(|log| log.into_iter().filter(|talk| !talk.words.is_empty()).collect());
    let drift = drift(&logs, source, arguments.seed);
    if let Some(path) = &arguments.html {
        write_whole(path, report::page(&drift).as_bytes())?;
    }
    let words = if arguments.json { format!("{}\n", serde_json::to_string(&drift)?) } else { report::table(&drift) };
    let _ = std::io::stdout().write_all(words.as_bytes());
    let refused = arguments.require_stable && drift.is_significant();
    Ok(if refused { ExitCode::from(DRIFTED) } else { ExitCode::SUCCESS })
}

/// What customers said in one conversation.
#[derive(Debug, Clone, Default)]
struct Talk {
    texts: Vec<String>,
    /// The words of each message.
    words: Vec<BTreeSet<String>>,
    /// Intents that are known, out of scope included.
    intents: Vec<String>,
    unanswered: usize,
}

impl Talk {
    fn new(conversation: &Conversation) -> Self {
        let mut talk = Self::default();
        for turn in conversation.turns.iter().filter(|turn| turn.role == Role::Customer) {
            let text = text::redact(&turn.text).text;
            talk.words.push(vocabulary::words(&text));
            talk.texts.push(text);
            talk.intents.extend(turn.labels().map(|label| label.unwrap_or(OUT_OF_SCOPE).to_owned()));
        }
        talk
    }
}

/// Where intents come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Labels,
    Model,
    /// Groups of messages that mean the like.
    Groups,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Model => "model",
            Self::Groups => "groups",
        }
    }
}

/// Puts groups in place of labels; `matters` are their names with the conversation of each message.
fn group(talks: &mut [Talk], matters: &[(String, Vec<usize>)]) {
    for (name, of_messages) in matters {
        of_messages.iter().for_each(|talk| talks[*talk].intents.push(name.clone()));
    }
}

/// Puts what a model understands in place of labels.
fn understand(log: &mut [Talk], classifier: &Classifier) {
    let threshold = classifier.threshold(classifier.info().accepted_error_rate);
    let texts: Vec<&str> = log.iter().flat_map(|talk| talk.texts.iter().map(String::as_str)).collect();
    let mut said = evaluate::predict(classifier, &texts).into_iter();
    for talk in log {
        talk.intents.clear();
        for prediction in said.by_ref().take(talk.texts.len()) {
            talk.unanswered += usize::from(prediction.intent_at(threshold).is_none());
            let several = prediction.several.as_deref().unwrap_or_default();
            if several.len() > 1 {
                talk.intents.extend(several.iter().map(|named| named.intent.clone()));
                continue;
            }
            let best = prediction.ranking.first().filter(|best| best.probability >= 1.0 - prediction.in_scope);
            talk.intents.push(best.map_or_else(|| OUT_OF_SCOPE.to_owned(), |best| best.intent.clone()));
        }
    }
}

/// How often each name occurs in one conversation.
type Counts = Vec<(u32, f64)>;

fn drift(logs: &[Vec<Talk>; 2], source: Source, seed: u64) -> Drift {
    let mut intents = Numbers::default();
    let mut words = Numbers::default();
    let all: Vec<&Talk> = logs.iter().flatten().collect();
    let mixes: Vec<Counts> = all.iter().map(|talk| intents.counts(talk.intents.iter())).collect();
    let known = vocabulary::usual(all.iter().flat_map(|talk| &talk.words));
    let spoken = |talk: &&Talk| words.counts(talk.words.iter().flatten().filter(|word| known.contains(*word)));
    let spoken: Vec<Counts> = all.iter().map(spoken).collect();
    let silent = |talk: &&Talk| {
        let answered = talk.texts.len() - talk.unanswered;
        vec![(0, talk.unanswered as f64), (1, answered as f64)]
    };
    let silent: Vec<Counts> = all.iter().map(silent).collect();
    let n_before = logs[0].len();
    let mix = test(&mixes, intents.names.len(), n_before, seed);
    let vocabulary = test(&spoken, words.names.len(), n_before, seed);
    let unanswered = (source == Source::Model).then(|| {
        let tested = test(&silent, 2, n_before, seed);
        let shares = tested.shares;
        Change { name: "not answered".to_owned(), shares: [shares[0][0], shares[1][0]], p: tested.each[0] }
    });
    let has_intents = !intents.names.is_empty();
    let messages = [0, 1].map(|log| logs[log].iter().map(|talk| talk.texts.len()).sum());
    let (rising, falling) = vocabulary::moved(&spoken, &words.names, n_before, messages);
    Drift {
        conversations: [logs[0].len(), logs[1].len()],
        messages,
        intents_from: has_intents.then(|| source.name().to_owned()),
        mix: has_intents.then_some(mix.shift),
        intents: changes(&intents.names, &mix),
        unanswered,
        vocabulary: vocabulary.shift,
        rising,
        falling,
    }
}

/// Names as numbers.
#[derive(Debug, Default)]
struct Numbers {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl Numbers {
    fn counts<'a>(&mut self, names: impl Iterator<Item = &'a String>) -> Counts {
        let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
        for name in names {
            let next = self.names.len() as u32;
            let number = *self.numbers.entry(name.clone()).or_insert(next);
            if number == next {
                self.names.push(name.clone());
            }
            *counts.entry(number).or_default() += 1.0;
        }
        counts.into_iter().collect()
    }
}

/// What a permutation test says.
struct Tested {
    shift: Shift,
    /// Shares by name, before and after.
    shares: [Vec<f64>; 2],
    /// p of each name's own change, one by one.
    each: Vec<f64>,
}

fn test(talks: &[Counts], n_names: usize, n_before: usize, seed: u64) -> Tested {
    let of = |order: &[usize]| {
        let (before, after) = order.split_at(n_before);
        [before, after].map(|part| shares(part.iter().map(|talk| &talks[*talk]), n_names))
    };
    let order: Vec<usize> = (0..talks.len()).collect();
    let observed = of(&order);
    let moved = |pair: &[Vec<f64>; 2], name: usize| (pair[1][name] - pair[0][name]).abs();
    let distance = divergence(&observed);
    // Each block of exchanges has a stream of its own, so that threads do not change the result.
    let block = |block: usize| {
        let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(block as u64));
        let mut order = order.clone();
        let mut distances = Vec::with_capacity(BLOCK);
        let mut as_far = vec![0_usize; n_names];
        for _ in 0..BLOCK {
            order.shuffle(&mut random);
            let exchanged = of(&order);
            distances.push(divergence(&exchanged));
            for (name, count) in as_far.iter_mut().enumerate() {
                *count += usize::from(moved(&exchanged, name) >= moved(&observed, name) - 1e-12);
            }
        }
        (distances, as_far)
    };
    let blocks: Vec<(Vec<f64>, Vec<usize>)> = (0..PERMUTATIONS / BLOCK).into_par_iter().map(block).collect();
    let mut distances: Vec<f64> = blocks.iter().flat_map(|block| &block.0).copied().collect();
    let as_far = (0..n_names).map(|name| blocks.iter().map(|block| block.1[name]).sum::<usize>());
    distances.sort_by(f64::total_cmp);
    let larger = distances.iter().filter(|other| **other >= distance - 1e-12).count();
    // The observed order counts as one of the exchanges, so that p is never zero (Phipson and Smyth, 2010).
    let p = |count: usize| (count + 1) as f64 / (PERMUTATIONS + 1) as f64;
    let by_chance = distances[(PERMUTATIONS * 95 / 100).min(PERMUTATIONS - 1)];
    let shift = Shift { divergence: distance, by_chance, p: p(larger) };
    Tested { shift, shares: observed, each: as_far.map(p).collect() }
}

fn shares<'a>(talks: impl Iterator<Item = &'a Counts>, n_names: usize) -> Vec<f64> {
    let mut sums = vec![0.0; n_names];
    for (name, count) in talks.flatten() {
        sums[*name as usize] += count;
    }
    let total: f64 = sums.iter().sum();
    if total > 0.0 {
        sums.iter_mut().for_each(|sum| *sum /= total);
    }
    sums
}

/// Jensen-Shannon divergence in bits.
fn divergence([before, after]: &[Vec<f64>; 2]) -> f64 {
    let term = |share: f64, middle: f64| if share > 0.0 { share * (share / middle).log2() } else { 0.0 };
    let both = |(a, b): (&f64, &f64)| {
        let middle = f64::midpoint(*a, *b);
        term(*a, middle) + term(*b, middle)
    };
    (before.iter().zip(after).map(both).sum::<f64>() / 2.0).clamp(0.0, 1.0)
}

/// Every name with its shares; p is corrected for looking at many.
fn changes(names: &[String], tested: &Tested) -> Vec<Change> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|a, b| tested.each[*a].total_cmp(&tested.each[*b]));
    let n = names.len() as f64;
    let mut corrected = vec![1.0_f64; names.len()];
    let mut least = 1.0_f64;
    for (rank, name) in order.iter().enumerate().rev() {
        least = least.min(tested.each[*name] * n / (rank + 1) as f64);
        corrected[*name] = least;
    }
    let change = |(name, p): (usize, f64)| Change {
        name: names[name].clone(),
        shares: [tested.shares[0][name], tested.shares[1][name]],
        p,
    };
    let mut changes: Vec<Change> = corrected.into_iter().enumerate().map(change).collect();
    let moved = |change: &Change| (change.shares[1] - change.shares[0]).abs();
    changes.sort_by(|a, b| a.p.total_cmp(&b.p).then(moved(b).total_cmp(&moved(a))).then(a.name.cmp(&b.name)));
    changes
}

#[cfg(test)]
mod tests;
