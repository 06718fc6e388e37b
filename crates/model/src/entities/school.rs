//! How a tagger comes to be: marked messages are read, some are held out to judge by, and what is learned is calibrated.

use half::slice::HalfFloatSliceExt as _;
use rayon::prelude::*;

use super::EntityFinder;
use super::confidence::Confidence;
use super::labels::Labels;
use super::learn::{Beside, Course, Lesson, Pace, Weights};
use super::pieces::{Cutter, Form, Seen};
use super::read::{FEW_MESSAGES, Read, known, see, vocabulary};
use super::tagger::{EntityTagger, TaggerFacts};
use crate::encoder::bert::Bert;
use crate::random::Random;
use crate::table::Table;
use crate::train::Watcher;
use crate::{AnnotatedText, Control, Precision};

/// One of so many messages checks instead of teaching, until the probabilities are calibrated.
const HELD_OUT: usize = 8;
/// Where an encoder learns, more messages than this are taught once, and no more than so many of them check: to teach
/// it again would double the time.
const TAUGHT_ONCE: usize = 2000;
const MOST_HELD_OUT: usize = 500;
/// What may be taken off the score of `O`; likeliest tags alone miss more entities than they make up.
const BOLDNESS: [f32; 8] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8];
/// Fewer held-out entities than this say nothing about boldness.
const FEW_ENTITIES: usize = 100;

/// What a tagger is learned with, beside marked messages.
#[derive(Debug)]
pub(crate) struct School<'a> {
    pub finder: &'a EntityFinder,
    pub seed: u64,
    pub base: Option<Base<'a>>,
    pub checks: Checks,
    pub pace: Pace,
}

/// Whether the watcher is shown what is found on held-out messages after each pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checks {
    Shown,
    Hidden,
}

/// A base that reads messages too.
#[derive(Debug)]
pub(crate) struct Base<'a> {
    pub cutter: Cutter<'a>,
    pub encoder: Encoder<'a>,
}

/// The base's encoder: as it is, or to be tuned and then made ready to serve.
#[derive(Debug)]
pub(crate) enum Encoder<'a> {
    Kept(&'a Bert, &'a Table),
    Tuned(&'a mut Bert, &'a mut Table, Precision),
}

impl EntityTagger {
    /// Learns from marked messages alone, given the known values; nothing comes of messages without a mark.
    ///
    /// Also tells the F1 of whole entities on the messages that were held out.
    pub fn train(messages: &[AnnotatedText], finder: &EntityFinder, seed: u64) -> Option<(Self, f32)> {
        let school = School { finder, seed, base: None, checks: Checks::Hidden, pace: Pace::default() };
        school.teach(messages, &mut Watcher::new(&mut |_| Control::Continue, None))
    }
}

impl School<'_> {
    /// A tagger, and the F1 of whole entities on held-out messages; nothing comes of messages without a mark.
    ///
    /// An encoder that is tuned is left as the tagger needs it.
    pub(crate) fn teach(self, messages: &[AnnotatedText], watcher: &mut Watcher<'_>) -> Option<(EntityTagger, f32)> {
        let entities = names(messages);
        if entities.is_empty() {
            return None;
        }
        let Self { finder, seed, base, checks, pace } = self;
        let cutter = base.as_ref().map(|base| base.cutter);
        let mut read = read(messages, &entities, finder, cutter.as_ref(), seed);
        let class = Class { entities, form: cutter.map(|cutter| cutter.form), seed, checks, pace };
        Some(match base.map(|base| base.encoder) {
            None => class.teach(&read, None, watcher),
            Some(Encoder::Kept(bert, words)) => {
                see(&mut read, bert, words);
                class.teach(&read, Some(bert.config.hidden_size), watcher)
            }
            Some(Encoder::Tuned(bert, words, precision)) => {
                see(&mut read, bert, words);
                class.tune(&mut read, (bert, words), precision, watcher)
            }
        })
    }
}

/// Names of the marked entities, sorted.
fn names(messages: &[AnnotatedText]) -> Vec<String> {
    let mut names: Vec<String> =
        messages.iter().flat_map(|message| &message.mentions).map(|mention| mention.entity.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// Messages ready to be learned from, in any order.
fn read(
    messages: &[AnnotatedText],
    entities: &[String],
    finder: &EntityFinder,
    cutter: Option<&Cutter<'_>>,
    seed: u64,
) -> Vec<Read> {
    let mut read: Vec<Read> = messages.par_iter().map(|message| Read::new(message, entities, finder, cutter)).collect();
    let mut random = Random::new(seed, 6);
    if messages.len() < FEW_MESSAGES {
        read.iter_mut().zip(messages).for_each(|(read, message)| read.hide(message, finder, &mut random));
    }
    read.retain(|message| !message.features.is_empty());
    random.shuffle(&mut read);
    read
}

/// What all fits of a tagger have in common.
struct Class {
    entities: Vec<String>,
    form: Option<Form>,
    seed: u64,
    checks: Checks,
    pace: Pace,
}

impl Class {
    /// Teaches most messages, judges by the others, and teaches all; `hidden` is the size of the states they bring.
    fn teach(&self, read: &[Read], hidden: Option<usize>, watcher: &mut Watcher<'_>) -> (EntityTagger, f32) {
        let (checks, lessons) = read.split_at(read.len() / HELD_OUT);
        let beside = || hidden.map_or(Beside::Nothing, Beside::Kept);
        watcher.begin(lessons.len(), read.len());
        let judge = self.fit(lessons, checks, beside(), watcher);
        let verdict = Verdict::of(&judge, checks);
        if watcher.stopped {
            return verdict.on(judge);
        }
        watcher.begin(read.len(), 0);
        let tagger = self.fit(read, &[], beside(), watcher);
        verdict.on(if watcher.stopped { judge } else { tagger })
    }

    /// The same with an encoder that learns too, which many messages are taught but once.
    fn tune(
        &self,
        read: &mut [Read],
        (bert, words): (&mut Bert, &mut Table),
        precision: Precision,
        watcher: &mut Watcher<'_>,
    ) -> (EntityTagger, f32) {
        let few = read.len() <= TAUGHT_ONCE;
        let fresh = few.then(|| (bert.clone(), words.clone()));
        let most = if few { usize::MAX } else { MOST_HELD_OUT };
        let n_all = read.len();
        let (checks, lessons) = read.split_at_mut((n_all / HELD_OUT).min(most));
        watcher.begin(lessons.len(), if few { n_all } else { 0 });
        let judge = self.fit(lessons, checks, Beside::Tuned(bert, words), watcher);
        ready(bert, words, precision);
        see(checks, bert, words);
        let verdict = Verdict::of(&judge, checks);
        let Some((mut again, mut again_words)) = fresh.filter(|_| !watcher.stopped) else {
            return verdict.on(judge);
        };
        see(read, &again, &again_words);
        watcher.begin(n_all, 0);
        let tagger = self.fit(read, &[], Beside::Tuned(&mut again, &mut again_words), watcher);
        if watcher.stopped {
            return verdict.on(judge);
        }
        ready(&mut again, &mut again_words, precision);
        (*bert, *words) = (again, again_words);
        verdict.on(tagger)
    }

    fn fit(&self, lessons: &[Read], checks: &[Read], beside: Beside<'_>, watcher: &mut Watcher<'_>) -> EntityTagger {
        let hashes = vocabulary(lessons);
        let rows = hashes.iter().copied().zip(0..).collect();
        let labels = Labels::new(self.entities.len());
        let lesson = |message: &'_ Read| Lesson {
            rows: known(&rows, &message.features),
            hiding: (!message.hiding.is_empty()).then(|| known(&rows, &message.hiding)),
            labels: labels.encode(&message.spans, message.features.len()),
            pieces: message.pieces.clone(),
            states: message.states.clone(),
        };
        let shown = if self.checks == Checks::Shown { checks } else { &[] };
        let course = Course {
            lessons: &lessons.par_iter().map(lesson).collect::<Vec<_>>(),
            checks: &shown.par_iter().map(lesson).collect::<Vec<_>>(),
            labels,
            n_features: hashes.len(),
            pace: self.pace,
            seed: self.seed,
        };
        let weights = Weights::learn(&course, beside, watcher);
        EntityTagger::new(TaggerFacts::new(self.entities.clone(), self.form), hashes, weights)
    }
}

/// Makes a tuned encoder what a loaded one would be.
fn ready(bert: &mut Bert, words: &mut Table, precision: Precision) {
    words.finish();
    words.round();
    bert.prepare(precision);
}

/// What held-out messages say of a tagger.
struct Verdict {
    boldness: f32,
    confidence: Confidence,
    f1: f32,
}

impl Verdict {
    /// The boldness of the highest F1, with what follows from it.
    fn of(tagger: &EntityTagger, messages: &[Read]) -> Self {
        let there: usize = messages.iter().map(|message| message.spans.len()).sum();
        let scores: Vec<Vec<f32>> = messages.par_iter().map(|message| scores(tagger, message)).collect();
        let (mut best, mut best_judged) =
            (Self { boldness: 0.0, confidence: Confidence::default(), f1: -1.0 }, Vec::new());
        for boldness in BOLDNESS.into_iter().take(if there < FEW_ENTITIES { 1 } else { BOLDNESS.len() }) {
            let judged = judged(tagger, messages, &scores, boldness);
            let right = judged.iter().filter(|(_, right)| *right).count();
            let f1 = 2.0 * right as f32 / (judged.len() + there).max(1) as f32;
            if f1 > best.f1 {
                (best.boldness, best.f1, best_judged) = (boldness, f1, judged);
            }
        }
        best.confidence = Confidence::fit(&best_judged);
        best
    }

    fn on(self, tagger: EntityTagger) -> (EntityTagger, f32) {
        (tagger.calibrated(self.boldness, self.confidence), self.f1)
    }
}

fn scores(tagger: &EntityTagger, message: &Read) -> Vec<f32> {
    let states = message.states.to_f32_vec();
    tagger.scores(&message.features, Some(Seen { pieces: &message.pieces, states: &states }))
}

/// The field's own probability of each entity it finds, and whether it is right.
fn judged(tagger: &EntityTagger, messages: &[Read], scores: &[Vec<f32>], boldness: f32) -> Vec<(f64, bool)> {
    let found: Vec<_> = scores.par_iter().map(|scores| tagger.spans(scores, boldness)).collect();
    let rows = found.iter().zip(messages);
    rows.flat_map(|(found, message)| found.iter().map(|(span, own)| (*own, message.spans.contains(span)))).collect()
}
