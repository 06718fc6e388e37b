//! Labels judged by cross-validation: likely wrong ones, intents that run into each other, intents hard to recognise.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::confident::{Suspect, suspects};
use super::{Audit, Evidence, Finding, IntentHealth, Kind, Looked, name};
use crate::near::nearest;
use crate::out_of_fold::{Labelled, out_of_fold};
use crate::progress::Steps;

/// Folds of the cross-validation.
const FOLDS: usize = 5;
/// Steps that an audit reports.
pub(crate) const STEPS: usize = FOLDS + 1;
/// Fewer examples of an intent cannot be judged.
const FEWEST: usize = 4;
/// Messages, and messages times intents, that are judged: what half a minute and a few dozen megabytes allow. Of larger
/// sets an even selection is judged.
const MOST_ROWS: usize = 30_000;
const MOST_CELLS: usize = 6_000_000;
/// Wrong labels that are named at most.
const MOST_SUSPECTS: usize = 1000;
/// A doubtful message is so many times as like its nearest of the other label as those of its own.
const NEARER: f32 = 1.5;
/// Two intents overlap when this share of both together is taken for the other, this share of each, and so many in all.
const OVERLAP: f64 = 0.08;
const OVERLAP_OF_EACH: f64 = 0.03;
const FEWEST_CONFUSED: usize = 5;
/// An intent is hard to recognise below this share.
const HARD: f64 = 0.5;
/// Messages that show a finding.
const SHOWN: usize = 3;
const SEED: u64 = 17;

/// What models that had not learned a row said about it. A row with several labels stands here once for each of them, and
/// each is judged by itself.
struct Judged<'a> {
    looked: &'a Looked<'a>,
    /// Rows that were judged, as positions among those looked at.
    rows: Vec<usize>,
    labels: Vec<u32>,
    intents: Vec<Option<&'a str>>,
    probabilities: Vec<Vec<f32>>,
    /// The likeliest label of each row.
    said: Vec<u32>,
}

/// Adds what cross-validation finds, and how every intent is.
pub(super) fn judge(looked: &Looked<'_>, audit: &mut Audit, steps: &Steps) {
    let mut counts: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for label in looked.rows.iter().flat_map(|row| row.labels()) {
        *counts.entry(label).or_default() += 1;
    }
    let Some(judged) = Judged::new(looked, &counts, steps) else {
        audit.intents = counts.iter().map(|(intent, examples)| IntentHealth::unknown(*intent, *examples)).collect();
        return;
    };
    let doubts = judged.doubts();
    audit.judged = judged.rows.iter().collect::<BTreeSet<_>>().len();
    let right = judged.said.iter().zip(&judged.labels).filter(|(said, label)| said == label).count();
    audit.found_again = right as f64 / judged.rows.len() as f64;
    audit.noise = doubts.len() as f64 / judged.rows.len() as f64;
    audit.intents = judged.health(&counts, &doubts);
    let named = doubts.iter().take(MOST_SUSPECTS).map(|doubt| judged.wrong_label(doubt));
    audit.findings.extend(named);
    audit.findings.extend(judged.overlaps());
    let hard: Vec<Finding> = audit.intents.iter().filter_map(|intent| judged.hard(intent)).collect();
    audit.findings.extend(hard);
}

/// A suspect whose neighbours speak against its label too.
struct Doubt {
    row: usize,
    instead: u32,
    certainty: f32,
    /// The rows of the other class that are most like it.
    alike: Vec<usize>,
}

impl<'a> Judged<'a> {
    fn new(looked: &'a Looked<'a>, counts: &BTreeMap<Option<&'a str>, usize>, steps: &Steps) -> Option<Self> {
        let intents: Vec<Option<&str>> =
            counts.iter().filter(|(_, count)| **count >= FEWEST).map(|(intent, _)| *intent).collect();
        let most_rows = MOST_ROWS.min(MOST_CELLS / intents.len().max(1));
        if intents.len() < 2 || most_rows / intents.len() < FEWEST {
            return None;
        }
        let numbers: HashMap<Option<&str>, u32> = intents.iter().copied().zip(0..).collect();
        let labels_of = |row: usize| looked.rows[row].labels().filter_map(|label| numbers.get(&label).copied());
        let mut stated: Vec<(usize, u32)> =
            (0..looked.rows.len()).flat_map(|row| labels_of(row).map(move |label| (row, label))).collect();
        thin(&mut stated, most_rows);
        let (rows, labels): (Vec<usize>, Vec<u32>) = stated.into_iter().unzip();
        let texts: Vec<&str> = rows.iter().map(|row| looked.readings[*row].as_str()).collect();
        let vectors: Vec<_> = rows.iter().map(|row| &looked.vectors[*row]).collect();
        let (n_terms, n_classes) = (looked.vectoriser.n_terms(), intents.len());
        let set = Labelled { texts: &texts, vectors: &vectors, labels: &labels, n_terms, n_classes };
        let mut probabilities = out_of_fold(set, FOLDS, SEED, steps).probabilities;
        for ((row, label), said) in rows.iter().zip(&labels).zip(&mut probabilities) {
            let others: Vec<u32> = labels_of(*row).filter(|other| other != label).collect();
            set_apart(said, &others);
        }
        let said = probabilities.iter().map(|row| best(row)).collect();
        Some(Self { looked, rows, labels, intents, probabilities, said })
    }

    fn evidence(&self, row: usize) -> Evidence {
        Evidence::of(self.looked.rows[self.rows[row]])
    }

    /// Suspects that are also nearer to examples of the other label, the clearest first. On three sets with one label
    /// in twenty changed this left three of four planted errors standing and threw half of the false alarms out.
    fn doubts(&self) -> Vec<Doubt> {
        let suspects = suspects(&self.labels, &self.probabilities, self.intents.len());
        let mut doubts: Vec<Doubt> = suspects.iter().filter_map(|suspect| self.doubt(suspect)).collect();
        doubts.sort_by(|a, b| b.certainty.total_cmp(&a.certainty).then(a.row.cmp(&b.row)));
        doubts
    }

    fn doubt(&self, suspect: &Suspect) -> Option<Doubt> {
        let vector = |row: usize| &self.looked.vectors[self.rows[row]];
        let near = |label: u32| {
            let is_other = |row: &usize| self.rows[*row] != self.rows[suspect.row];
            let others = (0..self.rows.len()).filter(is_other).filter(|row| self.labels[*row] == label);
            let near = nearest(vector(suspect.row), others.map(|row| (row, vector(row))), SHOWN);
            let likeness = near.iter().map(|near| near.likeness).sum::<f32>() / SHOWN as f32;
            (likeness, near.into_iter().map(|near| near.index).collect::<Vec<usize>>())
        };
        let (own, _) = near(self.labels[suspect.row]);
        let (other, alike) = near(suspect.instead);
        let certainty = (suspect.other - suspect.own) * other / (own + other).max(f32::MIN_POSITIVE);
        (other > NEARER * own).then_some(Doubt { row: suspect.row, instead: suspect.instead, certainty, alike })
    }

    fn wrong_label(&self, doubt: &Doubt) -> Finding {
        let row = self.looked.rows[self.rows[doubt.row]];
        let [label, instead] = [self.labels[doubt.row], doubt.instead].map(|label| self.intents[label as usize]);
        let (own, other) = (name(label), name(instead));
        let (what, mend) = if row.labels().any(|stated| stated == instead) {
            // Its other label alone explains it.
            (format!("reads like `{other}` alone"), format!("take `{own}` away"))
        } else {
            (format!("reads like `{other}`"), format!("label it `{other}`"))
        };
        Finding {
            kind: Kind::WrongLabel,
            place: row.place.clone(),
            text: Some(row.text.clone()),
            intent: label.map(str::to_owned),
            suggested: instead.map(str::to_owned),
            certainty: f64::from(doubt.certainty),
            what: format!("“{}” is labelled `{own}` but {what}", row.text),
            mend: format!("{mend}; if `{own}` is right, write more examples of it that read like this one"),
            evidence: doubt.alike.iter().map(|row| self.evidence(*row)).collect(),
        }
    }

    /// Every intent, those that are recognised least first.
    fn health(&self, counts: &BTreeMap<Option<&str>, usize>, doubts: &[Doubt]) -> Vec<IntentHealth> {
        let n = self.intents.len();
        let (mut there, mut said, mut right, mut doubtful) = (vec![0; n], vec![0; n], vec![0; n], vec![0; n]);
        for (label, best) in self.labels.iter().zip(&self.said) {
            there[*label as usize] += 1;
            said[*best as usize] += 1;
            right[*label as usize] += usize::from(label == best);
        }
        doubts.iter().for_each(|doubt| doubtful[self.labels[doubt.row] as usize] += 1);
        let share = |part: usize, whole: usize| Some(part as f64 / whole.max(1) as f64);
        let health = |(intent, examples): (&Option<&str>, &usize)| {
            let unknown = IntentHealth::unknown(*intent, *examples);
            match self.intents.iter().position(|one| one == intent) {
                None => unknown,
                Some(label) => IntentHealth {
                    found_again: share(right[label], there[label]),
                    precision: share(right[label], said[label]),
                    noise: share(doubtful[label], there[label]),
                    ..unknown
                },
            }
        };
        let mut all: Vec<IntentHealth> = counts.iter().map(health).collect();
        all.sort_by(|a, b| a.found_again.unwrap_or(-1.0).total_cmp(&b.found_again.unwrap_or(-1.0)));
        all
    }

    /// Pairs of intents that are taken for each other, both ways.
    fn overlaps(&self) -> Vec<Finding> {
        let mut confused: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
        for (row, (label, said)) in self.labels.iter().zip(&self.said).enumerate() {
            if label != said {
                confused.entry((*label, *said)).or_default().push(row);
            }
        }
        let mut counts = vec![0_usize; self.intents.len()];
        self.labels.iter().for_each(|label| counts[*label as usize] += 1);
        let share = |(from, to): (u32, u32)| {
            confused.get(&(from, to)).map_or(0, Vec::len) as f64 / counts[from as usize] as f64
        };
        let mut found: Vec<Finding> = confused
            .keys()
            .filter(|(a, b)| a < b && confused.contains_key(&(*b, *a)))
            .filter(|(a, b)| {
                let times = confused[&(*a, *b)].len() + confused[&(*b, *a)].len();
                let (there, back) = (share((*a, *b)), share((*b, *a)));
                times >= FEWEST_CONFUSED && there.min(back) >= OVERLAP_OF_EACH && there + back >= 2.0 * OVERLAP
            })
            .map(|(a, b)| self.overlap([*a, *b], [share((*a, *b)), share((*b, *a))], &confused))
            .collect();
        found.sort_by(|a, b| b.certainty.total_cmp(&a.certainty));
        found
    }

    fn overlap(&self, [a, b]: [u32; 2], shares: [f64; 2], confused: &BTreeMap<(u32, u32), Vec<usize>>) -> Finding {
        let shown = |pair: (u32, u32)| confused[&pair].iter().take(SHOWN).map(|row| self.evidence(*row));
        let evidence: Vec<Evidence> = shown((a, b)).chain(shown((b, a))).collect();
        let (first, second) = (name(self.intents[a as usize]), name(self.intents[b as usize]));
        Finding {
            kind: Kind::Overlap,
            place: evidence[0].place.clone(),
            text: None,
            intent: self.intents[a as usize].map(str::to_owned),
            suggested: self.intents[b as usize].map(str::to_owned),
            certainty: f64::midpoint(shares[0], shares[1]),
            what: format!(
                "`{first}` and `{second}` run into each other: {:.0} % of the first are taken for the second, {:.0} % the other way",
                shares[0] * 100.0,
                shares[1] * 100.0
            ),
            mend: "make one intent of the two, or move examples until each says only what the other does not"
                .to_owned(),
            evidence,
        }
    }

    fn hard(&self, health: &IntentHealth) -> Option<Finding> {
        let found_again = health.found_again.filter(|share| *share < HARD)?;
        let label = self.intents.iter().position(|intent| *intent == health.intent.as_deref())? as u32;
        let missed = (0..self.rows.len()).filter(|row| self.labels[*row] == label && self.said[*row] != label);
        let evidence: Vec<Evidence> = missed.take(SHOWN).map(|row| self.evidence(row)).collect();
        let intent = name(health.intent.as_deref());
        Some(Finding {
            kind: Kind::HardToRecognise,
            place: evidence.first()?.place.clone(),
            text: None,
            intent: health.intent.clone(),
            suggested: None,
            certainty: 1.0 - found_again,
            what: format!(
                "only {:.0} % of the {} examples of `{intent}` are recognised by the others",
                found_again * 100.0,
                health.examples
            ),
            mend: "write more examples that are alike, or split the intent if it holds several things".to_owned(),
            evidence,
        })
    }
}

/// Judges one label of a message that has `others` too: what they explain is set aside, so that the rest is shared among
/// the remaining classes, while each of them keeps its own probability, in case it explains the message alone.
fn set_apart(said: &mut [f32], others: &[u32]) {
    let explained: f32 = others.iter().map(|other| said[*other as usize]).sum();
    let rest = (1.0 - explained).max(f32::MIN_POSITIVE);
    for (class, probability) in (0..).zip(said) {
        if !others.contains(&class) {
            *probability = (*probability / rest).min(1.0);
        }
    }
}

/// Keeps at most so many stated labels, as evenly over the labels as they allow.
fn thin(stated: &mut Vec<(usize, u32)>, most: usize) {
    let mut of_label: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, label) in stated.iter() {
        of_label.entry(*label).or_default().push(*row);
    }
    let mut cap = stated.len();
    while of_label.values().map(|rows| rows.len().min(cap)).sum::<usize>() > most && cap > FEWEST {
        cap = (cap * 4 / 5).max(FEWEST);
    }
    let even = |(label, rows): (&u32, &Vec<usize>)| -> Vec<(usize, u32)> {
        let kept = rows.len().min(cap);
        (0..kept).map(|index| (rows[index * rows.len() / kept], *label)).collect()
    };
    *stated = of_label.iter().flat_map(even).collect();
    stated.sort_unstable();
}

fn best(row: &[f32]) -> u32 {
    (0..).zip(row).max_by(|a: &(u32, &f32), b| a.1.total_cmp(b.1)).map_or(0, |(class, _)| class)
}
