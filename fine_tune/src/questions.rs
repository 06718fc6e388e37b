//! Messages as JSON lines, in order and as they come, for commands that answer each of them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Deserialize;

use crate::row::{json, message};
use crate::{Place, Problem};

/// Lines answered together; fewer when no more are waiting.
const BATCH: usize = 256;
/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 1 << 20;
/// Some line could not be read.
const INPUT_IS_WRONG: u8 = 2;

#[derive(Deserialize)]
struct Question {
    text: Option<String>,
}

/// What answers some messages, a line each.
pub(crate) type Answer<'a> = dyn FnMut(&[&str], &mut dyn Write) -> io::Result<()> + 'a;

/// Answers every good line of a file or of standard input, and complains about the others.
pub(crate) fn answer_all(input: Option<&Path>, answer: &mut Answer<'_>) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let mut complaints = io::stderr().lock();
    let outcome = match input.filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
            let name = path.display().to_string();
            stream(&name, BufReader::new(file), answer, &mut out, &mut complaints)
        }
        None => {
            let input = BufReader::with_capacity(1 << 18, io::stdin());
            stream("standard input", input, answer, &mut out, &mut complaints)
        }
    };
    match outcome {
        Ok(0) => Ok(ExitCode::SUCCESS),
        Ok(_) => Ok(ExitCode::from(INPUT_IS_WRONG)),
        // Whoever reads our lines has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("reading or writing failed"),
    }
}

/// Answers every good line and complains about the others; returns how many those are.
fn stream<R: io::Read>(
    name: &str,
    mut input: BufReader<R>,
    answer: &mut Answer<'_>,
    out: &mut dyn Write,
    complaints: &mut dyn Write,
) -> io::Result<usize> {
    let (mut number, mut n_bad) = (0, 0);
    loop {
        let mut texts = Vec::new();
        let mut ended = false;
        while texts.len() < BATCH {
            let Some(line) = next_line(&mut input)? else {
                ended = true;
                break;
            };
            number += 1;
            match question(&Place::new(name, number), &line) {
                Ok(text) => texts.extend(text),
                Err(problem) => {
                    n_bad += 1;
                    writeln!(complaints, "{}", complaint(&problem))?;
                }
            }
            // Nothing more has arrived yet: whoever waits for an answer gets it now.
            if !input.buffer().contains(&b'\n') {
                break;
            }
        }
        answer(&texts.iter().map(String::as_str).collect::<Vec<_>>(), out)?;
        out.flush()?;
        if ended {
            return Ok(n_bad);
        }
    }
}

/// A line, or how many bytes it has when that is too many.
enum Line {
    Whole(Vec<u8>),
    TooLong(usize),
}

/// The next line without its end; what is too long is passed over, not kept in memory.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut kept = Vec::new();
    let mut length = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        if length + part.len() <= LONGEST_LINE {
            kept.extend_from_slice(part);
        }
        length += part.len();
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(Some(if length > LONGEST_LINE { Line::TooLong(length) } else { Line::Whole(kept) }));
        }
    }
    match length {
        0 => Ok(None),
        _ if length > LONGEST_LINE => Ok(Some(Line::TooLong(length))),
        _ => Ok(Some(Line::Whole(kept))),
    }
}

/// The message of a line; a blank line holds none.
fn question(place: &Place, line: &Line) -> Result<Option<String>, Problem> {
    let bytes = match line {
        Line::TooLong(length) => {
            let what = format!("the line has {length} bytes; a line has at most {LONGEST_LINE}");
            return Err(Problem::error(place.clone(), what, "look for a missing line break"));
        }
        Line::Whole(bytes) => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
    };
    let line = std::str::from_utf8(bytes).map_err(|_| {
        Problem::error(place.clone(), "the line is not UTF-8", "convert the input: iconv -f GB18030 -t UTF-8")
    })?;
    if line.trim().is_empty() {
        return Ok(None);
    }
    let question: Question = json(place, line)?;
    message(place, question.text).map(Some)
}

/// A problem as one JSON object, so that programs can read standard error too.
fn complaint(problem: &Problem) -> serde_json::Value {
    serde_json::json!({"line": problem.place.line, "file": problem.place.file, "error": problem.what, "mend": problem.mend})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<String> {
        let mut reader = BufReader::with_capacity(7, input);
        let mut said = Vec::new();
        let mut number = 0;
        while let Some(line) = next_line(&mut reader).unwrap() {
            number += 1;
            said.push(match question(&Place::new("in", number), &line) {
                Ok(text) => format!("{text:?}"),
                Err(problem) => complaint(&problem).to_string(),
            });
        }
        said
    }

    #[test]
    fn good_lines_are_read_and_bad_ones_named() {
        let mut input =
            b"\xef\xbb\xbf{\"text\":\"hi\"}\r\n\n{\"text\":\"\xe4\xbd\xa0\"}\n{\"txt\":1}\n\xc4\xe3\nno\n".to_vec();
        input.extend(vec![b'a'; LONGEST_LINE + 1]);
        input.extend(b"\n{\"text\":\"last, without an end\"}");
        insta::assert_snapshot!(read(&input).join("\n"));
    }
}
