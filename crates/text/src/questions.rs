//! Takes a message with several questions apart.

use crate::characters::is_han;
use crate::courtesies::without_courtesies;
use crate::normalise::normalise;

/// A message of more parts is a story, not a list of questions.
const MOST: usize = 4;
/// Characters that the shortest question has: Chinese ones, or letters.
const SHORTEST: (usize, usize) = (3, 6);
/// Words that begin another question.
const NEXT: [&str; 12] = [
    "另外",
    "还有",
    "顺便",
    "其次",
    "再问",
    "对了",
    "also ",
    "and also ",
    "another question",
    "by the way",
    "besides",
    "plus ",
];

/// Characters of the longest of them.
const LONGEST_NEXT: usize = 16;

/// What stands in a question that ends without its mark, in Chinese and as the first word in English.
const ASKING: &str = "怎么|怎样|如何|什么|吗|呢|哪|谁|几|多少|多久|多大|是否|能不能|可不可以|有没有";
const ASKING_FIRST: &str = "how|what|when|where|which|who|why|can|could|do|does|is|are|will|would|may";

/// The questions of a message in order, as typed; the message itself where it holds one, or too many to be sure.
pub fn questions(message: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for part in message.split_inclusive(['?', '？', '\n', ';', '；']) {
        found.extend(at_next_words(part).into_iter().map(str::trim).filter(|part| asks(part)));
    }
    if (2..=MOST).contains(&found.len()) { found } else { vec![message] }
}

/// Whether a part of a message asks something, rather than telling what came before the question.
pub fn is_question(part: &str) -> bool {
    let plain = normalise(part);
    let plain = plain.as_str();
    let first = plain.split(' ').next().unwrap_or_default();
    plain.contains('?')
        || ASKING.split('|').any(|word| plain.contains(word))
        || ASKING_FIRST.split('|').any(|word| first == word)
}

/// Cuts where a clause begins with words that announce another question.
fn at_next_words(part: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    for (at, c) in part.char_indices() {
        let after = at + c.len_utf8();
        if ",，。.!！".contains(c) && begins_another(&part[after..]) {
            cuts.push(after);
        }
    }
    cuts.push(part.len());
    cuts.windows(2).map(|cut| &part[cut[0]..cut[1]]).collect()
}

fn begins_another(rest: &str) -> bool {
    let beginning: String = rest.trim_start().chars().take(LONGEST_NEXT).flat_map(char::to_lowercase).collect();
    NEXT.iter().any(|word| beginning.starts_with(word))
}

/// Whether enough is said to be a question of its own.
fn asks(part: &str) -> bool {
    let normalised = normalise(part);
    let rest = without_courtesies(normalised.as_str());
    let n_han = rest.chars().filter(|&c| is_han(c)).count();
    let n_letters = rest.chars().filter(|&c| c.is_alphanumeric() && !is_han(c)).count();
    n_han >= SHORTEST.0 || n_letters >= SHORTEST.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_of_a_message_is_found() {
        let check = |message: &str, expected: &[&str]| assert_eq!(questions(message), expected, "{message}");
        check("运费多少？多久能到？", &["运费多少？", "多久能到？"]);
        check("你好！怎么退款，另外发票怎么开", &["你好！怎么退款，", "另外发票怎么开"]);
        check(
            "How do I return it? Also, how long does the refund take?",
            &["How do I return it?", "Also, how long does the refund take?"],
        );
        check("怎么换货\n运费谁出", &["怎么换货", "运费谁出"]);
        check(
            "how much is shipping, and also where is my order",
            &["how much is shipping,", "and also where is my order"],
        );
    }

    #[test]
    fn a_question_is_told_from_what_is_told_before_it() {
        assert!(
            ["怎么退货", "运费谁出", "how much is it", "真的？", "Can I return it"]
                .iter()
                .all(|part| is_question(part))
        );
        assert!(["我昨天买的杯子碎了", "I bought a mug.", ""].iter().all(|part| !is_question(part)));
    }

    #[test]
    fn a_message_with_one_question_stays_whole() {
        for message in ["怎么退款？？", "在吗？", "hi? 怎么退款", "还有货吗", "", "？", "a?b?c?d?"] {
            assert_eq!(questions(message), [message]);
        }
        let story = "为什么没发货？".repeat(9);
        assert_eq!(questions(&story), [story.as_str()]);
    }
}
