//! Why FAQ entries came where they did for a message, ready to be shown: the words they share, the words they lack, what
//! each comparison added, and what would put another entry first.

use std::collections::HashMap;

use actix_web::web;
use dialogue::{Language, Trace};
use retrieval::{Explanation, FaqIndex, FeatureShare, SearchQuery};

use super::links::{faq_entry, with_query};
use super::trace::percent;
use super::words::Words;
use crate::app::App;
use crate::error::ApiError;

/// Most words of the message that are listed as missing.
const MOST_MISSING: usize = 12;
/// Comparisons as the index names them, and the words that tell people of them.
const FEATURES: [(&str, &str); 9] = [
    ("nearest wording holds the message", "feature_wording"),
    ("all wordings together hold the message", "feature_wordings"),
    ("answer holds the message", "feature_answer"),
    ("question and answer as one hold the message", "feature_both"),
    ("category holds the message", "feature_category"),
    ("same text", "feature_same"),
    ("same language", "feature_language"),
    ("nearest wording, or question and answer as one, means the same", "feature_meaning"),
    ("message and nearest wording hold each other", "feature_mutual"),
];

/// Which entries are asked about.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) language: Option<Language>,
    /// Where the customer wrote; entries that do not serve there were not in the way.
    pub(super) channel: Option<String>,
    pub(super) faq_ids: Vec<String>,
}

impl Asked {
    /// The hits of a decision on a message. One that was read together with the message before it is no question by
    /// itself, so nothing is asked about it.
    pub(super) fn about(text: &str, channel: Option<&str>, trace: &Trace) -> Self {
        let hits = trace.hits.iter().filter(|_| !trace.joined_with_previous);
        Self {
            text: text.to_owned(),
            language: trace.language,
            channel: channel.map(str::to_owned),
            faq_ids: hits.map(|hit| hit.faq_id.clone()).collect(),
        }
    }
}

/// Everything a person is told about one hit.
#[derive(Debug)]
pub(super) struct HitView {
    pub(super) matched_question: String,
    pub(super) terms: Vec<Term>,
    pub(super) missing: String,
    pub(super) features: Vec<Feature>,
    /// What customers said of the entry after questions like this one.
    pub(super) ratings: Option<RatingsView>,
    pub(super) to_win: Option<ToWinView>,
}

/// How many found the entry helpful, each counted by how alike their question was, and what that does to the probability.
#[derive(Debug)]
pub(super) struct RatingsView {
    pub(super) helpful: String,
    pub(super) unhelpful: String,
    pub(super) without: String,
    pub(super) probability: String,
}

/// A word that message and entry share.
#[derive(Debug)]
pub(super) struct Term {
    pub(super) text: String,
    pub(super) fields: String,
}

/// What one comparison added to the score.
#[derive(Debug)]
pub(super) struct Feature {
    pub(super) name: &'static str,
    pub(super) share: String,
    /// Of a bar 100 wide, the largest share filling it.
    pub(super) width: String,
}

/// What would put the entry first.
#[derive(Debug)]
pub(super) struct ToWinView {
    /// Words to bring in a similar question; empty where only the message itself is enough.
    pub(super) words: String,
    /// The entry's editor, with the message among its similar questions.
    pub(super) link: String,
}

/// Explains entries for a message, by the index as it is now.
pub(super) async fn explained(
    app: &App,
    asked: Asked,
    t: &'static Words,
) -> Result<HashMap<String, HitView>, ApiError> {
    let index = std::sync::Arc::clone(app.assistant.index());
    Ok(web::block(move || views(&index, asked, t)).await?)
}

fn views(index: &FaqIndex, asked: Asked, t: &'static Words) -> HashMap<String, HitView> {
    let Asked { text, language, channel, faq_ids } = asked;
    let language = language.and_then(|language| text::Language::parse(language.code()));
    let query = SearchQuery { text, language, channel, ..SearchQuery::default() };
    let view = |id: String| {
        let explanation = index.explain(&query, &id)?;
        Some((id, HitView::new(&query.text, explanation, t)))
    };
    faq_ids.into_iter().filter_map(view).collect()
}

impl HitView {
    fn new(message: &str, explanation: Explanation, t: &'static Words) -> Self {
        let term = |term: retrieval::TermMatch| Term {
            text: term.term,
            fields: term.fields.iter().map(|field| t.one_of("js_field", field)).collect::<Vec<_>>().join(", "),
        };
        let editor = faq_entry(&explanation.id);
        Self {
            matched_question: explanation.matched_question,
            terms: explanation.terms.into_iter().map(term).collect(),
            missing: explanation.missing.into_iter().take(MOST_MISSING).collect::<Vec<_>>().join(" · "),
            features: features(&explanation.features, t),
            ratings: explanation.ratings.map(|said| RatingsView {
                helpful: format!("{:.1}", said.helpful),
                unhelpful: format!("{:.1}", said.unhelpful),
                without: percent(said.without),
                probability: percent(explanation.probability),
            }),
            to_win: explanation.to_win.map(|to_win| ToWinView {
                words: to_win.words.join(" · "),
                link: with_query(&editor, &[("similar", message)]),
            }),
        }
    }
}

/// The comparisons that counted, largest first.
fn features(shares: &[FeatureShare], t: &'static Words) -> Vec<Feature> {
    let largest = shares.iter().map(|feature| feature.share).fold(f32::MIN_POSITIVE, f32::max);
    let told = shares.iter().filter(|feature| feature.share >= 0.005).map(|feature| {
        let key = FEATURES.iter().find(|(name, _)| *name == feature.name).map_or("", |(_, key)| key);
        Feature {
            name: t.get(key).unwrap_or("–"),
            share: format!("{:.2}", feature.share),
            width: format!("{:.1}", (feature.share / largest).clamp(0.0, 1.0) * 100.0),
        }
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparison_of_the_index_has_words_in_both_languages() {
        for t in [Language::Chinese, Language::English].map(Words::of) {
            for name in retrieval::FEATURE_NAMES {
                let share = FeatureShare { name: name.to_owned(), value: 1.0, share: 1.0 };
                assert_ne!(features(&[share], t)[0].name, "–", "{name}");
            }
        }
    }
}
