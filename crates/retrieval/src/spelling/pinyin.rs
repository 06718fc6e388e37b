//! Pinyin where characters were meant (`zenme tuikuan`): the fewest words of the index that make the same sounds.

use std::collections::HashMap;

use text::Word;

use super::vocabulary::{LONGEST, folded};
use super::{Edit, Lexicon, Reason};

/// Letters of the longest run that is read.
const LONGEST_RUN: usize = 60;
/// Letters of the longest syllable.
const LONGEST_SYLLABLE: usize = 6;
/// What a word costs, a single character, and a syllable that no word of the index has.
const WORD: f32 = 1.0;
const CHARACTER: f32 = 1.6;
const UNKNOWN: f32 = 2.2;
/// What a sound costs that is only nearly right.
const NEARLY: f32 = 0.4;

pub(super) fn edits(words: &[Word<'_>], lexicon: &Lexicon<'_>) -> tantivy::Result<Vec<Edit>> {
    let mut edits = Vec::new();
    let mut run: Vec<&Word<'_>> = Vec::new();
    let has_han = words.iter().any(|word| word.is_han);
    // A message of nothing but common English words is English, even where all of them could be pinyin (women).
    let strange = words.iter().any(|word| !word.is_han && !text::is_word(word.text));
    let all_may = strange && words.iter().all(|word| word.is_han || may_be_pinyin(word.text));
    for word in words {
        let may = may_be_pinyin(word.text) && !lexicon.holds(word.text);
        // Beside other English words one that people commonly write is English.
        let own = may && (all_may || !text::is_word(word.text));
        if !word.is_han && own {
            run.push(word);
        } else {
            edits.extend(decoded(&std::mem::take(&mut run), lexicon)?);
        }
    }
    edits.extend(decoded(&run, lexicon)?);
    let english = words.iter().filter(|word| !word.is_han && lexicon.holds(word.text)).count();
    // A word or two that could be pinyin in an English sentence are not.
    if !has_han && !all_may && english > edits.len() {
        edits.clear();
    }
    Ok(edits)
}

fn may_be_pinyin(word: &str) -> bool {
    let n = word.len();
    if n > LONGEST_RUN || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return false;
    }
    let mut reached = vec![false; n + 1];
    reached[0] = true;
    for start in 0..n {
        for end in start + 1..=n.min(start + LONGEST_SYLLABLE) {
            reached[end] |= reached[start] && text::is_syllable(&word[start..end]);
        }
    }
    reached[n]
}

/// A way to go on from a place of the run.
#[derive(Clone)]
struct Step {
    end: usize,
    n_syllables: usize,
    cost: f32,
    /// None where the letters stay.
    word: Option<String>,
}

/// The run in characters; none where no word of several syllables was found, or most of it stays unknown.
fn decoded(run: &[&Word<'_>], lexicon: &Lexicon<'_>) -> tantivy::Result<Option<Edit>> {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(None) };
    let letters: String = run.iter().map(|word| word.text).collect();
    if letters.len() > LONGEST_RUN {
        return Ok(None);
    }
    let ends: Vec<usize> = run
        .iter()
        .scan(0, |at, word| {
            *at += word.text.len();
            Some(*at)
        })
        .collect();
    let Some(path) = Lattice { letters: &letters, ends: &ends, lexicon, seen: HashMap::new() }.cheapest()? else {
        return Ok(None);
    };
    let total: usize = path.iter().map(|step| step.n_syllables).sum();
    let meant: usize =
        path.iter().filter(|step| step.word.is_some() && step.n_syllables > 1).map(|step| step.n_syllables).sum();
    if meant * 2 < total || meant == 0 {
        return Ok(None);
    }
    let range = first.range.start..last.range.end;
    Ok(Some(Edit { range, to: written(&letters, &path), reason: Reason::Pinyin, keep: false }))
}

fn written(letters: &str, path: &[Step]) -> String {
    let mut text = String::new();
    let mut at = 0;
    for step in path {
        match &step.word {
            Some(word) => text.push_str(word),
            None => text.extend([" ", &letters[at..step.end], " "]),
        }
        at = step.end;
    }
    text.trim().to_owned()
}

/// All ways to cut letters into syllables and syllables into words.
struct Lattice<'a> {
    letters: &'a str,
    /// Where the typed words end; no syllable reaches across.
    ends: &'a [usize],
    lexicon: &'a Lexicon<'a>,
    seen: HashMap<String, Option<(String, bool)>>,
}

impl Lattice<'_> {
    /// The cheapest way through, from the end backwards.
    fn cheapest(&mut self) -> tantivy::Result<Option<Vec<Step>>> {
        let n = self.letters.len();
        let mut best: Vec<Option<(f32, Option<Step>)>> = vec![None; n + 1];
        best[n] = Some((0.0, None));
        for start in (0..n).rev() {
            let mut steps = Vec::new();
            self.steps(start, &mut Vec::new(), &mut steps)?;
            for step in steps {
                let Some((rest, _)) = best[step.end] else { continue };
                let cost = rest + step.cost;
                if best[start].as_ref().is_none_or(|(least, _)| cost < *least) {
                    best[start] = Some((cost, Some(step)));
                }
            }
        }
        let mut path = Vec::new();
        let mut at = 0;
        while at < n {
            let Some((_, Some(step))) = best[at].clone() else { return Ok(None) };
            at = step.end;
            path.push(step);
        }
        Ok(Some(path))
    }

    fn steps(&mut self, at: usize, syllables: &mut Vec<String>, steps: &mut Vec<Step>) -> tantivy::Result<()> {
        let limit = self.ends.iter().copied().find(|end| *end > at).unwrap_or(at);
        for end in at + 1..=limit.min(at + LONGEST_SYLLABLE) {
            let syllable = &self.letters[at..end];
            if !text::is_syllable(syllable) {
                continue;
            }
            syllables.push(syllable.to_owned());
            steps.extend(self.step(end, syllables)?);
            if syllables.len() < LONGEST {
                self.steps(end, syllables, steps)?;
            }
            syllables.pop();
        }
        Ok(())
    }

    fn step(&mut self, end: usize, syllables: &[String]) -> tantivy::Result<Option<Step>> {
        let n_syllables = syllables.len();
        let usual = if n_syllables == 1 { CHARACTER } else { WORD };
        Ok(match self.word(syllables)? {
            Some((word, exact)) => {
                let cost = usual + if exact { 0.0 } else { NEARLY };
                Some(Step { end, n_syllables, cost, word: Some(word) })
            }
            None if n_syllables == 1 => Some(Step { end, n_syllables, cost: UNKNOWN, word: None }),
            None => None,
        })
    }

    /// The word of the index with these sounds, and whether they are wholly its own.
    fn word(&mut self, syllables: &[String]) -> tantivy::Result<Option<(String, bool)>> {
        let sound = syllables.concat();
        let key = syllables.join(" ");
        if let Some(known) = self.seen.get(&key) {
            return Ok(known.clone());
        }
        let syllables: Vec<&str> = syllables.iter().map(String::as_str).collect();
        let candidates = self.lexicon.vocabulary.sounding_like(&folded(&syllables))?;
        let fits = candidates.iter().filter(|known| known.word.chars().count() == syllables.len());
        let best = fits.max_by_key(|known| (known.sound == sound, known.n_entries));
        let found = best.map(|known| (known.word.clone(), known.sound == sound));
        self.seen.insert(key, found.clone());
        Ok(found)
    }
}
