//! What is understood and searched for one message, in the words of the rooms below.

use dialogue::{
    Candidate, Conversation, EntityMatch, IntentScore, Language, Link, SentimentScore, Target, Understanding,
};
use model::{Prediction, Sentiment};
use retrieval::{FaqIndex, Hit};
use text::{Normalised, Redacted};

/// Longer messages are cut for understanding; what matters stands in the first lines.
const MOST_CHARACTERS: usize = 2_000;
/// Intents handed to the policy.
const MOST_INTENTS: usize = 10;
/// Answers longer than this, in columns, are cut to their best sentences.
const LONG_ANSWER_COLUMNS: usize = 480;
/// Sentences kept of a long answer.
const SENTENCES_KEPT: usize = 4;

/// One message, prepared once.
pub(crate) struct Question<'a> {
    pub(crate) text: &'a str,
    pub(crate) normalised: Normalised,
    pub(crate) language: Option<Language>,
    pub(crate) mixed: bool,
    pub(crate) redacted: Redacted,
    /// The message with what it leans on in front, where it leans.
    pub(crate) joined: Option<String>,
    /// What to search for instead, where the message chooses an FAQ entry that was offered.
    pub(crate) chosen: Option<String>,
    /// The message with its words put right, where some were wrong.
    pub(crate) mended: Option<String>,
}

impl<'a> Question<'a> {
    pub(crate) fn new(conversation: &Conversation, text: &'a str, mended: Option<String>) -> Self {
        let text = cut(text);
        let normalised = text::normalise(text);
        // Pinyin is Chinese.
        let detected = text::detect_language(mended.as_deref().unwrap_or(text));
        // A lone brand name does not change the language of a conversation.
        let telling = detected.filter(|detected| detected.confident || conversation.language.is_none());
        let language = telling.map(|detected| own_language(detected.language));
        let chosen = dialogue::chosen_option(conversation, text, normalised.as_str());
        let chosen = chosen.and_then(|option| match option.target {
            Target::Faq(_) => Some(option.title.clone()),
            Target::Intent(_) => None,
        });
        Self {
            joined: joined(conversation, text, language),
            redacted: text::redact(text),
            mixed: detected.is_some_and(|detected| detected.mixed),
            text,
            normalised,
            language,
            chosen,
            mended,
        }
    }

    /// The texts to classify: the bare message, and the joined and the mended one where there are such.
    pub(crate) fn texts(&self) -> Vec<String> {
        let bare = Some(self.text.to_owned());
        bare.into_iter().chain(self.joined.clone()).chain(self.mended.clone()).collect()
    }

    /// What the policy is told, from the prediction that counts and the bare one.
    pub(crate) fn understanding(
        &self,
        counts: &Prediction,
        bare: &Prediction,
        thresholds: Thresholds,
    ) -> Understanding {
        let ranking = counts.ranking.iter().take(MOST_INTENTS);
        let intents =
            ranking.map(|scored| IntentScore { intent: scored.intent.clone(), probability: scored.probability });
        Understanding {
            text: self.text.to_owned(),
            normalised: self.normalised.as_str().to_owned(),
            language: self.language,
            mixed: self.mixed,
            intents: intents.collect(),
            further: further(counts),
            in_scope: counts.in_scope,
            intent_threshold: thresholds.intent,
            sentiment: bare.sentiment.as_ref().map(|scored| SentimentScore {
                negative: match scored.sentiment {
                    Sentiment::Negative => scored.probability,
                    // What is left is shared by the two other sentiments.
                    Sentiment::Neutral | Sentiment::Positive => (1.0 - scored.probability) / 2.0,
                },
            }),
            entities: bare
                .entities
                .iter()
                .filter(|found| found.probability >= thresholds.entity)
                .map(|found| self.entity(found))
                .collect(),
            personal_data: !self.redacted.findings.is_empty(),
        }
    }

    fn entity(&self, found: &model::Entity) -> EntityMatch {
        let personal = self
            .redacted
            .findings
            .iter()
            .any(|finding| finding.range.start < found.end && found.start < finding.range.end);
        EntityMatch {
            entity: found.entity.clone(),
            value: found.value.clone(),
            text: found.text.clone(),
            sensitive: found.sensitive || personal,
        }
    }
}

/// Intents beside the best, where the model tells several apart.
fn further(prediction: &Prediction) -> Vec<IntentScore> {
    let named = prediction.several.iter().flatten().skip(1);
    named.map(|scored| IntentScore { intent: scored.intent.clone(), probability: scored.probability }).collect()
}

/// The least probabilities that are acted on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thresholds {
    pub intent: f32,
    /// An entity below this fills no slot: a wrong order number is worse than asking for it.
    pub entity: f32,
}

/// The first characters of a message, as many as are read for understanding.
fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(MOST_CHARACTERS);
    end.map_or(text, |(end, _)| &text[..end])
}

fn joined(conversation: &Conversation, text: &str, language: Option<Language>) -> Option<String> {
    let before = conversation.last_question.as_deref()?;
    let leans = conversation.form.is_none() && dialogue::leans_on_previous(text, language);
    leans.then(|| format!("{before} {text}"))
}

/// A hit as the policy sees it, a long answer with its best sentences.
pub(crate) fn candidate(index: &FaqIndex, query: &str, hit: Hit) -> Candidate {
    let excerpt = (columns(&hit.answer) > LONG_ANSWER_COLUMNS).then(|| excerpt(index, query, &hit.answer)).flatten();
    Candidate {
        language: hit.language.as_deref().and_then(Language::parse),
        faq_id: hit.id,
        question: hit.question,
        answer: hit.answer,
        excerpt,
        category: hit.category,
        links: hit.links.into_iter().map(|link| Link { title: link.title, url: link.url }).collect(),
        probability: hit.probability,
    }
}

fn excerpt(index: &FaqIndex, query: &str, answer: &str) -> Option<String> {
    let sentences = index.best_sentences(query, answer, SENTENCES_KEPT);
    let mut text = String::new();
    for sentence in &sentences {
        let glued = text.ends_with(['。', '！', '？', '；', '\n']) || text.is_empty();
        if !glued {
            text.push(' ');
        }
        text.push_str(sentence.trim());
    }
    Some(text).filter(|text| !text.is_empty())
}

/// How wide a text is on screen: Chinese characters take two columns.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

pub(crate) fn own_language(language: text::Language) -> Language {
    match language {
        text::Language::Chinese => Language::Chinese,
        text::Language::English => Language::English,
    }
}

pub(crate) fn search_language(language: Language) -> text::Language {
    match language {
        Language::Chinese => text::Language::Chinese,
        Language::English => text::Language::English,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_that_is_not_sure_enough_fills_no_slot() {
        let text = "from Oslo to Bergen";
        let entity = |name: &str, text: &str, start, probability| model::Entity {
            entity: name.into(),
            value: text.into(),
            text: text.into(),
            start,
            end: start + text.len(),
            sensitive: false,
            probability,
        };
        let entities = vec![entity("origin", "Oslo", 5, 0.96), entity("destination", "Bergen", 13, 0.6)];
        let prediction = Prediction { entities, ..Prediction::default() };
        let conversation = Conversation::default();
        let question = Question::new(&conversation, text, None);
        let heard = |entity| {
            let understood = question.understanding(&prediction, &prediction, Thresholds { intent: 0.5, entity });
            understood.entities.into_iter().map(|found| found.entity).collect::<Vec<_>>()
        };
        assert_eq!(heard(0.95), ["origin"]);
        assert_eq!(heard(0.5), ["origin", "destination"]);
    }
}
