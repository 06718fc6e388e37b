//! Why a rule did not fire, in Chinese: the dialogue gives its reasons in English, with names and numbers in them.
//! A reason that is not known here is shown as it was given.

/// Each pair says the same; `{}` stands for a name or a number, in the same order in both.
const REASONS: &[(&str, &str)] = &[
    ("the last answer has no follow-ups", "上一个回答没有后续跳转"),
    ("`{}` is not small talk", "“{}”不是闲聊"),
    ("`{}` has no template and no form", "“{}”没有模板，也没有表单"),
    ("the FAQ entry `{}` at {} fits better than {}", "知识条目“{}”（{}）比 {} 更合适"),
    ("the FAQ entry `{}` is gone", "知识条目“{}”已不存在"),
    ("the FAQ entry `{}` is in a language the bot does not speak", "知识条目“{}”的语言机器人不支持"),
    ("nothing can be said of `{}`: a value is missing", "“{}”无法作答：缺少一个值"),
    ("the template of `{}` has no reply in a bot language", "“{}”的模板没有机器人语言的回复"),
    ("the template of `{}` needs `{}`, which nothing fills", "“{}”的模板需要“{}”，但没有可填的值"),
    ("no form is open", "没有正在填写的表单"),
    ("the customer did not leave the form", "客户没有退出表单"),
    ("the message is clearly about `{}`", "这句话明显在说“{}”"),
    ("the message is clearly about the FAQ entry `{}`", "这句话明显在问知识条目“{}”"),
    ("no person has taken over", "没有人工接管"),
    ("no person was asked for", "客户没有要求人工"),
    ("the words are about `{}`", "这些词说的是“{}”"),
    ("the FAQ entry `{}` is about this", "知识条目“{}”正是讲这个的"),
    ("on_anger is off", "未启用“客户生气时转人工”"),
    ("a person has been called already", "已经呼叫过人工"),
    ("the customer is not angry, or only once", "客户没有生气，或只有一次"),
    ("no person has been called", "还没有呼叫人工"),
    ("not understood {} of {} times", "未听懂 {} 次，满 {} 次才转人工"),
    ("the message has words", "这句话有文字"),
    ("an open form asks again", "未填完的表单会再问一次"),
    ("nothing was offered", "之前没有给出选项"),
    ("the message is none of what was offered", "这句话不是给出的选项之一"),
    ("no meaning is likely enough to offer", "没有可能性足够高的意思可供选择"),
    ("the best meanings together reach only {}", "最可能的几种意思加起来只有 {}"),
    ("the same was asked just before", "刚刚已经问过同样的问题"),
    ("`{}` at {} is below {}", "“{}”为 {}，低于 {}"),
];

/// The Chinese of a reason, or the reason itself.
pub(super) fn in_chinese(reason: &str) -> String {
    let found = REASONS.iter().find_map(|(english, chinese)| Some((chinese, values(english, reason)?)));
    let Some((chinese, values)) = found else { return reason.to_owned() };
    let mut values = values.into_iter();
    let mut pieces = chinese.split("{}");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(values.next().unwrap_or_default());
        text.push_str(piece);
    }
    text
}

/// What stands at each `{}` of a pattern, when the reason fits it.
fn values<'a>(pattern: &str, reason: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = pattern.split("{}");
    let mut rest = reason.strip_prefix(pieces.next()?)?;
    let mut values = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let at = if pieces.peek().is_none() && piece.is_empty() { rest.len() } else { rest.find(piece)? };
        values.push(&rest[..at]);
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_keep_their_names_and_numbers() {
        assert_eq!(in_chinese("no form is open"), "没有正在填写的表单");
        assert_eq!(in_chinese("`order_status` at 0.412 is below 0.700"), "“order_status”为 0.412，低于 0.700");
        assert_eq!(in_chinese("the message is clearly about the FAQ entry `退货-1`"), "这句话明显在问知识条目“退货-1”");
        assert_eq!(in_chinese("something new"), "something new");
    }

    #[test]
    fn both_languages_have_the_same_places_to_fill() {
        for (english, chinese) in REASONS {
            assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{english}");
        }
    }
}
