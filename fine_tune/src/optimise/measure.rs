//! What a model weighs: bytes on disk, memory of a process that answers with it, time of a message, and how good it is.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use model::{Classifier, Example};

use super::steps::Calibrated;
use crate::evaluate::{Judged, calibration, expected_calibration_error, predict};

/// How good a model is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub(super) accuracy: f64,
    pub(super) calibration_error: f64,
    pub(super) answered: f64,
    pub(super) wrong: f64,
}

/// Bytes of all files of a folder.
pub(super) fn size(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        bytes += entry.and_then(|entry| entry.metadata()).with_context(|| folder.display().to_string())?.len();
    }
    Ok(bytes)
}

/// Resident memory of `program predict FOLDER` after its first answer; nothing where the system does not tell.
pub(super) fn memory(program: &Path, folder: &Path) -> Option<u64> {
    let mut command = Command::new(program);
    command.arg("predict").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let bytes = memory_of(&mut child);
    let _ = child.kill();
    let _ = child.wait();
    bytes
}

fn memory_of(child: &mut Child) -> Option<u64> {
    let input = child.stdin.as_mut()?;
    input.write_all(b"{\"text\": \"hello\"}\n").and_then(|()| input.flush()).ok()?;
    let mut answer = String::new();
    BufReader::new(child.stdout.as_mut()?).read_line(&mut answer).ok()?;
    if !answer.starts_with('{') {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Median time of one message through each model; the models take turns, so that a busy machine is busy for all.
pub(super) fn milliseconds(models: &[&Classifier], texts: &[&str]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(texts.len()); models.len()];
    for text in texts {
        for (model, times) in models.iter().zip(&mut times) {
            let started = Instant::now();
            model.predict(&[text]);
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(0.0)
    };
    times.into_iter().map(median).collect()
}

/// How good a model is on labelled messages. Where these calibrate it too, each half of them is judged by a
/// calibration on the other half.
pub(super) fn judged(model: &Classifier, rows: &[Example], calibrated: Calibrated) -> anyhow::Result<Measured> {
    if calibrated == Calibrated::Elsewhere {
        return Ok(measured(answers(model, rows)));
    }
    let half = |parity: usize| -> Vec<Example> { rows.iter().skip(parity).step_by(2).cloned().collect() };
    let [even, odd] = [half(0), half(1)];
    let mut all = answers(&model.calibrated_on(&odd)?, &even);
    all.extend(answers(&model.calibrated_on(&even)?, &odd));
    Ok(measured(all))
}

/// What a model says of each message, and whether it answers.
fn answers(model: &Classifier, rows: &[Example]) -> Vec<(Judged, bool)> {
    let threshold = f64::from(model.threshold(model.info().accepted_error_rate));
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    let judged = rows.iter().zip(predict(model, &texts)).map(|(row, said)| Judged::new(row, &said));
    judged
        .map(|judged| (judged.probability >= threshold, judged))
        .map(|(answered, judged)| (judged, answered))
        .collect()
}

fn measured(answers: Vec<(Judged, bool)>) -> Measured {
    let inside = answers.iter().filter(|(row, _)| row.intent.is_some()).count();
    let right = answers.iter().filter(|(row, _)| row.is_right()).count();
    let answered: Vec<&Judged> = answers.iter().filter(|(_, answered)| *answered).map(|(row, _)| row).collect();
    let wrong = answered.iter().filter(|row| !row.is_right()).count();
    let points: Vec<(f64, bool)> = answers.iter().map(|(row, _)| (row.probability, row.is_right())).collect();
    Measured {
        accuracy: share(right, inside),
        calibration_error: expected_calibration_error(&calibration(&points), points.len()),
        answered: share(answered.len(), answers.len()),
        wrong: share(wrong, answered.len()),
    }
}

/// How good a model is on the rows that were held out when it was calibrated, as it says itself.
pub(super) fn held_out(model: &Classifier) -> Measured {
    let info = model.info();
    let points: Vec<(f64, bool)> = info.calibration.curve.iter().map(|(p, right)| (f64::from(*p), *right)).collect();
    let threshold = f64::from(model.threshold(info.accepted_error_rate));
    let answered = points.iter().filter(|(probability, _)| *probability >= threshold).count();
    let wrong = points.iter().filter(|(probability, right)| *probability >= threshold && !right).count();
    Measured {
        accuracy: info.metrics.get("accuracy").map_or(0.0, |accuracy| f64::from(*accuracy)),
        calibration_error: expected_calibration_error(&calibration(&points), points.len()),
        answered: share(answered, points.len()),
        wrong: share(wrong, answered),
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
