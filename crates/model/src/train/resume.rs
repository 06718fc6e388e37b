//! A pass written down for a checkpoint, and put back from one.

use super::checkpoint::Kept;
use super::pass::Pass;
use super::place::{Place, put_network, take_network};
use crate::Error;
use crate::columns::Columns;
use crate::random::Random;

/// Names of the two moments of a weight.
const MOMENTS: [&str; 2] = ["first", "second"];

impl Pass<'_> {
    /// Goes on from where a checkpoint was written; the network's own weights are back already.
    pub(super) fn go_on(&mut self, kept: &Kept) -> Result<(), Error> {
        let Kept { stored, place } = kept;
        let order: Vec<usize> = stored.counts("order")?.into_iter().map(|row| row as usize).collect();
        if order.len() != self.order.len() || order.iter().any(|row| *row >= order.len()) {
            return Err(stored.damaged());
        }
        let [random, begun] = place.random;
        self.learner.random = Random::go_on(random);
        self.begun = (order.clone(), begun);
        (self.order, self.at, self.best_epoch) = (order, place.at, place.best_epoch);
        for (name, _) in self.network.dense.iter() {
            let [first, second] = MOMENTS.map(|part| stored.floats(&format!("optimiser.{name}.{part}")));
            self.learner.optimiser.put_back(name, [first?, second?]);
        }
        let [first, second] = MOMENTS.map(|part| stored.floats(&format!("trainer.{part}")));
        self.learner.trainer.put_back([first?, second?]);
        let scores = stored.floats("scores")?;
        let [loss, best @ ..] = &scores[..] else { return Err(stored.damaged()) };
        self.loss = *loss;
        if let Some(score) = best.first() {
            let mut network = self.network.snapshot()?;
            take_network(stored, "best", &mut network, self.plan.changed(self.index))?;
            self.best = Some((*score, network));
        }
        Ok(())
    }

    /// Adds all that [`Pass::go_on`] needs, and the network's weights.
    pub(super) fn put<'c>(&'c self, columns: &mut Columns<'c>) -> Result<(), Error> {
        let changed = self.plan.changed(self.index);
        put_network(columns, "now", self.network, changed)?;
        columns.counts("order", self.begun.0.iter().map(|row| *row as u32).collect());
        for (name, _) in self.network.dense.iter() {
            for (part, moments) in MOMENTS.iter().zip(self.learner.optimiser.moments(name)) {
                columns.floats(format!("optimiser.{name}.{part}"), moments);
            }
        }
        for (part, moments) in MOMENTS.iter().zip(self.learner.trainer.moments()) {
            columns.floats(format!("trainer.{part}"), moments);
        }
        let score = self.best.as_ref().map(|(score, _)| *score);
        columns.floats("scores", std::iter::once(self.loss).chain(score).collect::<Vec<_>>());
        if let Some((_, best)) = &self.best {
            put_network(columns, "best", best, changed)?;
        }
        Ok(())
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        let before = self.lesson.before;
        Place {
            fit: before.fit,
            fits: before.fits,
            epochs_done: self.plan.epochs_before(self.index) + self.at.epoch - 1,
            epochs: self.plan.epochs(),
            first_best: before.best_epoch,
            stage: self.index,
            at: self.at,
            best_epoch: self.best_epoch,
            random: [self.learner.random.state(), self.begun.1],
        }
    }
}
