//! What surrounds a question without being part of it: greetings, thanks, and the words that announce a question.

use crate::characters::is_han;

/// Longer phrases stand before the shorter ones they begin with.
const BEFORE: &str = "你好啊|你们好|你好|您好|哈喽|哈啰|早上好|上午好|中午好|下午好|晚上好|有人在吗|有人吗|在不在|在吗|\
    在么|客服在吗|不好意思|打扰一下|打扰了|麻烦问一下|麻烦问下|麻烦您|麻烦你|我想请问一下|我想请问|\
    我想问一下|我想问下|我想问|想请问|想问一下|想问下|想问|请问一下|请问下|请问|问一下|问下|\
    我想咨询一下|想咨询一下|咨询一下|咨询下|我想知道|good morning|good afternoon|good evening|hi there|\
    hello there|hello|hey|hi|excuse me|quick question|i have a question|just wondering|i was wondering|\
    i would like to know|i'd like to know|i want to know|can you tell me|could you tell me";
/// What calls somebody, and begins longer words as well (亲子, 客服电话): no Chinese character follows it.
const CALLS: &str = "亲亲|亲爱的|亲|嗨|客服";

const AFTER: &str = "非常感谢|感谢您|感谢|谢谢您了|谢谢您|谢谢你|谢谢啦|谢谢了|谢谢|多谢|谢了|麻烦了|麻烦您了|拜托了|\
    拜托|在线等|急急|thank you very much|thank you so much|thank you|thanks in advance|thanks a lot|\
    many thanks|thanks|thx|please|pls";

/// The part of a normalised message that asks something; all of it where nothing else would be left.
pub fn without_courtesies(normalised: &str) -> &str {
    let (mut rest, mut is_whole) = (trimmed(normalised), true);
    while let Some(shorter) = without_first(rest).or_else(|| without_last(rest)) {
        (rest, is_whole) = (trimmed(shorter), false);
    }
    if is_whole || rest.is_empty() { normalised } else { rest }
}

fn without_first(text: &str) -> Option<&str> {
    let call = CALLS.split('|').find_map(|call| text.strip_prefix(call)).filter(|rest| !rest.starts_with(is_han));
    call.or_else(|| {
        let rest_after = |phrase: &str| text.strip_prefix(phrase);
        BEFORE.split('|').find_map(|phrase| rest_after(phrase).filter(|rest| ends_here(phrase, rest.chars().next())))
    })
}

fn without_last(text: &str) -> Option<&str> {
    AFTER
        .split('|')
        .find_map(|phrase| text.strip_suffix(phrase).filter(|rest| ends_here(phrase, rest.chars().next_back())))
}

/// Whether a phrase ends where a text goes on with `next`: a Latin word must not be cut.
fn ends_here(phrase: &str, next: Option<char>) -> bool {
    !phrase.is_ascii() || next.is_none_or(|next| !next.is_alphanumeric() && next != '\'' || is_han(next))
}

/// A question mark stays: it belongs to the question.
fn trimmed(text: &str) -> &str {
    let aside = |c: char| c.is_whitespace() || ",.!;:~、。;…-".contains(c);
    text.trim_start_matches(|c| aside(c) || c == '?').trim_end_matches(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_thanks_are_no_part_of_a_question() {
        let check = |text: &str, left: &str| assert_eq!(without_courtesies(text), left, "{text:?}");
        check("你好,请问一下怎么退款?谢谢", "怎么退款?");
        check("亲~在吗?我想问一下运费多少", "运费多少");
        check("hi, can you tell me where is my order? thanks!", "where is my order?");
        check("hello 怎么开发票", "怎么开发票");
        check("where is my order", "where is my order");
    }

    #[test]
    fn what_is_nothing_but_courtesy_is_left_whole_and_words_are_not_cut() {
        for text in ["你好", "thanks!", "hi", "", "?", "hiking boots", "亲子装", "客服电话", "take thanksgiving orders"]
        {
            assert_eq!(without_courtesies(text), text, "{text:?}");
        }
    }
}
