//! Rasa NLU YAML: intents with their examples, and the synonyms, lookups and patterns written beside them.

use std::fmt;

use model::{AnnotatedText, Gazetteer, GazetteerEntity, GazetteerValue, Mention};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::annotation::{self, Annotation};
use crate::row::{Origin, Row, message, several};
use crate::source::Source;
use crate::{Place, Problem};

/// What one YAML file of `intents/` teaches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nlu {
    pub(crate) rows: Vec<Row>,
    /// The examples of all rows with their marks.
    pub(crate) annotated: Vec<AnnotatedText>,
    pub(crate) gazetteer: Gazetteer,
    pub(crate) problems: Vec<Problem>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    nlu: Vec<Spanned<Item>>,
}

#[derive(Deserialize)]
struct Item {
    intent: Option<String>,
    synonym: Option<String>,
    lookup: Option<String>,
    regex: Option<String>,
    examples: Option<Spanned<Examples>>,
}

/// Examples as one block of `- …` lines, or as a list of texts or of `{text: …}`.
enum Examples {
    Block(String),
    List(Vec<Spanned<ListItem>>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ListItem {
    Text(String),
    Object { text: String },
}

/// Reads a file; whatever is wrong is in `problems`, and the rest is still read.
pub(crate) fn read(source: &Source) -> Nlu {
    let mut nlu = Nlu::default();
    if source.is_blank() {
        return nlu;
    }
    let options = serde_saphyr::options! { with_snippet: false };
    match serde_saphyr::from_str_with_options::<File>(&source.text, options) {
        Ok(file) => file.nlu.into_iter().for_each(|item| nlu.item(source, item)),
        Err(error) => {
            let line = error.location().map(|location| location.line() as usize).filter(|line| *line > 0);
            let place = Place { file: source.name.clone(), line };
            let what = format!("not the YAML of intents: {}", error.without_snippet().render());
            nlu.problems.push(Problem::error(place, what, "see data/README.md for the format; mind the indentation"));
        }
    }
    nlu
}

impl Nlu {
    fn item(&mut self, source: &Source, item: Spanned<Item>) {
        let place = Place::new(&source.name, item.referenced.line() as usize);
        let Item { intent, synonym, lookup, regex, examples } = item.value;
        let Some(examples) = examples else {
            self.problems.push(Problem::error(place, "the item has no `examples`", "add `examples: |` and `- ` lines"));
            return;
        };
        let lines = self.lines(source, examples);
        if lines.is_empty() {
            self.problems.push(Problem::error(
                place.clone(),
                "the item has no example",
                "write at least one `- ` line",
            ));
        }
        match (intent, synonym, lookup, regex) {
            (Some(intent), None, None, None) => self.intent(&place, &intent, lines),
            (None, Some(value), None, None) => self.synonym(value, lines),
            (None, None, Some(entity), None) => self.lookup(entity, lines),
            (None, None, None, Some(entity)) => self.regex(&entity, lines),
            _ => {
                let what = "the item must name one of `intent`, `synonym`, `lookup` or `regex`";
                self.problems.push(Problem::error(place, what, "split it, or add the one that is missing"));
            }
        }
    }

    fn lines(&mut self, source: &Source, examples: Spanned<Examples>) -> Vec<(Place, String)> {
        let at = examples.referenced.line() as usize;
        match examples.value {
            Examples::List(items) => items
                .into_iter()
                .map(|item| {
                    let (ListItem::Text(text) | ListItem::Object { text }) = item.value;
                    let text = text.trim().trim_start_matches("- ").to_owned();
                    (Place::new(&source.name, item.referenced.line() as usize), text)
                })
                .collect(),
            Examples::Block(block) => {
                let first = first_content_line(&source.text, at, &block);
                let lines = block.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
                lines
                    .filter_map(|(index, line)| self.block_line(Place::new(&source.name, first + index), line))
                    .collect()
            }
        }
    }

    fn block_line(&mut self, place: Place, line: &str) -> Option<(Place, String)> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let Some(text) = line.strip_prefix('-') else {
            let what = format!("an example starts with `- `, this line does not: {}", shortened(line));
            self.problems.push(Problem::error(place, what, "put `- ` before it, or join it to the line above"));
            return None;
        };
        Some((place, text.trim().to_owned()))
    }

    fn intent(&mut self, place: &Place, name: &str, lines: Vec<(Place, String)>) {
        let (intent, also) = match several(place, &parts(name)) {
            Ok(intents) => intents,
            Err(problem) => return self.problems.push(problem),
        };
        for (place, line) in lines {
            match self.example(&place, &line) {
                Ok(text) => self.rows.push(Row {
                    text,
                    intent: intent.clone(),
                    also: also.clone(),
                    origin: Origin::Authored,
                    weight: 1.0,
                    place,
                    conversation: None,
                }),
                Err(problem) => self.problems.push(problem),
            }
        }
    }

    fn example(&mut self, place: &Place, line: &str) -> Result<String, Problem> {
        let annotated = annotation::parse(line).map_err(|reason| {
            Problem::error(place.clone(), reason, "write [text](entity) or [text]{\"entity\":\"…\",\"value\":\"…\"}")
        })?;
        let text = message(place, Some(annotated.text.clone()))?;
        let before = annotated.text.len() - annotated.text.trim_start().len();
        let mut mentions: Vec<Mention> = Vec::new();
        for Annotation { entity, value, text: marked, start } in annotated.annotations {
            // Blanks at either end of the example are not part of the message.
            let (start, end) = (start.saturating_sub(before), (start + marked.len()).saturating_sub(before));
            let (start, end) = (start.min(text.len()), end.min(text.len()));
            // Of two marks on the same words the first is learned.
            if start < end && mentions.last().is_none_or(|last| last.end <= start) {
                mentions.push(Mention { entity: entity.clone(), start, end });
            }
            // A mention without a value may be a one-off such as an order number: no list holds it.
            if let Some(value) = value {
                self.add_value(entity, value, marked);
            }
        }
        self.annotated.push(AnnotatedText { text: text.clone(), mentions });
        Ok(text)
    }

    /// Rasa's synonyms name no entity: an entity of that name stands in unless a list knows the value.
    fn synonym(&mut self, value: String, lines: Vec<(Place, String)>) {
        for (_, form) in lines {
            self.add_value(value.clone(), value.clone(), form);
        }
    }

    fn lookup(&mut self, entity: String, lines: Vec<(Place, String)>) {
        for (_, form) in lines {
            self.add_value(entity.clone(), form.clone(), form);
        }
    }

    fn regex(&mut self, entity: &str, lines: Vec<(Place, String)>) {
        let patterns = &mut entity_of(&mut self.gazetteer, entity).patterns;
        patterns.extend(lines.into_iter().map(|(_, pattern)| pattern));
    }

    fn add_value(&mut self, entity: String, value: String, form: String) {
        let one = GazetteerEntity {
            name: entity,
            values: vec![GazetteerValue { value, forms: vec![form] }],
            ..GazetteerEntity::default()
        };
        merge(&mut self.gazetteer, Gazetteer { entities: vec![one] });
    }
}

/// The intents that a name stands for: Rasa joins those of one message by a plus sign (`intent_split_symbol: "+"`). A name
/// with nothing on one side of the sign, such as `c++`, is one intent.
fn parts(name: &str) -> Vec<String> {
    let parts: Vec<String> = name.split('+').map(|part| part.trim().to_owned()).collect();
    if parts.iter().any(String::is_empty) { vec![name.to_owned()] } else { parts }
}

/// Adds the entities of `more`: values of the same name gain its forms.
pub(crate) fn merge(gazetteer: &mut Gazetteer, more: Gazetteer) {
    for entity in more.entities {
        let known = entity_of(gazetteer, &entity.name);
        known.sensitive |= entity.sensitive;
        known.patterns.extend(entity.patterns.into_iter().filter(|pattern| !pattern.is_empty()));
        known.patterns.dedup();
        for value in entity.values {
            match known.values.iter_mut().find(|other| other.value == value.value) {
                Some(other) => {
                    let new: Vec<_> = value.forms.into_iter().filter(|form| !other.forms.contains(form)).collect();
                    other.forms.extend(new);
                }
                None => known.values.push(value),
            }
        }
    }
}

/// Gives forms of Rasa's synonyms to the lists that know the value, in place of an entity of the value's name.
pub(crate) fn settle_synonyms(authored: &Gazetteer, mut found: Gazetteer) -> Gazetteer {
    for entity in &mut found.entities {
        let is_synonym = entity.values.len() == 1 && entity.values[0].value == entity.name;
        let owner = authored.entities.iter().find(|other| other.values.iter().any(|value| value.value == entity.name));
        if let (true, Some(owner)) = (is_synonym, owner) {
            entity.name.clone_from(&owner.name);
        }
    }
    found
}

fn entity_of<'a>(gazetteer: &'a mut Gazetteer, name: &str) -> &'a mut GazetteerEntity {
    let index = gazetteer.entities.iter().position(|entity| entity.name == name).unwrap_or_else(|| {
        gazetteer.entities.push(GazetteerEntity { name: name.to_owned(), ..GazetteerEntity::default() });
        gazetteer.entities.len() - 1
    });
    &mut gazetteer.entities[index]
}

/// The line of the block's first line: the parser points at the `|` or at the text, depending on the style.
fn first_content_line(source: &str, at: usize, block: &str) -> usize {
    let Some(first) = block.lines().next() else { return at };
    let matches = |line: usize| source.lines().nth(line - 1).is_some_and(|text| text.trim() == first.trim());
    (at.max(1)..at.max(1) + 3).find(|line| matches(*line)).unwrap_or(at)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl<'de> Deserialize<'de> for Examples {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExamplesVisitor)
    }
}

struct ExamplesVisitor;

impl<'de> Visitor<'de> for ExamplesVisitor {
    type Value = Examples;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a block of `- ` lines (`examples: |`) or a list")
    }

    fn visit_str<E: serde::de::Error>(self, block: &str) -> Result<Examples, E> {
        Ok(Examples::Block(block.to_owned()))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Examples, E> {
        Ok(Examples::List(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Examples, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Examples::List(items))
    }
}

#[cfg(test)]
mod tests;
