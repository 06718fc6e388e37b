//! Consistency of a bot's files with each other: what would surprise a customer.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fill::placeholders;
use crate::sentences::SENTENCE_NAMES;
use crate::{Form, Language, Localised, Script, Slot, Template};

/// Something in a bot's files that should be mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file as the bot folder names it.
    pub file: String,
    /// What it is about, such as an intent.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A customer would get a worse answer than the author meant.
    Warning,
    /// Something cannot work as written.
    Error,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.file, self.subject, self.message)
    }
}

impl Script {
    /// Everything that does not fit together; `intents` are those the bot has examples of.
    pub fn check(&self, intents: &[String]) -> Vec<Problem> {
        let mut checker =
            Checker { script: self, intents: intents.iter().map(String::as_str).collect(), problems: Vec::new() };
        for template in self.templates.iter() {
            checker.template(template);
        }
        for form in self.forms.iter() {
            checker.form(form);
        }
        for intent in intents {
            checker.intent(intent);
        }
        checker.problems
    }
}

struct Checker<'a> {
    script: &'a Script,
    intents: BTreeSet<&'a str>,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn say(&mut self, file: &str, subject: &str, severity: Severity, message: String) {
        self.problems.push(Problem { file: file.to_owned(), subject: subject.to_owned(), severity, message });
    }

    fn template(&mut self, template: &Template) {
        let name = template.intent.as_str();
        let own = name.starts_with('_');
        let mut warn = |severity, message| self.say("templates.yml", name, severity, message);
        if own && !SENTENCE_NAMES.contains(&name) {
            let known = SENTENCE_NAMES.join(", ");
            warn(Severity::Error, format!("not one of the bot's own sentences; they are {known}"));
        }
        self.languages_of("templates.yml", name, "replies", &template.replies);
        if template.quick_replies.each().next().is_some() {
            self.languages_of("templates.yml", name, "quick_replies", &template.quick_replies);
        }
        if !own {
            self.known_intent("templates.yml", name, name);
            self.placeholders_of(template);
        }
        for (from, to) in &template.follow_ups {
            self.follow_up(name, from, to);
        }
    }

    fn follow_up(&mut self, name: &str, from: &str, to: &str) {
        if !matches!(from, "affirm" | "deny") {
            self.known_intent("templates.yml", name, from);
        }
        if self.script.template(to).is_none() && self.script.form(to).is_none() {
            let message = format!("follow_ups: `{to}` has no template and no form; add one");
            self.say("templates.yml", name, Severity::Error, message);
        }
    }

    fn known_intent(&mut self, file: &str, subject: &str, intent: &str) {
        // A bot that has no examples yet is not told about each of its templates.
        if !self.intents.is_empty() && !self.intents.contains(intent) {
            let message = format!("no examples of the intent `{intent}` in intents/; add some or correct the name");
            self.say(file, subject, Severity::Warning, message);
        }
    }

    fn placeholders_of(&mut self, template: &Template) {
        let name = &template.intent;
        let mut seen = BTreeSet::new();
        for (language, variants) in template.replies.each() {
            for text in variants.written() {
                for slot in placeholders(text) {
                    if seen.insert(slot.to_owned()) && !self.is_filled(name, slot, language) {
                        let message = format!(
                            "nothing fills {{{slot}}}; add a slot `{slot}` to the form of `{name}` in forms.yml or a value to [values] in bot.toml"
                        );
                        self.say("templates.yml", name, Severity::Error, message);
                    }
                }
            }
        }
    }

    fn is_filled(&self, intent: &str, slot: &str, language: Language) -> bool {
        let named = |candidate: &Slot| {
            !candidate.optional && (candidate.name == slot || candidate.entity.as_deref() == Some(slot))
        };
        let own_form = self.script.form(intent);
        own_form.is_some_and(|form| form.slots.iter().any(named)) || self.script.value(slot, language).is_some()
    }

    fn form(&mut self, form: &Form) {
        let name = form.intent.as_str();
        self.known_intent("forms.yml", name, name);
        if self.script.template(name).is_none() {
            let message = format!(
                "no template for `{name}`: once the form is filled a person is called; add the template to answer"
            );
            self.say("forms.yml", name, Severity::Warning, message);
        }
        if form.slots.iter().all(|slot| slot.optional) {
            let message = "every slot is optional, so nothing is ever asked; make one required".to_owned();
            self.say("forms.yml", name, Severity::Warning, message);
        }
        for slot in &form.slots {
            self.slot(name, slot);
        }
    }

    fn slot(&mut self, form: &str, slot: &Slot) {
        let subject = format!("{form}.{}", slot.name);
        self.languages_of("forms.yml", &subject, "prompt", &slot.prompt);
        if let Some(invalid) = &slot.invalid {
            self.languages_of("forms.yml", &subject, "invalid", invalid);
        }
        let Some(choices) = &slot.choices else { return };
        self.languages_of("forms.yml", &subject, "choices", choices);
        let counts: BTreeSet<usize> = choices.each().map(|(_, list)| list.len()).collect();
        if counts.len() > 1 || counts.contains(&0) {
            let message = "choices must be as many in each language, in the same order".to_owned();
            self.say("forms.yml", &subject, Severity::Error, message);
        }
    }

    fn intent(&mut self, intent: &str) {
        let answered = self.script.template(intent).is_some() || self.script.form(intent).is_some();
        // These two are only ever read through follow_ups and forms.
        if !answered && !matches!(intent, "affirm" | "deny" | "cancel") {
            let message = format!(
                "`{intent}` has examples and no template: only the FAQ can answer it; add a template if it should not"
            );
            self.say("templates.yml", intent, Severity::Warning, message);
        }
    }

    fn languages_of<T>(&mut self, file: &str, subject: &str, key: &str, value: &Localised<T>) {
        let languages = self.script.config.languages.clone();
        for language in languages {
            if value.exact(language).is_none() {
                let message = format!("{key} has no `{language}`; customers would read the other language");
                self.say(file, subject, Severity::Warning, message);
            }
        }
    }
}
