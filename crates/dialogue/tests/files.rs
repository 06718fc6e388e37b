//! What is wrong in a bot's files is said with the line and the way out.

use dialogue::{BotConfig, Forms, Script, Templates, golden};

#[track_caller]
fn check(result: Result<(), dialogue::Error>, expected: &str) {
    let message = result.expect_err("the file is wrong").to_string();
    assert!(message.contains(expected), "{message:?} lacks {expected:?}");
}

#[test]
fn a_wrong_bot_toml_says_where() {
    let parse = |source: &str| BotConfig::parse(source).map(drop);
    check(parse("name = \"x\"\nlanguages = [\"fr\"]"), "bot.toml:2: ");
    check(parse("name = \"x\"\nlanguages = []"), "bot.toml:2: no language");
    check(parse("name = \"x\"\nlanguages = [\"en\"]\naccepted_error_rate = 5"), "bot.toml:3: accepted_error_rate must");
    check(parse("name = \"x\"\nlanguages = [\"en\"]\ncolour = 1"), "unknown field `colour`");
    let hours = |hours: &str| parse(&format!("name = \"x\"\nlanguages = [\"en\"]\n[hours]\n{hours}"));
    check(hours("timezone = \"Mars\"\ndays = {monday = \"09:00-10:00\"}"), "unknown timezone `Mars`");
    check(hours("timezone = \"UTC\"\ndays = {monday = \"9-10\"}"), "`9-10` is not a span");
    check(hours("timezone = \"UTC\"\ndays = {someday = \"09:00-10:00\"}"), "unknown day `someday`");
}

#[test]
fn wrong_yaml_says_where() {
    let templates = |source: &str| Templates::parse(source).map(drop);
    check(templates("templates:\n  - intent: a\n    replies: {fr: x}"), "templates.yml:3: ");
    check(templates("templates:\n  - intent: a\n    reply: x"), "templates.yml:3: ");
    check(
        templates("templates:\n  - {intent: a, replies: x}\n  - {intent: a, replies: y}"),
        "templates.yml:3: template `a` is there twice",
    );
    check(templates("templates:\n  - {intent: a, replies: \"\"}"), "has no reply");
    let forms = |source: &str| Forms::parse(source).map(drop);
    check(forms("forms:\n  - intent: a\n    slots: []"), "forms.yml:2: form `a` has no slots");
    check(
        forms("forms:\n  - intent: a\n    slots: [{name: b, prompt: c, pattern: \"(\"}]"),
        "is not a regular expression",
    );
    let golden = |source: &str| golden::parse("golden/a.yml", source).map(drop);
    check(
        golden("conversations:\n  - name: a\n    turns:\n      - {customer: hi, expect: {action: dance}}"),
        "golden/a.yml:4: ",
    );
    check(golden("conversations:\n  - {name: a, turns: []}"), "golden/a.yml:2: conversation `a` has no turns");
}

#[test]
fn what_does_not_fit_together_is_found() {
    let script = Script::new(
        BotConfig::parse("name = \"x\"\nlanguages = [\"zh\", \"en\"]").expect("bot.toml"),
        Templates::parse("templates:\n  - {intent: a, replies: {zh: \"{order}\", en: x}, quick_replies: {en: [y]}, follow_ups: {affirm: nowhere}}\n  - {intent: _hello, replies: x}\n  - {intent: typo, replies: x}").expect("templates.yml"),
        Forms::parse("forms:\n  - intent: b\n    slots: [{name: s, prompt: p, choices: {zh: [一], en: [a, b]}}]").expect("forms.yml"),
    );
    let intents = ["a", "b", "c", "affirm"].map(str::to_owned);
    let found: Vec<String> = script.check(&intents).iter().map(ToString::to_string).collect();
    for expected in [
        "a: nothing fills {order}",
        "a: quick_replies has no `zh`",
        "a: follow_ups: `nowhere` has no template",
        "_hello: not one of the bot's own sentences",
        "typo: no examples of the intent",
        "b: no template for `b`",
        "b.s: choices must be as many",
        "c: `c` has examples and no template",
    ] {
        assert!(found.iter().any(|line| line.contains(expected)), "{expected:?} not in {found:#?}");
    }
    assert_eq!(found.len(), 8, "{found:#?}");
}
