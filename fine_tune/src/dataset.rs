//! From a bot folder and its logs to what a classifier learns from, and a report of what became of every row.
//! Rows are redacted, told apart, and split so that no conversation is on both sides.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use dialogue::{BotConfig, Templates};
use jiff::Timestamp;
use model::{AnnotatedText, Example, Gazetteer, TrainingSet};

use crate::data_report::DataReport;
use crate::logs::{self, Conversation, Role};
use crate::row::{Origin, Row, Rows, Taught, intent_name, read_jsonl};
use crate::source::Source;
use crate::{Error, Place, Problem, Severity, dedupe, general, nlu, split, weak};

/// What to read beside a bot's own files, and how.
#[derive(Debug, Clone)]
pub struct DataOptions {
    /// More logs.
    pub logs: Vec<PathBuf>,
    /// Whether the bot's own `logs/` are read.
    pub own_logs: bool,
    /// How alike a reply and a template must be to give a label.
    pub weak_threshold: f32,
    /// The start of the split's randomness.
    pub seed: u64,
}

impl Default for DataOptions {
    fn default() -> Self {
        Self { logs: Vec::new(), own_logs: true, weak_threshold: weak::DEFAULT_THRESHOLD, seed: 17 }
    }
}

/// What a bot has to learn from.
#[derive(Debug, Clone)]
pub struct BotData {
    /// What the model is trained with.
    pub set: TrainingSet,
    /// What became of every row.
    pub report: DataReport,
    /// The share of answers that may be wrong, as `bot.toml` says.
    pub accepted_error_rate: f32,
}

/// Reads all that a bot folder and further logs can teach.
pub fn load_bot_data(bot: &Path, options: &DataOptions) -> Result<BotData, Error> {
    let mut all = BotRows::load(bot, options)?;
    let parts = split::split(std::mem::take(&mut all.rows), &all.began, options.seed);
    all.report.count(&parts.train, &parts.validation);
    let set = all.set(parts);
    enough(&set)?;
    Ok(BotData { set, report: all.report, accepted_error_rate: all.accepted_error_rate })
}

/// Every row of a bot, redacted and told apart, before any of it is held out.
#[derive(Debug, Clone)]
pub(crate) struct BotRows {
    pub(crate) rows: Vec<Row>,
    /// When each conversation began.
    pub(crate) began: HashMap<String, Option<Timestamp>>,
    pub(crate) report: DataReport,
    pub(crate) accepted_error_rate: f32,
    /// What a training set holds beside rows.
    rest: TrainingSet,
}

impl BotRows {
    pub(crate) fn load(bot: &Path, options: &DataOptions) -> Result<Self, Error> {
        let files = BotFiles::read(bot, options)?;
        let (errors, warnings): (Vec<_>, Vec<_>) =
            files.problems.into_iter().partition(|problem| problem.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(Error::Data(errors));
        }
        let mut report =
            DataReport { problems: warnings, conversations: files.conversations.len(), ..DataReport::default() };
        let mut rows = files.authored.rows;
        let templates = weak::Matcher::new(&files.templates);
        for conversation in &files.conversations {
            rows.extend(log_rows(conversation, &templates, options.weak_threshold, &mut report));
        }
        for row in &mut rows {
            row.text = report.redact(&row.text);
        }
        let began = files.conversations.iter().map(|talk| (talk.id.clone(), talk.began())).collect();
        let rows = dedupe::dedupe(rows, &mut report);
        let sentiment = files.authored.sentiment;
        let sentiment: Vec<_> = sentiment.into_iter().map(|(text, mood, _)| (report.redact(&text), mood)).collect();
        report.sentiment = sentiment.len();
        report.marked = marked(&files.authored.annotated);
        let rest = TrainingSet {
            sentiment,
            // Not redacted: what a customer's number looks like is learned here, and only hashes of it are kept.
            annotated: files.authored.annotated,
            gazetteer: files.gazetteer,
            general: general::messages(&files.config.languages),
            languages: files.config.languages.iter().map(|language| language.code().to_owned()).collect(),
            ..TrainingSet::default()
        };
        Ok(Self { rows, began, report, accepted_error_rate: files.config.accepted_error_rate, rest })
    }

    /// A set to train from rows that are split already.
    pub(crate) fn set(&self, parts: split::Parts) -> TrainingSet {
        TrainingSet { train: examples(parts.train), validation: examples(parts.validation), ..self.rest.clone() }
    }
}

/// How often each entity is marked.
pub(crate) fn marked(messages: &[AnnotatedText]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for mention in messages.iter().flat_map(|message| &message.mentions) {
        *counts.entry(mention.entity.clone()).or_default() += 1;
    }
    counts
}

fn examples(rows: Vec<Row>) -> Vec<Example> {
    rows.into_iter()
        .map(|row| Example { text: row.text, intent: row.intent, also: row.also, weight: row.weight })
        .collect()
}

pub(crate) fn enough(set: &TrainingSet) -> Result<(), Error> {
    let intents: std::collections::BTreeSet<_> = set.train.iter().filter_map(|row| row.intent.as_deref()).collect();
    if intents.len() < 2 {
        let found = match intents.first() {
            Some(only) => format!("there is only one intent, `{only}`"),
            None => "there is no example with an intent".to_owned(),
        };
        return Err(Error::TooLittle(format!(
            "{found}; a classifier needs two or more: add examples to intents/*.yml or intents/*.jsonl"
        )));
    }
    Ok(())
}

/// A bot's files as read, with whatever is wrong with them.
#[derive(Debug)]
pub(crate) struct BotFiles {
    pub(crate) config: BotConfig,
    pub(crate) templates: Templates,
    pub(crate) authored: Taught,
    pub(crate) gazetteer: Gazetteer,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) problems: Vec<Problem>,
}

impl BotFiles {
    pub(crate) fn read(bot: &Path, options: &DataOptions) -> Result<Self, Error> {
        if !bot.is_dir() {
            let why = "there is no such folder; `frontdesk init DIR` makes one to start from".to_owned();
            return Err(Error::NotABot { path: bot.to_owned(), why });
        }
        if !bot.join("bot.toml").is_file() {
            let why = "it has no bot.toml; write one with name = \"…\" and languages = [\"zh\", \"en\"]".to_owned();
            return Err(Error::NotABot { path: bot.to_owned(), why });
        }
        let mut problems = Vec::new();
        let config =
            optional(&bot.join("bot.toml"), &mut problems, |text| BotConfig::parse(text).map_err(dialogue_problem));
        let templates = optional(&bot.join("templates.yml"), &mut problems, |text| {
            Templates::parse(text).map_err(dialogue_problem)
        });
        let listed = optional(&bot.join("entities.yml"), &mut problems, |text| {
            Gazetteer::parse_yaml(text).map_err(gazetteer_problem)
        });
        let (authored, gazetteer) = read_intents(bot, listed.unwrap_or_default(), &mut problems)?;
        let conversations = read_logs(bot, options, &mut problems)?;
        // Without its settings nothing is trained: the problem that is then in the list stops the caller.
        let config = match config {
            Some(config) => config,
            None => return Err(Error::Data(problems)),
        };
        Ok(Self { config, templates: templates.unwrap_or_default(), authored, gazetteer, conversations, problems })
    }
}

type Refusal = (Option<usize>, String);

fn dialogue_problem(error: dialogue::Error) -> Refusal {
    let line = error.line();
    let dialogue::Error::Invalid { message, .. } = error;
    (line, message)
}

fn gazetteer_problem(error: model::Error) -> Refusal {
    match error {
        model::Error::Gazetteer { line, problem } => (Some(line).filter(|line| *line > 0), problem),
        other => (None, other.to_string()),
    }
}

/// Reads a file that may be missing.
fn optional<T>(path: &Path, problems: &mut Vec<Problem>, parse: impl Fn(&str) -> Result<T, Refusal>) -> Option<T> {
    if !path.exists() {
        return None;
    }
    let read = Source::read(path).and_then(|source| {
        parse(&source.text)
            .map_err(|(line, what)| Problem::error(Place { file: source.name.clone(), line }, what, String::new()))
    });
    read.map_err(|problem| problems.push(problem)).ok()
}

fn read_intents(bot: &Path, listed: Gazetteer, problems: &mut Vec<Problem>) -> Result<(Taught, Gazetteer), Error> {
    let mut all = Taught::default();
    let mut gazetteer = listed.clone();
    for path in files(&bot.join("intents"), &["yml", "yaml", "jsonl"])? {
        let source = match Source::read(&path) {
            Ok(source) => source,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let taught = read_jsonl(&source, Rows::All);
            all.rows.extend(taught.rows);
            all.sentiment.extend(taught.sentiment);
            problems.extend(taught.problems);
        } else {
            let nlu = nlu::read(&source);
            all.rows.extend(nlu.rows);
            all.annotated.extend(nlu.annotated);
            problems.extend(nlu.problems);
            nlu::merge(&mut gazetteer, nlu::settle_synonyms(&listed, nlu.gazetteer));
        }
    }
    Ok((all, gazetteer))
}

fn read_logs(bot: &Path, options: &DataOptions, problems: &mut Vec<Problem>) -> Result<Vec<Conversation>, Error> {
    let mut paths = if options.own_logs { files(&bot.join("logs"), &["jsonl"])? } else { Vec::new() };
    paths.extend(options.logs.iter().cloned());
    let mut conversations = Vec::new();
    for path in paths {
        match Source::read(&path) {
            Ok(source) => {
                let (read, found) = logs::read(&source);
                conversations.extend(read);
                problems.extend(found);
            }
            Err(problem) => problems.push(problem),
        }
    }
    Ok(conversations)
}

/// The files of a folder with one of these extensions, in order of name; a missing folder has none.
pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Error> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::disk("read", folder))? {
        let path = entry.map_err(Error::disk("read", folder))?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if path.is_file() && extensions.contains(&extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn log_rows(talk: &Conversation, templates: &weak::Matcher, threshold: f32, report: &mut DataReport) -> Vec<Row> {
    let row = |text: &str, intent: Option<String>, also, origin, weight, place: &Place| Row {
        text: text.to_owned(),
        intent,
        also,
        origin,
        weight,
        place: place.clone(),
        conversation: Some(talk.id.clone()),
    };
    let mut rows = Vec::new();
    for turn in talk.turns.iter().filter(|turn| turn.role == Role::Customer) {
        report.customer_turns += 1;
        match turn.intent.clone().map(|intent| intent.map(|name| intent_name(&turn.place, &name)).transpose()) {
            Some(Ok(intent)) => {
                rows.push(row(&turn.text, intent, turn.also.clone(), Origin::Labelled, 1.0, &turn.place));
            }
            Some(Err(problem)) => report.problems.push(Problem { severity: Severity::Warning, ..problem }),
            None => {}
        }
    }
    for (turn, found) in weak::labels(talk, templates, threshold) {
        let weight = weak::WEIGHT * found.similarity;
        rows.push(row(&turn.text, Some(found.intent), Vec::new(), Origin::Weak, weight, &turn.place));
    }
    rows
}

#[cfg(test)]
mod tests;
