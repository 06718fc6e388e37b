//! `queue BOT --logs FILE`: which messages of a log to label first: those that the model is unsure of, that many others
//! read like, and that are unlike each other.

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use indexmap::IndexMap;
use model::Classifier;
use serde::{Deserialize, Serialize};

use crate::args::QueueArgs;
use crate::communities::graph;
use crate::dataset::{BotRows, DataOptions};
use crate::linear::{Linear, softmax};
use crate::logs::{Conversation, Role};
use crate::mine::read_logs;
use crate::out_of_fold::{Labelled, out_of_fold};
use crate::progress::Steps;
use crate::telling;
use crate::terminal::{columns, quoted};
use crate::vectors::{Vector, Vectoriser, cosine};
use crate::{Place, evaluate};

/// Different messages that are weighed up; of larger logs an even selection.
const MOST: usize = 30_000;
/// Neighbours that density is judged by, and how alike they must be.
const NEIGHBOURS: usize = 15;
const LEAST: f32 = 0.2;
/// Folds by which the quick model's probabilities are calibrated.
const FOLDS: usize = 5;
const SEED: u64 = 17;
/// Telling words that a message worth labelling has at least: "got it" teaches nothing.
const FEWEST_WORDS: usize = 2;
/// Intents that are suggested.
const RANKED: usize = 3;

/// A message worth labelling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queued {
    /// The message, without personal data.
    pub text: String,
    /// What it may be; `None` is out of scope.
    pub intent: Option<String>,
    /// The likeliest intents with their probabilities.
    pub ranking: Vec<(Option<String>, f32)>,
    /// From 0, sure, to 1: how close the two likeliest are.
    pub uncertainty: f32,
    /// How many customers wrote the same.
    pub times: usize,
    /// How many messages of the log read like it, by likeness.
    pub density: f32,
    /// What labelling it is worth beside the others.
    pub value: f32,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
}

/// A message that nobody has labelled.
#[derive(Debug, Clone)]
struct Unlabelled {
    text: String,
    reading: String,
    times: usize,
    place: Place,
}

/// Lists the messages of logs to label first.
pub fn run_queue(arguments: &QueueArgs) -> anyhow::Result<ExitCode> {
    if let Some(out) = arguments.out.as_ref().filter(|out| out.exists()) {
        bail!("{} exists already: give another --out or move it away", out.display());
    }
    let bot = BotRows::load(&arguments.bot, &DataOptions::default())?;
    let (conversations, _) = read_logs(&arguments.logs)?;
    let pool = unlabelled(&conversations, &bot);
    let rankings = match &arguments.model {
        Some(path) => by_model(&Classifier::load(path).context("cannot load the model")?, &pool),
        None => by_examples(&bot, &pool)?,
    };
    let queue = queue(&pool, rankings, arguments.top);
    if let Some(out) = &arguments.out {
        write(out, &queue)?;
    }
    let words = if arguments.json {
        let lines: Result<Vec<String>, _> = queue.iter().map(serde_json::to_string).collect();
        lines?.into_iter().map(|line| line + "\n").collect()
    } else {
        table(&queue, pool.len())
    };
    let _ = std::io::stdout().write_all(words.as_bytes());
    Ok(ExitCode::SUCCESS)
}

/// Customers' messages that carry no label and are not among the bot's examples, once for all that read the same.
fn unlabelled(conversations: &[Conversation], bot: &BotRows) -> Vec<Unlabelled> {
    let known: HashSet<String> = bot
        .rows
        .iter()
        .filter(|row| row.origin != crate::Origin::Weak)
        .map(|row| text::normalise(&row.text).as_str().to_owned())
        .collect();
    let mut found: IndexMap<String, Unlabelled> = IndexMap::new();
    for turn in conversations.iter().flat_map(|talk| &talk.turns) {
        if turn.role != Role::Customer || turn.intent.is_some() {
            continue;
        }
        let text = text::redact(&turn.text).text;
        let reading = text::normalise(&text).as_str().to_owned();
        if telling::words(&without_placeholders(&reading)).len() >= FEWEST_WORDS && !known.contains(&reading) {
            let entry = found.entry(reading.clone()).or_insert_with(|| Unlabelled {
                text,
                reading,
                times: 0,
                place: turn.place.clone(),
            });
            entry.times += 1;
        }
    }
    let step = found.len().div_ceil(MOST).max(1);
    found.into_values().step_by(step).collect()
}

/// What is left beside the placeholders of personal data.
fn without_placeholders(text: &str) -> String {
    text.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect::<Vec<_>>().join(" ")
}

type Ranking = Vec<(Option<String>, f32)>;

fn by_model(classifier: &Classifier, pool: &[Unlabelled]) -> Vec<Ranking> {
    let texts: Vec<&str> = pool.iter().map(|one| one.text.as_str()).collect();
    let ranking = |said: model::Prediction| {
        let none = (None, 1.0 - said.in_scope);
        let scored = said.ranking.into_iter().take(RANKED).map(|one| (Some(one.intent), one.probability));
        ranked(scored.chain([none]).collect())
    };
    evaluate::predict(classifier, &texts).into_iter().map(ranking).collect()
}

/// Without a model a quick one is learned from the bot's examples.
fn by_examples(bot: &BotRows, pool: &[Unlabelled]) -> anyhow::Result<Vec<Ranking>> {
    let mut intents: Vec<Option<&str>> = bot.rows.iter().map(|row| row.intent.as_deref()).collect();
    intents.sort_unstable();
    intents.dedup();
    if intents.len() < 2 {
        bail!("the bot needs examples of two intents to tell what it is unsure of; or give --model");
    }
    let numbers: BTreeMap<Option<&str>, u32> = intents.iter().copied().zip(0..).collect();
    let readings: Vec<String> = bot.rows.iter().map(|row| text::normalise(&row.text).as_str().to_owned()).collect();
    let vectoriser = Vectoriser::fit(readings.iter().map(String::as_str), if readings.len() < 1000 { 1 } else { 2 });
    let vectors: Vec<Vector> = readings.iter().map(|reading| vectoriser.vector(reading)).collect();
    let rows: Vec<(&Vector, u32)> =
        vectors.iter().zip(&bot.rows).map(|(vector, row)| (vector, numbers[&row.intent.as_deref()])).collect();
    let texts: Vec<&str> = readings.iter().map(String::as_str).collect();
    let of_rows: Vec<&Vector> = vectors.iter().collect();
    let labels: Vec<u32> = rows.iter().map(|row| row.1).collect();
    let (n_terms, n_classes) = (vectoriser.n_terms(), intents.len());
    let set = Labelled { texts: &texts, vectors: &of_rows, labels: &labels, n_terms, n_classes };
    let steps = Steps::new("learning from the bot's examples", FOLDS);
    let temperature = out_of_fold(set, FOLDS, SEED, &steps).temperature;
    steps.finish();
    let model = Linear::fit(&rows, n_terms, n_classes, SEED);
    let ranking = |one: &Unlabelled| {
        let mut scores = model.logits(&vectoriser.vector(&one.reading));
        softmax(&mut scores, temperature);
        ranked(intents.iter().map(|intent| intent.map(str::to_owned)).zip(scores).collect())
    };
    Ok(pool.iter().map(ranking).collect())
}

fn ranked(mut ranking: Ranking) -> Ranking {
    ranking.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranking.truncate(RANKED);
    ranking
}

/// Orders by uncertainty times density, and lowers what reads like a message that is in the queue already.
fn queue(pool: &[Unlabelled], rankings: Vec<Ranking>, top: usize) -> Vec<Queued> {
    let texts = || pool.iter().map(|one| one.reading.as_str());
    let vectoriser = Vectoriser::fit(texts(), 1);
    let vectors: Vec<Vector> = texts().map(|text| vectoriser.vector(text)).collect();
    let graph = graph(&vectors, NEIGHBOURS, LEAST);
    let density: Vec<f32> = graph
        .iter()
        .zip(pool)
        .map(|(near, one)| {
            let alike: f32 = near.iter().map(|(other, likeness)| likeness * pool[*other as usize].times as f32).sum();
            one.times as f32 + alike
        })
        .collect();
    let uncertainty: Vec<f32> = rankings.iter().map(uncertainty).collect();
    // The logarithm: a question asked a thousand times is worth more than one asked twice, but not five hundred times.
    let mut value: Vec<f32> =
        uncertainty.iter().zip(&density).map(|(unsure, dense)| unsure * (1.0 + dense.ln_1p())).collect();
    let mut taken = vec![false; pool.len()];
    let mut queue = Vec::new();
    while queue.len() < top.min(pool.len()) {
        let free = (0..pool.len()).filter(|row| !taken[*row]);
        let Some(best) = free.max_by(|a, b| value[*a].total_cmp(&value[*b]).then(b.cmp(a))) else { break };
        taken[best] = true;
        queue.push(Queued {
            text: pool[best].text.clone(),
            intent: rankings[best].first().and_then(|first| first.0.clone()),
            ranking: rankings[best].clone(),
            uncertainty: uncertainty[best],
            times: pool[best].times,
            density: density[best],
            value: value[best],
            place: pool[best].place.clone(),
        });
        for (other, _) in &graph[best] {
            let alike = cosine(&vectors[best], &vectors[*other as usize]).clamp(0.0, 1.0);
            value[*other as usize] *= 1.0 - alike;
        }
    }
    queue
}

fn uncertainty(ranking: &Ranking) -> f32 {
    let at = |place: usize| ranking.get(place).map_or(0.0, |one| one.1);
    (1.0 - (at(0) - at(1))).clamp(0.0, 1.0)
}

/// Writes rows whose intent is the suggested one, for a person to correct and to move into intents/.
fn write(out: &Path, queue: &[Queued]) -> anyhow::Result<()> {
    let row = |one: &Queued| format!("{}\n", serde_json::json!({"text": one.text, "intent": one.intent}));
    let rows: String = queue.iter().map(row).collect();
    std::fs::write(out, rows).with_context(|| format!("cannot write {}", out.display()))
}

fn table(queue: &[Queued], of: usize) -> String {
    let row = |(number, one): (usize, &Queued)| {
        let name = |intent: &Option<String>| intent.clone().unwrap_or_else(|| "out of scope".to_owned());
        let ranking: Vec<String> =
            one.ranking.iter().take(2).map(|(intent, p)| format!("{} {:.0} %", name(intent), p * 100.0)).collect();
        vec![
            (number + 1).to_string(),
            one.times.to_string(),
            format!("{:.1}", one.density),
            ranking.join(", "),
            quoted(&one.text),
        ]
    };
    let rows: Vec<Vec<String>> = queue.iter().enumerate().map(row).collect();
    let head = ["", "written", "alike", "may be", "message"];
    format!("{}\n{} of {of} unlabelled messages, what teaches most first\n", columns(&head, &rows), queue.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(texts: &[&str]) -> Vec<Unlabelled> {
        let one = |(line, text): (usize, &&str)| Unlabelled {
            text: (*text).to_owned(),
            reading: (*text).to_owned(),
            times: 1,
            place: Place::new("logs/a.jsonl", line + 1),
        };
        texts.iter().enumerate().map(one).collect()
    }

    fn sure(probability: f32) -> Ranking {
        ranked(vec![(Some("a".to_owned()), probability), (Some("b".to_owned()), 1.0 - probability)])
    }

    #[test]
    fn unsure_and_usual_messages_come_before_sure_and_odd_ones() {
        let pool = pool(&["where is it now", "where is it then", "where is it", "zebra crossing", "thank you"]);
        let rankings = vec![sure(0.5), sure(0.5), sure(0.55), sure(0.5), sure(1.0)];
        let queue = queue(&pool, rankings, 5);
        let order: Vec<&str> = queue.iter().map(|one| one.text.as_str()).collect();
        assert!(order[0].starts_with("where is it"), "{order:?}");
        // Messages like the first say little more once that one is labelled.
        assert_eq!((order[1], order[4]), ("zebra crossing", "thank you"), "{order:?}");
    }

    #[test]
    fn an_empty_pool_gives_an_empty_queue() {
        assert!(queue(&[], Vec::new(), 10).is_empty());
        assert!(table(&[], 0).contains("0 of 0"));
        assert_eq!(uncertainty(&Vec::new()), 1.0);
    }

    #[test]
    fn labelled_messages_and_known_examples_are_not_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("intents")).unwrap();
        std::fs::write(folder.path().join("bot.toml"), "name = \"Shop\"\nlanguages = [\"en\"]\n").unwrap();
        let rows = "{\"text\":\"Where is it?\",\"intent\":\"a\"}\n{\"text\":\"money back\",\"intent\":\"b\"}\n";
        std::fs::write(folder.path().join("intents/a.jsonl"), rows).unwrap();
        let bot = BotRows::load(folder.path(), &DataOptions::default()).unwrap();
        let turn = |text: &str| serde_json::json!({"conversation_id": 1, "role": "customer", "text": text}).to_string();
        let labelled = r#"{"conversation_id":1,"role":"customer","text":"labelled","intent":"a"}"#.to_owned();
        let lines = [
            turn("where is it?"),
            turn("call my phone 13912345678"),
            turn("call my phone 13812345678"),
            turn("got it 12345"),
            labelled,
        ];
        let log = folder.path().join("log.jsonl");
        std::fs::write(&log, lines.join("\n")).unwrap();
        let pool = unlabelled(&read_logs(&[log]).unwrap().0, &bot);
        assert_eq!(pool.len(), 1);
        assert_eq!((pool[0].text.as_str(), pool[0].times), ("call my phone [mobile]", 2));
        assert_eq!(by_examples(&bot, &pool).unwrap()[0].len(), 2);
    }
}
