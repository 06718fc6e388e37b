//! Which rows are tested on, and that what was planted in the data shows.

use std::fs;

use super::*;

fn bot(intents: &str, logs: &str) -> BotRows {
    let folder = tempfile::tempdir().unwrap();
    let bot = folder.path();
    fs::create_dir(bot.join("intents")).unwrap();
    fs::create_dir(bot.join("logs")).unwrap();
    fs::write(bot.join("bot.toml"), "name = \"Shop\"\nlanguages = [\"en\"]\n").unwrap();
    fs::write(bot.join("intents/a.jsonl"), intents).unwrap();
    fs::write(bot.join("logs/a.jsonl"), logs).unwrap();
    BotRows::load(bot, &DataOptions::default()).unwrap()
}

fn intents() -> String {
    let row = |text: String, intent: &str| serde_json::json!({"text": text, "intent": intent}).to_string() + "\n";
    let pair =
        |n: usize| row(format!("where is parcel {n}x"), "order") + &row(format!("refund me item {n}x"), "refund");
    (0..20).map(pair).collect()
}

fn logs() -> String {
    let turn = |n: usize, month: usize, text: &str, intent: &str| {
        let time = format!("2026-{month:02}-05T10:00:00Z");
        let (id, text) = (format!("{month}-{}", n / 2), format!("{text} {n} {month}"));
        serde_json::json!({"conversation_id": id, "time": time, "role": "customer", "text": text, "intent": intent})
            .to_string()
            + "\n"
    };
    let month = |month| (0..8).map(move |n| turn(n, month, "is my parcel here", "order")).collect::<String>();
    month(3) + &month(4)
}

#[test]
fn each_row_is_tested_once_and_conversations_stay_together() {
    let bot = bot(&intents(), &logs());
    let plans = by_folds(&bot, 4, 1).unwrap();
    for (index, row) in bot.rows.iter().enumerate() {
        assert_eq!(plans.iter().filter(|plan| plan.tested[index]).count(), 1);
        for (other, _) in bot.rows.iter().enumerate().filter(|(_, other)| other.conversation == row.conversation) {
            let together = plans.iter().all(|plan| plan.tested[index] == plan.tested[other]);
            assert!(together || row.conversation.is_none());
        }
    }
    assert!(by_folds(&bot, 100, 1).is_err());
}

#[test]
fn what_was_said_from_the_day_on_is_tested_and_nothing_of_it_learned() {
    let bot = bot(&intents(), &logs());
    let plan = by_time(&bot, "2026-04-01".parse().unwrap()).unwrap();
    for (row, tested) in bot.rows.iter().zip(&plan.tested) {
        assert_eq!(*tested, row.conversation.as_ref().is_some_and(|talk| talk.starts_with("4-")));
    }
    let error = by_time(&bot, "2027-01-01".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("no labelled message was said on 2027-01-01"), "{error}");
}

#[test]
fn what_can_be_learned_is_found_by_cross_validation() {
    let bot = bot(&intents(), "");
    let options = TrainOptions { epochs: Some(8), refit: false, ..TrainOptions::default() };
    let validation = validate(&bot, &by_folds(&bot, 2, 1).unwrap(), &options, "folds").unwrap();
    assert_eq!((validation.parts.len(), validation.evaluation.messages), (2, 40));
    assert!(validation.mean_accuracy > 0.9, "{validation:?}");
    assert!(table(&validation).contains("(2 folds: "));
}
