//! How the time of training from nothing grows with rows, intents and length of messages, as a table and a picture.
//! Usage: `cargo run -p fine_tune --release --example growth -- FILE.jsonl [--out FILE.svg]`; the file has many intents.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;

use model::{Control, Example, TrainOptions, TrainingSet, train};
use plotters::prelude::*;
use serde::Deserialize;

/// Rows of a training whose rows do not grow.
const ROWS: usize = 2000;
/// Passes over the data: always the same, or growth by rows would be hidden.
const EPOCHS: u32 = 10;
const SIZE: (u32, u32) = (960, 300);

#[derive(Deserialize)]
struct Row {
    text: String,
    intent: String,
    #[serde(default)]
    split: Option<String>,
}

/// One way to grow: its name, and the sizes with their CPU seconds.
struct Growth {
    name: &'static str,
    points: Vec<(f64, f64)>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let file = words.next().ok_or("name a JSONL file with the fields text and intent")?;
    let out = words.next().filter(|word| word == "--out").and_then(|_| words.next());
    let rows: Vec<Row> = std::fs::read_to_string(file)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let rows: Vec<Row> = rows.into_iter().filter(|row| row.split.as_deref().unwrap_or("train") == "train").collect();
    let growths = [by_rows(&rows)?, by_intents(&rows)?, by_length(&rows)?];
    if let Some(out) = out {
        draw(&growths, &out)?;
    }
    Ok(())
}

fn by_rows(rows: &[Row]) -> Result<Growth, Box<dyn std::error::Error>> {
    let sizes = (0..8).map(|power| 500 << power).filter(|size| *size <= rows.len());
    let sizes: Vec<usize> = sizes.chain([rows.len()]).collect();
    grow("rows", &sizes, |size| spread(rows, size).into_iter().map(example).collect())
}

fn by_intents(rows: &[Row]) -> Result<Growth, Box<dyn std::error::Error>> {
    let mut names: Vec<&str> = rows.iter().map(|row| row.intent.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let sizes: Vec<usize> = (0..).map(|power| 5 << power).take_while(|size| *size < names.len()).collect();
    let sizes = [sizes, vec![names.len()]].concat();
    // Where few intents have fewer rows together, the rows come again.
    grow("intents", &sizes, |size| {
        let of: Vec<&Row> = rows.iter().filter(|row| names[..size].contains(&row.intent.as_str())).collect();
        let again = |at: usize| Example {
            text: format!("{} {}", of[at % of.len()].text, at / of.len()),
            ..example(of[at % of.len()])
        };
        let step = (of.len() / ROWS).max(1);
        (0..ROWS).map(|at| again(at * step)).collect()
    })
}

fn by_length(rows: &[Row]) -> Result<Growth, Box<dyn std::error::Error>> {
    let mut of: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| of.entry(&row.intent).or_default().push(row));
    let some = spread(rows, ROWS);
    let characters = some.iter().map(|row| row.text.chars().count()).sum::<usize>() / some.len().max(1);
    let sizes: Vec<usize> = [1, 2, 4, 8, 16].map(|times| times * characters).to_vec();
    grow("characters a message", &sizes, |size| {
        let long = |(at, row): (usize, &&Row)| {
            let kin = &of[row.intent.as_str()];
            let texts: Vec<&str> =
                (0..size / characters).map(|n| kin[(at * 7 + n) % kin.len()].text.as_str()).collect();
            Example::new(texts.join(" "), Some(&row.intent))
        };
        some.iter().enumerate().map(long).collect()
    })
}

/// As many rows as asked for, from the whole file.
fn spread(rows: &[Row], size: usize) -> Vec<&Row> {
    (0..size.min(rows.len())).map(|at| &rows[at * rows.len() / size]).collect()
}

fn example(row: &Row) -> Example {
    Example::new(&row.text, Some(&row.intent))
}

fn grow(
    name: &'static str,
    sizes: &[usize],
    rows: impl Fn(usize) -> Vec<Example>,
) -> Result<Growth, Box<dyn std::error::Error>> {
    println!("\n{name:>22}   CPU seconds");
    let mut points = Vec::new();
    for size in sizes {
        let set = TrainingSet { train: rows(*size), ..TrainingSet::default() };
        let options = TrainOptions { epochs: Some(EPOCHS), patience: EPOCHS, ..TrainOptions::default() };
        let before = cpu_seconds();
        train(&set, &options, &mut |_| Control::Continue)?;
        let seconds = cpu_seconds() - before;
        println!("{size:>22}   {seconds:>11.1}");
        points.push((*size as f64, seconds));
    }
    Ok(Growth { name, points })
}

/// One panel a way to grow, both axes from nought, so that a straight line is straight growth.
fn draw(growths: &[Growth], out: &str) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(out, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    for (panel, growth) in area.split_evenly((1, growths.len())).iter().zip(growths) {
        let most = |of: fn(&(f64, f64)) -> f64| growth.points.iter().map(of).fold(0.0, f64::max) * 1.05;
        let mut chart = ChartBuilder::on(panel)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(44)
            .build_cartesian_2d(0.0..most(|point| point.0), 0.0..most(|point| point.1))?;
        chart
            .configure_mesh()
            .x_labels(5)
            .y_labels(5)
            .light_line_style(TRANSPARENT)
            .x_desc(growth.name)
            .y_desc("CPU seconds")
            .label_style(("sans-serif", 13))
            .draw()?;
        let colour = RGBColor(0x1f, 0x6f, 0xeb);
        chart.draw_series(LineSeries::new(growth.points.iter().copied(), colour.stroke_width(2)))?;
        chart.draw_series(growth.points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    area.present()?;
    Ok(())
}

/// User and system time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<f64> = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    fields.iter().sum::<f64>() / 100.0
}
