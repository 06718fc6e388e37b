//! The steps from a trained model to a lighter one, each saved beside the last and calibrated on what is honest for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use model::{Classifier, Control, Example, Progress, TrainOptions, TrainingSet, Vocabulary};

use crate::dataset::{BotFiles, DataOptions, load_bot_data};
use crate::logs::Role;
use crate::watch::Watcher;
use crate::{DataReport, Error};

/// Messages that are timed.
const TIMED: usize = 200;

/// A model with what was done to it.
pub(super) struct Made {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) model: Classifier,
    pub(super) calibrated: Calibrated,
}

/// Which rows a model is calibrated on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calibrated {
    /// Others than those it is measured on.
    Elsewhere,
    /// Those it is measured on.
    OnTest,
}

/// What a bot's folder and logs hold.
pub(super) struct Bot {
    set: TrainingSet,
    /// What customers wrote in logs, labelled or not.
    turns: Vec<String>,
}

impl Bot {
    /// Reads the bot that a model was trained from; fails where it has other intents.
    pub(super) fn read(folder: &Path, logs: &[PathBuf], model: &Classifier) -> anyhow::Result<Self> {
        let options = DataOptions { logs: logs.to_vec(), ..DataOptions::default() };
        let data = load_bot_data(folder, &options)?;
        let intents: BTreeSet<&str> =
            data.set.train.iter().flat_map(|row| row.intent.iter().chain(&row.also)).map(String::as_str).collect();
        let known: BTreeSet<&str> = model.intents().iter().map(String::as_str).collect();
        if let Some(intent) = intents.symmetric_difference(&known).next() {
            let side = if known.contains(intent) { "the model" } else { "the bot" };
            bail!(
                "only {side} has the intent {intent:?}; name the bot that the model was trained from, or train again"
            );
        }
        let mut report = DataReport::default();
        let conversations = BotFiles::read(folder, &options)?.conversations;
        let turns = conversations.iter().flat_map(|talk| &talk.turns).filter(|turn| turn.role == Role::Customer);
        Ok(Self { turns: turns.map(|turn| report.redact(&turn.text)).collect(), set: data.set })
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let rows = self.set.train.iter().chain(&self.set.validation).map(|row| row.text.as_str());
        rows.chain(self.turns.iter().map(String::as_str))
    }
}

/// Makes one model after another.
pub(super) struct Maker<'a> {
    pub(super) made: Vec<Made>,
    bot: Option<Bot>,
    rows: Option<&'a [Example]>,
    workshop: Workshop,
    watcher: Watcher,
}

/// A folder beside the lighter model that goes away in the end.
struct Workshop(PathBuf);

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        folder: &Path,
        heavy: Classifier,
        bot: Option<Bot>,
        rows: Option<&'a [Example]>,
        out: &Path,
    ) -> anyhow::Result<Self> {
        if heavy.layers().is_none() {
            bail!(
                "{} has no base to make lighter: it answers within a millisecond already; train with --base for more \
                 accuracy, and optimise that",
                folder.display()
            );
        }
        let name = out.file_name().with_context(|| format!("{} is no name for a folder", out.display()))?;
        let workshop = out.with_file_name(format!(".{}.{}.steps", name.to_string_lossy(), std::process::id()));
        std::fs::create_dir_all(&workshop).map_err(Error::disk("make", &workshop))?;
        let first = Made {
            name: "as trained".into(),
            folder: folder.to_owned(),
            model: heavy,
            calibrated: Calibrated::Elsewhere,
        };
        Ok(Self { made: vec![first], bot, rows, workshop: Workshop(workshop), watcher: Watcher::new(false, None)? })
    }

    /// Fewer tokens; the held-out rows are read as before, so what was said of them still stands.
    pub(super) fn cut_vocabulary(&mut self, vocabulary: Vocabulary) -> anyhow::Result<()> {
        let model = self.last();
        let light = model.with_vocabulary(vocabulary, &self.texts(model))?;
        let [before, after] = [model, &light].map(|model| model.info().features.n_tokens);
        let calibrated = self.made.last().map_or(Calibrated::Elsewhere, |made| made.calibrated);
        self.add(format!("{before} → {after} tokens"), light, calibrated)
    }

    /// Fewer layers, re-tuned.
    pub(super) fn drop_layers(&mut self, layers: usize) -> anyhow::Result<()> {
        self.check_rows()?;
        let model = self.last().clone();
        let texts: Vec<String> = self.texts(&model).into_iter().map(str::to_owned).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let light = model.with_layers(layers, &texts, &mut |progress| self.watcher.see(progress))?;
        self.go_on()?;
        let name = format!("{} → {layers} layers", model.layers().unwrap_or(0));
        self.calibrate(name, light)
    }

    /// Dense layers in 8 bits.
    pub(super) fn round_weights(&mut self) -> anyhow::Result<()> {
        self.check_rows()?;
        let light = self.last().in_eight_bits()?;
        self.calibrate("8 bits".into(), light)
    }

    /// A student that needs no base.
    pub(super) fn distil(&mut self) -> anyhow::Result<()> {
        // The teacher knows the labels of all the bot's rows, held out from the student or not: others must judge it.
        let (Some(bot), Some(rows)) = (&self.bot, self.rows) else {
            bail!(
                "a student learns from the bot's rows and is calibrated on others; name the bot's folder with --bot, and \
                 labelled messages that the model has not learned from with --test FILE"
            );
        };
        let info = self.last().info();
        let options = TrainOptions {
            accepted_error_rate: info.accepted_error_rate,
            trained_at: info.trained_at.clone(),
            version: Some(format!("{}-distilled", info.version)),
            base_licence: info.base_licence.clone(),
            ..TrainOptions::default()
        };
        let turns: Vec<&str> = bot.turns.iter().map(String::as_str).collect();
        let watcher = &mut self.watcher;
        let teacher = &self.made.last().expect("the first model is always there").model;
        let student = teacher.distilled(&bot.set, &turns, &options, &mut |progress| watcher.see(progress))?;
        self.go_on()?;
        self.add("distilled".into(), student.calibrated_on(rows)?, Calibrated::OnTest)
    }

    /// Takes the progress of learning away.
    pub(super) fn finish(&mut self) {
        self.watcher.finish();
    }

    /// Writes the last model where it belongs.
    pub(super) fn publish(self, out: &Path) -> anyhow::Result<()> {
        Ok(self.last().save(out)?)
    }

    /// Messages to time: of the rows, else of the bot, else of what the model has learned from.
    pub(super) fn sample<'s>(&'s self, rows: Option<&'s [Example]>) -> Vec<&'s str> {
        let texts: Vec<&str> = match rows {
            Some(rows) => rows.iter().map(|row| row.text.as_str()).collect(),
            None => self.texts(&self.made[0].model),
        };
        let step = texts.len().div_ceil(TIMED).max(1);
        texts.into_iter().step_by(step).collect()
    }

    fn last(&self) -> &Classifier {
        &self.made.last().expect("the first model is always there").model
    }

    fn texts<'s>(&'s self, model: &'s Classifier) -> Vec<&'s str> {
        match &self.bot {
            Some(bot) => bot.texts().collect(),
            None => model.examples().iter().map(String::as_str).collect(),
        }
    }

    /// Whether heads can learn again from the bot's rows: the encoder must not know their labels.
    fn learns_again(&self) -> bool {
        self.bot.is_some() && !self.last().encoder_knows_labels()
    }

    /// Refuses early what could not be calibrated.
    fn check_rows(&self) -> anyhow::Result<()> {
        if self.rows.is_some() || self.learns_again() {
            return Ok(());
        }
        if self.last().encoder_knows_labels() {
            bail!(
                "the base has learned the labels of the bot's rows, so these cannot say how sure a lighter model may \
                 be; name labelled messages that it has not learned from with --test FILE"
            );
        }
        bail!(
            "a lighter model must be calibrated again; name the bot's folder with --bot, or labelled messages that the \
             model has not learned from with --test FILE"
        );
    }

    /// Adds a model whose answers have changed: its heads learn again, or its probabilities are put right by the rows.
    fn calibrate(&mut self, name: String, light: Classifier) -> anyhow::Result<()> {
        if self.learns_again() {
            let folder = self.workshop.0.join(format!("encoder-{}", self.made.len()));
            light.save(&folder)?;
            let set = self.bot.as_ref().map(|bot| bot.set.clone()).unwrap_or_default();
            let watcher = &mut self.watcher;
            let light = light.with_heads_from(&folder, &set, &mut |progress| watcher.see(progress))?;
            self.go_on()?;
            return self.add(name, light, Calibrated::Elsewhere);
        }
        let light = light.calibrated_on(self.rows.unwrap_or_default())?;
        self.add(name, light, Calibrated::OnTest)
    }

    fn add(&mut self, name: String, model: Classifier, calibrated: Calibrated) -> anyhow::Result<()> {
        let folder = self.workshop.0.join(self.made.len().to_string());
        model.save(&folder)?;
        // As it will be served: what was saved is what is measured.
        let model = Classifier::load(&folder)?;
        self.made.push(Made { name, folder, model, calibrated });
        self.go_on()
    }

    fn go_on(&mut self) -> anyhow::Result<()> {
        if self.watcher.see(&Progress::default()) == Control::Stop {
            self.watcher.finish();
            bail!("stopped; nothing was written");
        }
        Ok(())
    }
}
