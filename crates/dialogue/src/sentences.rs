//! The bot's own sentences in both languages, for what its author did not word.

use crate::Language;

/// The underscore names a bot may reword in `templates.yml`.
pub const SENTENCE_NAMES: [&str; 16] = [
    "_rephrase",
    "_handoff",
    "_handoff_closed",
    "_clarify",
    "_confirm",
    "_neither",
    "_talk_to_person",
    "_form_cancelled",
    "_form_invalid",
    "_form_incomplete",
    "_angry",
    "_sorry",
    "_waiting",
    "_greeting",
    "_silent",
    "_not_known",
];

/// What is said when even the built-in sentence cannot be filled, by language.
pub(crate) const LAST_RESORT: [&str; 2] = ["请再说一遍，好吗？", "Could you say that again, please?"];

/// The built-in wording of a sentence for this turn.
pub(crate) fn built_in(name: &str, language: Language, turn: u32) -> &'static str {
    let wordings = match language {
        Language::Chinese => chinese(name),
        Language::English => english(name),
    };
    wordings[turn as usize % wordings.len()]
}

fn chinese(name: &str) -> &'static [&'static str] {
    match name {
        "_rephrase" => {
            &["抱歉，我没太明白您的意思，可以换个说法再告诉我一次吗？", "不好意思，这句我没看懂，能再说具体一点吗？"]
        }
        "_handoff" => &["好的，正在为您转接人工客服，请稍等。"],
        "_handoff_closed" => {
            &["现在是人工客服的休息时间（服务时间：{opening_hours}）。您的问题已经记下，上班后会有同事回复您。"]
        }
        "_clarify" => &["您是想问「{first}」还是「{second}」？"],
        "_confirm" => &["您是想问「{first}」吗？"],
        "_neither" => &["都不是"],
        "_talk_to_person" => &["转人工"],
        "_form_cancelled" => &["好的，已经取消。还有什么可以帮您？"],
        "_form_invalid" => &["这个好像不太对，请再核对一下。"],
        "_form_incomplete" => &["没关系，这一步我请人工客服来帮您。"],
        "_angry" => &["非常抱歉给您添麻烦了。我马上请人工客服来帮您处理，请稍等。"],
        "_sorry" => &["非常抱歉给您添麻烦了。"],
        "_waiting" => &["已经通知同事了，很快就来，请稍等。"],
        "_not_known" => &["关于「{question}」，我还没有确定的答案。您可以换个说法单独再问一次，或者转人工。"],
        "_greeting" => &["您好，请问有什么可以帮您？"],
        _ => LAST_RESORT_ZH,
    }
}

fn english(name: &str) -> &'static [&'static str] {
    match name {
        "_rephrase" => &[
            "Sorry, I did not quite get that. Could you put it another way?",
            "I am not sure what you mean. Could you tell me a little more?",
        ],
        "_handoff" => &["I am passing you on to a colleague. One moment, please."],
        "_handoff_closed" => &[
            "Our team is away right now (hours: {opening_hours}). Your question is noted, and a colleague will reply when we are back.",
        ],
        "_waiting" => {
            &["A colleague has been told and will be with you soon. You can ask me something else in the meantime."]
        }
        "_clarify" => &["Did you mean “{first}” or “{second}”?"],
        "_confirm" => &["Did you mean “{first}”?"],
        "_neither" => &["Something else"],
        "_talk_to_person" => &["Talk to a person"],
        "_form_cancelled" => &["All right, cancelled. Is there anything else I can do for you?"],
        "_form_invalid" => &["That does not look right. Please check it once more."],
        "_form_incomplete" => &["No problem, a colleague will help you with this."],
        "_angry" => &["I am very sorry about this. I am getting a colleague to help you right away."],
        "_sorry" => &["I am very sorry about this."],
        "_not_known" => {
            &["I have no sure answer to “{question}”. Please ask it once more in other words, or ask for a person."]
        }
        "_greeting" => &["Hello, what can I do for you?"],
        _ => LAST_RESORT_EN,
    }
}

const LAST_RESORT_ZH: &[&str] = &[LAST_RESORT[0]];
const LAST_RESORT_EN: &[&str] = &[LAST_RESORT[1]];
