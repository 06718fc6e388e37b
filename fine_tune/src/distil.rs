//! `distil`: a small sentence encoder that learns from large ones over plain text, by a recipe.

mod mapped;
mod recipe;
mod student;
mod texts;
mod vectors;

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Args;
use model::{Control, DistilProgress, SentenceEncoder, Teacher};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub use recipe::{Recipe, TeacherSource, TextFile};
pub use student::{Kind, Student};

use crate::interrupt::Interrupt;
use crate::progress::Steps;
use vectors::Vectors;

/// How far a run steps back whose user asked for low priority, from 1 to 19.
const LOW_PRIORITY: i32 = 10;

/// Ended by the user before there was a base.
const INTERRUPTED: u8 = 130;

/// What `distil` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = DISTIL_EXAMPLES)]
pub struct DistilArgs {
    /// The recipe: a TOML file that names texts, teachers and the student's sizes
    pub recipe: PathBuf,

    /// Where to write the base; the folder must not exist yet
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,

    /// Where the teachers' vectors are kept; several runs in turn may share them [default: OUT.partial]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,

    /// Start the student from the beginning where a run into this --out broke off; the teachers' vectors stay
    #[arg(long)]
    pub fresh: bool,

    /// Give way to all else that runs here, such as a live service
    #[arg(long)]
    pub low_priority: bool,

    /// Print one JSON object a line instead of a progress bar
    #[arg(long)]
    pub json: bool,
}

/// A line of `--json`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Progress { epoch: u32, epochs: u32, step: u64, steps: u64, loss: f32, sentences_per_second: f32, seconds_left: f32 },
    Done { out: PathBuf, seconds: f32, bytes: u64 },
}

/// Teaches a student by a recipe; its folder appears whole or not at all.
pub fn run_distil(arguments: &DistilArgs) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let out = &arguments.out;
    if out.exists() {
        bail!("{} exists already; a base is never overwritten: give another --out or move it away", out.display());
    }
    if arguments.low_priority {
        rustix::process::nice(LOW_PRIORITY).context("cannot lower the priority of this process")?;
    }
    let recipe = Recipe::read(&arguments.recipe)?;
    let lines = texts::read(&recipe)?;
    let interrupt = Interrupt::listen()?;
    let partial = partial(out);
    let cache = arguments.cache.as_deref().unwrap_or(&partial);
    // Two runs that write the same files would spoil them.
    let _partial = Held::new(&partial)?;
    let _cache = if cache == partial { None } else { Some(Held::new(cache)?) };
    let mut teachers = Vec::with_capacity(recipe.teacher.len());
    for source in &recipe.teacher {
        let Some(vectors) = vectors::prepare(source, &lines, cache, &interrupt)? else {
            return stopped(out);
        };
        teachers.push(vectors);
    }
    let state = partial.join("student");
    if arguments.fresh && state.exists() {
        fs::remove_file(&state).with_context(|| format!("cannot remove {}", state.display()))?;
    }
    let key = key(&recipe, &lines, &teachers)?;
    let lent: Vec<Teacher<'_>> = teachers.iter().map(Vectors::lent).collect();
    let mut watcher = Watcher { json: arguments.json, steps: None, interrupt: &interrupt };
    let encoder =
        model::distil(&lines, &lent, &recipe.options(), (&state, &key), &mut |progress| watcher.see(progress));
    watcher.steps.iter().for_each(Steps::finish);
    let encoder = encoder.map_err(|error| match error {
        model::Error::Checkpoint { .. } => anyhow::anyhow!("{error}; --fresh starts from the beginning"),
        other => other.into(),
    })?;
    if interrupt.is_asked() {
        return stopped(out);
    }
    let bytes = publish(&encoder, &recipe, out)?;
    drop(teachers);
    fs::remove_dir_all(&partial).with_context(|| format!("cannot remove {}", partial.display()))?;
    let seconds = started.elapsed().as_secs_f32();
    let words = if arguments.json {
        serde_json::to_string(&Event::Done { out: out.clone(), seconds, bytes })?
    } else {
        format!("wrote {} ({:.1} MB) in {seconds:.0} s", out.display(), bytes as f64 / 1e6)
    };
    let _ = writeln!(std::io::stdout(), "{words}");
    Ok(ExitCode::SUCCESS)
}

impl Vectors {
    fn lent(&self) -> Teacher<'_> {
        Teacher { dim: self.dim, vectors: self.values.numbers(), rows: &self.rows }
    }
}

/// A folder that only this run writes into, for as long as this lives.
struct Held {
    _lock: File,
}

impl Held {
    fn new(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let path = folder.join("lock");
        let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                bail!("{} is in use by another run; wait for it, or choose another folder", folder.display())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }
}

/// The folder beside the base's where a run keeps what it needs to go on.
fn partial(out: &Path) -> PathBuf {
    let mut folder = out.to_owned().into_os_string();
    folder.push(".partial");
    folder.into()
}

/// What a run is told apart by: the student's part of the recipe, the lines and the teachers' vectors.
fn key(recipe: &Recipe, lines: &[model::Line], teachers: &[Vectors]) -> anyhow::Result<String> {
    let student = serde_json::to_vec(&(&recipe.student, recipe.seed))?;
    let texts: Vec<String> =
        lines.iter().map(|line| format!("{}\t{:?}\t{}", line.times, line.same, line.text)).collect();
    let names = teachers.iter().map(|vectors| vectors.file.file_name().unwrap_or_default().as_encoded_bytes());
    let parts = std::iter::once(&student[..]).chain(names).chain(texts.iter().map(|text| text.as_bytes()));
    Ok(digest(&parts.collect::<Vec<_>>()))
}

/// The hexadecimal SHA-256 of parts, one after another with their lengths; of a single part, that of its bytes alone.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        if parts.len() > 1 {
            hash.update((part.len() as u64).to_le_bytes());
        }
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stopped(out: &Path) -> anyhow::Result<ExitCode> {
    let partial = partial(out);
    let _ = writeln!(std::io::stderr(), "stopped; the same command goes on from {}", partial.display());
    Ok(ExitCode::from(INTERRUPTED))
}

/// Writes the base with the recipe it came from; the answer is how many bytes it takes.
fn publish(encoder: &SentenceEncoder, recipe: &Recipe, out: &Path) -> anyhow::Result<u64> {
    let unfinished = partial(out).join("base");
    let _ = fs::remove_dir_all(&unfinished);
    encoder.save(&unfinished)?;
    fs::write(unfinished.join("recipe.toml"), toml::to_string(recipe)?)?;
    let mut bytes = 0;
    for entry in fs::read_dir(&unfinished)? {
        bytes += entry?.metadata()?.len();
    }
    fs::rename(&unfinished, out).with_context(|| format!("cannot make {}", out.display()))?;
    Ok(bytes)
}

/// Tells how far the student is.
struct Watcher<'a> {
    json: bool,
    steps: Option<Steps>,
    interrupt: &'a Interrupt,
}

impl Watcher<'_> {
    fn see(&mut self, progress: &DistilProgress) -> Control {
        let DistilProgress { epoch, epochs, step, steps, loss, rate, seconds_left } = *progress;
        if self.json {
            let event = Event::Progress { epoch, epochs, step, steps, loss, sentences_per_second: rate, seconds_left };
            let _ = writeln!(std::io::stdout(), "{}", serde_json::to_string(&event).unwrap_or_default());
        } else {
            // The first report comes some steps after an earlier run's last.
            let new = || Steps::after("steps of the student", step as usize, steps as usize);
            self.steps.get_or_insert_with(new).reach(step as usize);
        }
        if self.interrupt.is_asked() { Control::Stop } else { Control::Continue }
    }
}

const DISTIL_EXAMPLES: &str = "\
Examples:
  distil base.toml --out base                        texts, teachers and sizes as the recipe says
  distil base.toml --out base --cache vectors        keep the teachers' vectors for the next run
  train my-bot --base base --out model               and train a bot on it

A recipe:
  seed = 1
  [[text]]                                           # a sentence a line; paths from the recipe's folder
  file = \"customers.txt\"
  times = 3                                          # read three times in each pass
  [[parallel]]                                       # two sentences that mean the same, a tab between them
  file = \"pairs.tsv\"
  [[teacher]]
  folder = \"e5-small\"                                # a BERT-family checkpoint; or vectors = \"rows.npy\"
  prefix = \"query: \"
  language = \"en\"                                    # only asked about English; left out: about all
  [student]
  architecture = \"averaged\"                         # or \"convolution\", or \"transformer\", which is slow
  vocabulary = 24000
  width = 384
  epochs = 20

Teachers compute once; their vectors are kept. Ctrl-C, a crash or a lack of power loses two minutes at most: the same
command goes on, and gives the same base as one without a break. Without a base the exit code
is 130.";

#[cfg(test)]
mod tests;
