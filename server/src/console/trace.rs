//! Why the bot answered as it did, ready to be shown: intents and hits with their probabilities, the rule that fired,
//! the rules before it, and what was asked of which model and which FAQ.

use std::collections::HashMap;

use dialogue::{Action, Language, Trace};
use store::Store;

use super::hits::HitView;
use super::links::faq_entry;
use super::reasons::in_chinese;
use super::words::Words;

/// A name with a probability, drawn as a bar.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) name: String,
    /// Where the name leads, if anywhere.
    pub(super) link: Option<String>,
    /// In percent, one digit after the point.
    pub(super) percent: String,
    /// Of a bar 100 wide.
    pub(super) width: String,
    /// Whether it reached its threshold.
    pub(super) enough: bool,
    /// Whether it is the one being edited.
    pub(super) marked: bool,
}

/// Everything a person is told about one decision.
#[derive(Debug)]
pub(super) struct TraceView {
    pub(super) action: String,
    pub(super) rule: String,
    pub(super) language: Option<&'static str>,
    pub(super) intents: Vec<Bar>,
    pub(super) intent_threshold: String,
    /// Each hit, and why it came where it did, where that can be told.
    pub(super) hits: Vec<(Bar, Option<HitView>)>,
    pub(super) faq_threshold: String,
    pub(super) in_scope: String,
    pub(super) negative: Option<String>,
    pub(super) entities: String,
    /// Intents that were answered beside the first.
    pub(super) further: String,
    pub(super) joined: bool,
    /// What was searched, where words were put right.
    pub(super) read_as: Option<String>,
    /// What was asked and the rule that answered it, where there were several questions.
    pub(super) parts: Vec<(String, String)>,
    pub(super) considered: Vec<(String, String)>,
    pub(super) model_version: String,
    pub(super) index_revision: u64,
}

/// Where a trace is read: the questions of its hits come from the store.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) store: &'a Store,
    pub(super) t: &'static Words,
    /// The entry being edited, to be pointed out.
    pub(super) marked: Option<&'a str>,
    /// What is known of the hits, by the entry's id.
    pub(super) explained: HashMap<String, HitView>,
}

impl TraceView {
    /// Reads a trace for people.
    pub(super) async fn new(action: Action, trace: &Trace, mut reader: Reader<'_>) -> Self {
        let t = reader.t;
        let mut hits = Vec::with_capacity(trace.hits.len());
        for hit in &trace.hits {
            let question =
                reader.store.faq_get(&hit.faq_id).await.map_or_else(|_| hit.faq_id.clone(), |record| record.question);
            let link = Some(faq_entry(&hit.faq_id));
            let marked = reader.marked == Some(hit.faq_id.as_str());
            let bar = Bar { link, marked, ..Bar::new(question, hit.probability, trace.faq_threshold) };
            hits.push((bar, reader.explained.remove(&hit.faq_id)));
        }
        let intents =
            trace.intents.iter().map(|score| Bar::new(score.intent.clone(), score.probability, trace.intent_threshold));
        let rule = |rule: &str| t.get(&format!("rule_{rule}")).unwrap_or(rule).to_owned();
        let why = |why: &str| if t.is_chinese() { in_chinese(why) } else { why.to_owned() };
        Self {
            action: t.one_of("action", action.name()).to_owned(),
            rule: rule(&trace.rule),
            language: trace.language.map(|language| language_name(language, t)),
            intents: intents.collect(),
            intent_threshold: percent(trace.intent_threshold),
            hits,
            faq_threshold: percent(trace.faq_threshold),
            in_scope: percent(trace.in_scope),
            negative: trace.negative.map(percent),
            entities: trace.entities.join(", "),
            further: trace.further.join(", "),
            joined: trace.joined_with_previous,
            read_as: trace.read_as.clone(),
            parts: trace.parts.iter().map(|part| (part.asked.clone(), rule(&part.rule))).collect(),
            considered: trace.considered.iter().map(|one| (rule(&one.rule), why(&one.why))).collect(),
            model_version: trace.model_version.clone(),
            index_revision: trace.index_revision,
        }
    }
}

impl Bar {
    fn new(name: String, probability: f32, threshold: f32) -> Self {
        let width = format!("{:.1}", probability.clamp(0.0, 1.0) * 100.0);
        Self { name, link: None, percent: percent(probability), width, enough: probability >= threshold, marked: false }
    }
}

/// A share as people read it.
pub(super) fn percent(share: f32) -> String {
    format!("{:.1}%", share * 100.0)
}

/// What a language is called in the reader's language.
pub(super) fn language_name(language: Language, t: &'static Words) -> &'static str {
    match language {
        Language::Chinese => t.language_zh,
        Language::English => t.language_en,
    }
}
