//! What customers' ratings change: simulated customers ask every other question of a set, rate some of the answers, not always
//! truly, and choose where they are asked back; then all questions are asked again.
//! `cargo run --release -p assistant --example ratings_replay -- SET_FOLDER…`
//! A set is a folder with `faq.jsonl`, `queries.jsonl` and `qrels.tsv`.
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

#[path = "recall/set.rs"]
mod set;

use std::error::Error;
use std::path::PathBuf;

use assistant::starting::Random;
use retrieval::{FaqIndex, Hit, JudgedQuestion, RatedAnswer, SearchQuery, read_faq};

/// Customers who ask each question.
const CUSTOMERS: usize = 6;
/// How many of those who are answered say whether it helped, and how many of these mean what they say.
const RATE: f64 = 0.3;
const TRUE: f64 = 0.9;
/// How many of those who are asked back choose the right entry where it is offered, of so many that are.
const CHOOSE: f64 = 0.7;
const OFFERED: usize = 3;
/// The error rate that is accepted among answers.
const ACCEPTED: f32 = 0.1;

fn main() -> Result<(), Box<dyn Error>> {
    println!("set\tencoder\tratings\tquestions\trecall@1\tanswered\tof these wrong");
    for set in std::env::args().skip(1).map(PathBuf::from) {
        let entries = read_faq(&set.join("faq.jsonl"))?;
        let questions = set::questions(&set)?;
        let rated: Vec<&JudgedQuestion> = questions.iter().step_by(2).collect();
        let others: Vec<&JudgedQuestion> = questions.iter().skip(1).step_by(2).collect();
        for (name, index) in
            [("none", FaqIndex::in_memory()), ("shipped", FaqIndex::in_memory_with(assistant::meaning()))]
        {
            index.replace_all(&entries, 1)?;
            let tell = |ratings: usize| {
                for (kind, questions) in [("rated", &rated), ("others", &others)] {
                    let told = asked(&index, questions);
                    println!("{}\t{name}\t{ratings}\t{kind}\t{told}", set.display());
                }
            };
            tell(0);
            let ratings = ratings(&index, &rated, &mut Random::new(1));
            index.set_ratings(&ratings)?;
            tell(ratings.len());
        }
    }
    Ok(())
}

fn search(index: &FaqIndex, question: &JudgedQuestion) -> Vec<Hit> {
    index.search(&SearchQuery { text: question.text.clone(), top: OFFERED, ..SearchQuery::default() })
}

/// What the customers say.
fn ratings(index: &FaqIndex, questions: &[&JudgedQuestion], random: &mut Random) -> Vec<RatedAnswer> {
    let threshold = index.threshold(ACCEPTED);
    let mut said = Vec::new();
    for question in questions {
        let hits = search(index, question);
        let Some(first) = hits.first() else { continue };
        let right = |hit: &&Hit| question.answers.contains(&hit.id);
        for _ in 0..CUSTOMERS {
            let word =
                |hit: &Hit, helpful| RatedAnswer { question: question.text.clone(), faq_id: hit.id.clone(), helpful };
            if first.probability < threshold {
                said.extend(hits.iter().find(right).filter(|_| random.uniform() < CHOOSE).map(|hit| word(hit, true)));
            } else if random.uniform() < RATE {
                let is_true = random.uniform() < TRUE;
                said.push(word(first, right(&first) == is_true));
            }
        }
    }
    said
}

/// Recall@1, and what is answered and how much of that wrong at the accepted error rate.
fn asked(index: &FaqIndex, questions: &[&JudgedQuestion]) -> String {
    let threshold = index.threshold(ACCEPTED);
    let (mut first, mut answered, mut wrong) = (0, 0, 0);
    for question in questions {
        let hits = search(index, question);
        let Some(hit) = hits.first() else { continue };
        let is_right = question.answers.contains(&hit.id);
        let is_answered = hit.probability >= threshold;
        first += usize::from(is_right);
        answered += usize::from(is_answered);
        wrong += usize::from(is_answered && !is_right);
    }
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    let n = questions.len();
    format!("{:.1} %\t{:.1} %\t{:.1} %", share(first, n), share(answered, n), share(wrong, answered))
}
