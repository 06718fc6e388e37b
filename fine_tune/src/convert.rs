//! `bot-from-jsonl`: a bot folder made of one file of labelled messages.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::Error;
use crate::args::BotFromJsonlArgs;
use crate::data_report;
use crate::row::read_jsonl;
use crate::source::Source;

/// Writes bot.toml and intents/ from the rows of a file.
pub fn run_bot_from_jsonl(arguments: BotFromJsonlArgs) -> anyhow::Result<ExitCode> {
    let source = Source::read(&arguments.file).map_err(|problem| Error::Data(vec![problem]))?;
    let taught = read_jsonl(&source, arguments.split.as_deref().into());
    if !taught.problems.is_empty() {
        return Err(Error::Data(taught.problems).into());
    }
    if taught.rows.is_empty() {
        bail!("{} has no such row; check --split and that rows hold \"text\" and \"intent\"", source.name);
    }
    let out = &arguments.out;
    if out.exists() {
        bail!("{} exists already: give another --out or move it away", out.display());
    }
    let mut rows = String::new();
    for row in &taught.rows {
        let labels = match &row.intent {
            Some(intent) if !row.also.is_empty() => {
                serde_json::json!(std::iter::once(intent).chain(&row.also).collect::<Vec<_>>())
            }
            intent => serde_json::json!(intent),
        };
        let field = if labels.is_array() { "intents" } else { "intent" };
        let _ = writeln!(rows, "{}", serde_json::json!({"text": row.text, field: labels}));
    }
    let write = || {
        std::fs::create_dir_all(out.join("intents"))?;
        std::fs::write(out.join("intents/all.jsonl"), rows)?;
        std::fs::write(out.join("bot.toml"), settings(&arguments, taught.rows.iter().map(|row| row.text.as_str())))
    };
    write().with_context(|| format!("cannot write {}", out.display()))?;
    let _ = writeln!(
        std::io::stdout(),
        "{} messages in {out}\nnext:\n  fine-tune train {out} --out model",
        taught.rows.len(),
        out = out.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn settings<'a>(arguments: &BotFromJsonlArgs, texts: impl Iterator<Item = &'a str>) -> String {
    let name = arguments.file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (mut chinese, mut english) = (0_usize, 0_usize);
    for text in texts {
        match data_report::language(text) {
            "zh" | "mixed" => chinese += 1,
            "en" => english += 1,
            _ => {}
        }
    }
    let languages = match (chinese, english) {
        (0, _) => r#"["en"]"#,
        (_, 0) => r#"["zh"]"#,
        _ if chinese > english => r#"["zh", "en"]"#,
        _ => r#"["en", "zh"]"#,
    };
    format!("name = {}\nlanguages = {languages}\n", serde_json::Value::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_split_become_a_bot_that_can_be_trained() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("set.jsonl");
        let rows = [
            r#"{"text":"退款","intent":"a","split":"train"}"#,
            r#"{"text":"几点开门","intents":["b","c"],"split":"train"}"#,
            r#"{"text":"x","intent":"b","split":"test"}"#,
        ];
        std::fs::write(&file, rows.join("\n")).unwrap();
        let out = folder.path().join("bot");
        let arguments = BotFromJsonlArgs { file, out: out.clone(), split: Some("train".to_owned()) };
        run_bot_from_jsonl(arguments.clone()).unwrap();
        let data = crate::load_bot_data(&out, &crate::DataOptions::default()).unwrap();
        assert_eq!(data.set.train.len(), 2);
        assert_eq!(data.set.train[1].also, ["c"]);
        assert_eq!(data.set.languages, ["zh"]);
        assert!(run_bot_from_jsonl(arguments).unwrap_err().to_string().contains("exists already"));
    }
}
