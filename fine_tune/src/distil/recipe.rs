//! The recipe of a base: which texts, which teachers, which sizes and settings; the same recipe gives the same base.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use model::DistilOptions;
use serde::{Deserialize, Serialize};
use text::Language;

use super::student::Student;

/// What `distil` reads. Paths are relative to the recipe's own folder.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Seed of everything that is left to chance.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Plain text files, a sentence a line.
    #[serde(default)]
    pub text: Vec<TextFile>,
    /// Files of two sentences that mean the same a line, with a tab between them.
    #[serde(default)]
    pub parallel: Vec<TextFile>,
    /// Who is to be learned from.
    pub teacher: Vec<TeacherSource>,
    /// The student's sizes and how it learns.
    #[serde(default)]
    pub student: Student,
}

/// A file of text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TextFile {
    /// Where it is.
    pub file: PathBuf,
    /// How often each of its lines is read in a pass.
    #[serde(default = "once")]
    pub times: u32,
    /// What its contents must be, as the hexadecimal SHA-256; another file is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A teacher: a folder that computes vectors, or a file that holds them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherSource {
    /// A BERT-family checkpoint in Hugging Face layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Put before each text, such as `query: `; the folder's own, where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// A `.npy` or `.safetensors` file with a row of floats for each line of all texts, then both sides of each line of
    /// all parallel files; a row of zeros says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vectors: Option<PathBuf>,
    /// The code of the only language it is asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What the folder's `model.safetensors` or the file must be, as the hexadecimal SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

fn default_seed() -> u64 {
    DistilOptions::default().seed
}

fn once() -> u32 {
    1
}

impl Recipe {
    /// Reads a recipe; its paths are then relative to where the program runs.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let words = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut recipe: Self = toml::from_str(&words).with_context(|| format!("{} is no recipe", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let files = recipe.text.iter_mut().chain(&mut recipe.parallel).map(|file| &mut file.file);
        let teachers = recipe.teacher.iter_mut();
        let teachers = teachers.flat_map(|teacher| teacher.folder.iter_mut().chain(&mut teacher.vectors));
        files.chain(teachers).for_each(|path| *path = folder.join(&*path));
        recipe.check().with_context(|| format!("{}", path.display()))?;
        Ok(recipe)
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.text.is_empty() && self.parallel.is_empty() {
            bail!("names no text: add [[text]] with file = \"…\"");
        }
        if self.teacher.is_empty() {
            bail!("names no teacher: add [[teacher]] with folder = \"…\"");
        }
        for (at, teacher) in (1..).zip(&self.teacher) {
            if teacher.folder.is_some() == teacher.vectors.is_some() {
                bail!("teacher {at} needs either folder or vectors");
            }
            if let Some(code) = &teacher.language
                && Language::parse(code).is_none()
            {
                bail!("teacher {at}: language is \"zh\" or \"en\", not {code:?}");
            }
        }
        self.student.check()
    }

    pub(super) fn options(&self) -> DistilOptions {
        self.student.options(self.seed)
    }
}
