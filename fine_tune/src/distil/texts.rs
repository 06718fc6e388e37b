//! The sentences of a recipe, in the order in which files of vectors have them.

use std::path::Path;

use anyhow::{Context as _, bail};
use model::Line;

use super::digest;
use super::recipe::{Recipe, TextFile};

/// All sentences: those of the text files, then both sides of each line of the parallel ones.
pub(super) fn read(recipe: &Recipe) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for file in &recipe.text {
        let words = contents(file)?;
        lines.extend(words.lines().map(|line| sentence(line, file.times)));
    }
    for file in &recipe.parallel {
        let words = contents(file)?;
        for (number, line) in (1..).zip(words.lines()) {
            let Some((left, right)) = line.split_once('\t') else {
                bail!("{}, line {number}: needs two sentences with a tab between them", file.file.display());
            };
            let at = lines.len();
            for (text, same) in [(left, at + 1), (right, at)] {
                lines.push(Line { same: Some(same), ..sentence(text, file.times) });
            }
        }
    }
    if lines.iter().all(|line| line.times == 0) {
        bail!("the text files hold no sentence");
    }
    Ok(lines)
}

/// A line without words is never read, but keeps its place.
fn sentence(line: &str, times: u32) -> Line {
    let text = line.trim();
    Line { text: text.to_owned(), times: if text.is_empty() { 0 } else { times }, same: None }
}

fn contents(file: &TextFile) -> anyhow::Result<String> {
    let bytes = std::fs::read(&file.file).with_context(|| format!("cannot read {}", file.file.display()))?;
    checked(&file.file, &bytes, file.sha256.as_deref())?;
    match String::from_utf8(bytes) {
        Ok(words) => Ok(words),
        Err(error) => {
            let line =
                error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            bail!("{}, line {}: is not UTF-8; convert the file first", file.file.display(), line + 1)
        }
    }
}

/// Refuses contents that are not those a recipe names.
pub(super) fn checked(path: &Path, bytes: &[u8], wanted: Option<&str>) -> anyhow::Result<()> {
    let found = digest(&[bytes]);
    match wanted {
        Some(wanted) if !wanted.eq_ignore_ascii_case(&found) => {
            bail!("{} is not the file that the recipe names: its SHA-256 is {found}, not {wanted}", path.display())
        }
        _ => Ok(()),
    }
}
