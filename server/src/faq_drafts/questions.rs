//! Which messages are questions that want an answer: those of stored conversations by what the bot did with them, those
//! of log files by what customers opened their conversations with.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use dialogue::Action;
use fine_tune::Asked;
use store::{Gap, Rating};

/// A question that went unanswered, or may have.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The message's id, or one of its own for a line of a log.
    pub(super) id: String,
    pub(super) key: String,
    pub(super) conversation_id: String,
    /// 0 for a line of a log.
    pub(super) asked_at: i64,
    pub(super) asked: Asked,
    /// The bot did answer, and it did not help: what it answers now says nothing.
    pub(super) rated_down: bool,
}

/// The questions among messages that were not answered well, the newest first.
pub(super) fn of_gaps(gaps: Vec<Gap>) -> Vec<Question> {
    let mut talks: HashMap<String, Talk> = HashMap::new();
    let mut questions: Vec<Question> = Vec::new();
    for gap in gaps.into_iter().rev() {
        let talk = talks.entry(gap.conversation_id.clone()).or_default();
        if talk.asks(&gap) {
            questions.push(question(gap));
        }
    }
    questions.reverse();
    questions
}

/// What is known of a conversation so far.
#[derive(Default)]
struct Talk {
    has_question: bool,
    person_wanted: bool,
}

impl Talk {
    /// Whether a message is a question. Wanting a person is none; what is said to that person first is, where nothing
    /// was asked before.
    fn asks(&mut self, gap: &Gap) -> bool {
        let by = |rules: &[&str]| gap.rule.as_deref().is_some_and(|rule| rules.contains(&rule));
        let asks = match gap.outcome {
            _ if gap.thumbs_down => true,
            Action::Rephrase => !by(&["nothing_said"]),
            Action::Handoff if by(&["asked_for_person", "still_waiting"]) => {
                self.person_wanted = true;
                false
            }
            // Where a template or anger calls a person, that is what is wanted.
            Action::Handoff => gap.intent.is_none() && !by(&["angry_customer"]),
            Action::Silent => {
                let first = std::mem::take(&mut self.person_wanted);
                first && !self.has_question && !gap.replies.is_empty()
            }
            _ => false,
        };
        self.has_question |= asks;
        asks
    }
}

fn question(gap: Gap) -> Question {
    let longest = gap.replies.iter().max_by_key(|reply| reply.text.chars().count());
    let ratings: HashSet<Rating> = gap.replies.iter().filter_map(|reply| reply.rating).collect();
    let helped = (!ratings.is_empty()).then(|| !ratings.contains(&Rating::Down));
    Question {
        asked: Asked { question: gap.question, reply: longest.map(|reply| reply.text.clone()), helped },
        id: gap.message_id,
        key: gap.key,
        conversation_id: gap.conversation_id,
        asked_at: gap.asked_at,
        rated_down: gap.thumbs_down,
    }
}

/// The log files of the bot folder, read again when they change.
#[derive(Debug)]
pub(super) struct Logs {
    folder: PathBuf,
    read: Mutex<Option<(Stamp, Arc<Vec<Question>>)>>,
}

/// Names, sizes and times of files.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Logs {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, read: Mutex::new(None) }
    }

    /// What customers opened the logged conversations with; nothing where there are no logs.
    pub(super) fn read(&self) -> Vec<Question> {
        let stamp = self.stamp();
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, questions)) = known.as_ref().filter(|(of, _)| *of == stamp) {
            return questions.to_vec();
        }
        let paths: Vec<PathBuf> = stamp.iter().map(|(path, ..)| path.clone()).collect();
        let asked = if paths.is_empty() { Ok(Vec::new()) } else { fine_tune::openings_of_logs(&paths) };
        let asked = asked.unwrap_or_else(|error| {
            tracing::warn!(%error, "the bot's logs give no FAQ drafts");
            Vec::new()
        });
        let questions: Vec<Question> = asked.into_iter().enumerate().map(of_log).collect();
        *known = Some((stamp, Arc::new(questions.clone())));
        questions
    }

    fn stamp(&self) -> Stamp {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|file| file.path());
        let mut stamp: Stamp = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
            .filter_map(|path| {
                let about = path.metadata().ok()?;
                Some((path, about.len(), about.modified().ok()))
            })
            .collect();
        stamp.sort();
        stamp
    }
}

fn of_log((number, asked): (usize, Asked)) -> Question {
    let key = store::question_key(&asked.question);
    // The same wording has the same id wherever it stands (FNV-1a).
    let hash = key
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let (id, conversation_id) = (format!("log-{hash:016x}"), format!("log {number}"));
    Question { id, key, conversation_id, asked_at: 0, asked, rated_down: false }
}

#[cfg(test)]
mod tests {
    use store::PersonReply;

    use super::*;

    fn gap(question: &str, outcome: Action, rule: &str, replies: &[&str]) -> Gap {
        let reply = |text: &&str| PersonReply { text: (*text).to_owned(), rating: None };
        Gap {
            message_id: question.to_owned(),
            conversation_id: "c".to_owned(),
            key: question.to_owned(),
            question: question.to_owned(),
            language: None,
            asked_at: 1,
            outcome,
            rule: Some(rule.to_owned()),
            intent: None,
            thumbs_down: false,
            replies: replies.iter().map(reply).collect(),
        }
    }

    fn check(oldest_first: Vec<Gap>, expected: &[&str]) {
        let questions = of_gaps(oldest_first.into_iter().rev().collect());
        let told: Vec<_> = questions.iter().rev().map(|question| question.asked.question.as_str()).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn wanting_a_person_is_no_question_and_what_is_said_to_them_first_is() {
        let person = || gap("a person please", Action::Handoff, "asked_for_person", &["Hello"]);
        let silent = |text: &str, replies: &[&str]| gap(text, Action::Silent, "person_has_taken_over", replies);
        check(vec![person(), silent("do you fix shoes", &["Yes"]), silent("great", &["Bye"])], &["do you fix shoes"]);
        check(vec![person(), silent("do you fix shoes", &[])], &[]);
        let asked = gap("can shoes be fixed", Action::Rephrase, "rephrase", &["Yes"]);
        check(vec![asked, person(), silent("thanks", &["Bye"])], &["can shoes be fixed"]);
    }

    #[test]
    fn a_handover_that_somebody_planned_is_no_gap_and_an_answer_that_did_not_help_is() {
        let planned =
            Gap { intent: Some("complaint".to_owned()), ..gap("this is fraud", Action::Handoff, "template", &[]) };
        let failed = gap("xyz again", Action::Handoff, "repeated_failure", &[]);
        let down = Gap { thumbs_down: true, ..gap("how long", Action::Faq, "faq", &[]) };
        let empty = gap("…", Action::Rephrase, "nothing_said", &[]);
        check(vec![planned, failed, down, empty], &["xyz again", "how long"]);
    }

    #[test]
    fn the_longest_reply_counts_and_one_thumbs_down_is_enough() {
        let mut told = gap("do you fix shoes", Action::Rephrase, "rephrase", &["Hello", "Yes, on Wednesdays."]);
        told.replies[0].rating = Some(Rating::Up);
        let asked = |gap: &Gap| of_gaps(vec![gap.clone()])[0].asked.clone();
        assert_eq!((asked(&told).reply.as_deref(), asked(&told).helped), (Some("Yes, on Wednesdays."), Some(true)));
        told.replies[1].rating = Some(Rating::Down);
        assert_eq!(asked(&told).helped, Some(false));
    }
}
