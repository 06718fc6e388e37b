//! Whatever files and messages hold, nothing panics, and an answer is never empty or in a strange language.

use dialogue::{
    Action, ActiveForm, BotConfig, Candidate, Candidates, Clarification, ClarifyOption, Conversation, EntityMatch,
    Forms, HandoffState, IntentScore, Language, Script, SentimentScore, Target, Templates, Understanding, decide,
    golden, leans_on_previous,
};
use proptest::prelude::*;

fn script(languages: &str) -> Script {
    let bot = format!(
        "name = \"x\"\nlanguages = [{languages}]\n[hours]\ntimezone = \"Asia/Shanghai\"\ndays = {{ friday = \"22:00-02:00\" }}"
    );
    let templates = "templates:\n  - {intent: a, replies: {zh: \"{x} 好\"}}\n  - {intent: b, kind: smalltalk, replies: {en: hi}}\n  - {intent: c, kind: handoff, replies: ok, follow_ups: {affirm: a}}\n";
    let forms = "forms:\n  - intent: a\n    slots: [{name: x, entity: e, pattern: \"[0-9]+\", prompt: {zh: 号？}}]\n  - intent: d\n    slots: [{name: y, prompt: why, choices: [q, r]}]\n";
    Script::new(
        BotConfig::parse(&bot).expect("bot.toml"),
        Templates::parse(templates).expect("templates.yml"),
        Forms::parse(forms).expect("forms.yml"),
    )
}

fn probability() -> impl Strategy<Value = f32> {
    prop_oneof![0.0f32..=1.0, Just(f32::NAN), Just(0.5f32)]
}

fn language() -> impl Strategy<Value = Option<Language>> {
    prop_oneof![Just(None), Just(Some(Language::Chinese)), Just(Some(Language::English))]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[0-9一二算了取消是yesno转人工{}opening_hours ?？。]{0,12}",
        prop::sample::select(vec!["", "1", "算了", "cancel", "转人工", "是", "no", "q", "第二个", "骗子", "那呢"])
            .prop_map(str::to_owned),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d", "cancel", "affirm", "gone", "_rephrase"]).prop_map(str::to_owned)
}

prop_compose! {
    fn understanding()(
        text in text(), language in language(), mixed: bool, personal_data: bool,
        intents in prop::collection::vec((name(), probability()), 0..4),
        further in prop::collection::vec((name(), probability()), 0..3),
        intent_threshold in probability(),
        negative in prop::option::of(probability()),
        values in prop::collection::vec(text(), 0..3),
    ) -> Understanding {
        Understanding {
            normalised: text.to_lowercase(),
            intents: intents.into_iter().map(|(intent, probability)| IntentScore { intent, probability }).collect(),
            further: further.into_iter().map(|(intent, probability)| IntentScore { intent, probability }).collect(),
            sentiment: negative.map(|negative| SentimentScore { negative }),
            entities: values.into_iter().map(|value| EntityMatch {
                entity: "e".into(), text: value.clone(), value, sensitive: personal_data,
            }).collect(),
            text, language, mixed, personal_data, intent_threshold, in_scope: 1.0,
        }
    }
}

prop_compose! {
    fn candidates()(
        hits in prop::collection::vec((text(), text(), text(), language(), probability()), 0..4),
        threshold in probability(),
    ) -> Candidates {
        Candidates {
            hits: hits.into_iter().map(|(faq_id, question, answer, language, probability)| Candidate {
                faq_id, question, excerpt: Some(answer.clone()), answer, language, category: None, links: Vec::new(), probability,
            }).collect(),
            threshold,
        }
    }
}

prop_compose! {
    fn conversation()(
        language in language(), turn: u32, failures: u32, angry_turns: u32,
        form in prop::option::of((name(), prop::sample::select(vec!["x", "y", "z"]), any::<u32>())),
        offered in prop::option::of(prop::collection::vec((text(), name()), 0..3)),
        last_intent in prop::option::of(name()),
        handed_over in prop::sample::select(vec![HandoffState::Bot, HandoffState::Waiting, HandoffState::Person]),
    ) -> Conversation {
        Conversation {
            language, turn, failures, angry_turns, last_intent, handed_over,
            form: form.map(|(intent, slot, attempts)| ActiveForm { intent, slot: slot.into(), attempts }),
            clarification: offered.map(|options| Clarification {
                options: options.into_iter().map(|(title, intent)| ClarifyOption { title, target: Target::Intent(intent) }).collect(),
            }),
            ..Conversation::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_has_text_in_a_bot_language_unless_silent(
        conversation in conversation(), understanding in understanding(), candidates in candidates(),
        second in 0i64..4_000_000_000,
        languages in prop::sample::select(vec!["\"zh\"", "\"en\"", "\"zh\", \"en\""]),
    ) {
        let script = script(languages);
        let now = jiff::Timestamp::from_second(second).expect("in range");
        let decision = decide(&conversation, &understanding, &candidates, &script, now);
        prop_assert!(script.config.languages.contains(&decision.language));
        prop_assert_eq!(decision.text.trim().is_empty(), decision.action == Action::Silent, "{:?}", decision);
        let again = decide(&conversation, &understanding, &candidates, &script, now);
        prop_assert_eq!(decision.text, again.text);
        let stored = serde_json::to_string(&decision.next).expect("JSON");
        prop_assert!(serde_json::from_str::<Conversation>(&stored).is_ok());
    }

    #[test]
    fn parsers_answer_or_say_why(source in "(templates:|forms:|conversations:|name = |\\[hours\\]|- |intent: |a|[{}\\[\\]:,\"'\n&*|>#=]| |订){0,24}") {
        let _ = BotConfig::parse(&source);
        let _ = Templates::parse(&source);
        let _ = Forms::parse(&source);
        let _ = golden::parse("golden/x.yml", &source);
        let _ = leans_on_previous(&source, None);
    }

    #[test]
    fn hours_are_read_or_refused(from in "[0-9]{1,2}:[0-9]{1,2}", to in "[0-9]{1,2}:[0-9]{1,2}", second in 0i64..4_000_000_000) {
        let bot = format!("name = \"x\"\nlanguages = [\"en\"]\n[hours]\ntimezone = \"Europe/London\"\ndays = {{ monday = \"{from}-{to}\" }}");
        if let Ok(config) = BotConfig::parse(&bot) {
            let hours = config.hours.expect("hours were given");
            let now = jiff::Timestamp::from_second(second).expect("in range");
            let next = hours.next_open(now).expect("opens every week");
            prop_assert!(hours.is_open(next));
            let written = serde_json::to_string(&hours).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<dialogue::OpeningHours>(&written).expect("reads back"), hours);
        }
    }
}
