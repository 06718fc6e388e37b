//! Entity lists, synonyms and patterns, and finding them in messages.

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::{Entity, Error};

/// Bytes a compiled pattern may take.
const PATTERN_SIZE: usize = 1 << 20;
/// Bytes of a message that are searched.
const MAX_BYTES: usize = 16 * 1024;

/// Known entities of a bot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gazetteer {
    /// Entities in the order of the file; earlier ones win where two match the same text.
    #[serde(default)]
    pub entities: Vec<GazetteerEntity>,
}

/// One kind of entity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GazetteerEntity {
    /// Its name.
    pub name: String,
    /// Whether its values must be masked wherever stored or shown.
    #[serde(default)]
    pub sensitive: bool,
    /// Listed values.
    #[serde(default)]
    pub values: Vec<GazetteerValue>,
    /// Regular expressions.
    #[serde(default)]
    pub patterns: Vec<String>,
}

/// One value and the ways customers write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GazetteerValue {
    /// The canonical value.
    pub value: String,
    /// Ways to write it, beside the value itself.
    #[serde(default)]
    pub forms: Vec<String>,
}

impl Gazetteer {
    /// Reads `entities.yml`.
    pub fn parse_yaml(yaml: &str) -> Result<Self, Error> {
        let file: File = serde_saphyr::from_str(yaml.trim_start_matches('\u{feff}')).map_err(|error| {
            let line = error.location().map_or(0, |place| place.line() as usize);
            problem(line, error.to_string())
        })?;
        let entities = file.entities.unwrap_or_default().into_iter().map(FileEntity::read).collect();
        let gazetteer = Self { entities };
        gazetteer.check().map_err(|error| match error {
            Error::Gazetteer { problem, .. } => Error::Gazetteer { line: line_of(yaml, &problem), problem },
            other => other,
        })?;
        Ok(gazetteer)
    }

    /// Refuses entities without a name and patterns that are no regular expressions.
    pub fn check(&self) -> Result<(), Error> {
        for entity in &self.entities {
            if entity.name.trim().is_empty() {
                return Err(problem(0, "an entity has no name"));
            }
            for pattern in &entity.patterns {
                compile(pattern).map_err(|error| problem(0, format!("entity {}: {error}", entity.name)))?;
            }
        }
        Ok(())
    }

    /// Finds known values in one message; to search many, make one [`EntityFinder`].
    pub fn find(&self, text: &str) -> Vec<Entity> {
        EntityFinder::new(self).find(text)
    }
}

/// A gazetteer made ready to search many messages; patterns that do not compile find nothing.
#[derive(Debug, Clone, Default)]
pub struct EntityFinder {
    entities: Vec<GazetteerEntity>,
    /// Normalised forms by their first character, longest first, each with entity and value.
    forms: HashMap<char, Vec<(String, usize, usize)>>,
    patterns: Vec<(Regex, usize)>,
}

impl EntityFinder {
    /// Finds known values in a message, longest first, without overlaps, in the order they occur.
    pub fn find(&self, text: &str) -> Vec<Entity> {
        if self.entities.is_empty() {
            return Vec::new();
        }
        let mut end = text.len().min(MAX_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        let mut found = self.listed(text);
        found.extend(self.matched(text));
        found.sort_by_key(|entity| (std::cmp::Reverse(entity.end - entity.start), entity.start));
        let mut kept: Vec<Entity> = Vec::new();
        for entity in found {
            if kept.iter().all(|other| entity.end <= other.start || other.end <= entity.start) {
                kept.push(entity);
            }
        }
        kept.sort_by_key(|entity| entity.start);
        kept
    }

    /// Compiles lists and patterns.
    pub fn new(gazetteer: &Gazetteer) -> Self {
        let entities = &gazetteer.entities;
        let mut forms: HashMap<char, Vec<(String, usize, usize)>> = HashMap::new();
        let mut patterns = Vec::new();
        for (index, entity) in entities.iter().enumerate() {
            for (at, value) in entity.values.iter().enumerate() {
                for form in value.forms.iter().chain(std::iter::once(&value.value)) {
                    let form = text::normalise(form).as_str().trim().to_owned();
                    if let Some(first) = form.chars().next() {
                        forms.entry(first).or_default().push((form, index, at));
                    }
                }
            }
            // Patterns from a bundle that this build cannot compile find nothing.
            patterns.extend(entity.patterns.iter().filter_map(|pattern| Some((compile(pattern).ok()?, index))));
        }
        for list in forms.values_mut() {
            list.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.1.cmp(&b.1)));
            list.dedup_by(|a, b| a.0 == b.0 && a.1 == b.1);
        }
        Self { entities: entities.clone(), forms, patterns }
    }

    /// Whether values of an entity must be masked.
    pub(crate) fn is_sensitive(&self, name: &str) -> bool {
        self.entities.iter().any(|entity| entity.sensitive && entity.name == name)
    }

    fn listed(&self, original: &str) -> Vec<Entity> {
        let normalised = text::normalise(original);
        let plain = normalised.as_str();
        let mut found = Vec::new();
        for (start, first) in plain.char_indices() {
            let Some(forms) = self.forms.get(&first) else { continue };
            let hit = forms.iter().find(|(form, _, _)| {
                plain[start..].starts_with(form.as_str()) && stands_alone(plain, start, start + form.len())
            });
            if let Some((form, entity, value)) = hit {
                let range = normalised.original_range(start..start + form.len());
                let Some(text) = original.get(range.clone()) else { continue };
                found.push(Entity {
                    entity: self.entities[*entity].name.clone(),
                    value: self.entities[*entity].values[*value].value.clone(),
                    text: text.to_owned(),
                    start: range.start,
                    end: range.end,
                    sensitive: self.entities[*entity].sensitive,
                    probability: 1.0,
                });
            }
        }
        found
    }

    fn matched(&self, original: &str) -> Vec<Entity> {
        let (folded, offsets) = half_width(original);
        let mut found = Vec::new();
        for (pattern, entity) in &self.patterns {
            for hit in pattern.find_iter(&folded).filter(|hit| !hit.is_empty()) {
                if !stands_alone(&folded, hit.start(), hit.end()) {
                    continue;
                }
                let (start, end) = (offsets[hit.start()], offsets[hit.end()]);
                found.push(Entity {
                    entity: self.entities[*entity].name.clone(),
                    value: hit.as_str().to_owned(),
                    text: original[start..end].to_owned(),
                    start,
                    end,
                    sensitive: self.entities[*entity].sensitive,
                    probability: 1.0,
                });
            }
        }
        found
    }
}

/// Whether a match is no part of a longer Latin word or number.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let joined_before = latin(text[..start].chars().next_back()) && latin(text[start..].chars().next());
    let joined_after = latin(text[..end].chars().next_back()) && latin(text[end..].chars().next());
    !joined_before && !joined_after
}

/// Full-width letters and digits made half-width, with the original offset of every byte and of the end.
fn half_width(original: &str) -> (String, Vec<usize>) {
    let mut folded = String::with_capacity(original.len());
    let mut offsets = Vec::with_capacity(original.len() + 1);
    for (at, c) in original.char_indices() {
        let half = match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            '\u{3000}' => ' ',
            c => c,
        };
        folded.push(half);
        offsets.resize(folded.len(), at);
    }
    offsets.push(original.len());
    (folded, offsets)
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .build()
        .map_err(|error| format!("pattern {pattern:?} cannot be used: {error}"))
}

fn problem(line: usize, problem: impl Into<String>) -> Error {
    Error::Gazetteer { line, problem: problem.into() }
}

/// The line that holds the entity or pattern a problem names, 0 when none does.
fn line_of(yaml: &str, problem: &str) -> usize {
    let named = problem.split_once("entity ").and_then(|(_, rest)| rest.split_once(':')).map(|(name, _)| name);
    let found = named.and_then(|name| yaml.lines().position(|line| line.contains("name:") && line.contains(name)));
    found.map_or(0, |index| index + 1)
}

/// `entities.yml` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entities: Option<Vec<FileEntity>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntity {
    name: String,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    values: Vec<FileValue>,
    #[serde(default)]
    patterns: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum FileValue {
    Plain(String),
    Forms {
        value: String,
        #[serde(default)]
        zh: Vec<String>,
        #[serde(default)]
        en: Vec<String>,
        #[serde(default)]
        synonyms: Vec<String>,
    },
}

impl FileEntity {
    fn read(self) -> GazetteerEntity {
        let values = self.values.into_iter().map(|value| match value {
            FileValue::Plain(value) => GazetteerValue { value, forms: Vec::new() },
            FileValue::Forms { value, zh, en, synonyms } => {
                GazetteerValue { value, forms: [zh, en, synonyms].concat() }
            }
        });
        GazetteerEntity {
            name: self.name,
            sensitive: self.sensitive,
            values: values.collect(),
            patterns: self.patterns,
        }
    }
}
