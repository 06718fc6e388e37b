//! The plan of a fit, stage by stage.

use super::place::Changed;
use crate::{BaseSource, Depth, TrainOptions, TrainingSet, sentence};

/// Highest learning rate of a pretrained encoder, and of a network that begins with nothing.
const BASE_RATE: f32 = 5e-5;
const FRESH_RATE: f32 = 3e-3;
/// Highest learning rate of a head over a pretrained transformer.
pub(super) const HEAD_RATE: f32 = 3e-3;

/// From so many rows on a few passes are enough, each row is read anew every time instead of being kept as numbers, and
/// what is held out is too small a share to be worth a second fit.
pub(super) const MANY_ROWS: usize = 200_000;

/// Passes over the data in order, each stage going on from what the one before has learnt.
pub(super) struct Plan<'a> {
    pub(super) depth: Depth,
    pub(super) stages: Vec<Stage>,
    pub(super) options: &'a TrainOptions,
    /// Highest learning rate of a head over vectors that stay.
    pub(super) head_rate: f32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Stage {
    pub(super) kind: StageKind,
    pub(super) epochs: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StageKind {
    /// The encoder learns by comparing rows.
    Compare,
    /// All but a pretrained encoder learns.
    Head,
    /// Everything learns.
    Whole,
}

impl<'a> Plan<'a> {
    pub(super) fn new(depth: Depth, rows: usize, options: &'a TrainOptions) -> Self {
        let (head, usual) = (head_epochs(rows), usual_epochs(options, depth, rows));
        let asked = options.epochs.unwrap_or(usual).max(1);
        let stage = |kind, epochs| Stage { kind, epochs };
        let stages = match (&options.base, depth) {
            (None, _) => vec![stage(StageKind::Whole, asked)],
            (Some(_), Depth::Frozen) => vec![stage(StageKind::Head, asked)],
            (Some(_), Depth::FewShot) => vec![stage(StageKind::Compare, asked), stage(StageKind::Head, head)],
            (Some(_), Depth::Full) => vec![stage(StageKind::Head, head), stage(StageKind::Whole, asked)],
        };
        // A transformer's own rate is what an option names, even where only the head learns.
        let head_rate = if options.has_transformer() { HEAD_RATE } else { options.highest_rate() };
        Self { depth, stages, options, head_rate }
    }

    /// Epochs of all stages before one.
    pub(super) fn epochs_before(&self, stage: usize) -> u32 {
        self.stages[..stage].iter().map(|stage| stage.epochs).sum()
    }

    /// Epochs of all stages.
    pub(super) fn epochs(&self) -> u32 {
        self.epochs_before(self.stages.len())
    }

    /// Which weights differ from those at the start once a stage has begun.
    pub(super) fn changed(&self, stage: usize) -> Changed {
        let heads_alone = self.stages[..=stage].iter().all(|stage| stage.kind == StageKind::Head);
        if heads_alone { Changed::Head } else { Changed::All }
    }
}

/// Passes over so many rows that a head learns well by.
fn head_epochs(rows: usize) -> u32 {
    (200_000 / rows.max(1)).clamp(15, 40) as u32
}

/// Passes of the deepest stage, unless told otherwise.
fn usual_epochs(options: &TrainOptions, depth: Depth, rows: usize) -> u32 {
    match (&options.base, depth) {
        (Some(_), Depth::FewShot) => 8,
        (Some(_), Depth::Full) => 5,
        (Some(_), Depth::Frozen) if options.has_transformer() => head_epochs(rows),
        // Further passes over these vectors are no more accurate, and leave probabilities further off.
        (Some(_), Depth::Frozen) if rows <= MANY_ROWS => (50_000 / rows.max(1)).clamp(5, 15) as u32,
        // More passes from nothing than these learn wrong labels by heart; over vectors that stay they do no harm.
        (None, _) if rows <= MANY_ROWS => (50_000 / rows.max(1)).clamp(10, 25) as u32,
        _ => (10 * MANY_ROWS / rows).clamp(2, 10) as u32,
    }
}

/// What an option stands for that is left to the data.
impl TrainOptions {
    /// How much of a base is trained on a set.
    pub fn depth_on(&self, set: &TrainingSet) -> Depth {
        let mut intents: Vec<&String> = set.train.iter().filter_map(|example| example.intent.as_ref()).collect();
        intents.sort_unstable();
        intents.dedup();
        self.depth_for(set.train.len() + set.validation.len(), intents.len())
    }

    /// How much of a base is trained on so many rows of so many intents.
    pub(super) fn depth_for(&self, rows: usize, intents: usize) -> Depth {
        let usual = || if self.has_transformer() { Depth::usual(rows, intents) } else { Depth::Frozen };
        self.depth.unwrap_or_else(usual)
    }

    /// Whether the base is one that takes long, and that can be trained; other bases stay as they are.
    pub fn has_transformer(&self) -> bool {
        matches!(&self.base, Some(BaseSource::Folder(dir)) if !sentence::is_averaged(dir))
    }

    /// Passes over a set, of the deepest stage.
    pub fn epochs_on(&self, set: &TrainingSet) -> u32 {
        let held_out = if set.validation.is_empty() { self.validation_share } else { 0.0 };
        let rows = (set.train.len() as f32 * (1.0 - held_out)) as usize;
        self.epochs.unwrap_or_else(|| usual_epochs(self, self.depth_on(set), rows))
    }

    /// The highest learning rate, of the base's weights where there is a base.
    pub fn highest_rate(&self) -> f32 {
        self.learning_rate.unwrap_or(if self.has_transformer() { BASE_RATE } else { FRESH_RATE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_rows_the_fewer_passes_over_them() {
        let epochs = |rows| Plan::new(Depth::Full, rows, &TrainOptions::default()).epochs();
        let rows = [100, 3_000, MANY_ROWS, MANY_ROWS + 1, 500_000, 1_000_000, 10_000_000];
        assert_eq!(rows.map(epochs), [25, 16, 10, 9, 4, 2, 2]);
    }
}
