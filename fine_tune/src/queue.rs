//! `queue BOT --logs FILE`: which messages of a log to label first: those that the model is unsure of, that many others
//! read like, and that are unlike each other.

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use indexmap::IndexMap;
use model::{Classifier, SentenceEncoder};
use serde::{Deserialize, Serialize};

use crate::args::QueueArgs;
use crate::communities::graph;
use crate::dataset::{BotRows, DataOptions};
use crate::linear::softmax;
use crate::logs::{Conversation, Role};
use crate::meaning::{self, Meaning};
use crate::mine::read_logs;
use crate::out_of_fold::{Labelled, out_of_fold};
use crate::progress::Steps;
use crate::row::Row;
use crate::telling;
use crate::terminal::{columns, quoted};
use crate::vectors::{Vector, Vectoriser};
use crate::yardstick::Yardstick;
use crate::{Place, evaluate};

/// Different messages that are weighed up; of larger logs an even selection.
const MOST: usize = 30_000;
/// Neighbours that density is judged by, and how alike they must be by words or by meaning.
const NEIGHBOURS: usize = 15;
const LEAST: f32 = 0.2;
const LEAST_BY_MEANING: f32 = 0.35;
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
    /// All intents that it may have, where the model tells several of one message apart and names more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intents: Vec<String>,
    /// The likeliest intents with their probabilities.
    pub ranking: Vec<(Option<String>, f32)>,
    /// From 0, sure, to 1: how close the two likeliest are; of a message that has several intents, how near the least sure
    /// of them is to even odds.
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
    let encoder = meaning::open(arguments.base.as_ref())?;
    let said = match &arguments.model {
        Some(path) => by_model(&Classifier::load(path).context("cannot load the model")?, &pool),
        None => by_examples(&bot, &pool, encoder.as_ref())?,
    };
    let queue = queue(&pool, said, encoder.as_ref(), arguments.top);
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

/// What a model makes of a message.
#[derive(Debug, Clone, Default)]
struct Said {
    ranking: Ranking,
    /// Its intents, where there are several.
    intents: Vec<String>,
    uncertainty: f32,
}

fn by_model(classifier: &Classifier, pool: &[Unlabelled]) -> Vec<Said> {
    let texts: Vec<&str> = pool.iter().map(|one| one.text.as_str()).collect();
    evaluate::predict(classifier, &texts).into_iter().map(understood).collect()
}

fn understood(said: model::Prediction) -> Said {
    let several = said.several.filter(|named| named.len() > 1).unwrap_or_default();
    let doubt = |one: &model::Scored| 1.0 - (2.0 * one.probability - 1.0).abs();
    // Each intent has odds of its own, whether it is named or not.
    let doubts = said.ranking.iter().map(doubt).fold(0.0, f32::max);
    let none = (None, 1.0 - said.in_scope);
    let scored = said.ranking.into_iter().take(RANKED).map(|one| (Some(one.intent), one.probability));
    let ranking = ranked(scored.chain([none]).collect());
    let uncertainty = if several.is_empty() { margin(&ranking) } else { doubts };
    Said { ranking, intents: several.into_iter().map(|one| one.intent).collect(), uncertainty }
}

/// Without a model a quick one is learned from the bot's examples.
fn by_examples(bot: &BotRows, pool: &[Unlabelled], encoder: Option<&SentenceEncoder>) -> anyhow::Result<Vec<Said>> {
    let mut intents: Vec<Option<&str>> = bot.rows.iter().flat_map(Row::labels).collect();
    intents.sort_unstable();
    intents.dedup();
    if intents.len() < 2 {
        bail!("the bot needs examples of two intents to tell what it is unsure of; or give --model");
    }
    let numbers: BTreeMap<Option<&str>, u32> = intents.iter().copied().zip(0..).collect();
    let readings: Vec<String> = bot.rows.iter().map(|row| text::normalise(&row.text).as_str().to_owned()).collect();
    let vectoriser = Vectoriser::fit(readings.iter().map(String::as_str), if readings.len() < 1000 { 1 } else { 2 });
    let mut vectors: Vec<Vector> = readings.iter().map(|reading| vectoriser.vector(reading)).collect();
    let mut asked: Vec<Vector> = pool.iter().map(|one| vectoriser.vector(&one.reading)).collect();
    if let Some(encoder) = encoder {
        let texts: Vec<&str> = readings.iter().map(String::as_str).collect();
        let (meaning, places) = Meaning::fit(encoder, &texts);
        let texts: Vec<&str> = pool.iter().map(|one| one.reading.as_str()).collect();
        let all = vectors.iter_mut().chain(&mut asked).zip(places.into_iter().chain(meaning.places(&texts)));
        all.for_each(|(vector, place)| vector.meaning = place);
    }
    // A message with several intents teaches each of them.
    let stated = bot.rows.iter().enumerate().flat_map(|(at, row)| row.labels().map(move |label| (at, label)));
    let (of_rows, labels): (Vec<usize>, Vec<u32>) = stated.map(|(at, label)| (at, numbers[&label])).unzip();
    let texts: Vec<&str> = of_rows.iter().map(|at| readings[*at].as_str()).collect();
    let of_rows: Vec<&Vector> = of_rows.iter().map(|at| &vectors[*at]).collect();
    let rows: Vec<(&Vector, u32)> = of_rows.iter().copied().zip(labels.iter().copied()).collect();
    let (n_terms, n_classes) = (vectoriser.n_terms(), intents.len());
    let set = Labelled { texts: &texts, vectors: &of_rows, labels: &labels, n_terms, n_classes };
    let steps = Steps::new("learning from the bot's examples", FOLDS);
    let temperature = out_of_fold(set, FOLDS, SEED, &steps).temperature;
    steps.finish();
    let model = Yardstick::fit(&rows, n_terms, n_classes, SEED);
    let pairs = pairs(&bot.rows);
    let said = |one: &Vector| {
        let mut scores = model.logits(one);
        softmax(&mut scores, temperature);
        of_shares(ranked(intents.iter().map(|intent| intent.map(str::to_owned)).zip(scores).collect()), &pairs)
    };
    Ok(asked.iter().map(said).collect())
}

/// Intents that stand together in an example.
fn pairs(rows: &[Row]) -> HashSet<[&str; 2]> {
    let mut pairs = HashSet::new();
    for row in rows {
        let named: Vec<&str> = row.labels().flatten().collect();
        pairs.extend(named.iter().flat_map(|a| named.iter().map(move |b| [*a, *b])).filter(|[a, b]| a != b));
    }
    pairs
}

/// What shares of a message, which sum to one, say: two intents that are known to stand together may have half of it each.
fn of_shares(ranking: Ranking, pairs: &HashSet<[&str; 2]>) -> Said {
    let one = margin(&ranking);
    let pair = match &ranking[..] {
        [(Some(first), _), (Some(second), _), ..] if pairs.contains(&[first.as_str(), second.as_str()]) => {
            // Half of the message to spare over the third is as sure as the whole of it over the second.
            let spare = ranking[1].1 - ranking.get(2).map_or(0.0, |third| third.1);
            Some(((1.0 - 2.0 * spare).clamp(0.0, 1.0), vec![first.clone(), second.clone()]))
        }
        _ => None,
    };
    match pair.filter(|(pair, _)| *pair < one) {
        Some((uncertainty, intents)) => Said { ranking, intents, uncertainty },
        None => Said { ranking, intents: Vec::new(), uncertainty: one },
    }
}

fn ranked(mut ranking: Ranking) -> Ranking {
    ranking.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranking.truncate(RANKED);
    ranking
}

/// Orders by uncertainty times density, and lowers what reads like a message that is in the queue already.
fn queue(pool: &[Unlabelled], said: Vec<Said>, encoder: Option<&SentenceEncoder>, top: usize) -> Vec<Queued> {
    let texts: Vec<&str> = pool.iter().map(|one| one.reading.as_str()).collect();
    let (vectors, least): (Vec<Vector>, f32) = match encoder {
        Some(encoder) => {
            let (_, places) = Meaning::fit(encoder, &texts);
            let vectors = places.into_iter().map(|meaning| Vector { terms: Vec::new(), meaning });
            (vectors.collect(), LEAST_BY_MEANING)
        }
        None => {
            let vectoriser = Vectoriser::fit(texts.iter().copied(), 1);
            (texts.iter().map(|text| vectoriser.vector(text)).collect(), LEAST)
        }
    };
    let graph = graph(&vectors, NEIGHBOURS, least);
    let density: Vec<f32> = graph
        .iter()
        .zip(pool)
        .map(|(near, one)| {
            let alike: f32 = near.iter().map(|(other, likeness)| likeness * pool[*other as usize].times as f32).sum();
            one.times as f32 + alike
        })
        .collect();
    // The logarithm: a question asked a thousand times is worth more than one asked twice, but not five hundred times.
    let mut value: Vec<f32> =
        said.iter().zip(&density).map(|(said, dense)| said.uncertainty * (1.0 + dense.ln_1p())).collect();
    let mut taken = vec![false; pool.len()];
    let mut queue = Vec::new();
    while queue.len() < top.min(pool.len()) {
        let free = (0..pool.len()).filter(|row| !taken[*row]);
        let Some(best) = free.max_by(|a, b| value[*a].total_cmp(&value[*b]).then(b.cmp(a))) else { break };
        taken[best] = true;
        queue.push(Queued {
            text: pool[best].text.clone(),
            intent: said[best].ranking.first().and_then(|first| first.0.clone()),
            intents: said[best].intents.clone(),
            ranking: said[best].ranking.clone(),
            uncertainty: said[best].uncertainty,
            times: pool[best].times,
            density: density[best],
            value: value[best],
            place: pool[best].place.clone(),
        });
        for (other, _) in &graph[best] {
            let alike = vectors[best].likeness(&vectors[*other as usize]).clamp(0.0, 1.0);
            value[*other as usize] *= 1.0 - alike;
        }
    }
    queue
}

/// How little the best stands above the next.
fn margin(ranking: &Ranking) -> f32 {
    let at = |place: usize| ranking.get(place).map_or(0.0, |one| one.1);
    (1.0 - (at(0) - at(1))).clamp(0.0, 1.0)
}

/// Writes rows whose intent is the suggested one, for a person to correct and to move into intents/.
fn write(out: &Path, queue: &[Queued]) -> anyhow::Result<()> {
    let row = |one: &Queued| match &one.intents[..] {
        [] => format!("{}\n", serde_json::json!({"text": one.text, "intent": one.intent})),
        intents => format!("{}\n", serde_json::json!({"text": one.text, "intents": intents})),
    };
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

    fn sure(probability: f32) -> Said {
        let ranking = vec![(Some("a".to_owned()), probability), (Some("b".to_owned()), 1.0 - probability)];
        of_shares(ranked(ranking), &HashSet::new())
    }

    fn scored(intent: &str, probability: f32) -> model::Scored {
        model::Scored { intent: intent.to_owned(), probability }
    }

    #[test]
    fn of_a_message_with_several_intents_the_least_sure_one_counts() {
        let said = |probabilities: [f32; 3], named: usize| {
            let ranking: Vec<_> = ["a", "b", "c"].iter().zip(probabilities).map(|(name, p)| scored(name, p)).collect();
            let several = Some(ranking[..named].to_vec());
            understood(model::Prediction { ranking, several, in_scope: 1.0, ..model::Prediction::default() })
        };
        let both = said([0.95, 0.94, 0.02], 2);
        assert_eq!(both.intents, ["a", "b"]);
        assert!(both.uncertainty < 0.15, "{both:?}");
        assert!(said([0.95, 0.55, 0.02], 2).uncertainty > 0.85);
        assert!(said([0.95, 0.94, 0.45], 2).uncertainty > 0.85);
        let one = said([0.95, 0.04, 0.02], 1);
        assert!(one.intents.is_empty() && one.uncertainty < 0.15, "{one:?}");
    }

    #[test]
    fn halves_of_two_intents_that_stand_together_are_no_doubt() {
        let ranking = || ranked([("a", 0.5), ("b", 0.48), ("c", 0.02)].map(|(n, p)| (Some(n.to_owned()), p)).to_vec());
        let known = HashSet::from([["a", "b"], ["b", "a"]]);
        let (pair, strangers) = (of_shares(ranking(), &known), of_shares(ranking(), &HashSet::new()));
        assert_eq!(pair.intents, ["a", "b"]);
        assert!(pair.uncertainty < 0.15 && strangers.uncertainty > 0.9, "{pair:?} {strangers:?}");
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("queue.jsonl");
        write(&out, &queue(&pool(&["give me both of them"]), vec![pair], None, 1)).unwrap();
        let row: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
        assert_eq!(row, serde_json::json!({"text": "give me both of them", "intents": ["a", "b"]}));
    }

    #[test]
    fn unsure_and_usual_messages_come_before_sure_and_odd_ones() {
        let pool = pool(&["where is it now", "where is it then", "where is it", "zebra crossing", "thank you"]);
        let rankings = vec![sure(0.5), sure(0.5), sure(0.55), sure(0.5), sure(1.0)];
        let encoder = SentenceEncoder::shipped().unwrap();
        let queue = queue(&pool, rankings, Some(&encoder), 5);
        let order: Vec<&str> = queue.iter().map(|one| one.text.as_str()).collect();
        assert!(order[0].starts_with("where is it"), "{order:?}");
        // Messages like the first say little more once that one is labelled.
        assert_eq!((order[1], order[4]), ("zebra crossing", "thank you"), "{order:?}");
    }

    #[test]
    fn an_empty_pool_gives_an_empty_queue() {
        assert!(queue(&[], Vec::new(), None, 10).is_empty());
        assert!(table(&[], 0).contains("0 of 0"));
        assert_eq!(margin(&Vec::new()), 1.0);
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
        assert_eq!(by_examples(&bot, &pool, None).unwrap()[0].ranking.len(), 2);
    }
}
