//! Scripted conversations: every rule of the policy fires where it should, and says so.

use dialogue::{
    Action, BotConfig, Candidate, Candidates, Conversation, Decision, EntityMatch, Forms, HandoffState, IntentScore,
    Language, Part, Script, SentimentScore, Templates, Understanding, decide, join,
};
use jiff::Timestamp;

const BOT: &str = r#"
name = "Shop"
languages = ["zh", "en"]
accepted_error_rate = 0.05
[hours]
timezone = "Asia/Shanghai"
days = { monday = "09:00-21:00" }
[values]
fee = { zh = "8 元", en = "8 yuan" }
[welcome]
suggestions = { zh = ["查物流"], en = ["Where is my order?"] }
"#;

const TEMPLATES: &str = r#"
templates:
  - {intent: greet, kind: smalltalk, replies: {zh: 您好, en: Hello}}
  - {intent: talk_to_human, kind: handoff, replies: {zh: 转接中, en: Connecting you}}
  - intent: order_status
    title: {zh: 查物流, en: order status}
    replies: {zh: "订单 {order_number} 在路上", en: "Order {order_number} is on its way"}
    follow_ups: {affirm: talk_to_human}
  - {intent: shipping_fee, title: {zh: 运费, en: shipping fee}, replies: {zh: "运费 {fee}", en: ["Shipping is {fee}", "It costs {fee}"]}}
  - {intent: broken, replies: {zh: "缺 {nothing}", en: "needs {nothing}"}}
  - {intent: callback, replies: {zh: "会打 {phone}，{when}", en: "We will call {phone} in the {when}"}}
  - {intent: feedback, replies: {zh: "记下了：{words}", en: "Noted: {words}"}}
"#;

const FORMS: &str = r#"
forms:
  - intent: order_status
    max_attempts: 2
    slots:
      - {name: order_number, entity: order_number, pattern: "[A-Z]{2}[0-9]{8}", prompt: {zh: 订单号？, en: Which order number?}}
  - intent: callback
    slots:
      - {name: phone, entity: phone, pattern: "1[0-9]{10}", sensitive: true, prompt: {zh: 手机号？, en: Which number?}}
      - {name: when, prompt: {zh: 何时？, en: When?}, choices: {zh: [上午, 下午], en: [morning, afternoon]}}
  - intent: feedback
    slots: [{name: words, prompt: {zh: 请说, en: Tell us}}]
"#;

/// A Monday at 10:00 in Shanghai, and the night after it.
const OPEN: &str = "2026-03-02T10:00:00+08:00";
const CLOSED: &str = "2026-03-02T23:00:00+08:00";

struct Desk {
    script: Script,
    now: Timestamp,
    state: Conversation,
}

/// What the rooms below would say of a message.
#[derive(Default)]
struct Heard<'a> {
    text: &'a str,
    intents: &'a [(&'a str, f32)],
    further: &'a [(&'a str, f32)],
    hits: &'a [(&'a str, f32)],
    entity: Option<(&'a str, &'a str)>,
    negative: Option<f32>,
    language: Option<Language>,
}

fn say(text: &str) -> Heard<'_> {
    let han = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let latin = text.chars().any(|c| c.is_ascii_lowercase());
    let language = match (han, latin) {
        (true, _) => Some(Language::Chinese),
        (false, true) => Some(Language::English),
        (false, false) => None,
    };
    Heard { text, language, ..Heard::default() }
}

fn means<'a>(text: &'a str, intents: &'a [(&'a str, f32)]) -> Heard<'a> {
    Heard { intents, ..say(text) }
}

fn finds<'a>(text: &'a str, hits: &'a [(&'a str, f32)]) -> Heard<'a> {
    Heard { hits, ..say(text) }
}

impl<'a> Heard<'a> {
    fn with(self, entity: (&'a str, &'a str)) -> Self {
        Heard { entity: Some(entity), ..self }
    }
}

impl Desk {
    fn open() -> Self {
        let script = Script::new(
            BotConfig::parse(BOT).expect("bot.toml"),
            Templates::parse(TEMPLATES).expect("templates.yml"),
            Forms::parse(FORMS).expect("forms.yml"),
        );
        let now = OPEN.parse().expect("a time");
        Self { script, now, state: Conversation::default() }
    }

    fn closed() -> Self {
        Self { now: CLOSED.parse().expect("a time"), ..Self::open() }
    }

    fn hear(&mut self, heard: &Heard<'_>) -> Decision {
        let score = |(intent, probability): &(&str, f32)| IntentScore {
            intent: (*intent).to_owned(),
            probability: *probability,
        };
        let entity = |(entity, value): (&str, &str)| EntityMatch {
            entity: entity.to_owned(),
            value: value.to_owned(),
            text: value.to_owned(),
            sensitive: entity == "phone",
        };
        let understanding = Understanding {
            text: heard.text.to_owned(),
            language: heard.language,
            intents: heard.intents.iter().map(score).collect(),
            further: heard.further.iter().map(score).collect(),
            intent_threshold: 0.8,
            sentiment: heard.negative.map(|negative| SentimentScore { negative }),
            entities: heard.entity.map(entity).into_iter().collect(),
            ..Understanding::default()
        };
        let hit = |(id, probability): &(&str, f32)| Candidate {
            faq_id: (*id).to_owned(),
            question: format!("about {id}"),
            answer: format!("The fee is {{fee}}. See {{nowhere}}. All of {id}."),
            excerpt: id.starts_with("long").then(|| format!("The part of {id} that fits.")),
            language: heard.language,
            category: None,
            links: Vec::new(),
            probability: *probability,
        };
        let candidates = Candidates { hits: heard.hits.iter().map(hit).collect(), threshold: 0.8 };
        let decision = decide(&self.state, &understanding, &candidates, &self.script, self.now);
        let stored = serde_json::to_string(&decision.next).expect("state is JSON");
        self.state = serde_json::from_str(&stored).expect("state reads back");
        decision
    }

    #[track_caller]
    fn check(&mut self, heard: &Heard<'_>, rule: &str, action: Action, contains: &str) -> Decision {
        let decision = self.hear(heard);
        let seen = (decision.trace.rule.as_str(), decision.action);
        assert_eq!(seen, (rule, action), "{}: {:?}", heard.text, decision.trace.considered);
        assert!(decision.text.contains(contains), "{:?} lacks {contains:?}", decision.text);
        assert!(!decision.text.contains('{'), "{:?} shows braces", decision.text);
        decision
    }
}

const STATUS: &[(&str, f32)] = &[("order_status", 0.95)];
const FEE: &[(&str, f32)] = &[("shipping_fee", 0.95)];
const GREET: &[(&str, f32)] = &[("greet", 0.95)];

#[test]
fn a_form_asks_until_it_can_answer() {
    let mut desk = Desk::open();
    desk.check(&means("我的快递呢", STATUS), "template", Action::Form, "订单号");
    desk.check(&say("12345"), "form_step", Action::Form, "订单号");
    let done = desk.check(&say("单号ＡＢ１２３４５６７８"), "form_step", Action::Template, "AB12345678");
    assert_eq!(done.intent.as_deref(), Some("order_status"));
    assert_eq!(done.next.form, None);
}

#[test]
fn the_bare_value_that_was_asked_for_is_no_intent_whatever_it_is_taken_for() {
    for (taken_for, order) in [("talk_to_human", "AB12345678"), ("cancel", " AB12345678。"), ("greet", "AB12345678")] {
        let mut desk = Desk::open();
        desk.hear(&means("我的快递呢", STATUS));
        let taken = [(taken_for, 0.99)];
        let heard = means(order, &taken).with(("order_number", "AB12345678"));
        desk.check(&heard, "form_step", Action::Template, "AB12345678");
    }
    let mut desk = Desk::open();
    desk.hear(&means("我的快递呢", STATUS));
    desk.check(&means(" 12。", &[("greet", 0.99)]), "form_step", Action::Form, "订单号");
    let mut desk = Desk::open();
    desk.hear(&means("我的快递呢", STATUS));
    desk.check(&means("wang@example", &[("shipping_fee", 0.99)]), "form_step", Action::Form, "Which order number");
    let mut desk = Desk::open();
    desk.hear(&means("我的快递呢", STATUS));
    let person = [("talk_to_human", 0.99)];
    desk.check(&means("AB12345678 转人工", &person), "asked_for_person", Action::Handoff, "转接");
}

#[test]
fn a_value_given_with_the_question_is_not_asked_for() {
    let heard = Heard { entity: Some(("order_number", "AB12345678")), ..means("查AB12345678", STATUS) };
    Desk::open().check(&heard, "template", Action::Template, "AB12345678");
}

#[test]
fn a_message_of_two_intents_gets_both_answers() {
    let both = |text, intents, further| Heard { further, ..means(text, intents) };
    let done = Desk::open().check(
        &both("查AB12345678，运费多少", STATUS, FEE).with(("order_number", "AB12345678")),
        "template",
        Action::Template,
        "在路上\n\n运费 8 元",
    );
    assert_eq!((done.intent.as_deref(), &done.trace.further[..]), (Some("order_status"), &["shipping_fee".into()][..]));
    let asked = Desk::open().check(
        &both("where is it and what does shipping cost", STATUS, FEE),
        "template",
        Action::Form,
        "8 yuan\n\nWhich order number?",
    );
    assert!(asked.next.form.is_some());
    for further in [&[("shipping_fee", 0.7)][..], &[("callback", 0.99)], &[("greet", 0.99)], &[("unknown", 0.99)], FEE]
    {
        let alone = Desk::open().check(&both("运费多少", FEE, further), "template", Action::Template, "运费 8 元");
        assert_eq!((alone.text.as_str(), alone.trace.further.len()), ("运费 8 元", 0), "{further:?}");
    }
}

#[test]
fn too_many_invalid_answers_call_a_person() {
    let mut desk = Desk::open();
    desk.check(&means("where is it", STATUS), "template", Action::Form, "order number");
    desk.check(&say("no idea"), "form_step", Action::Form, "order number");
    let done = desk.check(&say("dunno"), "form_step", Action::Handoff, "colleague");
    assert_eq!(done.next.handed_over, HandoffState::Waiting);
}

#[test]
fn a_form_can_be_left() {
    for way_out in ["算了", "算了不弄了", "取消吧！", "never mind", "Cancel."] {
        let mut desk = Desk::open();
        desk.hear(&means("我的快递呢", STATUS));
        let done = desk.check(&say(way_out), "form_cancelled", Action::Smalltalk, "");
        assert_eq!(done.next.form, None, "{way_out}");
    }
}

#[test]
fn a_clearly_different_question_leaves_the_form_and_small_talk_does_not() {
    let mut desk = Desk::open();
    desk.hear(&means("我的快递呢", STATUS));
    let aside = desk.check(&means("你好呀", GREET), "form_step", Action::Smalltalk, "订单号");
    assert!(aside.next.form.is_some());
    let left = desk.check(&means("运费多少", FEE), "template", Action::Template, "8 元");
    assert_eq!(left.next.form, None);
    desk.hear(&means("我的快递呢", STATUS));
    desk.check(&finds("怎么洗", &[("wash", 0.9)]), "faq", Action::Faq, "wash");
}

#[test]
fn own_words_are_taken_even_when_they_look_like_an_intent() {
    let mut desk = Desk::open();
    desk.check(&means("意见", &[("feedback", 0.9)]), "template", Action::Form, "请说");
    let done = desk.check(&means("运费太贵", FEE), "form_step", Action::Template, "运费太贵");
    assert!(done.next.slots.is_empty(), "own words belong to their form only");
    desk.hear(&means("意见", &[("feedback", 0.9)]));
    desk.check(&means("运费多少？", FEE), "template", Action::Template, "8 元");
}

#[test]
fn a_sensitive_value_is_masked_in_replies_and_on_disk_and_not_asked_for_twice() {
    let mut desk = Desk::open();
    desk.hear(&means("给我回电话", &[("callback", 0.9)]));
    let heard = Heard { entity: Some(("phone", "13812345678")), ..say("13812345678") };
    let asked = desk.check(&heard, "form_step", Action::Form, "何时");
    assert_eq!(asked.quick_replies.len(), 2);
    let stored = serde_json::to_string(&asked.next).expect("JSON");
    assert!(!stored.contains("13812345678"), "{stored}");
    desk.check(&say("2"), "form_step", Action::Template, "会打 •••5678，下午");
}

#[test]
fn a_person_is_called_when_asked_for() {
    let mut desk = Desk::open();
    desk.check(&say("转人工"), "asked_for_person", Action::Handoff, "转接中");
    desk.check(&say("人呢"), "still_waiting", Action::Silent, "");
    let heard = means("please", &[("talk_to_human", 0.9)]);
    Desk::open().check(&heard, "asked_for_person", Action::Handoff, "Connecting");
    let asks_hours = finds("when can I talk to a person", &[("talk to a person", 0.9)]);
    Desk::open().check(&asks_hours, "faq", Action::Faq, "talk to a person");
}

#[test]
fn outside_hours_the_handover_says_when_people_are_there() {
    let mut desk = Desk::closed();
    desk.check(&say("转人工"), "asked_for_person", Action::Handoff, "周一 09:00-21:00");
    desk.check(&means("运费", FEE), "template", Action::Template, "8 元");
    desk.check(&say("在不在"), "still_waiting", Action::Handoff, "09:00-21:00");
    Desk::closed().check(&say("talk to a human"), "asked_for_person", Action::Handoff, "Mon 09:00-21:00");
}

#[test]
fn the_bot_is_silent_while_a_person_has_the_conversation() {
    let mut desk = Desk::open();
    desk.state.handed_over = HandoffState::Person;
    let silent = desk.check(&means("运费", FEE), "person_has_taken_over", Action::Silent, "");
    assert_eq!((silent.text.as_str(), silent.next.turn), ("", 1));
}

#[test]
fn an_angry_customer_gets_an_apology_and_a_person() {
    let strong = Heard { negative: Some(0.7), ..say("你们就是骗子") };
    Desk::open().check(&strong, "angry_customer", Action::Handoff, "抱歉");
    Desk::closed().check(&strong, "angry_customer", Action::Handoff, "09:00-21:00");
    let calm = Heard { negative: Some(0.2), ..means("是骗子吗", FEE) };
    Desk::open().check(&calm, "template", Action::Template, "8 元");
    let mut desk = Desk::open();
    let negative = Heard { negative: Some(0.97), ..means("not happy", FEE) };
    desk.check(&negative, "template", Action::Template, "8 yuan");
    desk.check(&negative, "angry_customer", Action::Handoff, "sorry");
}

#[test]
fn a_follow_up_turns_yes_into_what_was_offered() {
    let mut desk = Desk::open();
    let heard = Heard { entity: Some(("order_number", "AB12345678")), ..means("查AB12345678", STATUS) };
    desk.hear(&heard);
    desk.check(&say("好的"), "follow_up", Action::Handoff, "转接中");
}

#[test]
fn the_better_of_template_and_faq_answers() {
    let both = |hit| Heard { hits: hit, ..means("运费", &[("shipping_fee", 0.85)]) };
    Desk::open().check(&both(&[("fee", 0.88)]), "template", Action::Template, "运费");
    let faq = Desk::open().check(&both(&[("fee", 0.95)]), "faq", Action::Faq, "The fee is 8 元. All of fee.");
    assert_eq!(faq.sources[0].faq_id, "fee");
    assert_eq!((faq.intent.as_deref(), faq.probability), (Some("shipping_fee"), Some(0.95)));
    let sure = |hit| Heard { hits: hit, ..means("运费", &[("shipping_fee", 0.95)]) };
    Desk::open().check(&sure(&[("fee", 0.975)]), "template", Action::Template, "运费");
    Desk::open().check(&sure(&[("fee", 0.995)]), "faq", Action::Faq, "fee");
}

#[test]
fn a_template_that_nothing_can_fill_gives_way() {
    let heard = Heard { hits: &[("other", 0.9)], ..means("坏了", &[("broken", 0.99)]) };
    let decision = Desk::open().check(&heard, "faq", Action::Faq, "other");
    let why = decision.trace.considered.iter().find(|one| one.rule == "template");
    assert!(why.is_some_and(|one| one.why.contains("nothing")), "{why:?}");
}

const TWO: &[(&str, f32)] = &[("shipping_fee", 0.5), ("order_status", 0.4)];

#[test]
fn two_likely_meanings_are_offered_and_chosen() {
    for (answer, contains) in [("1", "8 元"), ("第二个", "订单号"), ("运费", "8 元"), ("后者", "订单号")]
    {
        let mut desk = Desk::open();
        let asked = desk.check(&means("快递费用", TWO), "clarify", Action::Clarify, "「运费」还是「查物流」");
        assert_eq!(asked.quick_replies.len(), 3);
        let decision = desk.hear(&say(answer));
        assert_eq!(decision.trace.rule, "clarification_answered", "{answer}");
        assert!(decision.text.contains(contains), "{answer}: {}", decision.text);
    }
    let mut desk = Desk::open();
    desk.hear(&means("快递费用", TWO));
    desk.check(&say("都不是"), "clarification_answered", Action::Rephrase, "");
}

#[test]
fn an_offered_faq_entry_is_answered_with_its_present_text() {
    let mut desk = Desk::open();
    let likely = &[("wash", 0.6)];
    desk.check(&finds("clean it", likely), "clarify", Action::Clarify, "about wash");
    desk.check(&finds("yes", &[("wash", 0.3)]), "clarification_answered", Action::Faq, "All of wash");
}

#[test]
fn not_understood_asks_again_then_calls_a_person() {
    let mut desk = Desk::open();
    let asked = desk.check(&say("blah blah"), "rephrase", Action::Rephrase, "");
    let titles: Vec<&str> = asked.quick_replies.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(titles, ["Where is my order?", "Talk to a person"]);
    desk.check(&say("bleh bleh"), "repeated_failure", Action::Handoff, "colleague");
    Desk::open().check(&say("？？！"), "nothing_said", Action::Rephrase, "");
}

#[test]
fn the_latest_message_sets_the_language_and_wordings_take_turns() {
    let mut desk = Desk::open();
    let first = desk.check(&means("how much", FEE), "template", Action::Template, "Shipping is 8 yuan");
    assert_eq!(first.language, Language::English);
    desk.check(&means("and again", FEE), "template", Action::Template, "It costs 8 yuan");
    desk.check(&means("运费", FEE), "template", Action::Template, "8 元");
    let digits = desk.check(&means("123", FEE), "template", Action::Template, "8 元");
    assert_eq!(digits.language, Language::Chinese);
}

#[test]
fn the_trace_says_why_each_earlier_rule_did_not_fire() {
    let decision = Desk::open().hear(&say("qwerty"));
    let lines: Vec<String> = decision.trace.considered.iter().map(|one| format!("{}: {}", one.rule, one.why)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    person_has_taken_over: no person has taken over
    nothing_said: the message has words
    asked_for_person: no person was asked for
    form_cancelled: no form is open
    angry_customer: the customer is not angry, or only once
    clarification_answered: nothing was offered
    form_step: no form is open
    follow_up: the last answer has no follow-ups
    smalltalk: no intent was recognised
    template: no intent was recognised
    faq: the search found nothing
    clarify: no meaning is likely enough to offer
    still_waiting: no person has been called
    repeated_failure: not understood 1 of 2 times
    ");
}

#[test]
fn the_entries_answered_last_are_remembered_each_once() {
    let mut desk = Desk::open();
    let names: Vec<String> = (0..25).map(|number| format!("entry-{number}")).collect();
    for name in names.iter().chain([&names[20]]) {
        desk.check(&finds("how about it", &[(name, 0.95)]), "faq", Action::Faq, name);
    }
    let known = &desk.state.answered_faq;
    assert_eq!(known.len(), 20, "{known:?}");
    assert_eq!((known[0].as_str(), known[18].as_str(), known[19].as_str()), ("entry-5", "entry-24", "entry-20"));
}

#[test]
fn two_entries_that_are_both_sure_are_given_under_their_titles() {
    let heard = finds("退货和换货", &[("return", 0.95), ("exchange", 0.9), ("other", 0.5)]);
    let done = Desk::open().check(&heard, "faq", Action::Faq, "**about return**\nThe fee is 8 元. All of return.");
    assert!(done.text.contains("\n\n**about exchange**\n"), "{}", done.text);
    assert_eq!(done.sources.iter().map(|source| source.faq_id.as_str()).collect::<Vec<_>>(), ["return", "exchange"]);
    assert_eq!((done.faq_id.as_deref(), done.probability), (Some("return"), Some(0.9)));
    assert_eq!(done.whole, None);
}

#[test]
fn an_answer_that_is_cut_has_its_whole_beside_it() {
    let done = Desk::open().check(&finds("保修", &[("long", 0.95)]), "faq", Action::Faq, "The part of long that fits.");
    assert_eq!(done.whole.as_deref(), Some("The fee is 8 元. All of long."));
    let both = Desk::open().hear(&finds("保修和运费", &[("fee", 0.95), ("long", 0.9)]));
    assert!(both.text.ends_with("The part of long that fits."));
    assert!(both.whole.expect("one is cut").ends_with("**about long**\nThe fee is 8 元. All of long."));
}

/// What the bot answers to a message of several questions, given what it hears in each and in all of it.
fn several(desk: &Desk, whole: &Heard<'_>, parts: &[Heard<'_>]) -> Decision {
    let alone =
        |heard: &Heard<'_>| Desk { script: desk.script.clone(), now: desk.now, state: desk.state.clone() }.hear(heard);
    let parts: Vec<Part> = parts
        .iter()
        .map(|heard| Part { asked: heard.text.into(), is_question: heard.text.contains('？'), decision: alone(heard) })
        .collect();
    join(&desk.state, &desk.script, alone(whole), &parts)
}

#[test]
fn each_question_of_a_message_gets_its_answer_under_its_title() {
    let parts = [means("运费多少？", FEE), finds("怎么退货？", &[("return", 0.95)])];
    let done = several(&Desk::open(), &means("运费多少？怎么退货？", FEE), &parts);
    assert_eq!(done.text, "**运费多少？**\n运费 8 元\n\n**about return**\nThe fee is 8 元. All of return.");
    assert_eq!((done.trace.rule.as_str(), done.trace.parts.len()), ("several_questions", 2));
    assert_eq!((done.intent.as_deref(), done.faq_id, done.probability), (Some("shipping_fee"), None, Some(0.95)));
    assert_eq!(done.next.answered_faq, ["return"]);
}

#[test]
fn a_question_without_an_answer_is_named_beside_those_that_have_one() {
    let parts = [finds("怎么退货？", &[("return", 0.95)]), say("今天天气好吗？")];
    let done = several(&Desk::open(), &say("怎么退货？今天天气好吗？"), &parts);
    assert!(done.text.starts_with("**about return**\n") && done.text.contains("「今天天气好吗？」"), "{}", done.text);
    assert_eq!(done.action, Action::Faq);
    let told = [say("杯子碎了。"), finds("怎么退货？", &[("return", 0.95)])];
    let done = several(&Desk::open(), &say("杯子碎了。怎么退货？"), &told);
    assert_eq!(done.text, "The fee is 8 元. All of return.", "what was only told needs no answer");
}

#[test]
fn a_form_asks_last_and_only_one_does() {
    let parts = [means("我的快递呢？", STATUS), means("运费多少？", FEE)];
    let mut desk = Desk::open();
    let done = several(&desk, &means("我的快递呢？运费多少？", STATUS), &parts);
    assert_eq!(done.text, "**运费多少？**\n运费 8 元\n\n**我的快递呢？**\n订单号？");
    assert_eq!(done.action, Action::Form);
    desk.state = done.next;
    desk.check(&say("AB12345678"), "form_step", Action::Template, "AB12345678");
    let beside = [means("我的快递呢？", STATUS), say("今天天气好吗？")];
    let done = several(&Desk::open(), &say("我的快递呢？今天天气好吗？"), &beside);
    assert!(done.text.ends_with("**我的快递呢？**\n订单号？") && done.text.contains("今天天气好吗"), "{}", done.text);
}

#[test]
fn a_question_that_an_answer_passes_over_is_named_where_it_made_the_answer_less_sure() {
    let sure: &[(&str, f32)] = &[("shipping_fee", 0.97)];
    let parts = [means("运费多少？", sure), say("今天天气好吗？")];
    let diluted = several(&Desk::open(), &means("运费多少？今天天气好吗？", &[("shipping_fee", 0.7)]), &parts);
    assert!(diluted.text.contains("运费 8 元") && diluted.text.contains("今天天气好吗"), "{}", diluted.text);
    let parts = [means("我想问运费多少。", sure), say("可以吗？")];
    let one = several(&Desk::open(), &means("我想问运费多少。可以吗？", &[("shipping_fee", 0.95)]), &parts);
    assert_eq!(one.text, "运费 8 元", "a few words that belong to the question are none of their own");
}

#[test]
fn what_one_decision_answers_is_not_taken_apart() {
    let desk = Desk::open();
    let same = [finds("怎么退货？", &[("return", 0.95)]), finds("退货怎么弄？", &[("return", 0.9)])];
    let once = several(&desk, &finds("怎么退货？退货怎么弄？", &[("return", 0.97)]), &same);
    assert_eq!((once.trace.rule.as_str(), once.probability), ("faq", Some(0.97)));
    let person = [means("运费多少？", FEE), means("叫人来？", &[("talk_to_human", 0.95)])];
    let called = several(&desk, &means("运费多少？叫人来？", &[("talk_to_human", 0.95)]), &person);
    assert_eq!(called.action, Action::Handoff);
    let mut filling = Desk::open();
    filling.hear(&means("我的快递呢", STATUS));
    let parts = [means("运费多少？", FEE), finds("怎么退货？", &[("return", 0.95)])];
    let kept = several(&filling, &say("运费多少？怎么退货？"), &parts);
    assert_eq!(kept.trace.rule, "form_step");
}
