//! The groups as a bot folder to edit: intents, and replies where agents gave one.

use std::fmt::Write as _;
use std::path::Path;

use super::replies::is_english;
use super::{Group, Mined};
use crate::{Error, data_report};

/// Writes bot.toml, intents/mined.yml and templates.yml into a new folder.
pub(super) fn write(out: &Path, mined: &Mined) -> Result<(), Error> {
    let files = [
        ("bot.toml", settings(mined)),
        ("intents/mined.yml", intents(&mined.groups)),
        ("templates.yml", templates(&mined.groups)),
    ];
    let folder = out.join("intents");
    std::fs::create_dir_all(&folder).map_err(Error::disk("make", &folder))?;
    for (name, text) in files {
        let path = out.join(name);
        std::fs::write(&path, text).map_err(Error::disk("write", &path))?;
    }
    Ok(())
}

fn settings(mined: &Mined) -> String {
    let texts = || mined.groups.iter().flat_map(|group| &group.examples).map(|text| data_report::language(text));
    let chinese = texts().filter(|language| matches!(*language, "zh" | "mixed")).count();
    let english = texts().filter(|language| *language == "en").count();
    let languages = match (chinese, english) {
        (0, _) => r#"["en"]"#,
        (_, 0) => r#"["zh"]"#,
        _ if chinese > english => r#"["zh", "en"]"#,
        _ => r#"["en", "zh"]"#,
    };
    format!("name = \"Mined from logs\"\nlanguages = {languages}\n")
}

fn intents(groups: &[Group]) -> String {
    let mut out =
        "# Drafts from logs: rename the intents, merge those that mean the same, delete what does not belong.\n\
                   version: \"3.1\"\nnlu:\n"
            .to_owned();
    for group in groups {
        let _ = writeln!(out, "  # {} messages\n  - intent: {}\n    examples: |", group.size, quoted(&group.name));
        for example in &group.examples {
            let _ = writeln!(out, "      - {}", plain(example));
        }
    }
    out
}

fn templates(groups: &[Group]) -> String {
    let mut out = "# Drafts from what agents said: make each true for every customer before it goes live.\n".to_owned();
    let answered: Vec<&Group> = groups.iter().filter(|group| !group.replies.is_empty()).collect();
    let _ = writeln!(out, "templates:{}", if answered.is_empty() { " []" } else { "" });
    for group in answered {
        let mut said: Vec<String> = Vec::new();
        let mut replies: Vec<String> = Vec::new();
        for (language, english) in [("zh", false), ("en", true)] {
            let Some(reply) = group.replies.iter().find(|reply| is_english(&reply.text) == english) else { continue };
            // Braces would be slots of a template.
            let text = plain(&reply.text).replace('{', "(").replace('}', ")");
            said.push(format!("{language} {} times", reply.times));
            replies.push(format!("{language}: {}", quoted(&text)));
        }
        let _ = writeln!(out, "  # said {}", said.join(", "));
        let _ = writeln!(out, "  - intent: {}\n    replies: {{{}}}", quoted(&group.name), replies.join(", "));
    }
    out
}

/// One line without what would be read as an annotation.
fn plain(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("](", "] (").replace("]{", "] {")
}

/// A JSON string is a YAML string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
