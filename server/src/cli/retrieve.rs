//! `frontdesk index` and `frontdesk search`: the FAQ index without a service around it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use assistant::FolderEncoder;
use clap::Args;
use retrieval::{Encoder, Explanation, FaqIndex, SearchQuery, Synonyms};
use serde::{Deserialize, Serialize};

use super::{INPUT_IS_WRONG, say};

#[derive(Debug, Args)]
pub(super) struct IndexArgs {
    /// An FAQ file of any format that `faq import` takes, or a folder with faq.jsonl, faq.csv or faq.xlsx and perhaps
    /// synonyms.txt (a line for each group of words that mean the same, parted by commas) and entities.yml
    faq: PathBuf,
    /// The index folder to make; an existing index is replaced
    #[arg(long, value_name = "INDEX")]
    out: PathBuf,
    /// Compare meanings by a BERT-family checkpoint in Hugging Face layout instead of the base that comes with the
    /// program; `search` finds it again by itself
    #[arg(long, value_name = "DIR")]
    encoder: Option<PathBuf>,
    /// Print one JSON object instead of words
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// The folder that `frontdesk index` made
    index: PathBuf,
    /// JSONL file of {"text"}; standard input without it
    file: Option<PathBuf>,
    /// How many hits to give for each question
    #[arg(long, value_name = "K", default_value_t = 5)]
    top: usize,
    /// Say of each hit what the message was read as, which words and comparisons gave its score, and what would put it
    /// first
    #[arg(long)]
    explain: bool,
}

#[derive(Deserialize)]
struct Question {
    text: String,
}

#[derive(Serialize)]
struct Found<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    read_as: Option<String>,
    hits: Vec<FoundEntry<'a>>,
}

#[derive(Serialize)]
struct FoundEntry<'a> {
    id: &'a str,
    probability: f32,
    score: f32,
    question: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

pub(super) fn index(arguments: &IndexArgs) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let entries = retrieval::read_faq(&arguments.faq)?;
    let synonyms =
        if arguments.faq.is_dir() { assistant::folder_synonyms(&arguments.faq)? } else { Synonyms::default() };
    let own = arguments.encoder.as_ref().map(|folder| FolderEncoder::open(folder, &entries)).transpose()?.map(Arc::new);
    let encoder = own.clone().map(|own| own as Arc<dyn Encoder>).or_else(assistant::meaning);
    let index = FaqIndex::open_or_create(&arguments.out, encoder)?;
    match own {
        Some(own) => own.keep(&arguments.out)?,
        None => FolderEncoder::forget(&arguments.out)?,
    }
    index.set_synonyms(synonyms)?;
    index.replace_all(&entries, 1)?;
    let seconds = started.elapsed().as_secs_f32();
    let (count, out) = (index.len(), arguments.out.display());
    if arguments.json {
        say(serde_json::json!({"entries": count, "index": arguments.out, "seconds": seconds}));
    } else {
        say(format_args!("indexed {count} entries in {seconds:.1} s into {out}"));
        say(format_args!("next: echo '{{\"text\": \"…\"}}' | frontdesk search {out}"));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn search(arguments: &SearchArgs) -> anyhow::Result<ExitCode> {
    let own = FolderEncoder::of_index(&arguments.index)?.map(|own| Arc::new(own) as Arc<dyn Encoder>);
    let index = FaqIndex::open_with(&arguments.index, own.or_else(assistant::meaning))?;
    index.verify()?;
    let input: Box<dyn BufRead> = match &arguments.file {
        Some(path) => {
            Box::new(BufReader::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?))
        }
        None => Box::new(BufReader::new(std::io::stdin())),
    };
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut wrong_lines = 0_usize;
    for (number, line) in input.split(b'\n').enumerate() {
        let line = line.context("cannot read the questions")?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Question>(&line) {
            Ok(question) => write_hits(&mut output, &index, question.text, arguments)?,
            Err(error) => {
                wrong_lines += 1;
                let _ = writeln!(
                    std::io::stderr(),
                    "line {}: {error}; each line is an object such as {{\"text\": \"…\"}}",
                    number + 1
                );
            }
        }
    }
    output.flush()?;
    Ok(if wrong_lines > 0 { ExitCode::from(INPUT_IS_WRONG) } else { ExitCode::SUCCESS })
}

fn write_hits(
    output: &mut impl std::io::Write,
    index: &FaqIndex,
    text: String,
    arguments: &SearchArgs,
) -> anyhow::Result<()> {
    let query = SearchQuery { text, top: arguments.top, ..SearchQuery::default() };
    let hits = index.search(&query);
    let found = hits.iter().map(|hit| FoundEntry {
        id: &hit.id,
        probability: hit.probability,
        score: hit.score,
        question: &hit.question,
        explanation: arguments.explain.then(|| index.explain(&query, &hit.id)).flatten(),
    });
    let read_as = arguments.explain.then(|| index.read_as(&query.text));
    serde_json::to_writer(&mut *output, &Found { read_as, hits: found.collect() })?;
    output.write_all(b"\n")?;
    Ok(())
}
