//! The plan of a fit, stage by stage.

use super::place::Changed;
use crate::{Depth, TrainOptions};

/// Passes over the data in order, each stage going on from what the one before has learnt.
pub(super) struct Plan<'a> {
    pub(super) depth: Depth,
    pub(super) stages: Vec<Stage>,
    pub(super) options: &'a TrainOptions,
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
        let asked = |usual: u32| options.epochs.unwrap_or(usual).max(1);
        // More passes from nothing than these learn wrong labels by heart; over vectors that stay they do no harm.
        let light = (50_000 / rows.max(1)).clamp(10, 25) as u32;
        let head = (200_000 / rows.max(1)).clamp(15, 40) as u32;
        let stage = |kind, epochs| Stage { kind, epochs };
        let stages = match (&options.base, depth) {
            (None, _) => vec![stage(StageKind::Whole, asked(light))],
            (Some(_), Depth::Frozen) => vec![stage(StageKind::Head, asked(head))],
            (Some(_), Depth::FewShot) => {
                vec![stage(StageKind::Compare, asked(8)), stage(StageKind::Head, head)]
            }
            (Some(_), Depth::Full) => {
                vec![stage(StageKind::Head, head), stage(StageKind::Whole, asked(5))]
            }
        };
        Self { depth, stages, options }
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
