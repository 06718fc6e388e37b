//! A bot folder read from disk, and whether its parts fit together.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use dialogue::golden::{self, GoldenConversation};
use dialogue::{BotConfig, Forms, Language, Problem, Script, Severity, Templates};
use model::Gazetteer;
use retrieval::{FaqEntry, SYNONYMS_FILE, Synonyms};

use crate::Error;

/// Everything of a bot folder but its examples and logs.
#[derive(Debug, Clone)]
pub struct Bot {
    /// Settings, templates and forms.
    pub script: Script,
    /// Entity lists and patterns.
    pub gazetteer: Gazetteer,
    /// The FAQ as the folder has it.
    pub faq: Vec<FaqEntry>,
    /// Words that stand for one another when the FAQ is searched: `synonyms.txt`, and the ways to write the values of
    /// entities.
    pub synonyms: Synonyms,
    /// Golden conversations, each with the name of its file.
    pub golden: Vec<(String, GoldenConversation)>,
}

impl Bot {
    /// Reads a bot folder; only `bot.toml` and either intents or an FAQ are required.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        let config = read(&dir.join("bot.toml"))?.ok_or_else(|| Error::NoBot { path: dir.to_owned() })?;
        let config = BotConfig::parse(&config).map_err(|error| named(error, dir, "bot.toml"))?;
        let templates = read(&dir.join("templates.yml"))?.unwrap_or_default();
        let templates = Templates::parse(&templates).map_err(|error| named(error, dir, "templates.yml"))?;
        let forms = read(&dir.join("forms.yml"))?.unwrap_or_default();
        let forms = Forms::parse(&forms).map_err(|error| named(error, dir, "forms.yml"))?;
        let faq = load_faq(dir)?;
        if faq.is_empty() && !has_intents(dir)? {
            return Err(Error::Empty { path: dir.to_owned() });
        }
        let gazetteer = load_gazetteer(dir)?;
        Ok(Self {
            script: Script::new(config, templates, forms),
            synonyms: load_synonyms(dir, &gazetteer)?,
            gazetteer,
            faq,
            golden: load_golden(dir)?,
        })
    }

    /// Everything that does not fit together; `intents` are those the bot has examples of.
    pub fn check(&self, intents: &[String]) -> Vec<Problem> {
        let mut problems = self.script.check(intents);
        problems.extend(self.faq.iter().filter_map(|entry| self.unfilled(entry)));
        let known = Known {
            intents: intents.iter().map(String::as_str).collect(),
            faq: self.faq.iter().map(|entry| entry.id.as_str()).collect(),
        };
        for (file, conversation) in &self.golden {
            problems.extend(known.strangers(file, conversation));
        }
        problems
    }

    fn unfilled(&self, entry: &FaqEntry) -> Option<Problem> {
        let language = entry.language.as_deref().and_then(Language::parse);
        let language = self.script.config.language_for(language, None);
        let names = dialogue::placeholders(&entry.answer);
        let missing = names.into_iter().find(|name| self.script.value(name, language).is_none())?;
        Some(Problem {
            file: "faq".to_owned(),
            subject: entry.id.clone(),
            severity: Severity::Warning,
            message: format!(
                "nothing fills {{{missing}}}, so its sentence is left out; add it to [values] in bot.toml"
            ),
        })
    }
}

/// What golden conversations may name.
struct Known<'a> {
    intents: HashSet<&'a str>,
    faq: HashSet<&'a str>,
}

impl Known<'_> {
    fn strangers(&self, file: &str, conversation: &GoldenConversation) -> Vec<Problem> {
        let expected = conversation.turns.iter().map(|turn| &turn.expect);
        let mut messages = Vec::new();
        for expect in expected {
            for intent in expect.intent.0.iter().filter(|name| !self.intents.contains(name.as_str())) {
                messages.push(format!("expects the intent `{intent}`, which has no examples"));
            }
            for id in expect.faq_id.0.iter().filter(|id| !self.faq.contains(id.as_str())) {
                messages.push(format!("expects the FAQ entry `{id}`, which is not in the FAQ"));
            }
        }
        let problem = |message| Problem {
            file: file.to_owned(),
            subject: conversation.name.clone(),
            severity: Severity::Error,
            message,
        };
        messages.into_iter().map(problem).collect()
    }
}

fn load_faq(dir: &Path) -> Result<Vec<FaqEntry>, Error> {
    let mut files = ["faq.jsonl", "faq.csv"].into_iter().map(|name| dir.join(name));
    match files.find(|path| path.is_file()) {
        Some(path) => Ok(retrieval::read_faq(&path)?),
        None => Ok(Vec::new()),
    }
}

fn load_gazetteer(dir: &Path) -> Result<Gazetteer, Error> {
    let path = dir.join("entities.yml");
    match read(&path)? {
        Some(source) => Gazetteer::parse_yaml(&source).map_err(|source| Error::Entities { path, source }),
        None => Ok(Gazetteer::default()),
    }
}

/// The synonyms of a folder: its `synonyms.txt`, and the wordings of the values in its `entities.yml`, where it has them.
pub fn folder_synonyms(dir: &Path) -> Result<Synonyms, Error> {
    load_synonyms(dir, &load_gazetteer(dir)?)
}

fn load_synonyms(dir: &Path, gazetteer: &Gazetteer) -> Result<Synonyms, Error> {
    let path = dir.join(SYNONYMS_FILE);
    let mut synonyms = Synonyms::parse(&read(&path)?.unwrap_or_default(), &path)?;
    let values = gazetteer.entities.iter().flat_map(|entity| &entity.values);
    synonyms.extend(values.map(|value| value.forms.clone()));
    Ok(synonyms)
}

fn load_golden(dir: &Path) -> Result<Vec<(String, GoldenConversation)>, Error> {
    let mut conversations = Vec::new();
    for path in files_in(&dir.join("golden"), &["yml", "yaml"])? {
        let file = format!("golden/{}", file_name(&path));
        let source = read(&path)?.unwrap_or_default();
        let parsed = golden::parse(&file, &source).map_err(|error| named(error, dir, &file))?;
        conversations.extend(parsed.into_iter().map(|one| (file.clone(), one)));
    }
    Ok(conversations)
}

fn has_intents(dir: &Path) -> Result<bool, Error> {
    let files = files_in(&dir.join("intents"), &["yml", "yaml", "jsonl"])?;
    Ok(!files.is_empty())
}

/// The folder's files with one of these endings, in the order of their names; none without the folder.
fn files_in(dir: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Error> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(dir).map_err(|source| Error::io(dir, source))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| Error::io(dir, source))?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| endings.contains(&ending)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A text file without its byte order mark; `None` where there is no such file.
fn read(path: &Path) -> Result<Option<String>, Error> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(path, error)),
    };
    let text = String::from_utf8(bytes)
        .map_err(|error| Error::Encoding { path: path.to_owned(), valid: error.utf8_error().valid_up_to() })?;
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}

fn named(error: dialogue::Error, dir: &Path, file: &str) -> Error {
    Error::Script(error.in_file(dir.join(file).display().to_string()))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
