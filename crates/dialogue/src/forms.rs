//! `forms.yml`: what an intent must know before it can answer.

use indexmap::IndexMap;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::words;
use crate::yaml;
use crate::{Error, Localised};

const FILE: &str = "forms.yml";

/// All forms of a bot, by intent.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Forms {
    by_intent: IndexMap<String, Form>,
}

/// The slots one intent needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// The intent the form belongs to.
    pub intent: String,
    /// What is asked, in this order.
    pub slots: Vec<Slot>,
    /// Answers that may be invalid for one slot before a person is called.
    #[serde(default = "default_attempts")]
    pub max_attempts: u32,
}

/// One thing a form asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// The name that templates use in braces.
    pub name: String,
    /// The entity that fills it.
    #[serde(default)]
    pub entity: Option<String>,
    /// What the whole answer must look like, whatever its case.
    #[serde(default)]
    pub pattern: Option<Pattern>,
    /// The question.
    pub prompt: Localised<String>,
    /// What to say when the answer does not fit.
    #[serde(default)]
    pub invalid: Option<Localised<String>>,
    /// Kept masked on disk and in replies.
    #[serde(default)]
    pub sensitive: bool,
    /// Taken when mentioned, never asked for.
    #[serde(default)]
    pub optional: bool,
    /// The only answers accepted, offered as quick replies.
    #[serde(default)]
    pub choices: Option<Localised<Vec<String>>>,
}

fn default_attempts() -> u32 {
    3
}

/// A checked regular expression that matches whole answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    source: String,
    whole: Regex,
    inside: Regex,
}

impl Pattern {
    /// Whether the whole answer fits.
    pub fn is_match(&self, answer: &str) -> bool {
        self.whole.is_match(answer)
    }

    /// The one part of a longer answer that fits and stands alone between other words.
    pub fn find<'a>(&self, answer: &'a str) -> Option<&'a str> {
        let alone = |range: &std::ops::Range<usize>| {
            let before = answer[..range.start].chars().next_back();
            let after = answer[range.end..].chars().next();
            !before.is_some_and(|c| c.is_ascii_alphanumeric()) && !after.is_some_and(|c| c.is_ascii_alphanumeric())
        };
        let mut found =
            self.inside.find_iter(answer).map(|found| found.range()).filter(|range| !range.is_empty() && alone(range));
        let first = found.next()?;
        found.next().is_none().then(|| &answer[first])
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(source: String) -> Result<Self, String> {
        let build = |pattern: String| {
            RegexBuilder::new(&pattern)
                .case_insensitive(true)
                .size_limit(1 << 20)
                .build()
                .map_err(|error| format!("pattern `{source}` is not a regular expression: {error}"))
        };
        Ok(Self { whole: build(format!("^(?:{source})$"))?, inside: build(source.clone())?, source })
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.source
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormsFile {
    #[serde(default)]
    #[allow(dead_code)]
    version: Option<String>,
    #[serde(default)]
    forms: Vec<serde_saphyr::Spanned<Form>>,
}

impl Forms {
    /// Reads `forms.yml`; an empty file is a bot without forms.
    pub fn parse(source: &str) -> Result<Self, Error> {
        if yaml::is_blank(source) {
            return Ok(Self::default());
        }
        let file: FormsFile = yaml::parse(FILE, source)?;
        let mut by_intent = IndexMap::new();
        for item in file.forms {
            let line = usize::try_from(item.referenced.line()).ok();
            let form = item.value;
            form.validate().map_err(|why| Error::new(FILE, line, why))?;
            if by_intent.contains_key(&form.intent) {
                let message = format!("form `{}` is there twice; join the two", form.intent);
                return Err(Error::new(FILE, line, message));
            }
            by_intent.insert(form.intent.clone(), form);
        }
        Ok(Self { by_intent })
    }

    /// The form of an intent.
    pub fn get(&self, intent: &str) -> Option<&Form> {
        self.by_intent.get(intent)
    }

    /// Every form, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Form> {
        self.by_intent.values()
    }
}

impl Form {
    /// The slot of that name.
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.name == name)
    }

    fn validate(&self) -> Result<(), String> {
        let intent = &self.intent;
        if intent.trim().is_empty() {
            return Err("a form has an empty intent".into());
        }
        if self.slots.is_empty() {
            return Err(format!("form `{intent}` has no slots; add one or delete the form"));
        }
        if self.max_attempts == 0 {
            return Err(format!("form `{intent}`: max_attempts must be at least 1"));
        }
        for (index, slot) in self.slots.iter().enumerate() {
            let name = &slot.name;
            if name.trim().is_empty() || name.contains(['{', '}']) {
                return Err(format!("form `{intent}`: `{name}` cannot be the name of a slot"));
            }
            if self.slots[..index].iter().any(|other| other.name == *name) {
                return Err(format!("form `{intent}`: slot `{name}` is there twice"));
            }
            if slot.prompt.each().all(|(_, prompt)| prompt.trim().is_empty()) {
                return Err(format!("form `{intent}`: slot `{name}` has an empty prompt"));
            }
        }
        Ok(())
    }
}

impl Slot {
    /// Whether anything the customer writes is an answer.
    pub(crate) fn takes_own_words(&self) -> bool {
        self.entity.is_none() && self.pattern.is_none() && self.choices.is_none()
    }

    /// Whether a value keeps the slot's pattern and choices.
    pub(crate) fn fits(&self, value: &str) -> bool {
        let pattern = self.pattern.as_ref();
        pattern.is_none_or(|pattern| pattern.is_match(value))
            && (self.choices.is_none() || self.choice(value).is_some())
    }

    /// The answer in a message without the help of an entity; `normalised` is half-width.
    pub(crate) fn accept(&self, message: &str, normalised: &str) -> Option<String> {
        if self.choices.is_some() {
            return self.choice(normalised).or_else(|| self.choice(message));
        }
        if let Some(pattern) = &self.pattern {
            let message = half_width(message.trim());
            let found = if pattern.is_match(&message) { Some(message.as_str()) } else { pattern.find(&message) };
            return found.map(str::to_owned);
        }
        let own = message.trim();
        let says_something = own.chars().any(char::is_alphanumeric);
        (self.entity.is_none() && says_something).then(|| own.to_owned())
    }

    /// The choice a message means: its words in either language, its number, or words holding it.
    fn choice(&self, message: &str) -> Option<String> {
        let choices = self.choices.as_ref()?;
        let said = message.trim().to_lowercase();
        for (_, list) in choices.each() {
            let same = |choice: &&String| words::bare(&choice.to_lowercase()) == words::bare(&said);
            if let Some(choice) = list.iter().find(same) {
                return Some(choice.clone());
            }
        }
        for (_, list) in choices.each() {
            if let Some(choice) = words::place(&said, list.len()).and_then(|index| list.get(index)) {
                return Some(choice.clone());
            }
            let mut held = list.iter().filter(|choice| words::holds(&said, &choice.to_lowercase()));
            if let (Some(choice), None) = (held.next(), held.next()) {
                return Some(choice.clone());
            }
        }
        None
    }
}

/// Full-width letters, digits and signs as typed on a Chinese keyboard become plain ones.
fn half_width(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(plain).collect()
}
