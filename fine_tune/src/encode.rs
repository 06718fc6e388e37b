//! `encode`: messages in, one vector a line out, in order and as they come.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use model::SentenceEncoder;
use serde::Serialize;

use crate::questions;

/// What `encode` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = ENCODE_EXAMPLES)]
pub struct EncodeArgs {
    /// Messages: JSONL {"text"}; standard input when left out or `-`
    pub input: Option<PathBuf>,

    /// A sentence encoder that `distil` wrote, or a BERT-family checkpoint in Hugging Face layout, whose vectors are the
    /// means over its tokens [default: the base that comes with the program]
    #[arg(long, value_name = "DIR")]
    pub base: Option<PathBuf>,

    /// Put before each text for a BERT, such as `query: ` for E5 [default: what the base's folder says]
    #[arg(long, value_name = "TEXT", requires = "base")]
    pub prefix: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    embedding: &'a [f32],
}

/// Turns every line of a file or of standard input into a vector of length 1.
pub fn run_encode(arguments: &EncodeArgs) -> anyhow::Result<ExitCode> {
    let encoder = match &arguments.base {
        Some(dir) => SentenceEncoder::open(dir),
        None => SentenceEncoder::shipped(),
    };
    let mut encoder = encoder.context("cannot open the base")?;
    if let Some(prefix) = &arguments.prefix {
        encoder.set_prefix(prefix);
    }
    questions::answer_all(arguments.input.as_deref(), &mut |texts, out| {
        for embedding in encoder.encode(texts).chunks_exact(encoder.dim()) {
            serde_json::to_writer(&mut *out, &Answer { embedding })?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })
}

const ENCODE_EXAMPLES: &str = "\
Examples:
  echo '{\"text\":\"where is my parcel\"}' | encode      one JSON object a line: {\"embedding\":[…]}
  encode messages.jsonl --base ../e5-small --prefix 'query: ' > vectors.jsonl

Vectors are of length 1: the sum of products of two of them is their likeness, 1 for the same. A line that cannot be read
is named on standard error and the others are still encoded; the exit code is then 2.";
