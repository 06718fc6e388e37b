//! `templates.yml`: the replies people wrote, per intent and language.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::yaml::{self, OneOrMany};
use crate::{Error, Language, Localised, QuickReply};

const FILE: &str = "templates.yml";

/// All prepared replies of a bot, by intent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Templates {
    by_intent: IndexMap<String, Template>,
}

/// The prepared reply of one intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The intent; a leading underscore names one of the bot's own sentences.
    pub intent: String,
    /// What kind of reply it is.
    #[serde(default)]
    pub kind: Kind,
    /// What to call this matter when asking which one is meant.
    #[serde(default)]
    pub title: Option<Localised<String>>,
    /// The wordings, which take turns.
    pub replies: Localised<Variants>,
    /// What the customer can tap next.
    #[serde(default)]
    pub quick_replies: Localised<Vec<QuickReply>>,
    /// On the next turn the intent on the left counts as the one on the right.
    #[serde(default)]
    pub follow_ups: IndexMap<String, String>,
}

/// What kind of reply a template is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It answers a question.
    #[default]
    Answer,
    /// Greetings, thanks and the like.
    Smalltalk,
    /// The customer wants a person.
    Handoff,
}

/// Wordings of one reply: a string or a list in files.
pub type Variants = OneOrMany<String>;

impl Variants {
    /// The wording for this turn; wordings take turns, blank ones are passed over.
    pub fn at(&self, turn: u32) -> Option<&str> {
        let written: Vec<&str> = self.written().collect();
        let index = (turn as usize).checked_rem(written.len())?;
        Some(written[index])
    }

    /// The wordings that are not blank.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|text| !text.trim().is_empty())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplatesFile {
    #[serde(default)]
    #[allow(dead_code)]
    version: Option<String>,
    #[serde(default)]
    templates: Vec<serde_saphyr::Spanned<Template>>,
}

impl Templates {
    /// Reads `templates.yml`; an empty file is a bot without templates.
    pub fn parse(source: &str) -> Result<Self, Error> {
        if yaml::is_blank(source) {
            return Ok(Self::default());
        }
        let file: TemplatesFile = yaml::parse(FILE, source)?;
        let mut by_intent = IndexMap::new();
        for item in file.templates {
            let line = usize::try_from(item.referenced.line()).ok();
            let template = item.value;
            let intent = template.intent.trim().to_owned();
            if intent.is_empty() {
                return Err(Error::new(FILE, line, "a template has an empty intent"));
            }
            let has_text = |(_, variants): (Language, &Variants)| variants.written().next().is_some();
            if !template.replies.each().any(has_text) {
                let message = format!("template `{intent}` has no reply; write replies: {{zh: …, en: …}}");
                return Err(Error::new(FILE, line, message));
            }
            if by_intent.contains_key(&intent) {
                let message = format!("template `{intent}` is there twice; join the two or delete one");
                return Err(Error::new(FILE, line, message));
            }
            by_intent.insert(intent, template);
        }
        Ok(Self { by_intent })
    }

    /// The template of an intent.
    pub fn get(&self, intent: &str) -> Option<&Template> {
        self.by_intent.get(intent)
    }

    /// Puts a template in place of the one its intent had.
    pub fn put(&mut self, template: Template) {
        self.by_intent.insert(template.intent.clone(), template);
    }

    /// Every template, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Template> {
        self.by_intent.values()
    }
}
