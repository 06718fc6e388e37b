//! `mine`: what customers come for, from logs without labels. Opening questions are grouped by meaning; each group is
//! named by its telling words and shown with examples and the agents' best replies.

mod drafts;
mod entries;
mod openings;
mod replies;
mod report;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use model::{Classifier, SentenceEncoder};
use serde::{Deserialize, Serialize};

use crate::args::{MineArgs, Which};
use crate::communities::{communities, graph};
use crate::events::write_whole;
use crate::logs::{self, Conversation};
use crate::meaning::{self, Meaning};
use crate::near::nearest;
use crate::source::Source;
use crate::telling::telling;
use crate::vectors::{Vector, Vectoriser};
use crate::{Error, Problem, Severity};
pub use entries::{Asked, MissingEntry, missing_entries, openings_of_logs};
use openings::Opening;

/// Different messages that are grouped; of larger logs an even selection.
const MOST: usize = 30_000;
/// Nearest neighbours that each message is joined to: a fifth of the root of all, within these bounds.
const NEIGHBOURS: std::ops::RangeInclusive<usize> = 7..=10;
/// Groups that are kept at most, the largest.
const MOST_GROUPS: usize = 1000;
/// Messages of a matter that is compared between two logs at least.
const MATTER: usize = 5;
/// Telling words of a group and replies in each language that are kept.
const WORDS: usize = 6;
const REPLIES: usize = 3;

/// What counts as alike.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// Neighbours are at least so alike.
    neighbour: f32,
    /// A message more unlike its group's centre belongs to none.
    stray: f32,
    /// Groups whose centres are so alike are one.
    joined: f32,
    /// The resolution of groups grows by so much with every tenfold of messages from a hundred on: more messages hold more
    /// matters.
    finer: f32,
}

impl Rule {
    fn resolution(&self, n_messages: usize, detail: f32) -> f64 {
        let tenfolds = (n_messages.max(100) as f32 / 100.0).log10();
        f64::from((1.0 + self.finer * tenfolds) * detail)
    }
}

const BY_WORDS: Rule = Rule { neighbour: 0.25, stray: 0.15, joined: 0.6, finer: 0.0 };
/// Chosen on training rows of public sets, as if they had no labels.
const BY_MEANING: Rule = Rule { neighbour: 0.3, stray: 0.2, joined: 0.75, finer: 0.5 };

/// The report of `mine`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mined {
    /// Conversations read.
    pub conversations: usize,
    /// Messages grouped, those written twice counted twice.
    pub messages: usize,
    /// Messages that belong to no group.
    pub strays: usize,
    /// The groups, largest first.
    pub groups: Vec<Group>,
}

/// What some customers come for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// A name made of the telling words.
    pub name: String,
    /// Messages in it.
    pub size: usize,
    /// How alike they are: the mean cosine to the group's centre.
    pub cohesion: f32,
    /// The words that tell it from the others.
    pub words: Vec<String>,
    /// Messages, the most typical first.
    pub examples: Vec<String>,
    /// What agents replied, the most usual first.
    pub replies: Vec<Reply>,
}

/// What agents replied to the messages of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The most typical wording, without personal data.
    pub text: String,
    /// How often something like it was said.
    pub times: usize,
    /// Share of the conversations with it that were resolved, where the logs say so.
    pub resolved: Option<f64>,
}

/// Groups what customers ask in logs.
pub fn run_mine(arguments: &MineArgs) -> anyhow::Result<ExitCode> {
    if let Some(out) = arguments.out.as_ref().filter(|out| out.exists()) {
        bail!("{} exists already: give another --out or move it away", out.display());
    }
    let (conversations, problems) = read_logs(&arguments.logs)?;
    let mut openings = openings::find(&conversations, arguments.which);
    if let Some(path) = &arguments.model {
        let classifier = Classifier::load(path).context("cannot load the model")?;
        openings::keep_unanswered(&mut openings, &classifier);
    }
    let encoder = meaning::open(arguments.base.as_ref())?;
    let mined = mine(&conversations, &openings, encoder.as_ref(), arguments);
    if let Some(path) = &arguments.html {
        write_whole(path, report::page(&mined).as_bytes())?;
    }
    if let Some(out) = &arguments.out {
        drafts::write(out, &mined)?;
    }
    let words = if arguments.json {
        format!("{}\n", serde_json::to_string(&mined)?)
    } else {
        let warnings = problems.iter().take(5).map(|problem| format!("warning  {problem}\n")).collect::<String>();
        format!("{warnings}{}{}", report::table(&mined), next(arguments))
    };
    let _ = std::io::stdout().write_all(words.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn next(arguments: &MineArgs) -> String {
    match &arguments.out {
        None => "\nnext: give --out DIR to write the groups as a bot folder to edit\n".to_owned(),
        Some(out) => format!(
            "\nnext: rename, merge and delete what {out} holds, then\n  frontdesk check {out}\n",
            out = out.display()
        ),
    }
}

/// The conversations of log files; broken lines are warnings.
pub(crate) fn read_logs(paths: &[PathBuf]) -> Result<(Vec<Conversation>, Vec<Problem>), Error> {
    let (mut conversations, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let source = Source::read(path).map_err(|problem| Error::Data(vec![problem]))?;
        let (read, found) = logs::read(&source);
        conversations.extend(read);
        problems.extend(found);
    }
    let (errors, warnings): (Vec<_>, Vec<_>) =
        problems.into_iter().partition(|problem: &Problem| problem.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(Error::Data(errors));
    }
    if conversations.is_empty() {
        return Err(Error::TooLittle("the logs hold no conversation".to_owned()));
    }
    Ok((conversations, warnings))
}

fn mine(
    conversations: &[Conversation],
    openings: &[Opening],
    encoder: Option<&SentenceEncoder>,
    arguments: &MineArgs,
) -> Mined {
    let kept = even_selection(openings);
    let clusters = clusters(&kept, encoder, arguments.min_size, arguments.detail);
    let said = |nodes: &[usize]| nodes.iter().map(|node| kept[*node].turns.len()).sum::<usize>();
    let spoken: Vec<Vec<Vec<String>>> =
        clusters.iter().map(|cluster| cluster.nodes.iter().map(|node| spoken_words(kept[*node])).collect()).collect();
    let mut names = Names::default();
    let groups: Vec<Group> = clusters
        .iter()
        .zip(telling(&spoken, WORDS))
        .map(|(cluster, words)| {
            let of_cluster: Vec<&Opening> = cluster.nodes.iter().map(|node| kept[*node]).collect();
            Group {
                name: names.name(&words),
                size: said(&cluster.nodes),
                cohesion: cluster.cohesion,
                words,
                examples: of_cluster.iter().take(arguments.examples).map(|opening| opening.text.clone()).collect(),
                replies: replies::best(conversations, &of_cluster, REPLIES),
            }
        })
        .collect();
    let messages = kept.iter().map(|opening| opening.turns.len()).sum::<usize>();
    let grouped: usize = groups.iter().map(|group| group.size).sum();
    Mined { conversations: conversations.len(), messages, strays: messages - grouped, groups }
}

fn even_selection(openings: &[Opening]) -> Vec<&Opening> {
    openings.iter().step_by(openings.len().div_ceil(MOST).max(1)).collect()
}

/// What all messages of customers are about: the name of each group, and the conversation of each of its messages.
pub(crate) fn matters(conversations: &[Conversation], encoder: &SentenceEncoder) -> Vec<(String, Vec<usize>)> {
    let openings = openings::find(conversations, Which::All);
    let kept = even_selection(&openings);
    let clusters = clusters(&kept, Some(encoder), MATTER, 1.0);
    let of_cluster = |cluster: &Cluster| cluster.nodes.iter().map(|node| kept[*node]).collect::<Vec<_>>();
    let spoken: Vec<Vec<Vec<String>>> =
        clusters.iter().map(|cluster| of_cluster(cluster).into_iter().map(spoken_words).collect()).collect();
    let mut names = Names::default();
    let named = clusters.iter().zip(telling(&spoken, WORDS)).map(|(cluster, words)| {
        let talks = of_cluster(cluster).into_iter().flat_map(|opening| opening.turns.iter().map(|(talk, _)| *talk));
        (names.name(&words), talks.collect())
    });
    named.collect()
}

fn spoken_words(opening: &Opening) -> Vec<String> {
    opening.reading.split(' ').map(str::to_owned).collect()
}

/// The groups of openings that are large enough, largest first.
fn clusters(kept: &[&Opening], encoder: Option<&SentenceEncoder>, min_size: usize, detail: f32) -> Vec<Cluster> {
    let (vectors, rule) = match encoder {
        Some(encoder) => (by_meaning(kept, encoder), BY_MEANING),
        None => (by_words(kept), BY_WORDS),
    };
    let neighbours = (kept.len().isqrt() / 5).clamp(*NEIGHBOURS.start(), *NEIGHBOURS.end());
    let graph = graph(&vectors, neighbours, rule.neighbour);
    let of_node = communities(&graph, rule.resolution(kept.len(), detail));
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); of_node.iter().max().map_or(0, |last| last + 1)];
    of_node.iter().enumerate().for_each(|(node, group)| members[*group].push(node));
    let said = |nodes: &[usize]| nodes.iter().map(|node| kept[*node].turns.len()).sum::<usize>();
    members.retain(|nodes| said(nodes) >= min_size);
    members.sort_by_key(|nodes| std::cmp::Reverse(said(nodes)));
    members.truncate(MOST_GROUPS);
    let members = joined(members, &vectors, rule.joined);
    let mut clusters: Vec<Cluster> =
        members.into_iter().map(|nodes| Cluster::new(nodes, &vectors, rule.stray)).collect();
    clusters.retain(|cluster| said(&cluster.nodes) >= min_size);
    clusters.sort_by_key(|cluster| std::cmp::Reverse(said(&cluster.nodes)));
    clusters
}

fn by_meaning(kept: &[&Opening], encoder: &SentenceEncoder) -> Vec<Vector> {
    let texts: Vec<&str> = kept.iter().map(|opening| opening.letters.as_str()).collect();
    let (_, places) = Meaning::fit(encoder, &texts);
    places.into_iter().map(|meaning| Vector { terms: Vec::new(), meaning }).collect()
}

fn by_words(kept: &[&Opening]) -> Vec<Vector> {
    let texts = || kept.iter().map(|opening| opening.reading.as_str());
    let vectoriser = Vectoriser::fit(texts(), if kept.len() < 1000 { 1 } else { 2 });
    texts().map(|text| vectoriser.vector(text)).collect()
}

/// Joins groups whose centres are at least so alike, the nearest first.
fn joined(mut groups: Vec<Vec<usize>>, vectors: &[Vector], least: f32) -> Vec<Vec<usize>> {
    let of = |nodes: &Vec<usize>| Vector::centre(nodes.iter().map(|node| &vectors[*node]));
    let mut centres: Vec<Vector> = groups.iter().map(of).collect();
    let likeness_to = |centres: &[Vector], a: usize| -> Vec<f32> {
        (0..centres.len()).map(|b| if a == b { 0.0 } else { centres[a].likeness(&centres[b]) }).collect()
    };
    let mut likeness: Vec<Vec<f32>> = (0..groups.len()).map(|a| likeness_to(&centres, a)).collect();
    loop {
        let row = |(a, row): (usize, &Vec<f32>)| {
            row[..a].iter().copied().enumerate().map(move |(b, like)| (like, b, a)).max_by(nearer)
        };
        let nearest = likeness.iter().enumerate().filter_map(row).max_by(nearer);
        let Some((_, a, b)) = nearest.filter(|nearest| nearest.0 >= least) else { return groups };
        let moved = groups.remove(b);
        centres.remove(b);
        likeness.remove(b);
        groups[a].extend(moved);
        centres[a] = of(&groups[a]);
        let row = likeness_to(&centres, a);
        for (other, of_other) in likeness.iter_mut().enumerate() {
            of_other.remove(b);
            of_other[a] = row[other];
        }
        likeness[a] = row;
    }
}

fn nearer(one: &(f32, usize, usize), other: &(f32, usize, usize)) -> std::cmp::Ordering {
    one.0.total_cmp(&other.0)
}

/// Nodes of one group without strays, the most typical first.
struct Cluster {
    nodes: Vec<usize>,
    cohesion: f32,
}

impl Cluster {
    fn new(nodes: Vec<usize>, vectors: &[Vector], stray: f32) -> Self {
        let centre = Vector::centre(nodes.iter().map(|node| &vectors[*node]));
        let near = nearest(&centre, nodes.iter().map(|node| (*node, &vectors[*node])), nodes.len());
        let near: Vec<_> = near.into_iter().filter(|near| near.likeness >= stray).collect();
        let cohesion = near.iter().map(|near| near.likeness).sum::<f32>() / near.len().max(1) as f32;
        Self { nodes: near.into_iter().map(|near| near.index).collect(), cohesion }
    }
}

/// Names that are given once only.
#[derive(Debug, Default)]
struct Names(std::collections::HashSet<String>);

impl Names {
    fn name(&mut self, words: &[String]) -> String {
        let words: Vec<&str> = words.iter().take(3).map(String::as_str).collect();
        let base = if words.is_empty() { "group".to_owned() } else { words.join("_") };
        let mut name = base.clone();
        let mut number = 1;
        while !self.0.insert(name.clone()) {
            number += 1;
            name = format!("{base}_{number}");
        }
        name
    }
}

#[cfg(test)]
mod tests;
