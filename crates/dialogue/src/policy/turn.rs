//! One turn as the rules see it: the inputs, and what is read off them once.

use std::borrow::Cow;

use super::forms::is_bare_answer;
use crate::{
    Candidate, Candidates, Conversation, HandoffState, IntentScore, Kind, Language, Localised, Script, SlotValue,
    Template, Understanding,
};

/// The inputs of one decision.
pub(super) struct Turn<'a> {
    pub(super) conversation: &'a Conversation,
    pub(super) heard: &'a Understanding,
    pub(super) candidates: &'a Candidates,
    pub(super) script: &'a Script,
    pub(super) now: jiff::Timestamp,
    /// The language to answer in.
    pub(super) language: Language,
    /// The message normalised.
    pub(super) words: Cow<'a, str>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(
        conversation: &'a Conversation,
        heard: &'a Understanding,
        candidates: &'a Candidates,
        script: &'a Script,
        now: jiff::Timestamp,
    ) -> Self {
        let words = if heard.normalised.is_empty() {
            Cow::Owned(heard.text.trim().to_lowercase())
        } else {
            Cow::Borrowed(heard.normalised.as_str())
        };
        Self {
            conversation,
            heard,
            candidates,
            script,
            now,
            language: script.config.language_for(heard.language, conversation.language),
            words,
        }
    }

    /// The share of answers that may be wrong.
    pub(super) fn accepted_error(&self) -> f32 {
        self.script.config.accepted_error_rate
    }

    /// The best intent, where it keeps the accepted error rate.
    pub(super) fn sure_intent(&self) -> Result<&'a IntentScore, String> {
        if is_bare_answer(self) {
            return Err("the message is just what the form asked for".into());
        }
        let threshold = self.heard.intent_threshold;
        let best = self.heard.intents.first().ok_or("no intent was recognised")?;
        if best.probability >= threshold {
            Ok(best)
        } else {
            Err(format!("`{}` at {:.3} is below {threshold:.3}", best.intent, best.probability))
        }
    }

    /// The best FAQ hit that keeps the accepted error rate; the reply's language goes first.
    pub(super) fn sure_faq(&self) -> Result<&'a Candidate, String> {
        let threshold = self.candidates.threshold;
        let sure = || {
            let hits = self.candidates.hits.iter();
            hits.filter(|hit| hit.probability >= threshold && self.speaks(hit.language))
        };
        let same = |hit: &&Candidate| hit.language.is_none_or(|spoken| spoken == self.language);
        sure().find(same).or_else(|| sure().next()).ok_or_else(|| match self.candidates.hits.first() {
            None => "the search found nothing".to_owned(),
            Some(hit) => format!("`{}` at {:.3} is below {threshold:.3}", hit.faq_id, hit.probability),
        })
    }

    /// Whether the bot answers in this language; an unknown one is taken to be the reply's.
    pub(super) fn speaks(&self, language: Option<Language>) -> bool {
        language.is_none_or(|language| self.script.config.languages.contains(&language))
    }

    /// The value in the reply's language, or in another language of the bot.
    pub(super) fn pick<'v, T>(&self, value: &'v Localised<T>) -> Option<(Language, &'v T)> {
        [self.language, self.language.other()]
            .into_iter()
            .filter(|language| *language == self.language || self.speaks(Some(*language)))
            .find_map(|language| value.exact(language).map(|found| (language, found)))
    }

    /// The intent's template, where it is of this kind.
    pub(super) fn template_of(&self, intent: &str, kind: Kind) -> Option<&'a Template> {
        let template = self.script.template(intent);
        template.filter(|template| template.kind == kind)
    }

    /// Whether the bot has anything prepared for this intent.
    pub(super) fn can_answer(&self, intent: &str) -> bool {
        self.script.template(intent).is_some() || self.script.form(intent).is_some()
    }

    /// What to call an intent the bot can answer when offering it.
    ///
    /// Without a title, an English reply can use a name written in words; a Chinese one cannot.
    pub(super) fn title_of(&self, intent: &str) -> Option<String> {
        if !self.can_answer(intent) {
            return None;
        }
        let template = self.script.template(intent);
        let title = template.and_then(|template| template.title.as_ref()?.exact(self.language));
        if let Some(title) = title {
            return Some(title.trim().to_owned()).filter(|title| !title.is_empty());
        }
        let readable = match self.language {
            Language::English => intent.is_ascii(),
            Language::Chinese => !intent.is_ascii(),
        };
        readable.then(|| intent.replace(['_', '-'], " "))
    }

    /// One of the bot's own sentences in the reply's language.
    pub(super) fn sentence(&self, name: &str) -> String {
        self.sentence_with(name, &[])
    }

    /// The same, with values only this sentence has.
    pub(super) fn sentence_with(&self, name: &str, extra: &[(&str, &str)]) -> String {
        let turn = self.conversation.turn;
        self.script.sentence(name, self.language, turn, extra)
    }

    /// The state of the next turn before any rule changes it: a form is left, failures forgotten.
    pub(super) fn next(&self) -> Conversation {
        let mut next = self.conversation.clone();
        next.turn = next.turn.saturating_add(1);
        if self.heard.language.is_some() || next.language.is_none() {
            next.language = Some(self.language);
        }
        next.form = None;
        next.clarification = None;
        next.failures = 0;
        next.angry_turns = if self.is_negative() { next.angry_turns.saturating_add(1) } else { 0 };
        for found in &self.heard.entities {
            let same = found.value.eq_ignore_ascii_case(&found.text);
            let text = if same { &found.value } else { &found.text };
            let value = SlotValue { value: found.value.clone(), text: text.clone(), sensitive: found.sensitive };
            next.slots.insert(found.entity.clone(), value);
        }
        next
    }

    /// Whether a person has been called and people are there to come.
    pub(super) fn is_waiting_for_person(&self) -> bool {
        self.conversation.handed_over == HandoffState::Waiting && self.script.is_open(self.now)
    }

    /// Whether the message is negative, as surely as answers must be right; a bare value, such as an address that was
    /// asked for, has no mood.
    pub(super) fn is_negative(&self) -> bool {
        if self.heard.entities.iter().any(|found| found.text.trim() == self.heard.text.trim()) {
            return false;
        }
        let sure = 1.0 - self.accepted_error();
        let sentiment = self.heard.sentiment;
        sentiment.is_some_and(|sentiment| sentiment.negative >= sure)
    }
}
