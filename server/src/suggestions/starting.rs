//! Starting questions: which ones there are for a visitor, what is known of each, and which are shown.

use assistant::Assistant;
use assistant::starting::{Features, Known, Policy, Random, choose, page_words};
use dialogue::Language;
use retrieval::{FaqEntry, RelatedQuery, SearchQuery};
use store::{Offer, OfferPlace, OfferedQuestion};

use super::in_text;
use super::lessons::Lessons;
use super::settings::Starting;

/// Questions of each kind in a visitor's pool.
const FOR_PAGE: usize = 8;
const OFTEN: usize = 8;
const NEAR_BEFORE: usize = 4;
const UNTRIED: usize = 4;
/// Questions to show where the owner wrote fewer.
const SHOWN: usize = 4;
/// The share of learned offers that is left to chance, so that choosers can be compared.
const CHANCE: f64 = 0.1;
/// A page's words that find an entry less likely than this are about something else.
const LEAST_PROBABILITY: f32 = 0.05;

/// Who looks at an empty chat.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub language: Language,
    pub page: String,
    pub page_group: String,
    /// Entries that answered this visitor before, the latest first.
    pub asked: Vec<String>,
}

/// The offer for a visitor. CPU work, so call it from a blocking thread.
pub fn offer(assistant: &Assistant, lessons: &Lessons, visitor: &Visitor, how: Starting, random: &mut Random) -> Offer {
    let owners = owners_questions(assistant, visitor.language);
    let pool = Pool::of(assistant, lessons, visitor, &owners, random);
    let policy = match how {
        Starting::Fixed => Policy::Fixed,
        Starting::Learned if random.uniform() < CHANCE => Policy::Random,
        Starting::Learned => Policy::Learned,
    };
    let n = owners.len().max(SHOWN);
    let features: Vec<Features> = pool.questions.iter().map(|(_, known)| known.features()).collect();
    let shown = choose(policy, &features, n, &lessons.learner, random);
    Offer {
        place: OfferPlace::Start,
        language: Some(visitor.language),
        page_group: visitor.page_group.clone(),
        policy: policy.name().to_owned(),
        questions: pool.questions.into_iter().map(|(question, known)| written(question, &known)).collect(),
        shown,
        chosen: None,
        answered: false,
        offered_at: 0,
    }
}

fn written(question: OfferedQuestion, known: &Known) -> OfferedQuestion {
    OfferedQuestion { features: known.features().to_vec(), ..question }
}

fn owners_questions(assistant: &Assistant, language: Language) -> Vec<String> {
    let script = assistant.script();
    let welcome = script.config.welcome.as_ref();
    welcome.and_then(|welcome| welcome.suggestions.get(language)).cloned().unwrap_or_default()
}

/// The questions that may be shown to one visitor, the owner's first.
struct Pool<'a> {
    assistant: &'a Assistant,
    lessons: &'a Lessons,
    visitor: &'a Visitor,
    today: String,
    questions: Vec<(OfferedQuestion, Known)>,
}

impl<'a> Pool<'a> {
    fn of(
        assistant: &'a Assistant,
        lessons: &'a Lessons,
        visitor: &'a Visitor,
        owners: &[String],
        random: &mut Random,
    ) -> Self {
        let today = assistant.script().today(jiff::Timestamp::now());
        let mut pool = Self { assistant, lessons, visitor, today, questions: Vec::new() };
        for text in owners {
            let known = Known { written_by_owner: true, ..lessons.known(visitor, text, None) };
            pool.questions.push((OfferedQuestion { question: text.clone(), faq_id: None, features: vec![] }, known));
        }
        pool.add_for_page();
        pool.add_near_before();
        pool.add_all(&lessons.often, OFTEN);
        let mut untried = lessons.untried.clone();
        random.shuffle(&mut untried);
        pool.add_all(&untried, UNTRIED);
        pool
    }

    fn add_for_page(&mut self) {
        let text = page_words(&self.visitor.page);
        if text.is_empty() {
            return;
        }
        let language = Some(in_text(self.visitor.language));
        let query =
            SearchQuery { text, language, top: FOR_PAGE * 2, today: Some(self.today.clone()), channel: widget() };
        let mut hits = self.assistant.index().search(&query);
        hits.retain(|hit| hit.probability >= LEAST_PROBABILITY);
        let mut rank = 0;
        for hit in hits {
            if rank == FOR_PAGE {
                break;
            }
            if let Some(known) = self.add(&hit.id) {
                known.fits_page = 1.0 - rank as f32 / FOR_PAGE as f32;
                rank += 1;
            }
        }
    }

    fn add_near_before(&mut self) {
        let known = &self.visitor.asked;
        for faq_id in known.iter().take(2) {
            let related = self.assistant.index().related(&RelatedQuery {
                faq_id: faq_id.clone(),
                known: known.clone(),
                language: Some(in_text(self.visitor.language)),
                limit: NEAR_BEFORE,
                today: Some(self.today.clone()),
                channel: widget(),
            });
            for one in related {
                if let Some(known) = self.add(&one.id) {
                    known.near_asked_before = true;
                }
            }
        }
    }

    fn add_all(&mut self, ids: &[String], most: usize) {
        let mut added = 0;
        for id in ids {
            if added == most {
                break;
            }
            let before = self.questions.len();
            self.add(id);
            added += usize::from(self.questions.len() > before);
        }
    }

    /// Puts an entry into the pool once, where it speaks the visitor's language and is valid; what is known of it can be
    /// added to. One of the owner's questions that it answers word for word stands for it.
    fn add(&mut self, id: &str) -> Option<&mut Known> {
        let entry = self.assistant.index().entry(id)?;
        let fits = |entry: &FaqEntry| {
            let language = entry.language.as_deref().and_then(Language::parse);
            entry.is_valid_on(&self.today)
                && entry.serves(widget().as_deref())
                && language.is_none_or(|language| language == self.visitor.language)
        };
        if !fits(&entry) {
            return None;
        }
        let there = self.questions.iter().position(|(one, _)| {
            one.faq_id.as_deref() == Some(id) || (one.faq_id.is_none() && one.question == entry.question)
        });
        let known = self.lessons.known(self.visitor, &entry.question, Some(id));
        if let Some(at) = there {
            let (question, old) = &mut self.questions[at];
            if question.faq_id.is_none() {
                question.faq_id = Some(id.to_owned());
                *old = Known { written_by_owner: true, ..known };
            }
            return Some(old);
        }
        let question = OfferedQuestion { question: entry.question, faq_id: Some(id.to_owned()), features: Vec::new() };
        self.questions.push((question, known));
        self.questions.last_mut().map(|(_, known)| known)
    }
}

/// Starting questions stand in the widget alone.
fn widget() -> Option<String> {
    Some("widget".to_owned())
}
