//! The words the bot knows without a model: yes, no, never mind, a person please.

/// A message made only of agreement, for bots without an `affirm` intent.
const AFFIRM: &[&str] = &[
    "是",
    "是的",
    "对",
    "对的",
    "好",
    "好的",
    "好啊",
    "好呀",
    "好吧",
    "可以",
    "行",
    "嗯",
    "嗯嗯",
    "要",
    "要的",
    "需要",
    "没错",
    "ok",
    "okay",
    "yes",
    "yep",
    "yeah",
    "yes please",
    "sure",
    "right",
    "correct",
    "of course",
    "please do",
    "that's right",
];

/// A message made only of refusal, for bots without a `deny` intent.
const DENY: &[&str] = &[
    "不",
    "不是",
    "不用",
    "不用了",
    "不要",
    "不需要",
    "不了",
    "没有",
    "不对",
    "否",
    "no",
    "nope",
    "nah",
    "no thanks",
    "no thank you",
    "not really",
    "not that",
];

/// A message that leaves a form.
const CANCEL: &[&str] = &[
    "取消",
    "算了",
    "不用了",
    "不要了",
    "不弄了",
    "不办了",
    "不查了",
    "不想弄了",
    "退出",
    "停止",
    "停",
    "取消吧",
    "算了吧",
    "先不用了",
    "不填了",
    "cancel",
    "never mind",
    "nevermind",
    "forget it",
    "stop",
    "quit",
    "exit",
    "no thanks",
    "no thank you",
    "cancel that",
    "cancel this",
    "leave it",
];

/// None of what was offered.
const NEITHER: &[&str] = &[
    "都不是",
    "都不对",
    "不是",
    "其他",
    "其它",
    "别的",
    "其他问题",
    "neither",
    "none",
    "none of these",
    "none of them",
    "something else",
    "other",
    "neither of them",
    "no",
    "nope",
];

/// Phrases that ask for a person, whatever surrounds them.
const PERSON: &[&str] = &[
    "转人工",
    "人工客服",
    "人工服务",
    "接人工",
    "找人工",
    "要人工",
    "叫人工",
    "真人客服",
    "找真人",
    "转客服",
    "talk to a person",
    "talk to a human",
    "talk to someone",
    "talk to an agent",
    "talk to a real person",
    "speak to a person",
    "speak to a human",
    "speak to someone",
    "speak to an agent",
    "speak with a person",
    "speak with a human",
    "speak with someone",
    "speak with an agent",
    "speak to a real person",
    "human agent",
    "live agent",
    "real human",
    "a real person",
];

/// A whole message that asks for a person.
const PERSON_WHOLE: &[&str] =
    &["人工", "客服", "真人", "human", "agent", "person", "representative", "operator", "live chat"];

/// Words of anger or threat, beyond mere dissatisfaction.
const STRONG: &[&str] = &[
    "骗子",
    "骗人",
    "垃圾",
    "坑人",
    "气死",
    "火大",
    "曝光",
    "12315",
    "黑心",
    "无耻",
    "什么破",
    "滚蛋",
    "忍无可忍",
    "太过分",
    "欺骗消费者",
    "他妈",
    "tmd",
    "ridiculous",
    "furious",
    "unacceptable",
    "scam",
    "scammers",
    "fraud",
    "disgusting",
    "disgrace",
    "pathetic",
    "bullshit",
    "fuck",
    "wtf",
    "useless",
    "lawyer",
    "sue you",
    "fed up",
    "worst service",
    "outrageous",
    "sick of",
];

/// A message without the marks and softeners around it, for comparison with short lists.
pub(crate) fn bare(message: &str) -> &str {
    message
        .trim_matches(|c: char| c.is_whitespace() || (!c.is_alphanumeric()))
        .trim_end_matches(['吧', '啊', '呀', '哦', '啦', '了', '呢', '嘛'])
        .trim()
}

fn is_one_of(message: &str, list: &[&str]) -> bool {
    let whole = message.trim_matches(|c: char| c.is_whitespace() || !c.is_alphanumeric());
    list.contains(&whole) || list.iter().any(|word| bare(word) == bare(message))
}

pub(crate) fn affirms(message: &str) -> bool {
    is_one_of(message, AFFIRM)
}

pub(crate) fn denies(message: &str) -> bool {
    is_one_of(message, DENY)
}

/// Whether the message is made of nothing but words that leave a form: "算了，不弄了".
pub(crate) fn cancels(message: &str) -> bool {
    let mut parts =
        message.split(['，', ',', '。', '.', '！', '!', ' ']).filter(|part| !bare(part).is_empty()).peekable();
    is_one_of(message, CANCEL) || (parts.peek().is_some() && parts.all(|part| made_of(bare(part), CANCEL)))
}

/// Whether Chinese words of the list, one after another, make up the whole text.
fn made_of(text: &str, list: &[&str]) -> bool {
    list.iter()
        .filter(|word| !word.is_ascii())
        .filter_map(|word| text.strip_prefix(word))
        .any(|rest| bare(rest).is_empty() || made_of(bare(rest), list))
        || is_one_of(text, list)
}

pub(crate) fn means_neither(message: &str) -> bool {
    is_one_of(message, NEITHER)
}

/// Whether the message asks for a person in so many words.
pub(crate) fn asks_for_person(message: &str) -> bool {
    is_one_of(message, PERSON_WHOLE) || PERSON.iter().any(|phrase| message.contains(phrase))
}

/// Whether the message is worded in anger.
pub(crate) fn is_strong(message: &str) -> bool {
    STRONG.iter().any(|word| holds(message, word))
}

/// Whether a phrase stands in the message, with English words kept whole.
pub(crate) fn holds(message: &str, phrase: &str) -> bool {
    let english = phrase.is_ascii();
    message.match_indices(phrase).any(|(start, _)| {
        let before = message[..start].chars().next_back();
        let after = message[start + phrase.len()..].chars().next();
        let joined = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        !(english && (joined(before) || joined(after)))
    })
}

/// Which of `n_options` a message like `2`, `第二个` or `the first one` points at.
pub(crate) fn place(message: &str, n_options: usize) -> Option<usize> {
    const PLACES: [&[&str]; 5] = [
        &[
            "1",
            "一",
            "第一个",
            "第一",
            "第1个",
            "前者",
            "前面",
            "前一个",
            "first",
            "the first",
            "first one",
            "the first one",
            "one",
            "former",
            "the former",
            "a",
        ],
        &["2", "二", "第二个", "第二", "第2个", "second", "the second", "second one", "the second one", "two", "b"],
        &["3", "三", "第三个", "第三", "第3个", "third", "the third", "third one", "the third one", "three", "c"],
        &["4", "四", "第四个", "第四", "第4个", "fourth", "the fourth", "fourth one", "the fourth one", "four", "d"],
        &["5", "五", "第五个", "第五", "第5个", "fifth", "the fifth", "fifth one", "the fifth one", "five", "e"],
    ];
    const LAST: &[&str] =
        &["后者", "后面", "后一个", "最后一个", "last", "the last", "last one", "the last one", "latter", "the latter"];
    let said = message.trim_matches(|c: char| c.is_whitespace() || !c.is_alphanumeric());
    let named = PLACES.iter().position(|names| names.contains(&said));
    let last = || LAST.contains(&said).then(|| n_options.checked_sub(1)).flatten();
    named.or_else(last).filter(|index| *index < n_options)
}

/// Whether a message asks something.
pub(crate) fn is_question(message: &str) -> bool {
    const ENGLISH: &[&str] = &[
        "what ", "how ", "when ", "where ", "why ", "who ", "which ", "can ", "could ", "do ", "does ", "is ", "are ",
        "will ", "would ", "should ", "may ",
    ];
    const CHINESE: &[&str] = &[
        "吗",
        "什么",
        "怎么",
        "多久",
        "多少",
        "哪里",
        "哪儿",
        "为什么",
        "能不能",
        "可不可以",
        "是不是",
        "几点",
        "几天",
    ];
    message.contains(['?', '？'])
        || ENGLISH.iter().any(|start| message.starts_with(start))
        || CHINESE.iter().any(|word| message.contains(word))
}
