//! Answers messages; its model, script and index are swapped while it does, without a lock.

use std::fmt;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use dialogue::{Candidates, Conversation, Decision, Part, Script, Understanding};
use jiff::Timestamp;
use model::{Classifier, Prediction};
use retrieval::{FaqIndex, Hit, SearchQuery};

use crate::question::{Question, Thresholds, candidate, search_language};
use crate::worker::Served;

/// FAQ candidates handed to the policy.
const MOST_HITS: usize = 5;

/// Answers messages with whatever model, script and index it has at the moment.
pub struct Assistant {
    script: ArcSwap<Script>,
    model: ArcSwapOption<Served>,
    index: Arc<FaqIndex>,
}

impl fmt::Debug for Assistant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Assistant").field("model_version", &self.model_version()).finish_non_exhaustive()
    }
}

impl Assistant {
    /// An assistant; without a model it answers from the FAQ only.
    pub fn new(script: Script, model: Option<Arc<Classifier>>, index: Arc<FaqIndex>) -> Self {
        Self { script: ArcSwap::from_pointee(script), model: ArcSwapOption::new(model.map(serve)), index }
    }

    /// The script and the model in place over another index, to see what edits of the FAQ would change.
    pub fn over(&self, index: Arc<FaqIndex>) -> Self {
        Self { script: ArcSwap::new(self.script()), model: ArcSwapOption::new(self.model.load_full()), index }
    }

    /// Answers one message, question by question where it holds several; CPU work, so call it from a blocking thread.
    pub fn answer(&self, conversation: &Conversation, text: &str, now: Timestamp) -> Decision {
        let current = (self.script.load_full(), self.model.load_full());
        let whole = self.answer_one(conversation, text, now, &current);
        let questions = text::questions(text);
        if questions.len() == 1 {
            return whole;
        }
        let part = |question: &&str| Part {
            asked: text::redact(asked(question)).text,
            is_question: text::is_question(question),
            decision: self.answer_one(conversation, question, now, &current),
        };
        let parts: Vec<Part> = questions.iter().map(part).collect();
        let mut decision = dialogue::join(conversation, &current.0, whole, &parts);
        redact_memory(&Question::new(conversation, text, None), &mut decision);
        decision
    }

    /// Answers a message as one question.
    fn answer_one(
        &self,
        conversation: &Conversation,
        text: &str,
        now: Timestamp,
        (script, model): &(Arc<Script>, Option<Arc<Served>>),
    ) -> Decision {
        let question = Question::new(conversation, text, self.index.mended(text));
        let pending = model.as_ref().map(|model| model.classify(question.texts()));
        let found = self.search(&question, conversation, script, now);
        let understood = match (model, &pending) {
            (Some(model), Some(pending)) => {
                let accepted = script.config.accepted_error_rate;
                let thresholds = Thresholds { intent: model.classifier.threshold(accepted), entity: 1.0 - accepted };
                choose(&question, &model.wait(pending), thresholds)
            }
            _ => Understood::without_model(&question),
        };
        let mut decision = dialogue::decide(conversation, &understood.understanding, &found.candidates, script, now);
        let version = model.as_ref().map(|model| model.classifier.info().version.clone());
        decision.trace.model_version = version.unwrap_or_default();
        decision.trace.index_revision = found.revision;
        decision.trace.read_as = question.mended.as_deref().map(|mended| text::redact(mended).text);
        decision.trace.joined_with_previous = understood.joined || found.joined;
        redact_memory(&question, &mut decision);
        decision
    }

    /// Puts another model in place; answers under way finish on the old one.
    pub fn swap_model(&self, model: Option<Arc<Classifier>>) {
        self.model.store(model.map(serve));
    }

    /// Puts another script in place; answers under way finish on the old one.
    pub fn swap_script(&self, script: Script) {
        self.script.store(Arc::new(script));
    }

    /// The script in place.
    pub fn script(&self) -> Arc<Script> {
        self.script.load_full()
    }

    /// The version of the model in place.
    pub fn model_version(&self) -> Option<String> {
        let model = self.model.load();
        let model = model.as_ref()?;
        Some(model.classifier.info().version.clone())
    }

    /// The model in place.
    pub fn model(&self) -> Option<Arc<Classifier>> {
        let model = self.model.load();
        model.as_ref().map(|model| Arc::clone(&model.classifier))
    }

    /// The FAQ index, which is edited in place.
    pub fn index(&self) -> &Arc<FaqIndex> {
        &self.index
    }

    fn search(&self, question: &Question<'_>, conversation: &Conversation, script: &Script, now: Timestamp) -> Found {
        let revision = self.index.revision();
        let threshold = self.index.threshold(script.config.accepted_error_rate);
        let language = script.config.language_for(question.language, conversation.language);
        let today = script.today(now);
        let look = |text: &str| {
            self.index.search(&SearchQuery {
                text: text.to_owned(),
                language: Some(search_language(language)).filter(|_| !question.mixed),
                top: MOST_HITS,
                today: Some(today.clone()),
                channel: conversation.channel.clone(),
            })
        };
        let bare_query = question.chosen.as_deref().unwrap_or(question.text);
        let bare = look(bare_query);
        let joined = question.joined.as_deref().map(|text| (text, look(text)));
        let (query, hits, joined) = match joined {
            Some((text, hits)) if best(&bare) < threshold && best(&hits) > best(&bare) => (text, hits, true),
            _ => (bare_query, bare, false),
        };
        let hits = hits.into_iter().map(|hit| candidate(&self.index, query, hit)).collect();
        Found { candidates: Candidates { hits, threshold }, revision, joined }
    }
}

/// A question without courtesies and the marks around it.
fn asked(question: &str) -> &str {
    let normalised = text::normalise(question);
    let rest = text::without_courtesies(normalised.as_str());
    let start = rest.as_ptr() as usize - normalised.as_str().as_ptr() as usize;
    let range = normalised.original_range(start..start + rest.len());
    question[range].trim_matches(|c: char| c.is_whitespace() || ",，、。;；".contains(c))
}

fn serve(classifier: Arc<Classifier>) -> Arc<Served> {
    Arc::new(Served::new(classifier))
}

/// What the search found.
struct Found {
    candidates: Candidates,
    revision: u64,
    joined: bool,
}

fn best(hits: &[Hit]) -> f32 {
    hits.first().map_or(0.0, |hit| hit.probability)
}

/// What the model understood.
struct Understood {
    understanding: Understanding,
    joined: bool,
}

impl Understood {
    fn without_model(question: &Question<'_>) -> Self {
        let nothing = Prediction::default();
        Self {
            understanding: question.understanding(&nothing, &nothing, Thresholds { intent: 1.0, entity: 1.0 }),
            joined: false,
        }
    }
}

/// The joined or the mended message counts where the bare one is weak and the other is surer.
fn choose(question: &Question<'_>, predictions: &[Prediction], thresholds: Thresholds) -> Understood {
    let nothing = Prediction::default();
    let bare = predictions.first().unwrap_or(&nothing);
    let sure = |prediction: &Prediction| prediction.ranking.first().map_or(0.0, |best| best.probability);
    let others = predictions.iter().enumerate().skip(1);
    let best = others.max_by(|one, other| sure(one.1).total_cmp(&sure(other.1)));
    let other = best.filter(|(_, other)| sure(bare) < thresholds.intent && sure(other) > sure(bare));
    Understood {
        understanding: question.understanding(other.map_or(bare, |(_, other)| other), bare, thresholds),
        joined: question.joined.is_some() && other.is_some_and(|(place, _)| place == 1),
    }
}

/// What is remembered between turns goes to disk, so personal data leaves it here.
fn redact_memory(question: &Question<'_>, decision: &mut Decision) {
    let remembered = decision.next.last_question.as_deref();
    if remembered == Some(question.text) {
        decision.next.last_question = Some(question.redacted.text.clone());
    }
}
